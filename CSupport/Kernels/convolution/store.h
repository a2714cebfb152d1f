// SPDX-License-Identifier: MIT
// The activation that ends a layer, its derivative, and how the sums of a tile are stored with either of them.

#ifndef PXA_STORE_H
#define PXA_STORE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "../simd/simd.h"
#include "pxa_types.h"

// min(high, max(low, ·)), and what is left out where the interval has no ends.
typedef struct {
  pxa_clamp clamp;
  bool clamps;    // the interval is not (−∞, ∞)
  bool rectifies; // the interval is (0, ∞)
} bounds;

PXA_INLINE bounds bounds_of(pxa_clamp clamp) {
  bool is_bounded = clamp.high < INFINITY;
  return (bounds){clamp, clamp.low > -INFINITY || is_bounded, clamp.low == 0 && !is_bounded};
}

// The output of the activation whose derivative a gradient is multiplied by, or NULL where this derivative is 1.
static const pxa_planes *mask_of(const pxa_epilogue *epilogue) {
  return bounds_of(epilogue->clamp).clamps ? epilogue->x : NULL;
}

// Stores `count` sums, the one with index i at y + i·y_step. With a mask a sum is a gradient: it is multiplied by the
// activation's derivative at mask[i·mask_step …]. Without one (NULL) it is clamped as the activation says.
PXA_INLINE void store_sums(float *y, ptrdiff_t y_step, v16 *sums, int count, const float *mask, ptrdiff_t mask_step,
                           const bounds *a) {
  v16 low = v16_set1(a->clamp.low), high = v16_set1(a->clamp.high);
  if (mask && a->rectifies) {
    UNROLL
    for (int i = 0; i < count; i++)
      sums[i] = v16_positive(sums[i], v16_load(mask + i * mask_step));
  } else if (mask) {
    UNROLL
    for (int i = 0; i < count; i++)
      sums[i] = v16_inside(sums[i], v16_load(mask + i * mask_step), low, high);
  } else if (a->clamps) {
    UNROLL
    for (int i = 0; i < count; i++)
      sums[i] = v16_max(sums[i], low);
    if (!a->rectifies) {
      UNROLL
      for (int i = 0; i < count; i++)
        sums[i] = v16_min(sums[i], high);
    }
  }
  UNROLL
  for (int i = 0; i < count; i++)
    v16_store(y + i * y_step, sums[i]);
}

#endif
