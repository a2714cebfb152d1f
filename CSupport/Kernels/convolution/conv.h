// SPDX-License-Identifier: MIT
//
// Convolution and its gradient with respect to the input: one register tile serves both, every kernel size and stride.
// A tile is up to TILE_PIXELS neighbouring output pixels of up to TILE_BLOCKS blocks of 16 channels; what varies is the
// list of taps, each an offset into the input and one into the packed weights.

#ifndef PXA_CONV_H
#define PXA_CONV_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "activation.h"
#include "sparse.h"
#include "pxa_packing.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

typedef struct {
  ptrdiff_t x, w;
} tap;

// What the tiles of one output row share.
typedef struct {
  int tap_count;
  int steps;                // input blocks (planes) or channels (image) to sum over
  ptrdiff_t x_step, w_step; // floats from one of them to the next
  ptrdiff_t w_block;        // floats from an output block's weights to the next one's
  ptrdiff_t x_stride;       // floats between the input pixels of neighbouring output pixels
  int y_stride;             // floats between output pixels
  ptrdiff_t y_block;        // floats between output blocks
  ptrdiff_t mask_block;     // likewise in the mask
  const float *bias;        // start, or NULL for zero
  bool accumulate;          // start from what Y holds
  act_kind act;             // what Y is clamped to where there is no mask, else the act of the mask
  tap taps[PXA_MAX_TAPS];
} row_job;

// `channels`: 16 where an input pixel is a block, 1 where it is one float of an image.
// The sum runs over groups of GROUP_BLOCKS input blocks, the taps, the blocks of the group, their channels.
PXA_INLINE void conv_tile(float *y, const float *x, const float *w, const float *mask, const row_job *job, int blocks,
                          int pixels, ptrdiff_t x_stride, int channels) {
  v16 sum[TILE_BLOCKS][TILE_PIXELS];
  UNROLL
  for (int b = 0; b < blocks; b++) {
    v16 start = job->bias ? v16_load(job->bias + b * PXA_BLOCK) : v16_zero();
    UNROLL
    for (int p = 0; p < pixels; p++)
      sum[b][p] = job->accumulate ? v16_load(y + b * job->y_block + p * job->y_stride) : start;
  }

  for (int left = job->steps; left > 0; left -= GROUP_BLOCKS) {
    int steps = left < GROUP_BLOCKS ? left : GROUP_BLOCKS;
    for (int t = 0; t < job->tap_count; t++) {
      const float *xt = x + job->taps[t].x, *wt = w + job->taps[t].w;
      for (int s = 0; s < steps; s++, xt += job->x_step, wt += job->w_step) {
        if (channels == 1) {
          v16 weights[TILE_BLOCKS];
          UNROLL
          for (int b = 0; b < blocks; b++)
            weights[b] = v16_load(wt + b * job->w_block);
          UNROLL
          for (int p = 0; p < pixels; p++) {
            UNROLL
            for (int b = 0; b < blocks; b++)
              sum[b][p] = v16_fma_scalar(sum[b][p], weights[b], xt[p * x_stride]);
          }
          continue;
        }
#pragma clang loop unroll(disable)
        for (int c = 0; c < channels; c += 4) {
          in4 input[TILE_PIXELS];
          UNROLL
          for (int p = 0; p < pixels; p++)
            input[p] = in4_load(xt + p * x_stride + c);
          UNROLL
          for (int lane = 0; lane < 4; lane++) {
            v16 weights[TILE_BLOCKS];
            UNROLL
            for (int b = 0; b < blocks; b++)
              weights[b] = v16_load(wt + b * job->w_block + (c + lane) * PXA_BLOCK);
            UNROLL
            for (int p = 0; p < pixels; p++) {
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

#define EACH_SUM(value)                                                                                                \
  UNROLL                                                                                                               \
  for (int b = 0; b < blocks; b++) {                                                                                   \
    UNROLL                                                                                                             \
    for (int p = 0; p < pixels; p++)                                                                                   \
      sum[b][p] = value;                                                                                               \
  }
#define MASK v16_load(mask + b * job->mask_block + p * job->y_stride)
  if (channels == PXA_BLOCK && mask) {
    v16 low = v16_set1(job->act.clamp.low), high = v16_set1(job->act.clamp.high);
    if (job->act.rectifies) {
      EACH_SUM(v16_positive(sum[b][p], MASK))
    } else {
      EACH_SUM(v16_inside(sum[b][p], MASK, low, high))
    }
  } else if (job->act.clamps) {
    v16 low = v16_set1(job->act.clamp.low), high = v16_set1(job->act.clamp.high);
    EACH_SUM(v16_max(sum[b][p], low))
    if (!job->act.rectifies) {
      EACH_SUM(v16_min(sum[b][p], high))
    }
  }
#undef MASK
#undef EACH_SUM
  UNROLL
  for (int b = 0; b < blocks; b++) {
    UNROLL
    for (int p = 0; p < pixels; p++)
      v16_store(y + b * job->y_block + p * job->y_stride, sum[b][p]);
  }
}

#define TILE_ARGUMENTS float *y, const float *x, const float *w, const float *mask, const row_job *job
#define TILE(name, blocks, pixels, x_stride, channels)                                                                 \
  static __attribute__((noinline)) void name##_##blocks##x##pixels(TILE_ARGUMENTS) {                                   \
    conv_tile(y, x, w, mask, job, blocks, pixels, x_stride, channels);                                                 \
  }
#define RUN_TIME_STRIDE job->x_stride
#define TILE_NAME(name, blocks, pixels, x_stride, channels) name##_##blocks##x##pixels,

// ITEM for every number of pixels that a tile of this instruction set may have.
#define UP_TO_4(ITEM, name, b, s, c)                                                                                   \
  ITEM(name, b, 1, s, c) ITEM(name, b, 2, s, c) ITEM(name, b, 3, s, c) ITEM(name, b, 4, s, c)
#define UP_TO_5(ITEM, name, b, s, c) UP_TO_4(ITEM, name, b, s, c) ITEM(name, b, 5, s, c)
#define UP_TO_6(ITEM, name, b, s, c) UP_TO_5(ITEM, name, b, s, c) ITEM(name, b, 6, s, c)
#define UP_TO_7(ITEM, name, b, s, c) UP_TO_6(ITEM, name, b, s, c) ITEM(name, b, 7, s, c)
#define UP_TO_14(ITEM, name, b, s, c)                                                                                  \
  UP_TO_7(ITEM, name, b, s, c)                                                                                         \
  ITEM(name, b, 8, s, c)                                                                                               \
  ITEM(name, b, 9, s, c)                                                                                               \
  ITEM(name, b, 10, s, c)                                                                                              \
  ITEM(name, b, 11, s, c) ITEM(name, b, 12, s, c) ITEM(name, b, 13, s, c) ITEM(name, b, 14, s, c)
#define UP_TO__(pixels) UP_TO_##pixels
#define UP_TO_(pixels) UP_TO__(pixels)
#define UP_TO UP_TO_(TILE_PIXELS)

typedef void tile_function(TILE_ARGUMENTS);
// By the number of pixels.
typedef tile_function *const tile_row[TILE_PIXELS];

#if TILE_BLOCKS == 1
#define TILES(name, s, c)                                                                                              \
  UP_TO(TILE, name, 1, s, c)                                                                                           \
  static tile_row name[TILE_BLOCKS] = {{UP_TO(TILE_NAME, name, 1, s, c)}};
#elif TILE_BLOCKS == 2
#define TILES(name, s, c)                                                                                              \
  UP_TO(TILE, name, 1, s, c)                                                                                           \
  UP_TO(TILE, name, 2, s, c)                                                                                           \
  static tile_row name[TILE_BLOCKS] = {{UP_TO(TILE_NAME, name, 1, s, c)}, {UP_TO(TILE_NAME, name, 2, s, c)}};
#endif

TILES(blocked_stride1, 16, 16)
TILES(blocked_stride2, 32, 16)
TILES(blocked_strided, RUN_TIME_STRIDE, 16)
TILES(image_stride1, 1, 1)
TILES(image_stride2, 2, 1)
TILES(image_stride4, 4, 1)
TILES(image_strided, RUN_TIME_STRIDE, 1)

// `count` output pixels, cut into tiles of equal width (±1): a narrow last tile would wait for its own sums.
static void conv_row(tile_row tiles, float *y, const float *x, const float *w, const float *mask, const row_job *job,
                     int count) {
  for (int left = (count + TILE_PIXELS - 1) / TILE_PIXELS; left > 0; left--) {
    int pixels = (count + left - 1) / left;
    tiles[pixels - 1](y, x, w, mask, job);
    count -= pixels;
    y += (ptrdiff_t)pixels * job->y_stride;
    x += (ptrdiff_t)pixels * job->x_stride;
    if (mask)
      mask += (ptrdiff_t)pixels * job->y_stride;
  }
}

// The blocks from `block` on that one tile computes: they must read the same.
static int tile_blocks(pxa_range blocks, int block, int groups, int in_channels, int out_channels) {
  pxa_range reads = pxa_conv_reads(groups, in_channels, out_channels, block);
  int count = 1;
  for (; count < TILE_BLOCKS && block + count < blocks.end; count++) {
    pxa_range next = pxa_conv_reads(groups, in_channels, out_channels, block + count);
    if (next.begin != reads.begin || next.end != reads.end)
      break;
  }
  return count;
}

// The taps of a row of Y: offsets into an input of rows and columns of so many floats.
static void set_taps(row_job *job, pxa_window window, ptrdiff_t row, ptrdiff_t column, int tap_weights) {
  job->tap_count = 0;
  for (int ky = 0; ky < window.y.kernel; ky++)
    for (int kx = 0; kx < window.x.kernel; kx++) {
      ptrdiff_t y = ky * window.y.dilation - window.y.before, x = kx * window.x.dilation - window.x.before;
      job->taps[job->tap_count] = (tap){y * row + x * column, (ptrdiff_t)job->tap_count * tap_weights};
      job->tap_count++;
    }
}

static void conv_forward(pxa_planes y, pxa_planes x, const uint64_t *marks, const float *packed, const float *bias,
                         pxa_window window, int32_t groups, pxa_clamp act, pxa_range blocks, pxa_range rows) {
  int taps = window_taps(window), stride = window.x.stride;
  assert(x.halo >= pxa_conv_halo(window) && taps <= PXA_MAX_TAPS);
  assert(is_conv_output(y, window, x.height, x.width, act) && are_rows(rows, y.height));
  size_t packed_floats = pxa_conv_packed_floats(window, groups, x.channels, y.channels);
  row_job job = {.x_step = plane_floats(x),
                 .w_step = taps * BLOCK_WEIGHTS,
                 .w_block = (ptrdiff_t)packed_floats / pxa_blocks(y.channels),
                 .x_stride = (ptrdiff_t)stride * PXA_BLOCK,
                 .y_stride = PXA_BLOCK,
                 .y_block = plane_floats(y),
                 .act = act_of(act)};
  if (marks) {
    sparse_layer layer = {.in = {x, 0, pxa_blocks(x.channels), marks},
                          .padding = padding_forward(window),
                          .w = packed,
                          .w_block = job.w_block,
                          .bias = bias,
                          .act = job.act};
    assert(can_be_sparse(window) && groups == 1 && pxa_conv_halo(window) < WINDOW);
    if (is_sparse(layer.in, y.channels)) {
      sparse_rows(y, &layer, blocks, rows);
      return;
    }
  }
  set_taps(&job, window, row_floats(x), PXA_BLOCK, BLOCK_WEIGHTS);

  const tile_row *tiles = stride == 1 ? blocked_stride1 : stride == 2 ? blocked_stride2 : blocked_strided;
  for (int b = blocks.begin, count; b < blocks.end; b += count) {
    pxa_range reads = pxa_conv_reads(groups, x.channels, y.channels, b);
    count = tile_blocks(blocks, b, groups, x.channels, y.channels);
    job.steps = reads.end - reads.begin;
    job.bias = bias + b * PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++)
      conv_row(tiles[count - 1], pixel(y, b, r, 0), pixel(x, reads.begin, r * window.y.stride, 0),
               packed + b * job.w_block, NULL, &job, y.width);
  }
}

static void stem_forward(pxa_planes y, pxa_image x, const float *packed, const float *bias, pxa_window window,
                         pxa_clamp act, pxa_range blocks, pxa_range rows) {
  int taps = window_taps(window), stride = window.x.stride;
  assert(x.halo >= pxa_conv_halo(window) && taps <= PXA_MAX_TAPS);
  assert(is_conv_output(y, window, x.height, x.width, act) && are_rows(rows, y.height));
  row_job job = {.steps = x.channels,
                 .x_step = image_plane_floats(x),
                 .w_step = taps * PXA_BLOCK,
                 .w_block = (ptrdiff_t)x.channels * taps * PXA_BLOCK,
                 .x_stride = stride,
                 .y_stride = PXA_BLOCK,
                 .y_block = plane_floats(y),
                 .act = act_of(act)};
  set_taps(&job, window, image_row_floats(x), 1, PXA_BLOCK);

  const tile_row *tiles = stride == 1   ? image_stride1
                          : stride == 2 ? image_stride2
                          : stride == 4 ? image_stride4
                                        : image_strided;
  for (int b = blocks.begin, count; b < blocks.end; b += count) {
    count = blocks.end - b < TILE_BLOCKS ? blocks.end - b : TILE_BLOCKS;
    job.bias = bias + b * PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++)
      conv_row(tiles[count - 1], pixel(y, b, r, 0), image_row(x, 0, r * window.y.stride), packed + b * job.w_block,
               NULL, &job, y.width);
  }
}

// The taps that reach dX pixels (row, phase), (row, phase + S), …: dY pixels relative to the first one's row 0, column
// 0, from left to right in each of their rows. `places`: of grad_tap_places.
static void set_grad_taps(row_job *job, const int32_t *places, pxa_window window, pxa_planes dy, int row, int phase) {
  axis_taps down = taps_reaching(window.y, row), across = taps_reaching(window.x, phase);
  job->tap_count = 0;
  for (int i = 0; i < down.count; i++)
    for (int j = across.count - 1; j >= 0; j--) {
      int ky = down.first + i * down.step, kx = across.first + j * across.step;
      job->taps[job->tap_count++] = (tap){pixel_offset(dy, down.at - i * down.move, across.at - j * across.move),
                                          (ptrdiff_t)places[ky * window.x.kernel + kx] * BLOCK_WEIGHTS};
    }
}

static void conv_input_grad(pxa_planes dx, pxa_planes dy, const uint64_t *marks, const float *packed, pxa_into into,
                            pxa_window window, int32_t groups, pxa_range from, pxa_range blocks, pxa_range rows) {
  int taps = window_taps(window), stride = window.x.stride;
  assert(dy.halo >= pxa_conv_grad_halo(window) && taps <= PXA_MAX_TAPS && are_rows(rows, dx.height));
  assert(groups == 1 || (from.begin == 0 && from.end == pxa_blocks(dy.channels)));
  const pxa_planes *x = mask_of(&into);
  size_t packed_floats = pxa_conv_grad_packed_floats(window, groups, dx.channels, dy.channels);
  row_job job = {.x_step = plane_floats(dy),
                 .w_step = taps * BLOCK_WEIGHTS,
                 .w_block = (ptrdiff_t)packed_floats / pxa_blocks(dx.channels),
                 .x_stride = PXA_BLOCK,
                 .y_stride = stride * PXA_BLOCK,
                 .y_block = plane_floats(dx),
                 .mask_block = x ? plane_floats(*x) : 0,
                 .accumulate = into.accumulate};
  if (x)
    job.act = act_of(into.act);
  const float *w = packed + (groups == 1 ? from.begin * job.w_step : 0);
  if (marks) {
    sparse_layer layer = {.in = {dy, from.begin, from.end - from.begin, marks},
                          .padding = padding_of_grad(window),
                          .upwards = true,
                          .w = w,
                          .w_block = job.w_block,
                          .accumulate = into.accumulate,
                          .mask = x,
                          .act = job.act};
    assert(can_be_sparse(window) && groups == 1);
    if (is_sparse(layer.in, dx.channels)) {
      sparse_rows(dx, &layer, blocks, rows);
      return;
    }
  }

  int32_t places[PXA_MAX_TAPS];
  grad_tap_places(places, window);
  for (int b = blocks.begin, count; b < blocks.end; b += count) {
    pxa_range reads = groups == 1 ? from : pxa_conv_reads(groups, dy.channels, dx.channels, b);
    count = tile_blocks(blocks, b, groups, dy.channels, dx.channels);
    job.steps = reads.end - reads.begin;
    for (int r = rows.begin; r < rows.end; r++)
      for (int phase = 0; phase < stride && phase < dx.width; phase++) {
        set_grad_taps(&job, places, window, dy, r, phase);
        conv_row(blocked_stride1[count - 1], pixel(dx, b, r, phase), pixel(dy, reads.begin, 0, 0), w + b * job.w_block,
                 x ? pixel(*x, b, r, phase) : NULL, &job, (dx.width - phase + stride - 1) / stride);
      }
  }
}

#endif
