// SPDX-License-Identifier: MIT
// Nonzero masks: bits that say which channels of a pixel are not zero. Kernels that skip products with zero read these
// bits.

#ifndef PXA_NONZERO_H
#define PXA_NONZERO_H

#include <stddef.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../simd/simd.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

// Returns the nonzero mask of one pixel in at most GROUP_BLOCKS blocks: bit i is 1 if channel i is not zero. `pixel`
// points to the pixel in the first of these blocks. `plane` is the number of floats from one block to the next.
PXA_INLINE uint64_t nonzero_channels(const float *pixel, ptrdiff_t plane, int blocks) {
  uint64_t mask = 0;
  for (int b = 0; b < GROUP_BLOCKS && b < blocks; b++)
    mask |= (uint64_t)v16_nonzero(v16_load(pixel + b * plane)) << b * PXA_BLOCK;
  return mask;
}

static void make_nonzero_mask(uint64_t *nonzero, pxa_planes x, pxa_range rows) {
  int blocks = pxa_blocks(x.channels);
  for (int g = 0; g < blocks; g += GROUP_BLOCKS, nonzero += (ptrdiff_t)x.height * x.width)
    for (int r = rows.begin; r < rows.end; r++)
      for (int c = 0; c < x.width; c++)
        nonzero[(ptrdiff_t)r * x.width + c] = nonzero_channels(pixel(x, g, r, c), plane_floats(x), blocks - g);
}

#endif
