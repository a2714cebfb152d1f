// SPDX-License-Identifier: MIT
// The vocabulary of simd.h for AVX-512 (F, BW, DQ, VL): a block is one of the 32 registers.

#ifndef PXA_SIMD_AVX512_H
#define PXA_SIMD_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

// Registers: 2 blocks × 14 pixels of sums, 2 of weights, 1 of input: 31 of 32.
#define TILE_BLOCKS 2
#define TILE_PIXELS 14
#define DEPTHWISE_PIXELS 14
#define SPARSE_COST 2.f

#define PXA_FEATURES "avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,bmi"

PXA_INLINE bool simd_runs_here(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi");
}

#pragma clang attribute push(__attribute__((target(PXA_FEATURES))), apply_to = function)

typedef struct {
  __m512 v;
} v16;

PXA_INLINE v16 v16_set1(float a) { return (v16){_mm512_set1_ps(a)}; }
PXA_INLINE v16 v16_zero(void) { return v16_set1(0); }
PXA_INLINE v16 v16_load(const float *p) { return (v16){_mm512_load_ps(p)}; }
PXA_INLINE v16 v16_loadu(const float *p) { return (v16){_mm512_loadu_ps(p)}; }
PXA_INLINE void v16_store(float *p, v16 a) { _mm512_store_ps(p, a.v); }
PXA_INLINE void v16_storeu(float *p, v16 a) { _mm512_storeu_ps(p, a.v); }
PXA_INLINE __mmask16 v16_mask(int n) { return (__mmask16)((1u << n) - 1); }
PXA_INLINE v16 v16_loadn(const float *p, int n) { return (v16){_mm512_maskz_loadu_ps(v16_mask(n), p)}; }
PXA_INLINE void v16_storen(float *p, v16 a, int n) { _mm512_mask_storeu_ps(p, v16_mask(n), a.v); }
PXA_INLINE v16 v16_first(v16 a, int n) { return (v16){_mm512_maskz_mov_ps(v16_mask(n), a.v)}; }
PXA_INLINE v16 v16_add(v16 a, v16 b) { return (v16){_mm512_add_ps(a.v, b.v)}; }
PXA_INLINE v16 v16_sub(v16 a, v16 b) { return (v16){_mm512_sub_ps(a.v, b.v)}; }
PXA_INLINE v16 v16_mul(v16 a, v16 b) { return (v16){_mm512_mul_ps(a.v, b.v)}; }
PXA_INLINE v16 v16_div(v16 a, v16 b) { return (v16){_mm512_div_ps(a.v, b.v)}; }
PXA_INLINE v16 v16_sqrt(v16 a) { return (v16){_mm512_sqrt_ps(a.v)}; }
PXA_INLINE v16 v16_max(v16 a, v16 b) { return (v16){_mm512_max_ps(a.v, b.v)}; }
PXA_INLINE v16 v16_min(v16 a, v16 b) { return (v16){_mm512_min_ps(a.v, b.v)}; }
PXA_INLINE v16 v16_fma(v16 s, v16 a, v16 b) { return (v16){_mm512_fmadd_ps(a.v, b.v, s.v)}; }
PXA_INLINE v16 v16_positive(v16 v, v16 m) {
  return (v16){_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(m.v, _mm512_setzero_ps(), _CMP_GT_OQ), v.v)};
}
PXA_INLINE v16 v16_inside(v16 v, v16 m, v16 low, v16 high) {
  __mmask16 above = _mm512_cmp_ps_mask(m.v, low.v, _CMP_GT_OQ);
  return (v16){_mm512_maskz_mov_ps(_mm512_mask_cmp_ps_mask(above, m.v, high.v, _CMP_LT_OQ), v.v)};
}
PXA_INLINE v16 v16_select_gt(v16 a, v16 b, v16 v, v16 w) {
  return (v16){_mm512_mask_mov_ps(w.v, _mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ), v.v)};
}
PXA_INLINE v16 v16_select_eq(v16 a, v16 b, v16 v, v16 w) {
  return (v16){_mm512_mask_mov_ps(w.v, _mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ), v.v)};
}
PXA_INLINE v16 v16_skip4(v16 a) { return (v16){_mm512_maskz_shuffle_f32x4(0x0FFF, a.v, a.v, 0x39)}; }
PXA_INLINE v16 v16_skip8(v16 a) { return (v16){_mm512_maskz_shuffle_f32x4(0x00FF, a.v, a.v, 0x4E)}; }
PXA_INLINE float v16_sum(v16 a) {
  __m256 s8 = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  __m128 s4 = _mm_add_ps(_mm256_castps256_ps128(s8), _mm256_extractf128_ps(s8, 1));
  __m128 s2 = _mm_add_ps(s4, _mm_movehl_ps(s4, s4));
  return _mm_cvtss_f32(_mm_add_ss(s2, _mm_shuffle_ps(s2, s2, 1)));
}
PXA_INLINE v16 v16_load_u8(const uint8_t *p) {
  return (v16){_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)))};
}
PXA_INLINE void v16_store_u8(uint8_t *p, v16 a) {
  _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(a.v)));
}
PXA_INLINE v16 v16_exp2(v16 n) {
  __m512i biased = _mm512_add_epi32(_mm512_cvttps_epi32(n.v), _mm512_set1_epi32(127));
  return (v16){_mm512_castsi512_ps(_mm512_slli_epi32(biased, 23))};
}
PXA_INLINE v16 v16_exponent(v16 a) {
  __m512i biased = _mm512_srli_epi32(_mm512_castps_si512(a.v), 23);
  return (v16){_mm512_cvtepi32_ps(_mm512_sub_epi32(biased, _mm512_set1_epi32(127)))};
}
PXA_INLINE v16 v16_mantissa(v16 a) {
  __m512i fraction = _mm512_and_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(0x7FFFFF));
  return (v16){_mm512_castsi512_ps(_mm512_or_si512(fraction, _mm512_castps_si512(_mm512_set1_ps(1))))};
}
PXA_INLINE unsigned v16_nonzero(v16 a) { return _mm512_cmp_ps_mask(a.v, _mm512_setzero_ps(), _CMP_NEQ_UQ); }

PXA_INLINE v16 v16_fma_scalar(v16 s, v16 w, float x) { return v16_fma(s, w, v16_set1(x)); }
// A broadcast reads straight from memory, so an in4 is only a pointer.
typedef const float *in4;
PXA_INLINE in4 in4_load(const float *p) { return p; }
PXA_INLINE v16 v16_fma_lane(v16 s, v16 w, in4 x, int lane) { return v16_fma_scalar(s, w, x[lane]); }

#pragma clang attribute pop

#endif
