// SPDX-License-Identifier: MIT
// Reductions: sums, Euclidean norms and maxima of all pixels of a channel, or of all channels of a pixel.

#ifndef PXA_REDUCE_H
#define PXA_REDUCE_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

PXA_INLINE v16 reduction_start(pxa_reduction kind) { return kind == PXA_MAXIMUM ? v16_set1(-INFINITY) : v16_zero(); }

PXA_INLINE v16 reduced(pxa_reduction kind, v16 so_far, v16 x) {
  switch (kind) {
  case PXA_SUM:
    return v16_add(so_far, x);
  case PXA_NORM:
    return v16_fma(so_far, x, x);
  case PXA_MAXIMUM:
    return v16_max(so_far, x);
  }
  return so_far;
}

PXA_INLINE v16 reduction_end(pxa_reduction kind, v16 a) { return kind == PXA_NORM ? v16_sqrt(a) : a; }

// What the gradient needs of the elements of a reduction: their result, and how many elements are equal to it.
typedef struct {
  v16 result, ties;
} reduction;

// Returns the share of an element x in the result's gradient dY.
PXA_INLINE v16 reduction_gradient(pxa_reduction kind, reduction of, v16 x, v16 dy) {
  v16 zero = v16_zero();
  switch (kind) {
  case PXA_SUM:
    return dy;
  case PXA_NORM:
    return v16_mul(x, v16_select_gt(of.result, zero, v16_div(dy, of.result), zero));
  case PXA_MAXIMUM:
    return v16_select_eq(x, of.result, v16_div(dy, of.ties), zero);
  }
  return zero;
}

// Reduces a block's pixels, lane by lane. The results of the rows are put together row by row.
PXA_INLINE reduction reduce_block(pxa_reduction kind, pxa_planes x, int block) {
  v16 all = reduction_start(kind), ties = v16_zero(), one = v16_set1(1);
  for (int r = 0; r < x.height; r++) {
    const float *in = pixel(x, block, r, 0);
    v16 row = reduction_start(kind);
    for (int c = 0; c < x.width; c++)
      row = reduced(kind, row, load_pixel(in, c));
    all = kind == PXA_MAXIMUM ? v16_max(all, row) : v16_add(all, row);
  }
  for (int r = 0; r < x.height && kind == PXA_MAXIMUM; r++) {
    const float *in = pixel(x, block, r, 0);
    for (int c = 0; c < x.width; c++)
      ties = v16_add(ties, v16_select_eq(load_pixel(in, c), all, one, v16_zero()));
  }
  return (reduction){reduction_end(kind, all), ties};
}

// Reduces a pixel's channels: the blocks lane by lane, then the lanes.
PXA_INLINE reduction reduce_pixel(pxa_reduction kind, pxa_planes x, int row, int column) {
  int blocks = pxa_blocks(x.channels);
  v16 all = reduction_start(kind), ties = v16_zero();
  for (int b = 0; b < blocks; b++) {
    v16 value = v16_load(pixel(x, b, row, column));
    if (kind == PXA_MAXIMUM)
      value = v16_select_gt(channel_lanes(x, b), v16_zero(), value, v16_set1(-INFINITY));
    all = reduced(kind, all, value);
  }
  if (kind != PXA_MAXIMUM)
    return (reduction){reduction_end(kind, v16_set1(v16_sum(all))), ties};
  float lanes[PXA_BLOCK];
  v16_storeu(lanes, all);
  for (int lane = 1; lane < PXA_BLOCK; lane++)
    lanes[0] = lanes[lane] > lanes[0] ? lanes[lane] : lanes[0];
  all = v16_set1(lanes[0]);
  for (int b = 0; b < blocks; b++)
    ties = v16_add(ties, v16_select_eq(v16_load(pixel(x, b, row, column)), all, channel_lanes(x, b), v16_zero()));
  return (reduction){all, v16_set1(v16_sum(ties))};
}

PXA_INLINE void reduce_planes(pxa_reduction kind, pxa_planes y, pxa_planes x, pxa_range blocks) {
  for (int b = blocks.begin; b < blocks.end; b++)
    store_pixel(pixel(y, b, 0, 0), 0, reduce_block(kind, x, b).result);
}

PXA_INLINE void reduce_planes_grad(pxa_reduction kind, pxa_planes dx, pxa_planes dy, pxa_planes r_input,
                                   pxa_epilogue epilogue, pxa_range blocks) {
  for (int b = blocks.begin; b < blocks.end; b++) {
    reduction of = reduce_block(kind, r_input, b);
    v16 gradient = v16_load(pixel(dy, b, 0, 0)), lanes = channel_lanes(dx, b);
    for (int r = 0; r < dx.height; r++) {
      const float *in = pixel(r_input, b, r, 0);
      grad_row out = grad_row_of(dx, epilogue, b, r);
      for (int c = 0; c < dx.width; c++) {
        v16 share = reduction_gradient(kind, of, load_pixel(in, c), gradient);
        grad_end(&out, c, v16_positive(v16_add(grad_start(&out, c), share), lanes));
      }
    }
  }
}

PXA_INLINE void reduce_channels_of(pxa_reduction kind, pxa_planes y, pxa_planes x, pxa_range rows) {
  for (int r = rows.begin; r < rows.end; r++) {
    float *out = pixel(y, 0, r, 0);
    for (int c = 0; c < y.width; c++)
      store_pixel(out, c, v16_first(reduce_pixel(kind, x, r, c).result, 1));
  }
}

PXA_INLINE void reduce_channels_grad_of(pxa_reduction kind, pxa_planes dx, pxa_planes dy, pxa_planes r_input,
                                        pxa_epilogue epilogue, pxa_range rows) {
  for (int r = rows.begin; r < rows.end; r++)
    for (int c = 0; c < dx.width; c++) {
      reduction of = reduce_pixel(kind, r_input, r, c);
      v16 gradient = v16_set1(*pixel(dy, 0, r, c));
      for (int b = 0; b < pxa_blocks(dx.channels); b++) {
        grad_row out = grad_row_of(dx, epilogue, b, r);
        v16 share = reduction_gradient(kind, of, v16_load(pixel(r_input, b, r, c)), gradient);
        grad_end(&out, c, v16_positive(v16_add(grad_start(&out, c), share), channel_lanes(dx, b)));
      }
    }
}

// Calls a function with the kind as a constant, so that the compiler makes separate code for each kind.
#define REDUCE(function, kind, ...)                                                                                    \
  switch (kind) {                                                                                                      \
  case PXA_SUM:                                                                                                        \
    function(PXA_SUM, __VA_ARGS__);                                                                                    \
    break;                                                                                                             \
  case PXA_NORM:                                                                                                       \
    function(PXA_NORM, __VA_ARGS__);                                                                                   \
    break;                                                                                                             \
  case PXA_MAXIMUM:                                                                                                    \
    function(PXA_MAXIMUM, __VA_ARGS__);                                                                                \
    break;                                                                                                             \
  }

static void reduce_forward(pxa_planes y, pxa_planes x, pxa_reduction kind, pxa_range blocks) {
  assert(y.height == 1 && y.width == 1 && y.channels == x.channels);
  REDUCE(reduce_planes, kind, y, x, blocks)
}

static void reduce_input_grad(pxa_planes dx, pxa_planes dy, pxa_planes r_input, pxa_reduction kind,
                              pxa_epilogue epilogue, pxa_range blocks) {
  assert(dy.height == 1 && dy.width == 1 && have_same_size(dx, r_input));
  REDUCE(reduce_planes_grad, kind, dx, dy, r_input, epilogue, blocks)
}

static void reduce_channels(pxa_planes y, pxa_planes x, pxa_reduction kind, pxa_range rows) {
  assert(y.channels == 1 && y.height == x.height && y.width == x.width && are_rows(rows, y.height));
  REDUCE(reduce_channels_of, kind, y, x, rows)
}

static void reduce_channels_grad(pxa_planes dx, pxa_planes dy, pxa_planes r_input, pxa_reduction kind,
                                 pxa_epilogue epilogue, pxa_range rows) {
  assert(dy.channels == 1 && have_same_size(dx, r_input) && are_rows(rows, dx.height));
  REDUCE(reduce_channels_grad_of, kind, dx, dy, r_input, epilogue, rows)
}

#undef REDUCE

#endif
