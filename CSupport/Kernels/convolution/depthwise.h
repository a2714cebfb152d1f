// SPDX-License-Identifier: MIT
//
// Depthwise convolution and its input gradient use the same tile: a few neighbouring output pixels of one block. The
// taps are a grid of offsets. If every multiplication needed a load, the loads would limit the speed. So an input pixel
// in a register is multiplied by up to three neighbouring taps before the next one is loaded.

#ifndef PXA_DEPTHWISE_H
#define PXA_DEPTHWISE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "store.h"
#include "pxa_sizes.h"
#include "pxa_types.h"
#include "tile_sizes.h"

enum { MOST_COLUMNS = 3 }; // neighbouring taps that use an input pixel while it is in a register

// The taps of one row of output pixels, as a grid. All steps count floats. `x` leads from a tile's first input pixel to
// the pixel of the first tap, `x_row` from a tap's pixel to that of the tap below it, and `x_column` to that of the tap
// on its right. `w`, `w_row` and `w_column` do the same among the weights; `w` begins at the block's first weight.
typedef struct {
  int rows, columns;
  ptrdiff_t x, x_row, x_column;
  ptrdiff_t w, w_row, w_column;
} tap_grid;

// What all tiles of a layer share. The fields mean the same as in row_job.
typedef struct {
  const float *bias;
  bool accumulate;
  bounds bounds;
  ptrdiff_t x_stride;
  int y_stride;
} depthwise_job;

// Adds the products of `columns` neighbouring taps of one kernel row to the sums. `x_stride` is in pixels.
PXA_INLINE void add_columns(v16 sum[DEPTHWISE_PIXELS], const float *x, const float *w, ptrdiff_t w_column, int pixels,
                            int columns, int x_stride) {
  v16 weights[MOST_COLUMNS];
  UNROLL
  for (int k = 0; k < columns; k++)
    weights[k] = v16_load(w + k * w_column);
  UNROLL
  for (int i = 0; i < (pixels - 1) * x_stride + columns; i++) {
    v16 input = v16_load(x + i * PXA_BLOCK);
    UNROLL
    for (int k = 0; k < columns; k++)
      if (i >= k && (i - k) % x_stride == 0 && (i - k) / x_stride < pixels)
        sum[(i - k) / x_stride] = v16_fma(sum[(i - k) / x_stride], weights[k], input);
  }
}

// Computes one tile of `pixels` output pixels. `x_stride` is in pixels; 0 stands for the stride of the job, which is
// known only at run time.
PXA_INLINE void depthwise_tile(float *y, const float *x, const float *w, const float *mask, const depthwise_job *job,
                               const tap_grid *taps, int pixels, int x_stride) {
  v16 sum[DEPTHWISE_PIXELS];
  v16 start = job->bias ? v16_load(job->bias) : v16_zero();
  UNROLL
  for (int p = 0; p < pixels; p++)
    sum[p] = job->accumulate ? v16_load(y + p * job->y_stride) : start;

  x += taps->x;
  w += taps->w;
  int neighbours = x_stride > 0 && taps->x_column == PXA_BLOCK ? taps->columns : 0;
  if (neighbours == 3) {
    for (int row = taps->rows; row > 0; row--, x += taps->x_row, w += taps->w_row)
      add_columns(sum, x, w, taps->w_column, pixels, 3, x_stride);
  } else if (neighbours == 2) {
    for (int row = taps->rows; row > 0; row--, x += taps->x_row, w += taps->w_row)
      add_columns(sum, x, w, taps->w_column, pixels, 2, x_stride);
  } else if (neighbours > 3) {
    for (int row = taps->rows; row > 0; row--, x += taps->x_row, w += taps->w_row) {
      const float *xt = x, *wt = w;
      int left = neighbours;
      for (; left >= 3; left -= 3, xt += 3 * PXA_BLOCK, wt += 3 * taps->w_column)
        add_columns(sum, xt, wt, taps->w_column, pixels, 3, x_stride);
      if (left == 2)
        add_columns(sum, xt, wt, taps->w_column, pixels, 2, x_stride);
      else if (left == 1)
        add_columns(sum, xt, wt, taps->w_column, pixels, 1, x_stride);
    }
  } else {
    ptrdiff_t pixel_step = x_stride > 0 ? x_stride * PXA_BLOCK : job->x_stride;
    for (int row = taps->rows; row > 0; row--, x += taps->x_row, w += taps->w_row)
      for (int k = 0; k < taps->columns; k++) {
        v16 weights = v16_load(w + k * taps->w_column);
        UNROLL
        for (int p = 0; p < pixels; p++)
          sum[p] = v16_fma(sum[p], weights, v16_load(x + k * taps->x_column + p * pixel_step));
      }
  }

  store_sums(y, job->y_stride, sum, pixels, mask, job->y_stride, &job->bounds);
}

#define DEPTHWISE_ARGUMENTS                                                                                            \
  float *y, const float *x, const float *w, const float *mask, const depthwise_job *job, const tap_grid *taps, int tiles
#define DEPTHWISE_TILES(pixels, name, stride)                                                                          \
  static __attribute__((noinline)) void name##_##pixels(DEPTHWISE_ARGUMENTS) {                                         \
    if (pixels > DEPTHWISE_PIXELS)                                                                                     \
      return;                                                                                                          \
    for (; tiles > 0; tiles--, y += pixels * job->y_stride, x += pixels * job->x_stride) {                             \
      depthwise_tile(y, x, w, mask, job, taps, pixels, stride);                                                        \
      mask = mask ? mask + pixels * job->y_stride : NULL;                                                              \
    }                                                                                                                  \
  }
#define DEPTHWISE_NAME(pixels, name) pixels <= DEPTHWISE_PIXELS ? name##_##pixels : NULL,

// The tile functions for one stride: index i has the tiles of i + 1 pixels.
typedef void (*const depthwise_tiles[MOST_TILE_PIXELS])(DEPTHWISE_ARGUMENTS);
EACH_TILE_SIZE(DEPTHWISE_TILES, depthwise_stride1, 1)
EACH_TILE_SIZE(DEPTHWISE_TILES, depthwise_stride2, 2)
EACH_TILE_SIZE(DEPTHWISE_TILES, depthwise_strided, 0)
static depthwise_tiles depthwise_stride1 = {EACH_TILE_SIZE(DEPTHWISE_NAME, depthwise_stride1)};
static depthwise_tiles depthwise_stride2 = {EACH_TILE_SIZE(DEPTHWISE_NAME, depthwise_stride2)};
static depthwise_tiles depthwise_strided = {EACH_TILE_SIZE(DEPTHWISE_NAME, depthwise_strided)};

// Computes a row of `count` output pixels in tiles whose widths differ by at most 1, the wider tiles first.
static void depthwise_row(depthwise_tiles row, float *y, const float *x, const float *w, const float *mask,
                          const depthwise_job *job, const tap_grid *taps, int count) {
  int tiles = (count + DEPTHWISE_PIXELS - 1) / DEPTHWISE_PIXELS, narrow = count / tiles, wider = count % tiles;
  if (wider > 0) {
    row[narrow](y, x, w, mask, job, taps, wider);
    int pixels = wider * (narrow + 1);
    y += (ptrdiff_t)pixels * job->y_stride;
    x += (ptrdiff_t)pixels * job->x_stride;
    mask = mask ? mask + (ptrdiff_t)pixels * job->y_stride : NULL;
  }
  row[narrow - 1](y, x, w, mask, job, taps, tiles - wider);
}

static void depthwise_forward(pxa_planes y, pxa_planes x, const float *packed, const float *bias, pxa_window window,
                              pxa_clamp clamp, pxa_range blocks, pxa_range rows) {
  int taps = window_taps(window), stride = window.x.stride;
  assert(x.halo >= pxa_conv_halo(window) && taps <= PXA_MAX_TAPS);
  assert(is_conv_output(y, window, x.height, x.width, clamp) && are_rows(rows, y.height));
  depthwise_job job = {.bounds = bounds_of(clamp), .x_stride = (ptrdiff_t)stride * PXA_BLOCK, .y_stride = PXA_BLOCK};
  tap_grid grid = {.rows = window.y.kernel,
                   .columns = window.x.kernel,
                   .x = pixel_offset(x, -window.y.before, -window.x.before),
                   .x_row = pixel_offset(x, window.y.dilation, 0),
                   .x_column = pixel_offset(x, 0, window.x.dilation),
                   .w_row = (ptrdiff_t)window.x.kernel * PXA_BLOCK,
                   .w_column = PXA_BLOCK};
  const depthwise_tiles *row = stride == 1 ? &depthwise_stride1 : stride == 2 ? &depthwise_stride2 : &depthwise_strided;
  for (int b = blocks.begin; b < blocks.end; b++) {
    job.bias = bias + b * PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++)
      depthwise_row(*row, pixel(y, b, r, 0), pixel(x, b, r * window.y.stride, 0),
                    packed + (ptrdiff_t)b * taps * PXA_BLOCK, NULL, &job, &grid, y.width);
  }
}

// Returns the taps through which dY reaches the pixels of dX in row `row` and in the columns phase, phase + S, …
static tap_grid grad_grid(pxa_window window, pxa_planes dy, int row, int phase) {
  axis_taps down = taps_reaching(window.y, row), across = taps_reaching(window.x, phase);
  int last = across.count - 1; // the leftmost tap in dY
  return (tap_grid){.rows = down.count,
                    .columns = across.count,
                    .x = pixel_offset(dy, down.at, across.at - last * across.move),
                    .x_row = pixel_offset(dy, -down.move, 0),
                    .x_column = pixel_offset(dy, 0, across.move),
                    .w = (down.first * window.x.kernel + across.first + last * across.step) * PXA_BLOCK,
                    .w_row = down.step * window.x.kernel * PXA_BLOCK,
                    .w_column = -across.step * PXA_BLOCK};
}

static void depthwise_input_grad(pxa_planes dx, pxa_planes dy, const float *packed, pxa_epilogue epilogue,
                                 pxa_window window, pxa_range blocks, pxa_range rows) {
  enum { PHASES = 4 };
  int taps = window_taps(window), down = window.y.stride, across = window.x.stride;
  assert(dy.halo >= pxa_conv_grad_halo(window) && taps <= PXA_MAX_TAPS && are_rows(rows, dx.height));
  const pxa_planes *x = mask_of(&epilogue);
  depthwise_job job = {.accumulate = epilogue.accumulate, .x_stride = PXA_BLOCK, .y_stride = across * PXA_BLOCK};
  if (x)
    job.bounds = bounds_of(epilogue.clamp);
  // Computes PHASES × PHASES phases at a time, so that each plane of dX is written from one end to the other.
  for (int first_row = 0; first_row < down; first_row += PHASES)
    for (int first_phase = 0; first_phase < across; first_phase += PHASES) {
      tap_grid grids[PHASES][PHASES];
      for (int i = 0; i < PHASES; i++)
        for (int j = 0; j < PHASES; j++)
          grids[i][j] = grad_grid(window, dy, rows.begin + first_row + i, first_phase + j);
      for (int b = blocks.begin; b < blocks.end; b++)
        for (int top = rows.begin, dy_row = 0; top < rows.end; top += down, dy_row++)
          for (int i = 0; i < PHASES && first_row + i < down && top + first_row + i < rows.end; i++)
            for (int j = 0; j < PHASES && first_phase + j < across && first_phase + j < dx.width; j++) {
              int r = top + first_row + i, phase = first_phase + j;
              depthwise_row(depthwise_stride1, pixel(dx, b, r, phase), pixel(dy, b, dy_row, 0),
                            packed + (ptrdiff_t)b * taps * PXA_BLOCK, x ? pixel(*x, b, r, phase) : NULL, &job,
                            &grids[i][j], (dx.width - phase + across - 1) / across);
            }
    }
}

#endif
