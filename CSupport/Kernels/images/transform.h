// SPDX-License-Identifier: MIT
// Kernels that move the pixels of an image: crop, pad, matrices along an axis, rotation; the colours of an image that has
// no bounds; and a step of Adam.

#ifndef PXA_TRANSFORM_H
#define PXA_TRANSFORM_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "../simd/vector_math.h"
#include "pointwise.h"
#include "pxa_types.h"

static void fill_floats(float *y, int count, float value) {
  for (int i = 0; i < count; i++)
    y[i] = value;
}

static void reframe(pxa_image y, pxa_image x, int32_t top, int32_t left, const float *fill, pxa_range rows) {
  // The columns of y that show columns of x.
  int begin = left < 0 ? -left : 0, end = x.width - left < y.width ? x.width - left : y.width;
  if (begin > y.width)
    begin = y.width;
  if (end < begin)
    end = begin;
  for (int c = 0; c < y.channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      float *out = image_row(y, c, r), value = fill ? fill[c] : 0;
      if (r + top < 0 || r + top >= x.height) {
        fill_floats(out, y.width, value);
        continue;
      }
      fill_floats(out, begin, value);
      if (end > begin)
        memcpy(out + begin, image_row(x, c, r + top) + left + begin, (size_t)(end - begin) * sizeof *out);
      fill_floats(out + end, y.width - end, value);
    }
}

static void taps_vertical(pxa_image y, pxa_image x, pxa_taps taps, pxa_range rows) {
  assert(taps.size == y.height && x.width == y.width);
  for (int c = 0; c < y.channels; c++)
    for (int r = rows.begin; r < rows.end; r++)
      ROW_BLOCKS(0, y.width, i, n) {
        v16 sum = v16_zero();
        for (int k = 0; k < taps.count; k++) {
          ptrdiff_t at = (ptrdiff_t)k * taps.size + r;
          sum = v16_fma(sum, v16_set1(taps.weight[at]), v16_loadn(image_row(x, c, taps.index[at]) + i, n));
        }
        v16_storen(image_row(y, c, r) + i, sum, n);
      }
}

// Computes `count` rows of one channel, at most 4, so that each index and weight is read once for all of them. Every caller
// passes constants for `count` and `depth`, the number of taps.
PXA_INLINE void taps_of_rows(pxa_image y, pxa_image x, pxa_taps taps, int channel, int row, int count, int depth) {
  const float *in[4];
  float *out[4];
  for (int k = 0; k < count; k++) {
    in[k] = image_row(x, channel, row + k);
    out[k] = image_row(y, channel, row + k);
  }
  for (int i = 0; i < taps.size; i++) {
    float sums[4] = {0};
    for (int t = 0; t < depth; t++) {
      ptrdiff_t at = (ptrdiff_t)t * taps.size + i;
      float weight = taps.weight[at];
      int32_t index = taps.index[at];
      for (int k = 0; k < count; k++)
        sums[k] += weight * in[k][index];
    }
    for (int k = 0; k < count; k++)
      out[k][i] = sums[k];
  }
}

PXA_INLINE void taps_of_all_rows(pxa_image y, pxa_image x, pxa_taps taps, pxa_range rows, int depth) {
  for (int c = 0; c < y.channels; c++) {
    int r = rows.begin;
    for (; r + 4 <= rows.end; r += 4)
      taps_of_rows(y, x, taps, c, r, 4, depth);
    for (; r < rows.end; r++)
      taps_of_rows(y, x, taps, c, r, 1, depth);
  }
}

static void taps_horizontal(pxa_image y, pxa_image x, pxa_taps taps, pxa_range rows) {
  assert(taps.size == y.width && x.height == y.height);
  switch (taps.count) {
  case 1:
    taps_of_all_rows(y, x, taps, rows, 1);
    break;
  case 2:
    taps_of_all_rows(y, x, taps, rows, 2);
    break;
  case 3:
    taps_of_all_rows(y, x, taps, rows, 3);
    break;
  case 4:
    taps_of_all_rows(y, x, taps, rows, 4);
    break;
  default:
    taps_of_all_rows(y, x, taps, rows, taps.count);
    break;
  }
}

// The number of pixels whose reading points a rotation computes at a time.
#define READING_POINTS 64

// The points that pixels of a row read: the offset of the upper left of four pixels from the first pixel of the channel,
// and how far the point lies below and to the right of it.
typedef struct {
  int32_t offset[READING_POINTS];
  float down[READING_POINTS], right[READING_POINTS];
} reading_points;

typedef struct {
  float cosine, sine;
} rotation;

// Computes the points that pixels `first` … `first` + `count` − 1 of a row read. A point further outside than one pixel
// is moved to where it reads only the halo.
static void set_points(reading_points *points, pxa_image x, rotation turn, int row, int first, int count) {
  float middle_row = 0.5f * (float)(x.height - 1), middle_column = 0.5f * (float)(x.width - 1);
  float below = (float)row - middle_row;
  float row_0 = middle_row + turn.cosine * below, column_0 = middle_column - turn.sine * below;
  float height = (float)x.height, width = (float)x.width;
  int32_t stride = (int32_t)image_row_floats(x);
  for (int i = 0; i < count; i++) {
    float across = (float)(first + i) - middle_column;
    float at_row = row_0 + turn.sine * across, at_column = column_0 + turn.cosine * across;
    at_row = at_row < -1 ? -1 : at_row > height ? height : at_row;
    at_column = at_column < -1 ? -1 : at_column > width ? width : at_column;
    int32_t top = (int32_t)(at_row + 1) - 1, left = (int32_t)(at_column + 1) - 1;
    top = top < x.height ? top : x.height - 1;
    left = left < x.width ? left : x.width - 1;
    points->offset[i] = top * stride + left;
    points->down[i] = at_row - (float)top;
    points->right[i] = at_column - (float)left;
  }
}

static void rotate(pxa_image y, pxa_image x, float cosine, float sine, pxa_range rows) {
  assert(x.height == y.height && x.width == y.width && x.channels == y.channels && x.halo >= 1);
  ptrdiff_t stride = image_row_floats(x);
  reading_points points;
  for (int r = rows.begin; r < rows.end; r++)
    for (int first = 0; first < x.width; first += READING_POINTS) {
      int count = x.width - first < READING_POINTS ? x.width - first : READING_POINTS;
      set_points(&points, x, (rotation){cosine, sine}, r, first, count);
      for (int c = 0; c < x.channels; c++) {
        float *restrict out = image_row(y, c, r) + first;
        const float *origin = image_row(x, c, 0);
        for (int i = 0; i < count; i++) {
          const float *in = origin + points.offset[i];
          float upper = in[0] + points.right[i] * (in[1] - in[0]);
          float lower = in[stride] + points.right[i] * (in[stride + 1] - in[stride]);
          out[i] = upper + points.down[i] * (lower - upper);
        }
      }
    }
}

static void rotate_input_grad(pxa_image dx, pxa_image dy, float cosine, float sine, pxa_range channels) {
  assert(dx.height == dy.height && dx.width == dy.width && dx.channels == dy.channels && dx.halo >= 1);
  ptrdiff_t stride = image_row_floats(dx);
  reading_points points;
  for (int c = channels.begin; c < channels.end; c++) {
    memset(image_row(dx, c, -dx.halo) - dx.halo, 0, (size_t)image_plane_floats(dx) * sizeof(float));
    for (int r = 0; r < dx.height; r++)
      for (int first = 0; first < dx.width; first += READING_POINTS) {
        int count = dx.width - first < READING_POINTS ? dx.width - first : READING_POINTS;
        set_points(&points, dx, (rotation){cosine, sine}, r, first, count);
        const float *in = image_row(dy, c, r) + first;
        float *origin = image_row(dx, c, 0);
        for (int i = 0; i < count; i++) {
          float *out = origin + points.offset[i], right = points.right[i];
          float lower = points.down[i] * in[i], upper = in[i] - lower;
          out[0] += upper - right * upper;
          out[1] += right * upper;
          out[stride] += lower - right * lower;
          out[stride + 1] += right * lower;
        }
      }
  }
}

// Returns Σ_c matrix[n·row + c]·T[c] at pixels i … i + count − 1 of a row, for an image of n channels.
PXA_INLINE v16 mixed(const float *matrix, int row, pxa_image t, int r, int i, int count) {
  v16 sum = v16_zero();
  for (int c = 0; c < t.channels; c++)
    sum = v16_fma(sum, v16_set1(matrix[t.channels * row + c]), v16_loadn(image_row(t, c, r) + i, count));
  return sum;
}

static void colours_forward(pxa_image x, pxa_image t, const float *matrix, const float *scale, const float *offset,
                            pxa_range rows) {
  for (int c = 0; c < x.channels; c++)
    for (int r = rows.begin; r < rows.end; r++)
      ROW_BLOCKS(0, x.width, i, n) {
        v16 colour = v16_sigmoid(mixed(matrix, c, t, r, i, n));
        v16_storen(image_row(x, c, r) + i, v16_fma(v16_set1(offset[c]), v16_set1(scale[c]), colour), n);
      }
}

static void colours_input_grad(pxa_image dt, pxa_image dx, pxa_image t, const float *matrix, const float *scale,
                               pxa_range rows) {
  assert(t.channels <= PXA_STEM_CHANNELS);
  for (int r = rows.begin; r < rows.end; r++)
    ROW_BLOCKS(0, t.width, i, n) {
      v16 sums[PXA_STEM_CHANNELS];
      for (int c = 0; c < t.channels; c++)
        sums[c] = v16_zero();
      for (int c = 0; c < t.channels; c++) {
        sigmoids colour = sigmoids_of(mixed(matrix, c, t, r, i, n));
        v16 slope = v16_mul(v16_mul(colour.of_x, colour.of_minus_x), v16_set1(scale[c]));
        v16 change = v16_mul(slope, v16_loadn(image_row(dx, c, r) + i, n));
        for (int k = 0; k < t.channels; k++)
          sums[k] = v16_fma(sums[k], v16_set1(matrix[t.channels * c + k]), change);
      }
      for (int c = 0; c < t.channels; c++)
        v16_storen(image_row(dt, c, r) + i, sums[c], n);
    }
}

static void adam(float *theta, float *m, float *v, const float *g, pxa_adam step, pxa_range range) {
  v16 keep_m = v16_set1(0.9f), take_m = v16_set1(0.1f), keep_v = v16_set1(0.999f), take_v = v16_set1(0.001f);
  v16 of_m = v16_set1(step.of_moment), of_g = v16_set1(step.of_gradient);
  v16 correction = v16_set1(step.correction), epsilon = v16_set1(step.epsilon);
  for (int i = range.begin; i < range.end; i++) {
    ptrdiff_t at = (ptrdiff_t)i * PXA_BLOCK;
    v16 slope = v16_load(g + at);
    v16 mean = v16_fma(v16_mul(take_m, slope), keep_m, v16_load(m + at));
    v16 square = v16_fma(v16_mul(take_v, v16_mul(slope, slope)), keep_v, v16_load(v + at));
    v16 change = v16_fma(v16_mul(of_m, mean), of_g, slope);
    v16 size = v16_fma(epsilon, v16_sqrt(square), correction);
    v16_store(m + at, mean);
    v16_store(v + at, square);
    v16_store(theta + at, v16_add(v16_load(theta + at), v16_div(change, size)));
  }
}

#endif
