// SPDX-License-Identifier: MIT
// Segments of an image's rows: stem_input_grad computes dX one segment at a time.

#ifndef PXA_STEM_SEGMENT_H
#define PXA_STEM_SEGMENT_H

#include <string.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "pxa_types.h"

enum { SEGMENT = 128 }; // columns of dX in a segment

// The columns x0 … x1 − 1 of dX, and the columns of dY that reach them.
typedef struct {
  int x0, x1;
  int from, to;   // the columns from x0 to x1 − 1 that dY reaches
  int begin, end; // the columns of dY that reach columns from x0 to x1 − 1
} stem_segment;

PXA_INLINE stem_segment segment_at(int x0, int x1, pxa_axis axis, int dy_width) {
  stem_segment s = {.x0 = x0, .x1 = x1};
  int begin = x0 + axis.before - axis.kernel + 1, end = (x1 - 1 + axis.before) / axis.stride + 1;
  s.begin = begin > 0 ? (begin + axis.stride - 1) / axis.stride : 0;
  s.end = end < dy_width ? end : dy_width;
  int from = s.begin * axis.stride - axis.before, to = (s.end - 1) * axis.stride - axis.before + axis.kernel;
  s.from = from > x0 ? from : x0;
  s.to = s.end <= s.begin ? s.from : to < x1 ? to : x1;
  return s;
}

// Writes row `row` of a segment of dX, channels c0 … c0 + 3. `sums` begins at the first pixel that column s.begin of dY
// reaches; if it is NULL, the function writes zeros. It is not inlined, so that the loops over dY keep their registers.
static __attribute__((noinline)) void write_segment(pxa_image dx, int c0, int row, stem_segment s, const float *sums,
                                                    pxa_axis axis) {
  for (int c = c0; c < dx.channels && c < c0 + STEM_CHANNELS; c++) {
    float *out = image_row(dx, c, row);
    if (!sums || s.from > s.x0 || s.to < s.x1)
      memset(out + s.x0, 0, (size_t)(s.x1 - s.x0) * sizeof *out);
    for (int x = s.from; sums && x < s.to; x++)
      out[x] = sums[(x + axis.before - s.begin * axis.stride) * STEM_CHANNELS + c - c0];
  }
}

// Returns the first row of dY that reaches row `row` of dX or a row below it.
PXA_INLINE int first_row_reaching(int row, pxa_axis axis) {
  int first = row + axis.before - axis.kernel + 1;
  return first > 0 ? (first + axis.stride - 1) / axis.stride : 0;
}

#endif
