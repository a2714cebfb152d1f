// SPDX-License-Identifier: MIT
// Where the elements of blocked planes and of images lie in memory.

#ifndef PXA_LAYOUT_H
#define PXA_LAYOUT_H

#include <assert.h>
#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../simd/compiler.h"
#include "pxa_types.h"

// Properties of the machine that the kernels and the Swift readers rely on.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian");
_Static_assert(sizeof(float) == 4 && FLT_RADIX == 2 && FLT_MANT_DIG == 24, "IEEE 754 binary32");

PXA_INLINE ptrdiff_t row_floats(pxa_planes a) { return (ptrdiff_t)(a.width + 2 * a.halo) * PXA_BLOCK; }
PXA_INLINE ptrdiff_t plane_floats(pxa_planes a) { return row_floats(a) * (a.height + 2 * a.halo); }
PXA_INLINE ptrdiff_t pixel_offset(pxa_planes a, ptrdiff_t rows, ptrdiff_t columns) {
  return rows * row_floats(a) + columns * PXA_BLOCK;
}
// Returns the address of a pixel. Row and column may lie outside the planes: convolutions count the offsets of their
// taps from such a pixel.
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

#endif
