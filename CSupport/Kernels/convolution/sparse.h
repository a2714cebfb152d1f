// SPDX-License-Identifier: MIT
//
// A 3×3 convolution of stride 1, or its input gradient, that reads only the nonzero values of its input. After a ReLU
// these are few. A window of three output pixels slides along an input row, and every nonzero value adds its products
// with three taps to the three pixels. Each sum leaves out the products with zero and adds the others in the order of
// conv_tile, so it has the same bits.

#ifndef PXA_SPARSE_H
#define PXA_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "store.h"
#include "pxa_types.h"

enum { WINDOW = 3 };

// The input of the convolution: some blocks of planes, and the nonzero mask of these blocks.
typedef struct {
  pxa_planes planes;
  int first_block, blocks;
  const uint64_t *nonzero;
} sparse_input;

// The numbers of zeros before the first row and the first column of the input, which is X or, in a gradient, dY.
typedef struct {
  int y, x;
} padding;

static padding padding_forward(pxa_window window) { return (padding){window.y.before, window.x.before}; }
static padding padding_of_grad(pxa_window window) {
  return (padding){WINDOW - 1 - window.y.before, WINDOW - 1 - window.x.before};
}

// Returns whether skipping the zeros saves time; the answer is the same for all parts of a layer. A cost of 1 is the
// time that the direct convolution takes for one value; the dense convolution, direct or Winograd's, takes `dense_cost`.
// A pixel costs 8 for each group of its channels, however many of its values are nonzero. With a single output block a
// value costs more, because it waits for the sums of the value before it.
static bool is_sparse(sparse_input in, int out_channels, float dense_cost) {
  const float value_cost = out_channels <= PXA_BLOCK ? 1.6f * SPARSE_COST : SPARSE_COST, pixel_cost = 8;
  int groups = (in.blocks + GROUP_BLOCKS - 1) / GROUP_BLOCKS;
  ptrdiff_t pixels = (ptrdiff_t)in.planes.height * in.planes.width, nonzeros = 0;
  for (ptrdiff_t i = 0; i < groups * pixels; i++)
    nonzeros += __builtin_popcountll(in.nonzero[i]);
  float cost = value_cost * (float)nonzeros + pixel_cost * (float)(groups * pixels);
  return cost < dense_cost * (float)(in.blocks * PXA_BLOCK * pixels);
}

// The job of adding the products of one input row to one output row.
typedef struct {
  float *y;
  bool continues;    // the sums start from what Y holds
  const float *bias; // what the sums start from otherwise; NULL for zero
  const float *mask; // the row whose values decide the mask, or NULL
  bounds bounds;     // the clamp of the sums; with a mask, the clamp that made the mask's values
  ptrdiff_t y_block, mask_block, w_block, x_block;
  int y_width, x_width;
  int reach;      // input pixel u adds to the output pixels u − reach … u − reach + 2
  const float *w; // the weights of one kernel row; the last of the three output pixels uses the first tap
  const float *x;
  const uint64_t *nonzero;
} sparse_job;

PXA_INLINE void sparse_row(const sparse_job *job, int blocks) {
  v16 sum[WINDOW][PXA_SPARSE_BLOCKS]; // the sums of the output pixels u − reach … u − reach + 2
  UNROLL
  for (int k = 0; k < WINDOW; k++) {
    UNROLL
    for (int b = 0; b < blocks; b++)
      sum[k][b] = v16_zero();
  }
  for (int u = 1 - WINDOW; u < job->y_width + job->reach; u++) {
    ptrdiff_t leaves = u - job->reach, enters = leaves + WINDOW - 1;
    bool loads = job->continues && enters >= 0 && enters < job->y_width;
    UNROLL
    for (int b = 0; b < blocks; b++)
      sum[WINDOW - 1][b] = loads       ? v16_load(job->y + b * job->y_block + enters * PXA_BLOCK)
                           : job->bias ? v16_load(job->bias + b * PXA_BLOCK)
                                       : v16_zero();

    if (u >= 0 && u < job->x_width) {
      const float *values = job->x + (ptrdiff_t)u * PXA_BLOCK;
      for (uint64_t left = job->nonzero[u]; left; left &= left - 1) {
        int channel = __builtin_ctzll(left), block = channel / PXA_BLOCK, lane = channel % PXA_BLOCK;
        float value = values[block * job->x_block + lane];
        const float *w = job->w + block * WINDOW * WINDOW * BLOCK_WEIGHTS + lane * PXA_BLOCK;
        UNROLL
        for (int k = 0; k < WINDOW; k++) {
          UNROLL
          for (int b = 0; b < blocks; b++)
            sum[k][b] =
                v16_fma_scalar(sum[k][b], v16_load(w + b * job->w_block + (WINDOW - 1 - k) * BLOCK_WEIGHTS), value);
        }
      }
    }

    if (leaves >= 0)
      store_sums(job->y + leaves * PXA_BLOCK, job->y_block, sum[0], blocks,
                 job->mask ? job->mask + leaves * PXA_BLOCK : NULL, job->mask_block, &job->bounds);
    UNROLL
    for (int k = 0; k + 1 < WINDOW; k++) {
      UNROLL
      for (int b = 0; b < blocks; b++)
        sum[k][b] = sum[k + 1][b];
    }
  }
}

static __attribute__((noinline)) void sparse_row_1(const sparse_job *job) { sparse_row(job, 1); }
static __attribute__((noinline)) void sparse_row_all(const sparse_job *job) { sparse_row(job, PXA_SPARSE_BLOCKS); }

// What all rows of a layer share.
typedef struct {
  sparse_input in;
  padding padding;
  bool upwards;      // the first kernel row reads the bottom input row, as in a gradient
  const float *w;    // the weights of output block 0 and the first input block
  ptrdiff_t w_block; // floats from an output block's weights to the next one's
  bool accumulate;
  const float *bias;      // or NULL
  const pxa_planes *mask; // or NULL
  bounds bounds;
} sparse_layer;

static void sparse_rows(pxa_planes y, const sparse_layer *layer, pxa_range blocks, pxa_range rows) {
  static const bounds no_bounds = {.clamps = false};
  sparse_input in = layer->in;
  int height = in.planes.height;
  sparse_job job = {.y_block = plane_floats(y),
                    .mask_block = layer->mask ? plane_floats(*layer->mask) : 0,
                    .w_block = layer->w_block,
                    .x_block = plane_floats(in.planes),
                    .y_width = y.width,
                    .x_width = in.planes.width,
                    .reach = WINDOW - 1 - layer->padding.x};
  for (int b = blocks.begin; b < blocks.end; b += PXA_SPARSE_BLOCKS)
    for (int g = 0; g < in.blocks; g += GROUP_BLOCKS)
      for (int ky = 0; ky < WINDOW; ky++)
        for (int r = rows.begin; r < rows.end; r++) {
          int top = r - layer->padding.y, above = top < 0 ? -top : 0, below = top + WINDOW - height;
          below = below > 0 ? below : 0; // kernel rows above and below the input
          int first = layer->upwards ? below : above, last = WINDOW - 1 - (layer->upwards ? above : below);
          if (ky < first || ky > last)
            continue;
          bool begins = g == 0 && ky == first, ends = g + GROUP_BLOCKS >= in.blocks && ky == last;
          int row = layer->upwards ? top + WINDOW - 1 - ky : top + ky;
          job.y = pixel(y, b, r, 0);
          job.continues = layer->accumulate || !begins;
          job.bias = layer->bias && begins ? layer->bias + b * PXA_BLOCK : NULL;
          job.mask = layer->mask && ends ? pixel(*layer->mask, b, r, 0) : NULL;
          job.bounds = ends ? layer->bounds : no_bounds;
          job.w = layer->w + b * layer->w_block + ((ptrdiff_t)g * WINDOW + ky) * WINDOW * BLOCK_WEIGHTS;
          job.x = pixel(in.planes, in.first_block + g, row, 0);
          job.nonzero = in.nonzero + ((ptrdiff_t)(g / GROUP_BLOCKS) * height + row) * in.planes.width;
          if (blocks.end - b < PXA_SPARSE_BLOCKS)
            sparse_row_1(&job);
          else
            sparse_row_all(&job);
        }
}

#endif
