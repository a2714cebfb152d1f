// SPDX-License-Identifier: MIT
//
// The gradient of a stem with respect to its image, for kernels whose window does not fit the registers. The rows of dX
// that are not complete yet are sums in memory. Each row of dY adds to these sums in one pass or in several: a pass
// handles as many kernel rows as fit the registers.

#ifndef PXA_STEM_GRAD_LARGE_H
#define PXA_STEM_GRAD_LARGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "nonzero.h"
#include "stem_segment.h"
#include "tile_sizes.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

_Static_assert((TILE_PIXELS)*STEM_PIXELS >= PXA_STEM_MAX_KERNEL, "a row of the kernel fits the registers");

enum { LARGE_FLOATS = (SEGMENT + 2 * PXA_STEM_MAX_KERNEL) * STEM_CHANNELS };

// One pass: some kernel rows, and a row of dY.
typedef struct {
  float *sums[TILE_PIXELS]; // for each block of these kernel rows, the sums to which the first column adds
  int step;                 // floats from a column's sums to the next column's
  const float *dy;          // the pixel of dY in the first column
  ptrdiff_t dy_plane;
  int dy_blocks, columns;
  const float *w;
  ptrdiff_t w_channel; // floats from a channel's weights to the next channel's
} large_job;

PXA_INLINE void large_columns(const large_job *job, int count) {
  for (int column = 0; column < job->columns; column++) {
    ptrdiff_t offset = (ptrdiff_t)column * job->step;
    v16 sum[TILE_PIXELS];
    UNROLL
    for (int i = 0; i < count; i++)
      sum[i] = v16_loadu(job->sums[i] + offset);
    for (int g = 0; g < job->dy_blocks; g += GROUP_BLOCKS) {
      const float *values = job->dy + g * job->dy_plane + (ptrdiff_t)column * PXA_BLOCK;
      const float *group = job->w + g * PXA_BLOCK * job->w_channel;
      for (uint64_t left = nonzero_channels(values, job->dy_plane, job->dy_blocks - g); left; left &= left - 1) {
        int channel = __builtin_ctzll(left);
        float value = values[channel / PXA_BLOCK * job->dy_plane + channel % PXA_BLOCK];
        const float *w = group + channel * job->w_channel;
        UNROLL
        for (int i = 0; i < count; i++)
          sum[i] = v16_fma_scalar(sum[i], v16_load(w + i * PXA_BLOCK), value);
      }
    }
    UNROLL
    for (int i = 0; i < count; i++)
      v16_storeu(job->sums[i] + offset, sum[i]);
  }
}

#define LARGE(count, name)                                                                                             \
  static __attribute__((noinline)) void name##_##count(const large_job *job) {                                         \
    if (count <= TILE_PIXELS)                                                                                          \
      large_columns(job, count);                                                                                       \
  }
#define LARGE_NAME(count, name) count <= TILE_PIXELS ? name##_##count : NULL,
EACH_TILE_SIZE(LARGE, stem_grad_large)
static void (*const stem_grad_large_passes[MOST_TILE_PIXELS])(const large_job *) = {
    EACH_TILE_SIZE(LARGE_NAME, stem_grad_large)};

// Writes channels c0 … c0 + 3, rows `rows` and columns x0 … x1 − 1 of dX.
static __attribute__((noinline)) void stem_grad_large(pxa_image dx, pxa_planes dy, const float *packed, int c0, int x0,
                                                      int x1, pxa_range rows, pxa_window window) {
  _Alignas(64) float sums[PXA_STEM_MAX_KERNEL][LARGE_FLOATS]; // row r of dX is in row (r − rows.begin) mod Ky
  // All blocks of a kernel row belong to the same pass: they add to the same pixels, in the order of the columns.
  int pass_rows = TILE_PIXELS / stem_vectors(window.x);
  int kernel = window.y.kernel, vectors = stem_vectors(window.x), before = window.y.before;
  memset(sums, 0, (size_t)kernel * sizeof *sums);
  stem_segment segment = segment_at(x0, x1, window.x, dy.width);
  large_job job = {.step = window.x.stride * STEM_CHANNELS,
                   .dy_plane = plane_floats(dy),
                   .dy_blocks = pxa_blocks(dy.channels),
                   .columns = segment.end - segment.begin,
                   .w_channel = (ptrdiff_t)kernel * vectors * PXA_BLOCK};
  int next = first_row_reaching(rows.begin, window.y);
  for (int r = rows.begin; r < rows.end; r++) {
    for (; next < dy.height && next * window.y.stride <= r + before; next++) {
      int top = next * window.y.stride - before; // the row of dX under the first kernel row
      int first = top < rows.begin ? rows.begin - top : 0, end = top + kernel < rows.end ? kernel : rows.end - top;
      job.dy = pixel(dy, 0, next, segment.begin);
      for (int passes = (end - first + pass_rows - 1) / pass_rows; passes > 0; passes--) {
        int count = (end - first + passes - 1) / passes;
        for (int i = 0; i < count * vectors; i++)
          job.sums[i] = sums[(top + first + i / vectors - rows.begin) % kernel] + i % vectors * PXA_BLOCK;
        job.w = packed + (ptrdiff_t)first * vectors * PXA_BLOCK;
        stem_grad_large_passes[count * vectors - 1](&job);
        first += count;
      }
    }
    float *row = sums[(r - rows.begin) % kernel];
    write_segment(dx, c0, r, segment, row, window.x);
    memset(row, 0, sizeof *sums);
  }
}

#endif
