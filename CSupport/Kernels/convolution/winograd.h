// SPDX-License-Identifier: MIT
//
// Winograd's convolution F(4×4, 3×3): 3×3 convolutions of stride 1 with a quarter of the multiplications (Winograd 1980;
// Lavin and Gray 2016). A tile of 4×4 outputs needs 6×6 inputs D. With the kernel g it is
//
//   Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ D B)] A.
//
// The sum over the input channels is taken between the brackets, for each of the 36 positions alone: there it is a
// convolution of 1×1 over the tiles. The points of the interpolation are 0, ±√½, ±√2 and ∞. Packing the weights
// applies G.

#ifndef PXA_WINOGRAD_H
#define PXA_WINOGRAD_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "conv.h"
#include "store.h"
#include "tile.h"
#include "pxa_packing.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

_Static_assert(TILE_BLOCKS <= 2, "pxa_winograd_scratch_floats has room for the sums of two blocks");

// What all strips of a layer share. A strip is a number of neighbouring tiles, row by row.
typedef struct {
  pxa_planes y, x;
  pxa_range from; // blocks of X
  int top, left;  // zeros before the first row and column of X
  const float *packed;
  ptrdiff_t block_weights; // floats from an output block's weights to the next one's
  const float *bias;       // or NULL
  const pxa_planes *mask;  // or NULL
  bool accumulate;
  bounds bounds;
  int tiles_across;
  float *rows, *in, *out; // scratch memory: rows transformed downwards, transformed inputs, sums
} wino_layer;

// Multiplies six vectors by Bᵀ.
PXA_INLINE void wino_inputs(v16 *to, const v16 *d) {
  const v16 minus5_2 = v16_set1(-2.5f), minus2 = v16_set1(-2), minus1_2 = v16_set1(-0.5f);
  const v16 a = v16_set1(0.70710678f), b = v16_set1(1.41421356f);
  v16 even = v16_fma(d[4], minus2, d[2]), odd = v16_mul(a, v16_fma(d[3], minus2, d[1]));
  v16 even2 = v16_fma(d[4], minus1_2, d[2]), odd2 = v16_mul(b, v16_fma(d[3], minus1_2, d[1]));
  to[0] = v16_fma(v16_add(d[0], d[4]), minus5_2, d[2]);
  to[1] = v16_add(even, odd);
  to[2] = v16_sub(even, odd);
  to[3] = v16_add(even2, odd2);
  to[4] = v16_sub(even2, odd2);
  to[5] = v16_fma(v16_add(d[1], d[5]), minus5_2, d[3]);
}

// Multiplies six vectors by Aᵀ.
PXA_INLINE void wino_outputs(v16 *to, const v16 *m) {
  const v16 a = v16_set1(0.70710678f), b = v16_set1(1.41421356f);
  const v16 a3 = v16_set1(0.35355339f), b3 = v16_set1(2.82842712f);
  v16 sum = v16_add(m[1], m[2]), difference = v16_sub(m[1], m[2]);
  v16 sum2 = v16_add(m[3], m[4]), difference2 = v16_sub(m[3], m[4]);
  to[0] = v16_add(m[0], v16_add(sum, sum2));
  to[1] = v16_fma(v16_mul(b, difference2), a, difference);
  to[2] = v16_fma(v16_mul(v16_set1(0.5f), sum), v16_set1(2), sum2);
  to[3] = v16_fma(v16_fma(m[5], b3, difference2), a3, difference);
}

// Transforms a block's inputs of neighbouring tiles of one row of tiles. The inputs of position p of tile t go to
// in[p·place + 16·t].
static void wino_transform(const wino_layer *job, float *in, ptrdiff_t place, int block, int tile_row, int first,
                           int count) {
  pxa_planes x = job->x;
  int row = tile_row * WINO_OUT - job->top, column = first * WINO_OUT - job->left;
  int columns = count * WINO_OUT + WINO_IN - WINO_OUT;
  int begin = column < 0 ? -column : 0, end = x.width - column < columns ? x.width - column : columns;
  float *rows = job->rows;
  ptrdiff_t row_step = (ptrdiff_t)columns * PXA_BLOCK;
  static const _Alignas(64) float zeros[PXA_BLOCK];
  const float *from[WINO_IN];
  ptrdiff_t step[WINO_IN];
  for (int i = 0; i < WINO_IN; i++) {
    bool is_inside = row + i >= 0 && row + i < x.height;
    from[i] = is_inside ? pixel(x, block, row + i, column) : zeros;
    step[i] = is_inside ? PXA_BLOCK : 0;
  }
  for (int c = 0; c < columns; c++) {
    v16 d[WINO_IN], to[WINO_IN];
    if (c < begin || c >= end) {
      UNROLL
      for (int i = 0; i < WINO_IN; i++)
        v16_store(rows + i * row_step + (ptrdiff_t)c * PXA_BLOCK, v16_zero());
      continue;
    }
    UNROLL
    for (int i = 0; i < WINO_IN; i++)
      d[i] = v16_load(from[i] + c * step[i]);
    wino_inputs(to, d);
    UNROLL
    for (int i = 0; i < WINO_IN; i++)
      v16_store(rows + i * row_step + (ptrdiff_t)c * PXA_BLOCK, to[i]);
  }
  for (int i = 0; i < WINO_IN; i++)
    for (int t = 0; t < count; t++) {
      const float *at = rows + i * row_step + (ptrdiff_t)t * WINO_OUT * PXA_BLOCK;
      v16 d[WINO_IN], to[WINO_IN];
      UNROLL
      for (int j = 0; j < WINO_IN; j++)
        d[j] = v16_load(at + j * PXA_BLOCK);
      wino_inputs(to, d);
      float *out = in + i * WINO_IN * place + (ptrdiff_t)t * PXA_BLOCK;
      UNROLL
      for (int j = 0; j < WINO_IN; j++)
        v16_store(out + j * place, to[j]);
    }
}

// Makes the outputs of a block and a tile from its sums, which lie at sums[p·place].
static void wino_store(const wino_layer *job, const float *sums, ptrdiff_t place, int block, int tile) {
  pxa_planes y = job->y;
  int row = tile / job->tiles_across * WINO_OUT, column = tile % job->tiles_across * WINO_OUT;
  int rows = y.height - row < WINO_OUT ? y.height - row : WINO_OUT;
  int columns = y.width - column < WINO_OUT ? y.width - column : WINO_OUT;
  v16 down[WINO_IN][WINO_OUT], bias = job->bias ? v16_load(job->bias + block * PXA_BLOCK) : v16_zero();
  for (int j = 0; j < WINO_IN; j++) {
    v16 m[WINO_IN];
    UNROLL
    for (int i = 0; i < WINO_IN; i++)
      m[i] = v16_load(sums + (i * WINO_IN + j) * place);
    wino_outputs(down[j], m);
  }
  for (int r = 0; r < rows; r++) {
    float *to = pixel(y, block, row + r, column);
    const float *mask = job->mask ? pixel(*job->mask, block, row + r, column) : NULL;
    v16 m[WINO_IN], out[WINO_OUT];
    UNROLL
    for (int j = 0; j < WINO_IN; j++)
      m[j] = down[j][r];
    wino_outputs(out, m);
    UNROLL
    for (int c = 0; c < WINO_OUT; c++)
      out[c] = v16_add(out[c], job->accumulate && c < columns ? v16_load(to + c * PXA_BLOCK) : bias);
    if (columns == WINO_OUT)
      store_sums(to, PXA_BLOCK, out, WINO_OUT, mask, PXA_BLOCK, &job->bounds);
    else {
      UNROLL
      for (int c = 0; c < WINO_OUT; c++)
        if (c < columns)
          store_sums(to + c * PXA_BLOCK, PXA_BLOCK, out + c, 1, mask ? mask + c * PXA_BLOCK : NULL, PXA_BLOCK,
                     &job->bounds);
    }
  }
}

// Computes the tiles first … first + count − 1 of some output blocks.
static void wino_strip(const wino_layer *job, pxa_range blocks, int first, int count) {
  int from = job->from.end - job->from.begin;
  // One vector more between positions: with a power of two between them they would fight for places in the cache.
  ptrdiff_t in_place = ((ptrdiff_t)from * count + 1) * PXA_BLOCK;
  for (int i = 0; i < from; i++)
    for (int t = 0, run; t < count; t += run) {
      int tile_row = (first + t) / job->tiles_across, column = (first + t) % job->tiles_across;
      run = job->tiles_across - column < count - t ? job->tiles_across - column : count - t;
      wino_transform(job, job->in + ((ptrdiff_t)i * count + t) * PXA_BLOCK, in_place, job->from.begin + i, tile_row,
                     column, run);
    }
  row_job sums = {.tap_count = 1,
                  .steps = from,
                  .x_step = (ptrdiff_t)count * PXA_BLOCK,
                  .w_step = BLOCK_WEIGHTS,
                  .w_block = job->block_weights,
                  .x_stride = PXA_BLOCK,
                  .y_stride = PXA_BLOCK,
                  .y_block = (ptrdiff_t)count * PXA_BLOCK};
  ptrdiff_t place_weights = job->block_weights / WINO_PLACES;
  for (int b = blocks.begin, n; b < blocks.end; b += n) {
    n = blocks.end - b < TILE_BLOCKS ? blocks.end - b : TILE_BLOCKS;
    ptrdiff_t out_place = ((ptrdiff_t)n * count + 1) * PXA_BLOCK;
    const float *w = job->packed + b * job->block_weights + job->from.begin * BLOCK_WEIGHTS;
    for (int p = 0; p < WINO_PLACES; p++)
      conv_row(blocked_stride1[n - 1], TILE_PIXELS, job->out + p * out_place, job->in + p * in_place,
               w + p * place_weights, NULL, &sums, count);
    for (int i = 0; i < n; i++)
      for (int t = 0; t < count; t++)
        wino_store(job, job->out + ((ptrdiff_t)i * count + t) * PXA_BLOCK, out_place, b + i, first + t);
  }
}

// Computes some blocks and some rows of tiles.
static void wino_tiles(wino_layer job, float *scratch, pxa_range blocks, pxa_range tile_rows) {
  int from = job.from.end - job.from.begin, most = PXA_WINOGRAD_TILES;
  job.tiles_across = (job.y.width + WINO_OUT - 1) / WINO_OUT;
  job.rows = scratch;
  job.in = job.rows + (ptrdiff_t)WINO_IN * (most * WINO_OUT + WINO_IN - WINO_OUT) * PXA_BLOCK;
  job.out = job.in + WINO_PLACES * ((ptrdiff_t)from * most + 1) * PXA_BLOCK;
  int first = tile_rows.begin * job.tiles_across, left = tile_rows.end * job.tiles_across - first;
  for (int strips = (left + most - 1) / most; strips > 0; strips--) {
    int count = (left + strips - 1) / strips;
    wino_strip(&job, blocks, first, count);
    first += count;
    left -= count;
  }
}

static void winograd_forward(pxa_planes y, pxa_planes x, const float *packed, const float *bias, pxa_window window,
                             pxa_clamp clamp, float *scratch, pxa_range blocks, pxa_range tile_rows) {
  assert(is_conv_output(y, window, x.height, x.width, clamp) && is_plain_3x3(window));
  int in_blocks = pxa_blocks(x.channels);
  wino_layer job = {.y = y,
                    .x = x,
                    .from = {0, in_blocks},
                    .top = window.y.before,
                    .left = window.x.before,
                    .packed = packed,
                    .block_weights = (ptrdiff_t)WINO_PLACES * in_blocks * BLOCK_WEIGHTS,
                    .bias = bias,
                    .bounds = bounds_of(clamp)};
  wino_tiles(job, scratch, blocks, tile_rows);
}

static bool winograd_input_grad_pays(pxa_planes dx, pxa_planes dy, const uint64_t *nonzero, pxa_range from) {
  float cost = pxa_winograd_cost(dy.channels, dx.channels, dx.height, dx.width);
  return !is_sparse((sparse_input){dy, from.begin, from.end - from.begin, nonzero}, dx.channels, cost);
}

static void winograd_input_grad(pxa_planes dx, pxa_planes dy, const float *packed, pxa_epilogue epilogue,
                                pxa_window window, pxa_range from, float *scratch, pxa_range blocks,
                                pxa_range tile_rows) {
  assert(is_plain_3x3(window));
  wino_layer job = {.y = dx,
                    .x = dy,
                    .from = from,
                    .top = WINDOW - 1 - window.y.before,
                    .left = WINDOW - 1 - window.x.before,
                    .packed = packed,
                    .block_weights = (ptrdiff_t)WINO_PLACES * pxa_blocks(dy.channels) * BLOCK_WEIGHTS,
                    .mask = mask_of(&epilogue),
                    .accumulate = epilogue.accumulate};
  if (job.mask)
    job.bounds = bounds_of(epilogue.clamp);
  wino_tiles(job, scratch, blocks, tile_rows);
}

#endif
