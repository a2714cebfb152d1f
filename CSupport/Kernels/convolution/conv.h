// SPDX-License-Identifier: MIT
// Convolutions of blocked planes and of images, and the input gradient of a convolution of blocked planes.

#ifndef PXA_CONV_H
#define PXA_CONV_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "store.h"
#include "sparse.h"
#include "tile.h"
#include "pxa_packing.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

// Returns how many blocks, from `block` on, one tile computes: neighbours that read the same input blocks.
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

// Sets the taps, which are the same for every row of Y. `row_step` and `column_step` are the numbers of floats from an
// input row or column to the next. `tap_weights` is the number of weights of one tap.
static void set_taps(row_job *job, pxa_window window, ptrdiff_t row_step, ptrdiff_t column_step, int tap_weights) {
  job->tap_count = 0;
  for (int ky = 0; ky < window.y.kernel; ky++)
    for (int kx = 0; kx < window.x.kernel; kx++) {
      ptrdiff_t y = ky * window.y.dilation - window.y.before, x = kx * window.x.dilation - window.x.before;
      job->taps[job->tap_count] = (tap){y * row_step + x * column_step, (ptrdiff_t)job->tap_count * tap_weights};
      job->tap_count++;
    }
}

static void conv_forward(pxa_planes y, pxa_planes x, const uint64_t *nonzero, const float *packed, const float *bias,
                         pxa_window window, int32_t groups, pxa_clamp clamp, pxa_range blocks, pxa_range rows) {
  int taps = window_taps(window), stride = window.x.stride;
  assert(x.halo >= pxa_conv_halo(window) && taps <= PXA_MAX_TAPS);
  assert(is_conv_output(y, window, x.height, x.width, clamp) && are_rows(rows, y.height));
  size_t packed_floats = pxa_conv_packed_floats(window, groups, x.channels, y.channels);
  row_job job = {.x_step = plane_floats(x),
                 .w_step = taps * BLOCK_WEIGHTS,
                 .w_block = (ptrdiff_t)packed_floats / pxa_blocks(y.channels),
                 .x_stride = (ptrdiff_t)stride * PXA_BLOCK,
                 .y_stride = PXA_BLOCK,
                 .x_row = window.y.stride * row_floats(x),
                 .y_row = row_floats(y),
                 .y_block = plane_floats(y),
                 .bounds = bounds_of(clamp)};
  if (nonzero) {
    sparse_layer layer = {.in = {x, 0, pxa_blocks(x.channels), nonzero},
                          .padding = padding_forward(window),
                          .w = packed,
                          .w_block = job.w_block,
                          .bias = bias,
                          .bounds = job.bounds};
    assert(is_plain_3x3(window) && groups == 1 && pxa_conv_halo(window) < WINDOW);
    if (is_sparse(layer.in, y.channels, 1)) {
      sparse_rows(y, &layer, blocks, rows);
      return;
    }
  }
  set_taps(&job, window, row_floats(x), PXA_BLOCK, BLOCK_WEIGHTS);

  const tile_row *one = stride == 1 ? blocked_stride1 : stride == 2 ? blocked_stride2 : blocked_strided;
  const tile_row *two = stride == 1 ? blocked_rows_stride1 : stride == 2 ? blocked_rows_stride2 : blocked_rows_strided;
  for (int b = blocks.begin, count; b < blocks.end; b += count) {
    pxa_range reads = pxa_conv_reads(groups, x.channels, y.channels, b);
    count = tile_blocks(blocks, b, groups, x.channels, y.channels);
    job.steps = reads.end - reads.begin;
    job.bias = bias + b * PXA_BLOCK;
    conv_rows(one[count - 1], two[count - 1], pixel(y, b, rows.begin, 0),
              pixel(x, reads.begin, rows.begin * window.y.stride, 0), packed + b * job.w_block, NULL, &job,
              rows.end - rows.begin, y.width);
  }
}

static void stem_forward(pxa_planes y, pxa_image x, const float *packed, const float *bias, pxa_window window,
                         pxa_clamp clamp, pxa_range blocks, pxa_range rows) {
  int taps = window_taps(window), stride = window.x.stride;
  assert(x.halo >= pxa_conv_halo(window) && taps <= PXA_MAX_TAPS);
  assert(is_conv_output(y, window, x.height, x.width, clamp) && are_rows(rows, y.height));
  row_job job = {.steps = x.channels,
                 .x_step = image_plane_floats(x),
                 .w_step = taps * PXA_BLOCK,
                 .w_block = (ptrdiff_t)x.channels * taps * PXA_BLOCK,
                 .x_stride = stride,
                 .y_stride = PXA_BLOCK,
                 .y_block = plane_floats(y),
                 .bounds = bounds_of(clamp)};
  set_taps(&job, window, image_row_floats(x), 1, PXA_BLOCK);

  const tile_row *tiles = stride == 1   ? image_stride1
                          : stride == 2 ? image_stride2
                          : stride == 4 ? image_stride4
                                        : image_strided;
  for (int b = blocks.begin, count; b < blocks.end; b += count) {
    count = blocks.end - b < TILE_BLOCKS ? blocks.end - b : TILE_BLOCKS;
    job.bias = bias + b * PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++)
      conv_row(tiles[count - 1], TILE_PIXELS, pixel(y, b, r, 0), image_row(x, 0, r * window.y.stride),
               packed + b * job.w_block, NULL, &job, y.width);
  }
}

// Sets the taps through which dY reaches the pixels of dX in row `row` and in the columns phase, phase + S, … The
// offsets are for the pixel of dX in column `phase`, and count from row 0, column 0 of dY. Within each row of dY the
// taps go from left to right. `positions` comes from grad_tap_positions.
static void set_grad_taps(row_job *job, const int32_t *positions, pxa_window window, pxa_planes dy, int row,
                          int phase) {
  axis_taps down = taps_reaching(window.y, row), across = taps_reaching(window.x, phase);
  job->tap_count = 0;
  for (int i = 0; i < down.count; i++)
    for (int j = across.count - 1; j >= 0; j--) {
      int ky = down.first + i * down.step, kx = across.first + j * across.step;
      job->taps[job->tap_count++] = (tap){pixel_offset(dy, down.at - i * down.move, across.at - j * across.move),
                                          (ptrdiff_t)positions[ky * window.x.kernel + kx] * BLOCK_WEIGHTS};
    }
}

// Computes conv_input_grad by skipping the zeros of dY if this saves time. Returns whether it has.
static bool sparse_input_grad(pxa_planes dx, pxa_planes dy, const uint64_t *nonzero, const float *packed,
                              pxa_epilogue epilogue, pxa_window window, pxa_range from, pxa_range blocks,
                              pxa_range rows) {
  assert(is_plain_3x3(window));
  ptrdiff_t block_weights = WINDOW * WINDOW * BLOCK_WEIGHTS;
  sparse_layer layer = {.in = {dy, from.begin, from.end - from.begin, nonzero},
                        .padding = padding_of_grad(window),
                        .upwards = true,
                        .w = packed + from.begin * block_weights,
                        .w_block = pxa_blocks(dy.channels) * block_weights,
                        .accumulate = epilogue.accumulate,
                        .mask = mask_of(&epilogue)};
  if (layer.mask)
    layer.bounds = bounds_of(epilogue.clamp);
  if (!is_sparse(layer.in, dx.channels, 1))
    return false;
  sparse_rows(dx, &layer, blocks, rows);
  return true;
}

static void conv_input_grad(pxa_planes dx, pxa_planes dy, const uint64_t *nonzero, const float *packed,
                            pxa_epilogue epilogue, pxa_window window, int32_t groups, pxa_range from, pxa_range blocks,
                            pxa_range rows) {
  int taps = window_taps(window), stride = window.x.stride, step = window.y.stride;
  assert(dy.halo >= pxa_conv_grad_halo(window) && taps <= PXA_MAX_TAPS && are_rows(rows, dx.height));
  assert(groups == 1 || (from.begin == 0 && from.end == pxa_blocks(dy.channels)));
  const pxa_planes *x = mask_of(&epilogue);
  size_t packed_floats = pxa_conv_grad_packed_floats(window, groups, dx.channels, dy.channels);
  row_job job = {.x_step = plane_floats(dy),
                 .w_step = taps * BLOCK_WEIGHTS,
                 .w_block = (ptrdiff_t)packed_floats / pxa_blocks(dx.channels),
                 .x_stride = PXA_BLOCK,
                 .y_stride = stride * PXA_BLOCK,
                 .x_row = row_floats(dy),
                 .y_row = step * row_floats(dx),
                 .y_block = plane_floats(dx),
                 .mask_block = x ? plane_floats(*x) : 0,
                 .mask_row = x ? step * row_floats(*x) : 0,
                 .accumulate = epilogue.accumulate};
  if (x)
    job.bounds = bounds_of(epilogue.clamp);
  const float *w = packed + (groups == 1 ? from.begin * job.w_step : 0);
  assert(!nonzero || groups == 1);
  if (nonzero && sparse_input_grad(dx, dy, nonzero, packed, epilogue, window, from, blocks, rows))
    return;

  int32_t positions[PXA_MAX_TAPS];
  grad_tap_positions(positions, window);
  for (int b = blocks.begin, count; b < blocks.end; b += count) {
    pxa_range reads = groups == 1 ? from : pxa_conv_reads(groups, dy.channels, dx.channels, b);
    count = tile_blocks(blocks, b, groups, dy.channels, dx.channels);
    job.steps = reads.end - reads.begin;
    // Rows of dX at this distance have the same taps, on neighbouring rows of dY.
    for (int r = rows.begin; r < rows.end && r < rows.begin + step; r++)
      for (int phase = 0; phase < stride && phase < dx.width; phase++) {
        set_grad_taps(&job, positions, window, dy, r, phase);
        conv_rows(blocked_stride1[count - 1], blocked_rows_stride1[count - 1], pixel(dx, b, r, phase),
                  pixel(dy, reads.begin, 0, 0), w + b * job.w_block, x ? pixel(*x, b, r, phase) : NULL, &job,
                  (rows.end - r + step - 1) / step, (dx.width - phase + stride - 1) / stride);
      }
  }
}

#endif
