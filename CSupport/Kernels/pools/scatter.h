// SPDX-License-Identifier: MIT
// For gradients that go through the elements of dY and add each to elements of dX: the start and the end of a block.

#ifndef PXA_SCATTER_H
#define PXA_SCATTER_H

#include <stdbool.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_types.h"

// Makes a block of dX ready to be added to.
PXA_INLINE void scatter_begin(pxa_planes dx, pxa_epilogue epilogue, int block) {
  for (int r = 0; r < dx.height; r++) {
    grad_row out = grad_row_of(dx, epilogue, block, r);
    for (int c = 0; c < dx.width; c++)
      store_pixel(out.dx, c, grad_start(&out, c));
  }
}

// Masks a block of dX to which everything has been added.
PXA_INLINE void scatter_end(pxa_planes dx, pxa_epilogue epilogue, int block) {
  for (int r = 0; r < dx.height && epilogue.x; r++) {
    grad_row out = grad_row_of(dx, epilogue, block, r);
    for (int c = 0; c < dx.width; c++)
      grad_end(&out, c, load_pixel(out.dx, c));
  }
}

#endif
