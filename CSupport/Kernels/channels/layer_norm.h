// SPDX-License-Identifier: MIT
//
// Layer normalisation. The sum of a pixel's channels needs all blocks, which lie far apart in memory. So the pixels of
// a row are summed in groups: the pixels of a group are neighbours in each block, and their sums stay in registers.

#ifndef PXA_LAYER_NORM_H
#define PXA_LAYER_NORM_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

enum {
  NORM_PIXELS = TILE_PIXELS,               // pixels of a group in the forward pass, which has one sum per pixel
  NORM_GRAD_PIXELS = (TILE_PIXELS + 1) / 2 // pixels of a group in the gradient, which has two sums per pixel
};

// What the statistics are computed from.
typedef struct {
  pxa_planes x, dy;   // dy only in the gradient
  const float *scale; // only in the gradient
  float epsilon;
} norm_input;

// Statistics of a pixel. z = (X − mean)·factor, g = scale·dY.
typedef struct {
  float mean, factor;    // factor = 1/√(variance + epsilon)
  float g_mean, gz_mean; // means of g and of g·z, only in the gradient
} norm_statistics;

// Returns X − mean, and 0 in the lanes beyond the channels.
PXA_INLINE v16 norm_deviation(v16 x, float mean, v16 lanes) { return v16_positive(v16_sub(x, v16_set1(mean)), lanes); }

// Returns the number of pixels in a group. The functions below do not take it as a parameter: older compilers would not
// unroll the loops over it.
PXA_INLINE int norm_group_pixels(bool is_gradient) { return is_gradient ? NORM_GRAD_PIXELS : NORM_PIXELS; }

// Computes the statistics of `count` ≤ `group` pixels. The number of sums is always `group`, a constant: if there are
// fewer pixels, the last one is summed again.
PXA_INLINE void pixel_statistics(norm_statistics *result, const norm_input *input, int row, int column, int count,
                                 bool is_gradient) {
  const int group = norm_group_pixels(is_gradient);
  pxa_planes x = input->x, dy = is_gradient ? input->dy : x;
  ptrdiff_t at[NORM_PIXELS];
  v16 sum[NORM_PIXELS], g_sum[NORM_PIXELS];
  UNROLL
  for (int k = 0; k < group; k++) {
    at[k] = (ptrdiff_t)(k < count ? k : count - 1) * PXA_BLOCK;
    sum[k] = g_sum[k] = v16_zero();
  }
  int blocks = pxa_blocks(x.channels);
  for (int b = 0; b < blocks; b++) {
    const float *in = pixel(x, b, row, column), *dy_in = pixel(dy, b, row, column);
    v16 scale = is_gradient ? v16_load(input->scale + b * PXA_BLOCK) : v16_zero();
    UNROLL
    for (int k = 0; k < group; k++) {
      sum[k] = v16_add(sum[k], v16_load(in + at[k]));
      if (is_gradient)
        g_sum[k] = v16_fma(g_sum[k], scale, v16_load(dy_in + at[k]));
    }
  }
  float channels = (float)x.channels;
  UNROLL
  for (int k = 0; k < group; k++) {
    result[k].mean = v16_sum(sum[k]) / channels;
    result[k].g_mean = v16_sum(g_sum[k]) / channels;
    sum[k] = g_sum[k] = v16_zero();
  }
  for (int b = 0; b < blocks; b++) {
    const float *in = pixel(x, b, row, column), *dy_in = pixel(dy, b, row, column);
    v16 lanes = channel_lanes(x, b);
    v16 scale = is_gradient ? v16_load(input->scale + b * PXA_BLOCK) : v16_zero();
    UNROLL
    for (int k = 0; k < group; k++) {
      v16 deviation = norm_deviation(v16_load(in + at[k]), result[k].mean, lanes);
      sum[k] = v16_fma(sum[k], deviation, deviation);
      if (is_gradient)
        g_sum[k] = v16_fma(g_sum[k], v16_mul(scale, v16_load(dy_in + at[k])), deviation);
    }
  }
  UNROLL
  for (int k = 0; k < group; k++) {
    result[k].factor = 1 / sqrtf(v16_sum(sum[k]) / channels + input->epsilon);
    result[k].gz_mean = v16_sum(g_sum[k]) / channels * result[k].factor;
  }
}

// Writes the statistics of each of `count` pixels.
PXA_INLINE void group_statistics(norm_statistics *result, const norm_input *input, int row, int column, int count,
                                 bool is_gradient) {
  const int group = norm_group_pixels(is_gradient);
  if (count == group)
    pixel_statistics(result, input, row, column, group, is_gradient);
  else
    pixel_statistics(result, input, row, column, count, is_gradient);
}

static void layer_norm_forward(pxa_planes y, pxa_planes x, const float *scale, const float *shift, float epsilon,
                               pxa_range blocks, pxa_range rows) {
  assert(have_same_size(y, x) && are_rows(rows, y.height) && y.data != x.data);
  norm_input input = {.x = x, .epsilon = epsilon};
  norm_statistics at[NORM_PIXELS];
  for (int r = rows.begin; r < rows.end; r++)
    for (int c = 0; c < y.width; c += NORM_PIXELS) {
      int count = y.width - c < NORM_PIXELS ? y.width - c : NORM_PIXELS;
      group_statistics(at, &input, r, c, count, false);
      for (int b = blocks.begin; b < blocks.end; b++) {
        v16 lanes = channel_lanes(y, b);
        v16 factor = v16_load(scale + b * PXA_BLOCK), start = v16_load(shift + b * PXA_BLOCK);
        const float *in = pixel(x, b, r, c);
        float *out = pixel(y, b, r, c);
        for (int k = 0; k < count; k++) {
          v16 z = v16_mul(v16_sub(load_pixel(in, k), v16_set1(at[k].mean)), v16_set1(at[k].factor));
          store_pixel(out, k, v16_positive(v16_fma(start, factor, z), lanes));
        }
      }
    }
}

static void layer_norm_input_grad(pxa_planes dx, pxa_planes dy, pxa_planes n_input, const float *scale, float epsilon,
                                  pxa_epilogue epilogue, pxa_range blocks, pxa_range rows) {
  assert(have_same_size(dx, dy) && have_same_size(dx, n_input) && are_rows(rows, dx.height));
  assert(dx.data != dy.data && dx.data != n_input.data);
  norm_input input = {n_input, dy, scale, epsilon};
  norm_statistics at[NORM_GRAD_PIXELS];
  for (int r = rows.begin; r < rows.end; r++)
    for (int c = 0; c < dx.width; c += NORM_GRAD_PIXELS) {
      int count = dx.width - c < NORM_GRAD_PIXELS ? dx.width - c : NORM_GRAD_PIXELS;
      group_statistics(at, &input, r, c, count, true);
      for (int b = blocks.begin; b < blocks.end; b++) {
        v16 lanes = channel_lanes(dx, b), factor = v16_load(scale + b * PXA_BLOCK), zero = v16_zero();
        const float *in = pixel(n_input, b, r, 0), *dy_in = pixel(dy, b, r, 0);
        grad_row out = grad_row_of(dx, epilogue, b, r);
        for (int k = 0; k < count; k++) {
          v16 pixel_factor = v16_set1(at[k].factor);
          v16 z = v16_mul(v16_sub(load_pixel(in, c + k), v16_set1(at[k].mean)), pixel_factor);
          v16 g = v16_sub(v16_mul(factor, load_pixel(dy_in, c + k)), v16_set1(at[k].g_mean));
          g = v16_fma(g, z, v16_sub(zero, v16_set1(at[k].gz_mean)));
          grad_end(&out, c + k, v16_positive(v16_fma(grad_start(&out, c + k), pixel_factor, g), lanes));
        }
      }
    }
}

#endif
