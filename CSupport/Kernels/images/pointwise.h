// SPDX-License-Identifier: MIT
// Kernels on images: conversion from and to bytes, roll, step, sums of squares.

#ifndef PXA_POINTWISE_H
#define PXA_POINTWISE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_types.h"

// Every caller passes a constant for `channels`, so that the compiler makes a loop for each number of channels.
PXA_INLINE void normalize_rows(pxa_image x, const uint8_t *rgb, const float *scale, const float *offset, pxa_range rows,
                               int channels) {
  for (int c = 0; c < channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      float *out = image_row(x, c, r);
      const uint8_t *in = rgb + (size_t)r * x.width * channels + c;
      for (int i = 0; i < x.width; i++)
        out[i] = in[channels * i] * scale[c] + offset[c];
    }
}

static void normalize(pxa_image x, const uint8_t *rgb, const float *scale, const float *offset, pxa_range rows) {
  assert(x.channels == 3 || x.channels == 1);
  if (x.channels == 3)
    normalize_rows(x, rgb, scale, offset, rows, 3);
  else
    normalize_rows(x, rgb, scale, offset, rows, 1);
}

PXA_INLINE void unnormalize_rows(uint8_t *rgb, pxa_image x, const float *scale, const float *offset, pxa_range rows,
                                 int channels) {
  const float round = 12582912.f; // 1.5·2²³: adding it leaves no bits for a fraction
  for (int c = 0; c < channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = image_row(x, c, r);
      uint8_t *out = rgb + (size_t)r * x.width * channels + c;
      for (int i = 0; i < x.width; i++) {
        float value = in[i] * scale[c] + offset[c];
        value = value > 0 ? value : 0;
        value = value < 255 ? value : 255;
        out[channels * i] = (uint8_t)(value + round - round);
      }
    }
}

static void unnormalize(uint8_t *rgb, pxa_image x, const float *scale, const float *offset, pxa_range rows) {
  assert(x.channels == 3 || x.channels == 1);
  if (x.channels == 3)
    unnormalize_rows(rgb, x, scale, offset, rows, 3);
  else
    unnormalize_rows(rgb, x, scale, offset, rows, 1);
}

// Copies x to y or, if `add`, adds it to y.
static void copy_or_add(float *y, const float *x, int count, bool add) {
  if (!add) {
    memcpy(y, x, (size_t)count * sizeof *y);
    return;
  }
  int i = 0;
  for (; i + PXA_BLOCK <= count; i += PXA_BLOCK)
    v16_storeu(y + i, v16_add(v16_loadu(y + i), v16_loadu(x + i)));
  for (; i < count; i++)
    y[i] += x[i];
}

static int floor_mod(int a, int n) { return (a % n + n) % n; }

static void roll(pxa_image y, pxa_image x, int32_t shift_rows, int32_t shift_columns, bool accumulate, pxa_range rows) {
  int down = floor_mod(shift_rows, x.height), right = floor_mod(shift_columns, x.width);
  for (int c = 0; c < x.channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = image_row(x, c, r < down ? r - down + x.height : r - down);
      float *out = image_row(y, c, r);
      copy_or_add(out + right, in, x.width - right, accumulate);
      copy_or_add(out, in + x.width - right, right, accumulate);
    }
}

// Runs its body once per 16 floats from begin to end: i is the index of the first of them, n their number, which may be
// less than 16 at the end.
#define ROW_BLOCKS(begin, end, i, n)                                                                                   \
  for (int i = begin, n; n = (end) - i < PXA_BLOCK ? (end) - i : PXA_BLOCK, i < (end); i += PXA_BLOCK)

typedef struct {
  v16 up, down, low, high;
  bool clamps;
} step_job;

PXA_INLINE v16 stepped(step_job job, v16 x, v16 g) {
  v16 new = v16_fma(v16_fma(x, job.up, g), job.down, x);
  return job.clamps ? v16_min(job.high, v16_max(job.low, new)) : new;
}

// Steps `count` pixels and adds their squares to `sum`.
PXA_INLINE v16 step_pixels(step_job job, float *x, const float *g, int count, v16 sum) {
  int i = 0;
  for (; i + PXA_BLOCK <= count; i += PXA_BLOCK) {
    v16 new = stepped(job, v16_loadu(x + i), v16_loadu(g + i));
    v16_storeu(x + i, new);
    sum = v16_fma(sum, new, new);
  }
  if (i < count) {
    v16 new = stepped(job, v16_loadn(x + i, count - i), v16_loadn(g + i, count - i));
    v16_storen(x + i, new, count - i);
    new = v16_first(new, count - i);
    sum = v16_fma(sum, new, new);
  }
  return sum;
}

static void step(pxa_image x, double *sums, pxa_image g, int32_t shift_rows, int32_t shift_columns, float a, float b,
                 const float *low, const float *high, pxa_range rows) {
  int down = floor_mod(shift_rows, x.height), right = floor_mod(shift_columns, x.width);
  step_job job = {.up = v16_set1(a), .down = v16_set1(-b), .clamps = low != NULL};
  for (int c = 0; c < x.channels; c++) {
    if (low) {
      job.low = v16_set1(low[c]);
      job.high = v16_set1(high[c]);
    }
    for (int r = rows.begin; r < rows.end; r++) {
      float *value = image_row(x, c, r);
      const float *gradient = image_row(g, c, r + down < x.height ? r + down : r + down - x.height);
      v16 sum = step_pixels(job, value, gradient + right, x.width - right, v16_zero());
      sum = step_pixels(job, value + x.width - right, gradient, right, sum);
      sums[(size_t)c * (size_t)x.height + (size_t)r] = v16_sum(sum);
    }
  }
}

static void row_squares(double (*sums)[2], pxa_image g, pxa_image x, float a, float b, pxa_range rows) {
  v16 up = v16_set1(a), down = v16_set1(-b);
  for (int c = 0; c < g.channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *value = image_row(x, c, r), *gradient = image_row(g, c, r);
      v16 gradient_sum = v16_zero(), step_sum = v16_zero();
      ROW_BLOCKS(0, g.width, i, n) {
        v16 g_values = v16_loadn(gradient + i, n);
        v16 change = v16_fma(v16_fma(v16_zero(), up, g_values), down, v16_loadn(value + i, n));
        gradient_sum = v16_fma(gradient_sum, g_values, g_values);
        step_sum = v16_fma(step_sum, change, change);
      }
      double *sum = sums[(size_t)c * (size_t)g.height + (size_t)r];
      sum[0] = v16_sum(gradient_sum);
      sum[1] = v16_sum(step_sum);
    }
}

#endif
