// SPDX-License-Identifier: MIT
//
// Local response normalisation. A window of channels may cross from one block to the next. So the terms of two
// neighbouring blocks are written side by side to an array. For each offset within the window, 16 neighbouring terms
// are read from this array, one for each channel of the block.

#ifndef PXA_LRN_H
#define PXA_LRN_H

#include <stdbool.h>
#include <stddef.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "../simd/vector_math.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

// The values of one pixel from which lrn_term computes the terms of a window.
typedef struct {
  const float *x, *dy, *scale; // the pixel in block 0; dy and scale only in the gradient
  ptrdiff_t x_block, dy_block, scale_block;
  int blocks;
  v16 power;
} lrn_terms;

PXA_INLINE v16 lrn_term(const lrn_terms *terms, int block, bool is_gradient) {
  if (block < 0 || block >= terms->blocks)
    return v16_zero();
  v16 x = v16_load(terms->x + block * terms->x_block);
  if (!is_gradient)
    return v16_mul(x, x);
  v16 scale = v16_load(terms->scale + block * terms->scale_block);
  return v16_mul(v16_mul(v16_load(terms->dy + block * terms->dy_block), x), v16_power(scale, terms->power));
}

// Returns, for each channel c of a block, the sum of the terms of channels c − below … c + above.
PXA_INLINE v16 lrn_sum(const lrn_terms *terms, int block, int below, int above, bool is_gradient) {
  float lanes[2 * PXA_BLOCK];
  v16 sum = v16_zero();
  int held = -2;
  for (int shift = -below; shift <= above; shift++) {
    int from = block * PXA_BLOCK + shift;
    if (from <= -PXA_BLOCK || from >= terms->blocks * PXA_BLOCK)
      continue;
    int first = from >= 0 ? from / PXA_BLOCK : -1;
    if (first != held) {
      v16_storeu(lanes, lrn_term(terms, first, is_gradient));
      v16_storeu(lanes + PXA_BLOCK, lrn_term(terms, first + 1, is_gradient));
      held = first;
    }
    sum = v16_add(sum, v16_loadu(lanes + (from - first * PXA_BLOCK)));
  }
  return sum;
}

static void lrn_forward(pxa_planes y, pxa_planes scale, pxa_planes x, pxa_lrn lrn, pxa_range blocks, pxa_range rows) {
  v16 k = v16_set1(lrn.k), share = v16_set1(lrn.alpha / (float)lrn.size), power = v16_set1(-lrn.beta);
  EACH_ROW(b, r, blocks, rows) {
    v16 lanes = v16_first(v16_set1(1), lanes_in(y, b));
    for (int c = 0; c < y.width; c++) {
      lrn_terms terms = {.x = pixel(x, 0, r, c), .x_block = plane_floats(x), .blocks = pxa_blocks(x.channels)};
      v16 sum = lrn_sum(&terms, b, lrn.size / 2, (lrn.size - 1) / 2, false);
      v16 divisor = v16_positive(v16_fma(k, share, sum), lanes);
      v16_store(pixel(scale, b, r, c), divisor);
      v16_store(pixel(y, b, r, c), v16_mul(v16_load(pixel(x, b, r, c)), v16_power(divisor, power)));
    }
  }
}

static void lrn_input_grad(pxa_planes dx, pxa_planes dy, pxa_planes n_input, pxa_planes scale, pxa_lrn lrn,
                           pxa_epilogue epilogue, pxa_range blocks, pxa_range rows) {
  v16 factor = v16_set1(-2 * lrn.alpha * lrn.beta / (float)lrn.size), power = v16_set1(-lrn.beta);
  EACH_ROW(b, r, blocks, rows) {
    grad_row out = grad_row_of(dx, epilogue, b, r);
    for (int c = 0; c < dx.width; c++) {
      lrn_terms terms = {.x = pixel(n_input, 0, r, c),
                         .dy = pixel(dy, 0, r, c),
                         .scale = pixel(scale, 0, r, c),
                         .x_block = plane_floats(n_input),
                         .dy_block = plane_floats(dy),
                         .scale_block = plane_floats(scale),
                         .blocks = pxa_blocks(n_input.channels),
                         .power = v16_set1(-lrn.beta - 1)};
      // The window of a channel reaches size/2 down and (size−1)/2 up. So the windows that hold a channel are those of
      // the channels from (size−1)/2 below it to size/2 above it.
      v16 sum = lrn_sum(&terms, b, (lrn.size - 1) / 2, lrn.size / 2, true);
      v16 own = v16_mul(v16_load(pixel(dy, b, r, c)), v16_power(v16_load(pixel(scale, b, r, c)), power));
      v16 others = v16_mul(v16_mul(factor, v16_load(pixel(n_input, b, r, c))), sum);
      grad_end(&out, c, v16_add(grad_start(&out, c), v16_add(own, others)));
    }
  }
}

#endif
