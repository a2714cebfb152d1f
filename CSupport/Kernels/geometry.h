// SPDX-License-Identifier: MIT
// Where elements lie in the two layouts.

#ifndef PXA_GEOMETRY_H
#define PXA_GEOMETRY_H

#include <float.h>

#include "CPixelKernels.h"
#include "simd.h"

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
PXA_INLINE float *pixel(pxa_planes a, int block, int row, int column) {
  return a.data + block * plane_floats(a) + pixel_offset(a, row + a.halo, column + a.halo);
}

PXA_INLINE ptrdiff_t image_row_floats(pxa_image a) { return a.width + 2 * a.halo; }
PXA_INLINE ptrdiff_t image_plane_floats(pxa_image a) { return image_row_floats(a) * (a.height + 2 * a.halo); }
PXA_INLINE float *image_row(pxa_image a, int channel, int row) {
  return a.data + channel * image_plane_floats(a) + (row + a.halo) * image_row_floats(a) + a.halo;
}

PXA_INLINE int window_taps(pxa_window window) { return window.y.kernel * window.x.kernel; }

#endif
