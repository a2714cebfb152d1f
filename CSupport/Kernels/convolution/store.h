// SPDX-License-Identifier: MIT
// How the sums of a tile are stored: clamped at the end of a layer, or masked by a clamp's derivative.

#ifndef PXA_STORE_H
#define PXA_STORE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "../simd/simd.h"
#include "pxa_types.h"

// The bounds of a clamp, and the special cases in which there is less to do.
typedef struct {
  pxa_clamp clamp;
  bool clamps;  // the interval is not [−∞, ∞]
  bool is_relu; // the interval is [0, ∞]
} bounds;

PXA_INLINE bounds bounds_of(pxa_clamp clamp) {
  bool is_bounded = clamp.high < INFINITY;
  return (bounds){clamp, clamp.low > -INFINITY || is_bounded, clamp.low == 0 && !is_bounded};
}

// Returns the X whose values decide the mask of a gradient, or NULL if the mask is 1 everywhere.
static const pxa_planes *mask_of(const pxa_epilogue *epilogue) {
  return bounds_of(epilogue->clamp).clamps ? epilogue->x : NULL;
}

// Stores `count` sums, sum i at y + i·y_step. If `mask` is NULL, clamps each sum first. Otherwise each sum is a
// gradient, and is first multiplied by the clamp's derivative at mask[i·mask_step …].
PXA_INLINE void store_sums(float *y, ptrdiff_t y_step, v16 *sums, int count, const float *mask, ptrdiff_t mask_step,
                           const bounds *interval) {
  v16 low = v16_set1(interval->clamp.low), high = v16_set1(interval->clamp.high);
  if (mask && interval->is_relu) {
    UNROLL
    for (int i = 0; i < count; i++)
      sums[i] = v16_positive(sums[i], v16_load(mask + i * mask_step));
  } else if (mask) {
    UNROLL
    for (int i = 0; i < count; i++)
      sums[i] = v16_inside(sums[i], v16_load(mask + i * mask_step), low, high);
  } else if (interval->clamps) {
    UNROLL
    for (int i = 0; i < count; i++)
      sums[i] = v16_max(low, sums[i]);
    if (!interval->is_relu) {
      UNROLL
      for (int i = 0; i < count; i++)
        sums[i] = v16_min(high, sums[i]);
    }
  }
  UNROLL
  for (int i = 0; i < count; i++)
    v16_store(y + i * y_step, sums[i]);
}

#endif
