// SPDX-License-Identifier: MIT
// Sums, products and affine maps, element by element.

#ifndef PXA_ELEMENTWISE_H
#define PXA_ELEMENTWISE_H

#include <stdbool.h>
#include <stddef.h>

#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "rows.h"
#include "pxa_types.h"

static void add_forward(pxa_planes y, pxa_planes a, pxa_planes b, pxa_clamp clamp, pxa_range blocks, pxa_range rows) {
  EACH_ROW(k, r, blocks, rows) {
    clamp_lanes lanes = clamp_in(clamp, y, k);
    const float *a_row = pixel(a, k, r, 0), *b_row = pixel(b, k, r, 0);
    float *out = pixel(y, k, r, 0);
    for (int c = 0; c < y.width; c++)
      store_pixel(out, c, clamped(lanes, v16_add(load_pixel(a_row, c), load_pixel(b_row, c))));
  }
}

static void add_input_grad(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks, pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    grad_row out = grad_row_of(dx, epilogue, b, r);
    const float *in = pixel(dy, b, r, 0);
    for (int c = 0; c < dx.width; c++)
      grad_end(&out, c, v16_add(grad_start(&out, c), load_pixel(in, c)));
  }
}

// A row of the second factor. This factor is as large as the first one, or 1×1.
typedef struct {
  const float *row;
  ptrdiff_t step; // floats from one pixel to the next
} factor_row;

PXA_INLINE factor_row factor_of(pxa_planes factor, int block, int row) {
  bool is_one = factor.height == 1 && factor.width == 1;
  return (factor_row){pixel(factor, block, is_one ? 0 : row, 0), is_one ? 0 : PXA_BLOCK};
}

static void multiply_forward(pxa_planes y, pxa_planes a, pxa_planes b, pxa_range blocks, pxa_range rows) {
  EACH_ROW(k, r, blocks, rows) {
    factor_row factor = factor_of(b, k, r);
    const float *in = pixel(a, k, r, 0);
    float *out = pixel(y, k, r, 0);
    for (int c = 0; c < y.width; c++)
      store_pixel(out, c, v16_mul(load_pixel(in, c), v16_load(factor.row + c * factor.step)));
  }
}

static void multiply_input_grad(pxa_planes da, pxa_planes dy, pxa_planes b, pxa_epilogue epilogue, pxa_range blocks,
                                pxa_range rows) {
  EACH_ROW(k, r, blocks, rows) {
    factor_row factor = factor_of(b, k, r);
    const float *in = pixel(dy, k, r, 0);
    grad_row out = grad_row_of(da, epilogue, k, r);
    for (int c = 0; c < da.width; c++)
      grad_end(&out, c, v16_fma(grad_start(&out, c), load_pixel(in, c), v16_load(factor.row + c * factor.step)));
  }
}

static void multiply_factor_grad(pxa_planes db, pxa_planes dy, pxa_planes a, pxa_epilogue epilogue, pxa_range blocks) {
  for (int b = blocks.begin; b < blocks.end; b++) {
    grad_row out = grad_row_of(db, epilogue, b, 0);
    v16 sum = grad_start(&out, 0);
    for (int r = 0; r < dy.height; r++) {
      const float *dy_row = pixel(dy, b, r, 0), *a_row = pixel(a, b, r, 0);
      v16 row = v16_zero();
      for (int c = 0; c < dy.width; c++)
        row = v16_fma(row, load_pixel(dy_row, c), load_pixel(a_row, c));
      sum = v16_add(sum, row);
    }
    grad_end(&out, 0, sum);
  }
}

static void affine_forward(pxa_planes y, pxa_planes x, const float *scale, const float *shift, pxa_clamp clamp,
                           pxa_range blocks, pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    clamp_lanes lanes = clamp_in(clamp, y, b);
    v16 factor = v16_load(scale + b * PXA_BLOCK), start = v16_load(shift + b * PXA_BLOCK);
    const float *in = pixel(x, b, r, 0);
    float *out = pixel(y, b, r, 0);
    for (int c = 0; c < y.width; c++)
      store_pixel(out, c, clamped(lanes, v16_fma(start, factor, load_pixel(in, c))));
  }
}

static void affine_input_grad(pxa_planes dx, pxa_planes dy, const float *scale, pxa_epilogue epilogue, pxa_range blocks,
                              pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    v16 factor = v16_load(scale + b * PXA_BLOCK);
    const float *in = pixel(dy, b, r, 0);
    grad_row out = grad_row_of(dx, epilogue, b, r);
    for (int c = 0; c < dx.width; c++)
      grad_end(&out, c, v16_fma(grad_start(&out, c), factor, load_pixel(in, c)));
  }
}

#endif
