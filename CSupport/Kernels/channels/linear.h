// SPDX-License-Identifier: MIT
// Linear layers. They read every weight once, so memory bandwidth limits their speed.

#ifndef PXA_LINEAR_H
#define PXA_LINEAR_H

#include <assert.h>
#include <stddef.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_types.h"

enum {
  LINEAR_ROWS = 4,    // rows of the weights that are read at a time
  LINEAR_BLOCKS = 512 // blocks of dX whose sums are on the stack: 32 KB
};

// Computes the sums of LINEAR_ROWS outputs, each from its row of the weights.
PXA_INLINE void linear_rows(float *y, const float *x, const float *const *rows, int inputs) {
  v16 sum[LINEAR_ROWS];
  UNROLL
  for (int k = 0; k < LINEAR_ROWS; k++)
    sum[k] = v16_zero();
  int i = 0;
  for (; i + PXA_BLOCK <= inputs; i += PXA_BLOCK) {
    v16 value = v16_load(x + i);
    UNROLL
    for (int k = 0; k < LINEAR_ROWS; k++)
      sum[k] = v16_fma(sum[k], value, v16_loadu(rows[k] + i));
  }
  if (i < inputs) {
    v16 value = v16_load(x + i);
    for (int k = 0; k < LINEAR_ROWS; k++)
      sum[k] = v16_fma(sum[k], value, v16_loadn(rows[k] + i, inputs - i));
  }
  UNROLL
  for (int k = 0; k < LINEAR_ROWS; k++)
    y[k] = v16_sum(sum[k]);
}

static void linear_forward(pxa_planes y, pxa_planes x, const float *weights, const float *bias, pxa_clamp clamp,
                           pxa_range blocks) {
  assert(x.halo == 0 && x.height == 1 && x.width == 1 && y.halo == 0 && y.height == 1 && y.width == 1);
  for (int b = blocks.begin; b < blocks.end; b++) {
    float sums[PXA_BLOCK] = {0};
    int lanes = lanes_in(y, b);
    for (int o = 0; o < lanes; o += LINEAR_ROWS) {
      // If there are no more rows, repeat the last one.
      const float *rows[LINEAR_ROWS];
      for (int k = 0; k < LINEAR_ROWS; k++) {
        int lane = o + k < lanes ? o + k : lanes - 1;
        rows[k] = weights + ((ptrdiff_t)b * PXA_BLOCK + lane) * x.channels;
      }
      linear_rows(sums + o, x.data, rows, x.channels);
    }
    v16 sum = v16_add(v16_loadu(sums), v16_load(bias + b * PXA_BLOCK));
    v16_store(pixel(y, b, 0, 0), clamped(clamp_in(clamp, y, b), sum));
  }
}

// Adds Σ_k values[k]·rows[k][i] to sums[i].
PXA_INLINE void add_weights(float *sums, const float *const *rows, const float *values, int rows_count, int count) {
  int i = 0;
  for (; i + PXA_BLOCK <= count; i += PXA_BLOCK) {
    v16 sum = v16_load(sums + i);
    UNROLL
    for (int k = 0; k < rows_count; k++)
      sum = v16_fma_scalar(sum, v16_loadu(rows[k] + i), values[k]);
    v16_store(sums + i, sum);
  }
  if (i < count) {
    v16 sum = v16_load(sums + i);
    UNROLL
    for (int k = 0; k < rows_count; k++)
      sum = v16_fma_scalar(sum, v16_loadn(rows[k] + i, count - i), values[k]);
    v16_store(sums + i, sum);
  }
}

static void linear_input_grad(pxa_planes dx, pxa_planes dy, const float *weights, pxa_epilogue epilogue, pxa_range from,
                              pxa_range blocks) {
  assert(dx.halo == 0 && dx.height == 1 && dx.width == 1 && dy.halo == 0 && dy.height == 1 && dy.width == 1);
  _Alignas(64) float sums[LINEAR_BLOCKS * PXA_BLOCK];
  int end = from.end * PXA_BLOCK < dy.channels ? from.end * PXA_BLOCK : dy.channels;
  for (int first = blocks.begin; first < blocks.end; first += LINEAR_BLOCKS) {
    int count = blocks.end - first < LINEAR_BLOCKS ? blocks.end - first : LINEAR_BLOCKS;
    for (int b = 0; b < count; b++) {
      grad_row out = grad_row_of(dx, epilogue, first + b, 0);
      store_pixel(sums, b, grad_start(&out, 0));
    }
    int left = dx.channels - first * PXA_BLOCK, floats = left < count * PXA_BLOCK ? left : count * PXA_BLOCK;
    const float *rows[LINEAR_ROWS];
    float values[LINEAR_ROWS];
    int held = 0;
    for (int o = from.begin * PXA_BLOCK; o < end; o++) {
      if (dy.data[o] == 0)
        continue;
      rows[held] = weights + (ptrdiff_t)o * dx.channels + (ptrdiff_t)first * PXA_BLOCK;
      values[held++] = dy.data[o];
      if (held == LINEAR_ROWS) {
        add_weights(sums, rows, values, LINEAR_ROWS, floats);
        held = 0;
      }
    }
    for (int k = 0; k < held; k++)
      add_weights(sums, rows + k, values + k, 1, floats);
    for (int b = 0; b < count; b++) {
      grad_row out = grad_row_of(dx, epilogue, first + b, 0);
      grad_end(&out, 0, load_pixel(sums, b));
    }
  }
}

#endif
