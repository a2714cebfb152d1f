// SPDX-License-Identifier: MIT
// Separable blur with half-sample reflection.

#ifndef PXA_BLUR_H
#define PXA_BLUR_H

#include <assert.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pointwise.h"
#include "pxa_types.h"

static int reflect(int i, int size) { return i < 0 ? -1 - i : i < size ? i : 2 * size - 1 - i; }

static void blur_vertical(pxa_image y, pxa_image x, const float *taps, int32_t radius, pxa_range rows) {
  assert(radius >= 0 && radius <= x.height);
  for (int c = 0; c < x.channels; c++)
    for (int r = rows.begin; r < rows.end; r++)
      ROW_BLOCKS(0, x.width, i, n) {
        v16 sum = v16_zero();
        for (int k = -radius; k <= radius; k++) {
          v16 value = v16_loadn(image_row(x, c, reflect(r + k, x.height)) + i, n);
          sum = v16_fma(sum, v16_set1(taps[k + radius]), value);
        }
        v16_storen(image_row(y, c, r) + i, sum, n);
      }
}

// Computes pixels begin … end − 1 of a row. Some of their taps lie beyond the row's ends.
static void blur_edge(float *y, const float *x, int width, const float *taps, int radius, int begin, int end) {
  ROW_BLOCKS(begin, end, i, n) {
    v16 sum = v16_zero();
    for (int k = -radius; k <= radius; k++) {
      float lanes[PXA_BLOCK] = {0};
      for (int lane = 0; lane < n; lane++)
        lanes[lane] = x[reflect(i + lane + k, width)];
      sum = v16_fma(sum, v16_set1(taps[k + radius]), v16_loadu(lanes));
    }
    v16_storen(y + i, sum, n);
  }
}

static void blur_horizontal(pxa_image y, pxa_image x, const float *taps, int32_t radius, pxa_range rows) {
  assert(radius >= 0 && radius <= x.width);
  int left = radius < x.width - radius ? radius : x.width, right = left < x.width ? x.width - radius : x.width;
  for (int c = 0; c < x.channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = image_row(x, c, r);
      float *out = image_row(y, c, r);
      blur_edge(out, in, x.width, taps, radius, 0, left);
      ROW_BLOCKS(left, right, i, n) {
        v16 sum = v16_zero();
        for (int k = -radius; k <= radius; k++)
          sum = v16_fma(sum, v16_set1(taps[k + radius]), v16_loadn(in + i + k, n));
        v16_storen(out + i, sum, n);
      }
      blur_edge(out, in, x.width, taps, radius, right, x.width);
    }
}

#endif
