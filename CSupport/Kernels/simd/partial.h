// SPDX-License-Identifier: MIT
// The part of the vocabulary of simd.h that goes through memory where a set has no masks.

#include <string.h>

PXA_INLINE v16 v16_loadn(const float *p, int n) {
  if (n == 16)
    return v16_loadu(p);
  float lanes[16] = {0};
  memcpy(lanes, p, (size_t)n * sizeof *p);
  return v16_loadu(lanes);
}
PXA_INLINE void v16_storen(float *p, v16 a, int n) {
  float lanes[16];
  v16_storeu(n == 16 ? p : lanes, a);
  if (n < 16)
    memcpy(p, lanes, (size_t)n * sizeof *p);
}
PXA_INLINE v16 v16_first(v16 a, int n) {
  float lanes[16];
  v16_storeu(lanes, a);
  return v16_loadn(lanes, n);
}
