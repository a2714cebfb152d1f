// SPDX-License-Identifier: MIT
//
// The maxima of regions of any size: large windows, and the parts of an adaptive pool. max_pool.h is faster for small
// windows.

#ifndef PXA_REGION_MAX_H
#define PXA_REGION_MAX_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../shapes/windows.h"
#include "../simd/simd.h"
#include "pxa_types.h"
#include "scatter.h"

// The elements of a region along an axis: first, first + step, … before `end`.
typedef struct {
  int first, end, step;
} region;

PXA_INLINE region region_at(const pxa_axis *axis, int position, int size, int count) {
  if (!axis) {
    pxa_range part = part_of(size, position, count);
    return (region){part.begin, part.end, 1};
  }
  pxa_range taps = taps_inside(*axis, position, size);
  int start = position * axis->stride - axis->before;
  return (region){start + taps.begin * axis->dilation, start + taps.end * axis->dilation, axis->dilation};
}

static void region_max_forward(pxa_planes y, pxa_planes at_row, pxa_planes at_column, pxa_planes x,
                               const pxa_window *window, pxa_range blocks, pxa_range rows) {
  assert(have_same_size(y, at_row) && have_same_size(y, at_column) && are_rows(rows, y.height));
  EACH_ROW(b, r, blocks, rows) {
    region down = region_at(window ? &window->y : NULL, r, x.height, y.height);
    for (int c = 0; c < y.width; c++) {
      region across = region_at(window ? &window->x : NULL, c, x.width, y.width);
      v16 best = v16_load(pixel(x, b, down.first, across.first));
      v16 best_row = v16_set1((float)down.first), best_column = v16_set1((float)across.first);
      for (int i = down.first; i < down.end; i += down.step) {
        const float *in = pixel(x, b, i, 0);
        for (int j = across.first; j < across.end; j += across.step) {
          v16 value = load_pixel(in, j);
          best_row = v16_select_gt(value, best, v16_set1((float)i), best_row);
          best_column = v16_select_gt(value, best, v16_set1((float)j), best_column);
          best = v16_select_gt(value, best, value, best);
        }
      }
      store_pixel(pixel(y, b, r, 0), c, best);
      store_pixel(pixel(at_row, b, r, 0), c, best_row);
      store_pixel(pixel(at_column, b, r, 0), c, best_column);
    }
  }
}

static void region_max_input_grad(pxa_planes dx, pxa_planes dy, pxa_planes at_row, pxa_planes at_column,
                                  pxa_epilogue epilogue, pxa_range blocks) {
  assert(have_same_size(dy, at_row) && have_same_size(dy, at_column));
  for (int b = blocks.begin; b < blocks.end; b++) {
    scatter_begin(dx, epilogue, b);
    int lanes = lanes_in(dx, b);
    for (int r = 0; r < dy.height; r++) {
      const float *in = pixel(dy, b, r, 0), *row = pixel(at_row, b, r, 0), *column = pixel(at_column, b, r, 0);
      for (ptrdiff_t c = 0; c < dy.width; c++)
        for (int lane = 0; lane < lanes; lane++) {
          ptrdiff_t at = c * PXA_BLOCK + lane;
          pixel(dx, b, (int)row[at], (int)column[at])[lane] += in[at];
        }
    }
    scatter_end(dx, epilogue, b);
  }
}

#endif
