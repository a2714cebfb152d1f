// SPDX-License-Identifier: MIT
//
// The tile that convolutions and their input gradients use, for every kernel size and stride. A tile is up to
// TILE_PIXELS output pixels in up to TILE_BLOCKS blocks of 16 channels: neighbours in one row, or in two rows. Only the
// list of taps varies; each tap is an offset into the input and an offset into the packed weights.

#ifndef PXA_TILE_H
#define PXA_TILE_H

#include <stdbool.h>
#include <stddef.h>

#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "store.h"
#include "pxa_types.h"
#include "tile_sizes.h"

// A tap of the window: the number of floats from a tile's first input pixel to the tap's pixel, and from the first
// weight to the tap's first weight.
typedef struct {
  ptrdiff_t x, w;
} tap;

// What all tiles of some output rows share.
typedef struct {
  int tap_count;
  int steps;                // blocks of the input planes, or channels of the input image, to sum over
  ptrdiff_t x_step, w_step; // floats from one of these blocks or channels to the next, in the input and in the weights
  ptrdiff_t w_block;        // floats from an output block's weights to the next one's
  ptrdiff_t x_stride;       // floats between the input pixels of neighbouring output pixels
  int y_stride;             // floats between output pixels
  ptrdiff_t x_row, y_row;   // floats between the input rows of neighbouring output rows, and between these
  ptrdiff_t y_block;        // floats between output blocks
  ptrdiff_t mask_block;     // floats between blocks of the mask
  ptrdiff_t mask_row;       // floats between rows of the mask
  const float *bias;        // what the sums start from, or NULL for zero
  bool accumulate;          // the sums start from what Y holds
  bounds bounds;            // the clamp of the sums; with a mask, the clamp that made the mask's values
  tap taps[PXA_MAX_TAPS];
} row_job;

// Computes one tile of `blocks` × `rows` × `pixels`. `channels` is 16 if an input pixel is a block, 1 if it is one float
// of an image. The order of each sum, from the outermost loop to the innermost: groups of GROUP_BLOCKS input blocks,
// taps, the blocks of the group, the channels of the block.
PXA_INLINE void conv_tile(float *y, const float *x, const float *w, const float *mask, const row_job *job, int blocks,
                          int rows, int pixels, ptrdiff_t x_stride, int channels) {
  v16 sum[TILE_BLOCKS][TILE_PIXELS];
  UNROLL
  for (int b = 0; b < blocks; b++) {
    v16 start = job->bias ? v16_load(job->bias + b * PXA_BLOCK) : v16_zero();
    UNROLL
    for (int p = 0; p < rows * pixels; p++)
      sum[b][p] = job->accumulate
                      ? v16_load(y + b * job->y_block + p / pixels * job->y_row + p % pixels * job->y_stride)
                      : start;
  }

  for (int left = job->steps; left > 0; left -= GROUP_BLOCKS) {
    int steps = left < GROUP_BLOCKS ? left : GROUP_BLOCKS;
    for (int t = 0; t < job->tap_count; t++) {
      const float *xt = x + job->taps[t].x, *wt = w + job->taps[t].w;
      for (int s = 0; s < steps; s++, xt += job->x_step, wt += job->w_step) {
        // The core does not foresee where the next step's weights lie. Those of the last step are followed by weights of
        // another tile.
        const float *next = s + 1 < steps            ? wt + job->w_step
                            : t + 1 < job->tap_count ? w + job->taps[t + 1].w
                                                     : w + steps * job->w_step + job->taps[0].w;
        if (channels == 1) {
          v16 weights[TILE_BLOCKS];
          UNROLL
          for (int b = 0; b < blocks; b++)
            weights[b] = v16_load(wt + b * job->w_block);
          UNROLL
          for (int p = 0; p < rows * pixels; p++) {
            UNROLL
            for (int b = 0; b < blocks; b++)
              sum[b][p] = v16_fma_scalar(sum[b][p], weights[b], xt[p / pixels * job->x_row + p % pixels * x_stride]);
          }
          continue;
        }
#pragma clang loop unroll(disable)
        for (int c = 0; c < channels; c += 4) {
          in4 input[TILE_PIXELS];
          UNROLL
          for (int p = 0; p < rows * pixels; p++)
            input[p] = in4_load(xt + p / pixels * job->x_row + p % pixels * x_stride + c);
          UNROLL
          for (int lane = 0; lane < 4; lane++) {
            v16 weights[TILE_BLOCKS];
            UNROLL
            for (int b = 0; b < blocks; b++) {
              ptrdiff_t at = b * job->w_block + (c + lane) * PXA_BLOCK;
              weights[b] = v16_load(wt + at);
              __builtin_prefetch(next + at);
            }
            UNROLL
            for (int p = 0; p < rows * pixels; p++) {
              UNROLL
              for (int b = 0; b < blocks; b++)
                sum[b][p] = v16_fma_lane(sum[b][p], weights[b], input[p], lane);
            }
          }
        }
      }
    }
    x += GROUP_BLOCKS * job->x_step;
    w += GROUP_BLOCKS * job->w_step;
  }

  if (channels != PXA_BLOCK)
    mask = NULL; // gradients do not use this tile
  UNROLL
  for (int b = 0; b < blocks; b++) {
    UNROLL
    for (int r = 0; r < rows; r++)
      store_sums(y + b * job->y_block + r * job->y_row, job->y_stride, sum[b] + r * pixels, pixels,
                 mask ? mask + b * job->mask_block + r * job->mask_row : NULL, job->y_stride, &job->bounds);
  }
}

#define TILE_ARGUMENTS float *y, const float *x, const float *w, const float *mask, const row_job *job
#define TILE(pixels, name, blocks, rows, x_stride, channels)                                                           \
  static __attribute__((noinline)) void name##_##blocks##x##pixels(TILE_ARGUMENTS) {                                   \
    if (blocks <= TILE_BLOCKS && rows * pixels <= TILE_PIXELS)                                                         \
      conv_tile(y, x, w, mask, job, blocks, rows, pixels, x_stride, channels);                                         \
  }
#define TILE_NAME(pixels, name, blocks, rows)                                                                          \
  (blocks) <= TILE_BLOCKS && (rows) * (pixels) <= TILE_PIXELS ? name##_##blocks##x##pixels : NULL,

// The tile functions for one number of blocks and of rows: index i has the tile of i + 1 pixels in a row.
typedef void (*const tile_row[MOST_TILE_PIXELS])(TILE_ARGUMENTS);

// Defines all tile functions for one stride and one number of rows, and their table `name`: index i has the tiles of
// i + 1 blocks.
#define TILES(name, rows, x_stride, channels)                                                                          \
  EACH_TILE_SIZE(TILE, name, 1, rows, x_stride, channels)                                                              \
  EACH_TILE_SIZE(TILE, name, 2, rows, x_stride, channels)                                                              \
  static tile_row name[MOST_TILE_BLOCKS] = {{EACH_TILE_SIZE(TILE_NAME, name, 1, rows)},                                \
                                            {EACH_TILE_SIZE(TILE_NAME, name, 2, rows)}};

#define RUN_TIME_STRIDE job->x_stride
TILES(blocked_stride1, 1, 16, 16)
TILES(blocked_stride2, 1, 32, 16)
TILES(blocked_strided, 1, RUN_TIME_STRIDE, 16)
TILES(blocked_rows_stride1, 2, 16, 16)
TILES(blocked_rows_stride2, 2, 32, 16)
TILES(blocked_rows_strided, 2, RUN_TIME_STRIDE, 16)
TILES(image_stride1, 1, 1, 1)
TILES(image_stride2, 1, 2, 1)
TILES(image_stride4, 1, 4, 1)
TILES(image_strided, 1, RUN_TIME_STRIDE, 1)

// Computes a row of `count` output pixels, or two rows if the tiles have two, in tiles of at most `most` pixels in a row,
// whose widths differ by at most 1. A narrow last tile would be slow: it has too few sums to hide the latency of the
// multiplications.
static void conv_row(tile_row tiles, int most, float *y, const float *x, const float *w, const float *mask,
                     const row_job *job, int count) {
  for (int left = (count + most - 1) / most; left > 0; left--) {
    int pixels = (count + left - 1) / left;
    tiles[pixels - 1](y, x, w, mask, job);
    count -= pixels;
    y += (ptrdiff_t)pixels * job->y_stride;
    x += (ptrdiff_t)pixels * job->x_stride;
    if (mask)
      mask += (ptrdiff_t)pixels * job->y_stride;
  }
}

// Computes `rows` rows of `count` output pixels. Two rows at a time take fewer tiles if rows are narrow: then each weight
// that is loaded serves more pixels.
static void conv_rows(tile_row one, tile_row two, float *y, const float *x, const float *w, const float *mask,
                      const row_job *job, int rows, int count) {
  enum { HALF = TILE_PIXELS / 2 };
  bool pairs = (count + HALF - 1) / HALF < 2 * ((count + TILE_PIXELS - 1) / TILE_PIXELS);
  for (int r = 0, step; r < rows; r += step) {
    step = pairs && r + 1 < rows ? 2 : 1;
    conv_row(step == 2 ? two : one, step == 2 ? HALF : TILE_PIXELS, y + r * job->y_row, x + r * job->x_row, w,
             mask ? mask + r * job->mask_row : NULL, job, count);
  }
}

#endif
