// SPDX-License-Identifier: MIT
// The vocabulary of simd.h in plain C.

#ifndef PXA_SIMD_SCALAR_H
#define PXA_SIMD_SCALAR_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "compiler.h"

#define TILE_BLOCKS 1
#define TILE_PIXELS 4
#define DEPTHWISE_PIXELS 4
#define SPARSE_COST 2.f

PXA_INLINE bool simd_runs_here(void) { return true; }

typedef struct {
  float f[16];
} v16;

#define LANES for (int i = 0; i < 16; i++)

PXA_INLINE v16 v16_set1(float a) {
  v16 r;
  LANES r.f[i] = a;
  return r;
}
PXA_INLINE v16 v16_zero(void) { return v16_set1(0); }
PXA_INLINE v16 v16_loadu(const float *p) {
  v16 r;
  memcpy(r.f, p, sizeof r.f);
  return r;
}
PXA_INLINE void v16_storeu(float *p, v16 a) { memcpy(p, a.f, sizeof a.f); }
PXA_INLINE v16 v16_load(const float *p) { return v16_loadu(p); }
PXA_INLINE void v16_store(float *p, v16 a) { v16_storeu(p, a); }
PXA_INLINE v16 v16_loadn(const float *p, int n) {
  if (n == 16)
    return v16_loadu(p);
  v16 r = v16_zero();
  memcpy(r.f, p, (size_t)n * sizeof *p);
  return r;
}
PXA_INLINE void v16_storen(float *p, v16 a, int n) {
  if (n == 16)
    v16_storeu(p, a);
  else
    memcpy(p, a.f, (size_t)n * sizeof *p);
}
PXA_INLINE v16 v16_first(v16 a, int n) { return v16_loadn(a.f, n); }
PXA_INLINE v16 v16_add(v16 a, v16 b) {
  LANES a.f[i] += b.f[i];
  return a;
}
PXA_INLINE v16 v16_sub(v16 a, v16 b) {
  LANES a.f[i] -= b.f[i];
  return a;
}
PXA_INLINE v16 v16_mul(v16 a, v16 b) {
  LANES a.f[i] *= b.f[i];
  return a;
}
PXA_INLINE v16 v16_div(v16 a, v16 b) {
  LANES a.f[i] /= b.f[i];
  return a;
}
PXA_INLINE v16 v16_sqrt(v16 a) {
  LANES a.f[i] = sqrtf(a.f[i]);
  return a;
}
PXA_INLINE v16 v16_max(v16 a, v16 b) {
  LANES a.f[i] = a.f[i] > b.f[i] ? a.f[i] : b.f[i];
  return a;
}
PXA_INLINE v16 v16_min(v16 a, v16 b) {
  LANES a.f[i] = a.f[i] < b.f[i] ? a.f[i] : b.f[i];
  return a;
}
PXA_INLINE v16 v16_fma(v16 s, v16 a, v16 b) {
  LANES s.f[i] += a.f[i] * b.f[i];
  return s;
}
PXA_INLINE v16 v16_positive(v16 v, v16 m) {
  LANES v.f[i] = m.f[i] > 0 ? v.f[i] : 0;
  return v;
}
PXA_INLINE v16 v16_inside(v16 v, v16 m, v16 low, v16 high) {
  LANES v.f[i] = m.f[i] > low.f[i] && m.f[i] < high.f[i] ? v.f[i] : 0;
  return v;
}
PXA_INLINE v16 v16_select_gt(v16 a, v16 b, v16 v, v16 w) {
  LANES w.f[i] = a.f[i] > b.f[i] ? v.f[i] : w.f[i];
  return w;
}
PXA_INLINE v16 v16_select_eq(v16 a, v16 b, v16 v, v16 w) {
  LANES w.f[i] = a.f[i] == b.f[i] ? v.f[i] : w.f[i];
  return w;
}
PXA_INLINE v16 v16_skip(v16 a, int lanes) {
  v16 r = v16_zero();
  memcpy(r.f, a.f + lanes, (size_t)(16 - lanes) * sizeof *r.f);
  return r;
}
PXA_INLINE v16 v16_skip4(v16 a) { return v16_skip(a, 4); }
PXA_INLINE v16 v16_skip8(v16 a) { return v16_skip(a, 8); }
PXA_INLINE float v16_sum(v16 a) {
  for (int d = 8; d > 0; d /= 2)
    for (int i = 0; i < d; i++)
      a.f[i] += a.f[i + d];
  return a.f[0];
}
PXA_INLINE v16 v16_load_u8(const uint8_t *p) {
  v16 r;
  LANES r.f[i] = p[i];
  return r;
}
PXA_INLINE void v16_store_u8(uint8_t *p, v16 a) { LANES p[i] = (uint8_t)a.f[i]; }
PXA_INLINE v16 v16_exp2(v16 n) {
  uint32_t bits[16];
  LANES bits[i] = n.f[i] == n.f[i] ? (uint32_t)((int)n.f[i] + 127) << 23 : 0;
  memcpy(n.f, bits, sizeof bits);
  return n;
}
PXA_INLINE v16 v16_exponent(v16 a) {
  uint32_t bits[16];
  memcpy(bits, a.f, sizeof bits);
  LANES a.f[i] = (float)((int)(bits[i] >> 23) - 127);
  return a;
}
PXA_INLINE v16 v16_mantissa(v16 a) {
  uint32_t bits[16];
  memcpy(bits, a.f, sizeof bits);
  LANES bits[i] = (bits[i] & 0x7FFFFF) | 127u << 23;
  memcpy(a.f, bits, sizeof bits);
  return a;
}
PXA_INLINE unsigned v16_nonzero(v16 a) {
  unsigned mask = 0;
  LANES mask |= (unsigned)(a.f[i] != 0) << i;
  return mask;
}

PXA_INLINE v16 v16_fma_scalar(v16 s, v16 w, float x) {
  LANES s.f[i] += w.f[i] * x;
  return s;
}
typedef const float *in4;
PXA_INLINE in4 in4_load(const float *p) { return p; }
PXA_INLINE v16 v16_fma_lane(v16 s, v16 w, in4 x, int lane) { return v16_fma_scalar(s, w, x[lane]); }

#undef LANES

#endif
