// SPDX-License-Identifier: MIT
// Kernels that only move elements: they select channels, change layouts, and pad.

#ifndef PXA_MOVES_H
#define PXA_MOVES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_types.h"

// Neighbouring lanes of a block whose values come from neighbouring lanes of one other block.
typedef struct {
  int lane, count;
  ptrdiff_t from; // floats from a pixel of block 0 to the first of these values
} lane_run;

// Writes the runs of a block that has `lanes` channels. The channel in a lane comes from channel map[lane]. Returns the
// number of runs.
PXA_INLINE int runs_of(lane_run *runs, const int32_t *map, int lanes, pxa_planes from) {
  int count = 0;
  for (int lane = 0; lane < lanes; lane++) {
    int channel = map[lane];
    if (channel < 0)
      continue;
    bool continues = lane > 0 && map[lane - 1] == channel - 1 && channel % PXA_BLOCK != 0;
    if (continues)
      runs[count - 1].count++;
    else
      runs[count++] = (lane_run){lane, 1, channel / PXA_BLOCK * plane_floats(from) + channel % PXA_BLOCK};
  }
  return count;
}

// Copies a run of lanes in every pixel of a row.
PXA_INLINE void copy_run(float *y, const float *x, lane_run run, int width) {
  y += run.lane;
  x += run.from;
  if (run.count == PXA_BLOCK)
    for (int c = 0; c < width; c++)
      store_pixel(y, c, load_pixel(x, c));
  else if (run.count == 1)
    for (ptrdiff_t c = 0; c < width; c++)
      y[c * PXA_BLOCK] = x[c * PXA_BLOCK];
  else
    for (ptrdiff_t c = 0; c < width; c++)
      v16_storen(y + c * PXA_BLOCK, v16_loadn(x + c * PXA_BLOCK, run.count), run.count);
}

static void select_channels(pxa_planes y, pxa_planes x, const int32_t *map, pxa_range blocks, pxa_range rows) {
  for (int b = blocks.begin; b < blocks.end; b++) {
    lane_run runs[PXA_BLOCK];
    int lanes = lanes_in(y, b), count = runs_of(runs, map + b * PXA_BLOCK, lanes, x);
    for (int r = rows.begin; r < rows.end; r++) {
      float *out = pixel(y, b, r, 0);
      for (int k = 0; k < count; k++)
        copy_run(out, pixel(x, 0, r, 0), runs[k], y.width);
      for (ptrdiff_t c = 0; lanes < PXA_BLOCK && c < y.width; c++)
        v16_storen(out + c * PXA_BLOCK + lanes, v16_zero(), PXA_BLOCK - lanes);
    }
  }
}

static void select_channels_grad(pxa_planes dx, pxa_planes dy, const int32_t *map, pxa_epilogue epilogue,
                                 pxa_range blocks, pxa_range rows) {
  for (int b = blocks.begin; b < blocks.end; b++) {
    lane_run runs[PXA_BLOCK];
    int count = runs_of(runs, map + b * PXA_BLOCK, lanes_in(dx, b), dy);
    bool is_block = count == 1 && runs[0].count == PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++) {
      grad_row out = grad_row_of(dx, epilogue, b, r);
      const float *in = pixel(dy, 0, r, 0);
      float lanes[PXA_BLOCK] = {0};
      for (ptrdiff_t c = 0; c < dx.width; c++, in += PXA_BLOCK) {
        for (int k = 0; k < count && !is_block; k++)
          for (int lane = 0; lane < runs[k].count; lane++)
            lanes[runs[k].lane + lane] = in[runs[k].from + lane];
        v16 value = is_block ? v16_load(in + runs[0].from) : v16_loadu(lanes);
        grad_end(&out, (int)c, v16_add(grad_start(&out, (int)c), value));
      }
    }
  }
}

static void flatten_forward(pxa_planes y, pxa_planes x, pxa_range blocks) {
  assert(y.halo == 0 && y.height == 1 && y.width == 1);
  ptrdiff_t plane = (ptrdiff_t)x.height * x.width;
  for (int b = blocks.begin; b < blocks.end; b++) {
    int lanes = lanes_in(x, b);
    float *out = y.data + b * PXA_BLOCK * plane;
    for (int lane = 0; lane < lanes; lane++)
      for (int r = 0; r < x.height; r++) {
        const float *in = pixel(x, b, r, 0) + lane;
        for (ptrdiff_t c = 0; c < x.width; c++)
          *out++ = in[c * PXA_BLOCK];
      }
    if ((b + 1) * PXA_BLOCK >= x.channels)
      while ((out - y.data) % PXA_BLOCK != 0)
        *out++ = 0;
  }
}

static void flatten_input_grad(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks) {
  assert(dy.halo == 0 && dy.height == 1 && dy.width == 1);
  ptrdiff_t plane = (ptrdiff_t)dx.height * dx.width;
  for (int b = blocks.begin; b < blocks.end; b++) {
    int count = lanes_in(dx, b);
    const float *in = dy.data + b * PXA_BLOCK * plane;
    float lanes[PXA_BLOCK] = {0};
    for (int r = 0; r < dx.height; r++) {
      grad_row out = grad_row_of(dx, epilogue, b, r);
      for (int c = 0; c < dx.width; c++, in++) {
        for (int lane = 0; lane < count; lane++)
          lanes[lane] = in[lane * plane];
        grad_end(&out, c, v16_add(grad_start(&out, c), v16_loadu(lanes)));
      }
    }
  }
}

static void image_to_planes(pxa_planes y, pxa_image x, pxa_range rows) {
  for (int b = 0; b * PXA_BLOCK < y.channels; b++) {
    int count = lanes_in(y, b);
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = image_row(x, b * PXA_BLOCK, r);
      float *out = pixel(y, b, r, 0), lanes[PXA_BLOCK] = {0};
      for (int c = 0; c < y.width; c++) {
        for (int lane = 0; lane < count; lane++)
          lanes[lane] = in[lane * image_plane_floats(x) + c];
        store_pixel(out, c, v16_loadu(lanes));
      }
    }
  }
}

static void planes_to_image(pxa_image dx, pxa_planes dy, pxa_range rows) {
  for (int channel = 0; channel < dx.channels; channel++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = pixel(dy, channel / PXA_BLOCK, r, 0) + channel % PXA_BLOCK;
      float *out = image_row(dx, channel, r);
      for (ptrdiff_t c = 0; c < dx.width; c++)
        out[c] = in[c * PXA_BLOCK];
    }
}

static void pad_forward(pxa_planes y, pxa_planes x, int32_t top, int32_t left, float value, pxa_range blocks,
                        pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    v16 border = v16_first(v16_set1(value), lanes_in(y, b));
    float *out = pixel(y, b, r, 0);
    bool is_inside = r >= top && r - top < x.height;
    const float *in = is_inside ? pixel(x, b, r - top, 0) : NULL;
    for (int c = 0; c < y.width; c++)
      store_pixel(out, c, is_inside && c >= left && c - left < x.width ? load_pixel(in, c - left) : border);
  }
}

static void pad_input_grad(pxa_planes dx, pxa_planes dy, int32_t top, int32_t left, pxa_epilogue epilogue,
                           pxa_range blocks, pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    grad_row out = grad_row_of(dx, epilogue, b, r);
    bool is_inside = r >= -top && r + top < dy.height;
    const float *in = is_inside ? pixel(dy, b, r + top, 0) : NULL;
    for (int c = 0; c < dx.width; c++) {
      v16 value = is_inside && c >= -left && c + left < dy.width ? load_pixel(in, c + left) : v16_zero();
      grad_end(&out, c, v16_add(grad_start(&out, c), value));
    }
  }
}

#endif
