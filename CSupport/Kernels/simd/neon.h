// SPDX-License-Identifier: MIT
// The vocabulary of simd.h for NEON (AArch64): a block is four of the 32 registers.

#ifndef PXA_SIMD_NEON_H
#define PXA_SIMD_NEON_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "compiler.h"

// Registers: 5 pixels × 4 of sums, 4 of weights, 5 of input (4 channels each): 29 of 32.
#define TILE_BLOCKS 1
#define TILE_PIXELS 5
#define DEPTHWISE_PIXELS 4
#define SPARSE_COST 2.f

PXA_INLINE bool simd_runs_here(void) { return true; } // NEON is part of AArch64

typedef struct {
  float32x4_t q[4];
} v16;

#define QUADS for (int i = 0; i < 4; i++)

PXA_INLINE v16 v16_set1(float a) {
  v16 r;
  QUADS r.q[i] = vdupq_n_f32(a);
  return r;
}
PXA_INLINE v16 v16_zero(void) { return v16_set1(0); }
PXA_INLINE v16 v16_loadu(const float *p) {
  v16 r;
  QUADS r.q[i] = vld1q_f32(p + 4 * i);
  return r;
}
PXA_INLINE void v16_storeu(float *p, v16 a) { QUADS vst1q_f32(p + 4 * i, a.q[i]); }
PXA_INLINE v16 v16_load(const float *p) { return v16_loadu(p); }
PXA_INLINE void v16_store(float *p, v16 a) { v16_storeu(p, a); }
// NEON has no masked loads and stores, so part of a block goes through an array on the stack.
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
#define LANE_BY_LANE(name, instruction)                                                                                \
  PXA_INLINE v16 name(v16 a, v16 b) {                                                                                  \
    QUADS a.q[i] = instruction(a.q[i], b.q[i]);                                                                        \
    return a;                                                                                                          \
  }
LANE_BY_LANE(v16_add, vaddq_f32)
LANE_BY_LANE(v16_sub, vsubq_f32)
LANE_BY_LANE(v16_mul, vmulq_f32)
LANE_BY_LANE(v16_div, vdivq_f32)
LANE_BY_LANE(v16_max, vmaxq_f32)
LANE_BY_LANE(v16_min, vminq_f32)
PXA_INLINE v16 v16_sqrt(v16 a) {
  QUADS a.q[i] = vsqrtq_f32(a.q[i]);
  return a;
}
PXA_INLINE v16 v16_fma(v16 s, v16 a, v16 b) {
  QUADS s.q[i] = vfmaq_f32(s.q[i], a.q[i], b.q[i]);
  return s;
}
PXA_INLINE v16 v16_select_gt(v16 a, v16 b, v16 v, v16 w) {
  QUADS w.q[i] = vbslq_f32(vcgtq_f32(a.q[i], b.q[i]), v.q[i], w.q[i]);
  return w;
}
PXA_INLINE v16 v16_select_eq(v16 a, v16 b, v16 v, v16 w) {
  QUADS w.q[i] = vbslq_f32(vceqq_f32(a.q[i], b.q[i]), v.q[i], w.q[i]);
  return w;
}
PXA_INLINE v16 v16_positive(v16 v, v16 m) { return v16_select_gt(m, v16_zero(), v, v16_zero()); }
PXA_INLINE float32x4_t v4_where(float32x4_t v, uint32x4_t mask) {
  return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), mask));
}
PXA_INLINE v16 v16_inside(v16 v, v16 m, v16 low, v16 high) {
  QUADS v.q[i] = v4_where(v.q[i], vandq_u32(vcgtq_f32(m.q[i], low.q[i]), vcltq_f32(m.q[i], high.q[i])));
  return v;
}
PXA_INLINE v16 v16_skip4(v16 a) { return (v16){{a.q[1], a.q[2], a.q[3], vdupq_n_f32(0)}}; }
PXA_INLINE v16 v16_skip8(v16 a) { return (v16){{a.q[2], a.q[3], vdupq_n_f32(0), vdupq_n_f32(0)}}; }
PXA_INLINE float v16_sum(v16 a) {
  float32x4_t s4 = vaddq_f32(vaddq_f32(a.q[0], a.q[2]), vaddq_f32(a.q[1], a.q[3]));
  float32x2_t s2 = vadd_f32(vget_low_f32(s4), vget_high_f32(s4));
  return vget_lane_f32(s2, 0) + vget_lane_f32(s2, 1);
}
PXA_INLINE v16 v16_load_u8(const uint8_t *p) {
  uint8x16_t bytes = vld1q_u8(p);
  uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_u8(vget_high_u8(bytes));
  return (v16){{vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(low))),
                vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(high)))}};
}
PXA_INLINE void v16_store_u8(uint8_t *p, v16 a) {
  uint16x4_t h[4];
  QUADS h[i] = vmovn_u32(vcvtq_u32_f32(a.q[i]));
  vst1q_u8(p, vcombine_u8(vmovn_u16(vcombine_u16(h[0], h[1])), vmovn_u16(vcombine_u16(h[2], h[3]))));
}
PXA_INLINE v16 v16_exp2(v16 n) {
  QUADS n.q[i] = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n.q[i]), vdupq_n_s32(127)), 23));
  return n;
}
PXA_INLINE v16 v16_exponent(v16 a) {
  QUADS a.q[i] = vsubq_f32(vcvtq_f32_u32(vshrq_n_u32(vreinterpretq_u32_f32(a.q[i]), 23)), vdupq_n_f32(127));
  return a;
}
PXA_INLINE v16 v16_mantissa(v16 a) {
  uint32x4_t one = vreinterpretq_u32_f32(vdupq_n_f32(1));
  QUADS a.q[i] = vreinterpretq_f32_u32(vorrq_u32(vandq_u32(vreinterpretq_u32_f32(a.q[i]), vdupq_n_u32(0x7FFFFF)), one));
  return a;
}
PXA_INLINE unsigned v16_nonzero(v16 a) {
  const uint32x4_t bits = {1, 2, 4, 8};
  unsigned mask = 0;
  QUADS mask |= vaddvq_u32(vbicq_u32(bits, vceqzq_f32(a.q[i]))) << 4 * i;
  return mask;
}

PXA_INLINE v16 v16_fma_scalar(v16 s, v16 w, float x) {
  QUADS s.q[i] = vfmaq_n_f32(s.q[i], w.q[i], x);
  return s;
}
typedef float32x4_t in4;
PXA_INLINE in4 in4_load(const float *p) { return vld1q_f32(p); }
// Once the loops are unrolled, `lane` is a constant, and this is an fmla with a lane index.
PXA_INLINE v16 v16_fma_lane(v16 s, v16 w, in4 x, int lane) { return v16_fma_scalar(s, w, x[lane]); }

#undef LANE_BY_LANE
#undef QUADS

#endif
