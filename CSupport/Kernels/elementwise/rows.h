// SPDX-License-Identifier: MIT
// For all kernels that go through planes row by row: loads and stores of a pixel, clamps, and a gradient's epilogue.

#ifndef PXA_ROWS_H
#define PXA_ROWS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_types.h"

#define EACH_ROW(b, r, blocks, rows)                                                                                   \
  for (int b = (blocks).begin; b < (blocks).end; b++)                                                                  \
    for (int r = (rows).begin; r < (rows).end; r++)

PXA_INLINE v16 load_pixel(const float *row, int column) { return v16_load(row + (ptrdiff_t)column * PXA_BLOCK); }
PXA_INLINE void store_pixel(float *row, int column, v16 a) { v16_store(row + (ptrdiff_t)column * PXA_BLOCK, a); }

// Returns the number of lanes of a block that are channels.
PXA_INLINE int lanes_in(pxa_planes a, int block) {
  int left = a.channels - block * PXA_BLOCK;
  return left < PXA_BLOCK ? left : PXA_BLOCK;
}

// Returns 1 in the lanes that are channels and 0 in the others.
PXA_INLINE v16 channel_lanes(pxa_planes a, int block) { return v16_first(v16_set1(1), lanes_in(a, block)); }

PXA_INLINE bool have_same_size(pxa_planes a, pxa_planes b) {
  return a.channels == b.channels && a.height == b.height && a.width == b.width;
}

// The bounds of a clamp, lane by lane. In the lanes beyond the channels both are 0, which keeps these lanes zero.
typedef struct {
  v16 low, high;
} clamp_lanes;

PXA_INLINE clamp_lanes clamp_in(pxa_clamp clamp, pxa_planes y, int block) {
  int lanes = lanes_in(y, block);
  return (clamp_lanes){v16_first(v16_set1(clamp.low), lanes), v16_first(v16_set1(clamp.high), lanes)};
}

PXA_INLINE v16 clamped(clamp_lanes clamp, v16 a) { return v16_min(clamp.high, v16_max(clamp.low, a)); }

// A row of dX, and the epilogue of its sums.
typedef struct {
  float *dx;
  const float *x; // the row whose values decide the mask, or NULL
  v16 low, high;
  bool accumulate;
} grad_row;

PXA_INLINE grad_row grad_row_of(pxa_planes dx, pxa_epilogue epilogue, int block, int row) {
  assert(row >= 0 && row < dx.height);
  assert(!epilogue.x ||
         (epilogue.x->channels == dx.channels && epilogue.x->height == dx.height && epilogue.x->width == dx.width));
  return (grad_row){.dx = pixel(dx, block, row, 0),
                    .x = epilogue.x ? pixel(*epilogue.x, block, row, 0) : NULL,
                    .low = v16_set1(epilogue.clamp.low),
                    .high = v16_set1(epilogue.clamp.high),
                    .accumulate = epilogue.accumulate};
}

// Returns what a sum starts from: what dX holds if gradients accumulate, else 0.
PXA_INLINE v16 grad_start(const grad_row *row, int column) {
  return row->accumulate ? load_pixel(row->dx, column) : v16_zero();
}

// Masks and stores a sum that began with grad_start.
PXA_INLINE void grad_end(const grad_row *row, int column, v16 sum) {
  if (row->x)
    sum = v16_inside(sum, load_pixel(row->x, column), row->low, row->high);
  store_pixel(row->dx, column, sum);
}

#endif
