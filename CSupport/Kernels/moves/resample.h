// SPDX-License-Identifier: MIT
//
// Resampling: every output pixel is a weighted mean of up to 2×2 pixels of X. Nearest and linear resize are resamplings,
// and so are borders that repeat or mirror X.

#ifndef PXA_RESAMPLE_H
#define PXA_RESAMPLE_H

#include <math.h>
#include <stdbool.h>

#include "../elementwise/rows.h"
#include "../pools/scatter.h"
#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_types.h"

// The elements that an output position reads along an axis: `first`, and `second` unless its weight is 0.
typedef struct {
  int first, second;
  float first_weight, second_weight;
} samples;

PXA_INLINE int index_inside(int index, int size) { return index < 0 ? 0 : index < size ? index : size - 1; }

PXA_INLINE int remainder_of(int index, int size) {
  int rest = index % size;
  return rest < 0 ? rest + size : rest;
}

// Returns the element of a signal that is mirrored at its first and last elements without repeating them.
PXA_INLINE int reflected(int index, int size) {
  if (size == 1)
    return 0;
  int rest = remainder_of(index, 2 * size - 2);
  return rest < size ? rest : 2 * size - 2 - rest;
}

// Computes in float, as PyTorch and ONNX Runtime do, so that a position between two elements falls on the same side.
PXA_INLINE int nearest_to(pxa_resampling axis, int position) {
  float at = isinf(axis.scale) ? 0 : ((float)position + axis.offset) * axis.step / axis.scale - axis.offset;
  at = at > 0x1p30f ? 0x1p30f : at; // an int holds it
  switch (axis.rounding) {
  case PXA_FLOOR:
    return (int)floorf(at);
  case PXA_CEIL:
    return (int)ceilf(at);
  case PXA_ROUND_DOWN:
    return (int)ceilf(at - 0.5f);
  case PXA_ROUND_UP:
    return (int)floorf(at + 0.5f);
  }
  return 0;
}

PXA_INLINE samples samples_at(pxa_resampling axis, int position, int size) {
  int index = 0;
  switch (axis.sampling) {
  case PXA_REFLECT:
    index = reflected(position - axis.shift, size);
    break;
  case PXA_EDGE:
    index = index_inside(position - axis.shift, size);
    break;
  case PXA_WRAP:
    index = remainder_of(position - axis.shift, size);
    break;
  case PXA_NEAREST:
    index = index_inside(nearest_to(axis, position), size);
    break;
  case PXA_LINEAR: {
    double at = isinf(axis.scale)
                    ? 0
                    : (position + (double)axis.offset) * (double)axis.step / (double)axis.scale - (double)axis.offset;
    at = at < 0 ? 0 : at < size - 1 ? at : size - 1;
    int first = (int)at;
    double second_weight = at - first;
    return (samples){first, index_inside(first + 1, size), (float)(1 - second_weight), (float)second_weight};
  }
  }
  return (samples){index, index, 1, 0};
}

static void resample_forward(pxa_planes y, pxa_planes x, pxa_resampling down, pxa_resampling across, pxa_range blocks,
                             pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    samples row = samples_at(down, r, x.height);
    const float *upper = pixel(x, b, row.first, 0), *lower = pixel(x, b, row.second, 0);
    float *out = pixel(y, b, r, 0);
    v16 upper_weight = v16_set1(row.first_weight), lower_weight = v16_set1(row.second_weight);
    for (int c = 0; c < y.width; c++) {
      samples column = samples_at(across, c, x.width);
      v16 left = load_pixel(upper, column.first), right;
      if (row.second_weight > 0)
        left = v16_fma(v16_mul(upper_weight, left), lower_weight, load_pixel(lower, column.first));
      if (column.second_weight > 0) {
        right = load_pixel(upper, column.second);
        if (row.second_weight > 0)
          right = v16_fma(v16_mul(upper_weight, right), lower_weight, load_pixel(lower, column.second));
        left = v16_fma(v16_mul(v16_set1(column.first_weight), left), v16_set1(column.second_weight), right);
      }
      store_pixel(out, c, left);
    }
  }
}

// Adds weight·dY to a pixel of dX.
PXA_INLINE void add_sample(float *dx_row, int column, v16 dy, float weight) {
  if (weight > 0)
    store_pixel(dx_row, column, v16_fma(load_pixel(dx_row, column), v16_set1(weight), dy));
}

static void resample_input_grad(pxa_planes dx, pxa_planes dy, pxa_resampling down, pxa_resampling across,
                                pxa_epilogue epilogue, pxa_range blocks) {
  for (int b = blocks.begin; b < blocks.end; b++) {
    scatter_begin(dx, epilogue, b);
    for (int r = 0; r < dy.height; r++) {
      samples row = samples_at(down, r, dx.height);
      float *upper = pixel(dx, b, row.first, 0), *lower = pixel(dx, b, row.second, 0);
      const float *in = pixel(dy, b, r, 0);
      for (int c = 0; c < dy.width; c++) {
        samples column = samples_at(across, c, dx.width);
        v16 value = load_pixel(in, c);
        add_sample(upper, column.first, value, row.first_weight * column.first_weight);
        add_sample(upper, column.second, value, row.first_weight * column.second_weight);
        add_sample(lower, column.first, value, row.second_weight * column.first_weight);
        add_sample(lower, column.second, value, row.second_weight * column.second_weight);
      }
    }
    scatter_end(dx, epilogue, b);
  }
}

#endif
