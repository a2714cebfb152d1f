// SPDX-License-Identifier: MIT
//
// Group normalisation. A group of channels need not begin or end with a block. So the statistics are computed for a
// *run*: the fewest neighbouring groups that together fill whole blocks. A run has at most 16 groups.

#ifndef PXA_GROUP_NORM_H
#define PXA_GROUP_NORM_H

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

// What the statistics are computed from.
typedef struct {
  pxa_planes x, dy;   // dy only in the gradient
  const float *scale; // only in the gradient
  int size;           // channels of a group
  float epsilon;
} group_input;

// The blocks of a run, and the statistics of its groups. z = (X − mean)·factor, g = scale·dY.
typedef struct {
  pxa_range blocks;
  int size;                                    // channels of a group
  float mean[PXA_BLOCK], factor[PXA_BLOCK];    // factor = 1/√(variance + epsilon)
  float g_mean[PXA_BLOCK], gz_mean[PXA_BLOCK]; // means of g and of g·z, only in the gradient
} group_run;

// Sums by group of a run.
typedef struct {
  double x[PXA_BLOCK], g[PXA_BLOCK];
} group_sums;

// Returns the index in the run of the group that a lane belongs to.
PXA_INLINE int group_in(const group_run *run, int block, int lane) {
  return ((block - run->blocks.begin) * PXA_BLOCK + lane) / run->size;
}

// Returns a statistic of the groups in the lanes of a block.
PXA_INLINE v16 group_lanes(const group_run *run, const float *statistic, int block) {
  float lanes[PXA_BLOCK];
  for (int lane = 0; lane < PXA_BLOCK; lane++)
    lanes[lane] = statistic[group_in(run, block, lane)];
  return v16_loadu(lanes);
}

PXA_INLINE void add_to_lanes(double *lanes, v16 row) {
  float values[PXA_BLOCK];
  v16_storeu(values, row);
  for (int lane = 0; lane < PXA_BLOCK; lane++)
    lanes[lane] += values[lane];
}

// Adds up X and g or, if `is_centred`, (X − mean)² and g·(X − mean). Each row of a block is summed in float, lane by
// lane. The sums of the rows, and then those of the channels, are added in double.
PXA_INLINE group_sums sums_of(const group_run *run, const group_input *input, bool is_centred, bool is_gradient) {
  pxa_planes x = input->x, dy = is_gradient ? input->dy : x;
  group_sums sums = {{0}, {0}};
  for (int b = run->blocks.begin; b < run->blocks.end; b++) {
    v16 lanes = channel_lanes(x, b), mean = is_centred ? group_lanes(run, run->mean, b) : v16_zero();
    v16 scale = is_gradient ? v16_load(input->scale + b * PXA_BLOCK) : v16_zero();
    double x_lanes[PXA_BLOCK] = {0}, g_lanes[PXA_BLOCK] = {0};
    for (int r = 0; r < x.height; r++) {
      const float *in = pixel(x, b, r, 0), *dy_in = pixel(dy, b, r, 0);
      v16 row = v16_zero(), g_row = v16_zero();
      for (int c = 0; c < x.width; c++) {
        v16 value = load_pixel(in, c), g = is_gradient ? v16_mul(scale, load_pixel(dy_in, c)) : v16_zero();
        if (is_centred) {
          v16 deviation = v16_positive(v16_sub(value, mean), lanes);
          row = v16_fma(row, deviation, deviation);
          g_row = v16_fma(g_row, g, deviation);
        } else {
          row = v16_add(row, value);
          g_row = v16_add(g_row, g);
        }
      }
      add_to_lanes(x_lanes, row);
      if (is_gradient)
        add_to_lanes(g_lanes, g_row);
    }
    for (int lane = 0; lane < lanes_in(x, b); lane++) {
      sums.x[group_in(run, b, lane)] += x_lanes[lane];
      sums.g[group_in(run, b, lane)] += g_lanes[lane];
    }
  }
  return sums;
}

// Returns the run that holds a block, with its statistics.
PXA_INLINE group_run run_at(const group_input *input, int block, bool is_gradient) {
  pxa_planes x = input->x;
  int length = pxa_group_norm_blocks(input->size), last = pxa_blocks(x.channels);
  group_run run = {.size = input->size};
  run.blocks.begin = block / length * length;
  run.blocks.end = run.blocks.begin + length < last ? run.blocks.begin + length : last;
  double count = (double)input->size * x.height * x.width;
  group_sums sums = sums_of(&run, input, false, is_gradient);
  for (int k = 0; k < PXA_BLOCK; k++) {
    run.mean[k] = (float)(sums.x[k] / count);
    run.g_mean[k] = (float)(sums.g[k] / count);
  }
  sums = sums_of(&run, input, true, is_gradient);
  for (int k = 0; k < PXA_BLOCK; k++) {
    double factor = 1 / sqrt(sums.x[k] / count + (double)input->epsilon);
    run.factor[k] = (float)factor;
    run.gz_mean[k] = (float)(sums.g[k] / count * factor);
  }
  return run;
}

static void group_norm_forward(pxa_planes y, pxa_planes x, const float *scale, const float *shift, int32_t groups,
                               float epsilon, pxa_range blocks, pxa_range rows) {
  assert(have_same_size(y, x) && are_rows(rows, y.height) && y.data != x.data && x.channels % groups == 0);
  group_input input = {.x = x, .size = x.channels / groups, .epsilon = epsilon};
  group_run run = {.blocks = {0, 0}};
  for (int b = blocks.begin; b < blocks.end; b++) {
    if (b == blocks.begin || b >= run.blocks.end)
      run = run_at(&input, b, false);
    v16 lanes = channel_lanes(y, b), mean = group_lanes(&run, run.mean, b), factor = group_lanes(&run, run.factor, b);
    v16 weight = v16_load(scale + b * PXA_BLOCK), start = v16_load(shift + b * PXA_BLOCK);
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = pixel(x, b, r, 0);
      float *out = pixel(y, b, r, 0);
      for (int c = 0; c < y.width; c++) {
        v16 z = v16_mul(v16_sub(load_pixel(in, c), mean), factor);
        store_pixel(out, c, v16_positive(v16_fma(start, weight, z), lanes));
      }
    }
  }
}

static void group_norm_input_grad(pxa_planes dx, pxa_planes dy, pxa_planes n_input, const float *scale, int32_t groups,
                                  float epsilon, pxa_epilogue epilogue, pxa_range blocks, pxa_range rows) {
  assert(have_same_size(dx, dy) && have_same_size(dx, n_input) && are_rows(rows, dx.height));
  assert(dx.data != dy.data && dx.data != n_input.data && dx.channels % groups == 0);
  group_input input = {n_input, dy, scale, dx.channels / groups, epsilon};
  group_run run = {.blocks = {0, 0}};
  for (int b = blocks.begin; b < blocks.end; b++) {
    if (b == blocks.begin || b >= run.blocks.end)
      run = run_at(&input, b, true);
    v16 lanes = channel_lanes(dx, b), mean = group_lanes(&run, run.mean, b), factor = group_lanes(&run, run.factor, b);
    v16 g_mean = group_lanes(&run, run.g_mean, b), gz_mean = group_lanes(&run, run.gz_mean, b);
    v16 weight = v16_load(scale + b * PXA_BLOCK), minus_gz_mean = v16_sub(v16_zero(), gz_mean);
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = pixel(n_input, b, r, 0), *dy_in = pixel(dy, b, r, 0);
      grad_row out = grad_row_of(dx, epilogue, b, r);
      for (int c = 0; c < dx.width; c++) {
        v16 z = v16_mul(v16_sub(load_pixel(in, c), mean), factor);
        v16 g = v16_fma(v16_sub(v16_mul(weight, load_pixel(dy_in, c)), g_mean), z, minus_gz_mean);
        grad_end(&out, c, v16_positive(v16_fma(grad_start(&out, c), factor, g), lanes));
      }
    }
  }
}

#endif
