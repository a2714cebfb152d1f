// SPDX-License-Identifier: MIT
//
// The gradient of a stem with respect to its image. If the lanes were channels, an image would fill 3 of 16. So a block
// here is four neighbouring pixels of four channels. The window of a small kernel has one such block for each kernel
// row, and fits the registers. Every nonzero value of dY adds its products with the weights to all blocks of the
// window. Then the window moves right by the stride, and the sums of the pixels that it leaves are complete for this
// row of dY. For larger kernels see stem_grad_large.h.

#ifndef PXA_STEM_GRAD_H
#define PXA_STEM_GRAD_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "nonzero.h"
#include "stem_grad_large.h"
#include "stem_segment.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

enum {
  MAX_KERNEL = 3, // the largest kernel whose window fits the registers
  SEGMENT_FLOATS = (SEGMENT + 2 * STEM_PIXELS) * STEM_CHANNELS,
};

// Computes the sums of the rows of dX that row `row` of dY reaches, from columns begin … end − 1 of dY. The sums begin
// at the first pixel that column `begin` reaches. `before` holds the sums after the row of dY above, or is NULL if
// `row` is the first.
PXA_INLINE void stem_grad_row(float sums[MAX_KERNEL][SEGMENT_FLOATS], const float before[MAX_KERNEL][SEGMENT_FLOATS],
                              pxa_planes dy, int row, int begin, int end, const float *packed, int kernel, int stride) {
  v16 window[MAX_KERNEL];
  UNROLL
  for (int ky = 0; ky < kernel; ky++)
    window[ky] = v16_zero();
  int blocks = pxa_blocks(dy.channels);
  ptrdiff_t plane = plane_floats(dy);
  for (int column = begin; column < end; column++) {
    for (int g = 0; g < blocks; g += GROUP_BLOCKS) {
      const float *value = pixel(dy, g, row, column), *group = packed + (ptrdiff_t)g * PXA_BLOCK * kernel * PXA_BLOCK;
      for (uint64_t left = nonzero_channels(value, plane, blocks - g); left; left &= left - 1) {
        int channel = __builtin_ctzll(left);
        float d = value[channel / PXA_BLOCK * plane + channel % PXA_BLOCK];
        const float *w = group + channel * kernel * PXA_BLOCK;
        UNROLL
        for (int ky = 0; ky < kernel; ky++)
          window[ky] = v16_fma_scalar(window[ky], v16_load(w + ky * PXA_BLOCK), d);
      }
    }
    ptrdiff_t offset = (ptrdiff_t)(column - begin) * stride * STEM_CHANNELS;
    UNROLL
    for (int ky = 0; ky < kernel; ky++) {
      v16 sum = window[ky];
      if (before && ky + stride < kernel)
        sum = v16_add(sum, v16_loadu(before[ky + stride] + offset));
      v16_storeu(sums[ky] + offset, sum); // the next column overwrites the pixels that stay in the window
      window[ky] = stride == 1 ? v16_skip4(window[ky]) : v16_skip8(window[ky]);
    }
  }
}

// Goes through the rows of dY that reach `rows` of dX, and writes each row of dX as soon as it is complete.
PXA_INLINE void stem_grad_segment(pxa_image dx, pxa_planes dy, const float *packed, int c0, int x0, int x1,
                                  pxa_range rows, pxa_window window, int kernel, int stride) {
  float sums[2][MAX_KERNEL][SEGMENT_FLOATS];
  stem_segment segment = segment_at(x0, x1, window.x, dy.width);
  int next = first_row_reaching(rows.begin, window.y), before = window.y.before;
  bool is_first = true;
  for (int r = rows.begin; r < rows.end; r++) {
    int last = (r + before) / stride < dy.height ? (r + before) / stride : dy.height - 1;
    for (; next <= last; next++, is_first = false)
      stem_grad_row(sums[next & 1], is_first ? NULL : sums[(next - 1) & 1], dy, next, segment.begin, segment.end,
                    packed, kernel, stride);
    int ky = r + before - last * stride;
    write_segment(dx, c0, r, segment, ky < kernel ? sums[last & 1][ky] : NULL, window.x);
  }
}

static void stem_input_grad(pxa_image dx, pxa_planes dy, const float *packed, pxa_window window, pxa_range rows) {
  int kernel = window.y.kernel, stride = window.y.stride;
  assert(kernel <= PXA_STEM_MAX_KERNEL && window.x.kernel <= PXA_STEM_MAX_KERNEL);
  assert(window.y.dilation == 1 && window.x.dilation == 1 && are_rows(rows, dx.height));
  bool is_square = window.x.kernel == kernel && window.x.stride == stride;
  bool fits_registers = is_square && (kernel == 1 || kernel == 3) && stride <= 2;
  ptrdiff_t chunk = (ptrdiff_t)pxa_blocks(dy.channels) * PXA_BLOCK * kernel * stem_vectors(window.x) * PXA_BLOCK;
  for (int c = 0; c < dx.channels; c += STEM_CHANNELS, packed += chunk)
    for (int x = 0; x < dx.width; x += SEGMENT) {
      int end = dx.width - x < SEGMENT ? dx.width : x + SEGMENT;
      if (!fits_registers)
        stem_grad_large(dx, dy, packed, c, x, end, rows, window);
      else if (kernel == 3 && stride == 2)
        stem_grad_segment(dx, dy, packed, c, x, end, rows, window, 3, 2);
      else if (kernel == 3)
        stem_grad_segment(dx, dy, packed, c, x, end, rows, window, 3, 1);
      else if (stride == 2)
        stem_grad_segment(dx, dy, packed, c, x, end, rows, window, 1, 2);
      else
        stem_grad_segment(dx, dy, packed, c, x, end, rows, window, 1, 1);
    }
}

#endif
