// SPDX-License-Identifier: MIT
// Where elements lie in the two layouts.

#ifndef PXA_GEOMETRY_H
#define PXA_GEOMETRY_H

#include <assert.h>
#include <float.h>

#include "CPixelKernels.h"
#include "../simd/simd.h"

// What kernels and Swift's readers take for granted of every machine.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian");
_Static_assert(sizeof(float) == 4 && FLT_RADIX == 2 && FLT_MANT_DIG == 24, "IEEE 754 binary32");

// Input blocks that a convolution sums over before it goes on to the next tap: 64 channels.
enum { GROUP_BLOCKS = 4 };

// Weights between a block of inputs and one of outputs.
enum { BLOCK_WEIGHTS = PXA_BLOCK * PXA_BLOCK };

PXA_INLINE ptrdiff_t row_floats(pxa_planes a) { return (ptrdiff_t)(a.width + 2 * a.halo) * PXA_BLOCK; }
PXA_INLINE ptrdiff_t plane_floats(pxa_planes a) { return row_floats(a) * (a.height + 2 * a.halo); }
PXA_INLINE ptrdiff_t pixel_offset(pxa_planes a, ptrdiff_t rows, ptrdiff_t columns) {
  return rows * row_floats(a) + columns * PXA_BLOCK;
}
// Row and column may lie outside: they are also what offsets of taps are counted from.
PXA_INLINE float *pixel(pxa_planes a, int block, int row, int column) {
  assert((uintptr_t)a.data % 64 == 0 && block >= 0 && block * PXA_BLOCK < a.channels);
  return a.data + block * plane_floats(a) + pixel_offset(a, row + a.halo, column + a.halo);
}

PXA_INLINE ptrdiff_t image_row_floats(pxa_image a) { return a.width + 2 * a.halo; }
PXA_INLINE ptrdiff_t image_plane_floats(pxa_image a) { return image_row_floats(a) * (a.height + 2 * a.halo); }
PXA_INLINE float *image_row(pxa_image a, int channel, int row) {
  assert(channel >= 0 && channel < a.channels);
  return a.data + channel * image_plane_floats(a) + (row + a.halo) * image_row_floats(a) + a.halo;
}

PXA_INLINE bool are_rows(pxa_range rows, int height) {
  return rows.begin >= 0 && rows.begin <= rows.end && rows.end <= height;
}

PXA_INLINE int window_taps(pxa_window window) { return window.y.kernel * window.x.kernel; }

// Whether Y has a convolution's size where X has this one, and the act leaves zeros zero.
PXA_INLINE bool is_conv_output(pxa_planes y, pxa_window window, int x_height, int x_width, pxa_clamp act) {
  return y.height == pxa_output_size(window.y, x_height, false) &&
         y.width == pxa_output_size(window.x, x_width, false) && act.low <= 0 && act.high >= 0;
}

// The taps along an axis that reach an element of dX: k = first, first + step, …; the first of them from `at` of dY, each
// other from `move` before that.
typedef struct {
  int count, first, step, at, move;
} axis_taps;

PXA_INLINE axis_taps taps_reaching(pxa_axis axis, int place) {
  int reach = place + axis.before;
  if (axis.stride == 1)
    return (axis_taps){axis.kernel, 0, 1, reach, axis.dilation};
  axis_taps taps = {.step = 1};
  while (axis.dilation * taps.step % axis.stride != 0)
    taps.step++;
  while (taps.first < axis.kernel && (reach - axis.dilation * taps.first) % axis.stride != 0)
    taps.first++;
  taps.count = (axis.kernel - taps.first + taps.step - 1) / taps.step;
  taps.at = (reach - axis.dilation * taps.first) / axis.stride;
  taps.move = axis.dilation * taps.step / axis.stride;
  return taps;
}

// Where a convolution that is packed for the gradient has tap ky·Kx + kx: in the order in which dX's pixels take them, so
// that the weights are read from one end to the other.
PXA_INLINE void grad_tap_places(int32_t *places, pxa_window window) {
  int32_t place = 0;
  for (int row = 0; row < window.y.stride; row++)
    for (int column = 0; column < window.x.stride; column++) {
      axis_taps down = taps_reaching(window.y, row), across = taps_reaching(window.x, column);
      for (int i = 0; i < down.count; i++)
        for (int j = across.count - 1; j >= 0; j--) {
          int ky = down.first + i * down.step, kx = across.first + j * across.step;
          places[ky * window.x.kernel + kx] = place++;
        }
    }
}

#endif
