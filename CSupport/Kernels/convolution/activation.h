// SPDX-License-Identifier: MIT
// The act that ends a layer, and its derivative, the mask of the gradient that comes to it.

#ifndef PXA_ACTIVATION_H
#define PXA_ACTIVATION_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "../simd/simd.h"
#include "pxa_types.h"

typedef struct {
  pxa_clamp clamp;
  bool clamps;    // not (−∞, ∞)
  bool rectifies; // (0, ∞)
} act_kind;

PXA_INLINE act_kind act_of(pxa_clamp clamp) {
  bool is_bounded = clamp.high < INFINITY;
  return (act_kind){clamp, clamp.low > -INFINITY || is_bounded, clamp.low == 0 && !is_bounded};
}

// Where it clamps.
PXA_INLINE v16 act_clamped(v16 value, act_kind act) {
  value = v16_max(value, v16_set1(act.clamp.low));
  return act.rectifies ? value : v16_min(value, v16_set1(act.clamp.high));
}

// `x`: what the act made.
PXA_INLINE v16 act_masked(v16 value, v16 x, act_kind act) {
  if (act.rectifies)
    return v16_positive(value, x);
  return v16_inside(value, x, v16_set1(act.clamp.low), v16_set1(act.clamp.high));
}

// What the gradient's mask is made of, or NULL.
static const pxa_planes *mask_of(const pxa_into *into) { return act_of(into->act).clamps ? into->x : NULL; }

#endif
