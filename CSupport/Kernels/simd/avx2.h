// SPDX-License-Identifier: MIT
// The vocabulary of simd.h for AVX2 + FMA: a block is two of the 16 registers.

#ifndef PXA_SIMD_AVX2_H
#define PXA_SIMD_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

// Registers: 6 pixels × 2 of sums, 2 of weights, 1 of input: 15 of 16.
#define TILE_BLOCKS 1
#define TILE_PIXELS 6
// Depthwise: 4 pixels × 2 of sums, 3 × 2 of weights, 2 of input: 16 of 16.
#define DEPTHWISE_PIXELS 4
#define SPARSE_COST 1.5f

#define PXA_FEATURES "avx2,fma,popcnt,bmi"

PXA_INLINE bool simd_runs_here(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt") &&
         __builtin_cpu_supports("bmi");
}

#pragma clang attribute push(__attribute__((target(PXA_FEATURES))), apply_to = function)

typedef struct {
  __m256 lo, hi;
} v16;

PXA_INLINE v16 v16_set1(float a) { return (v16){_mm256_set1_ps(a), _mm256_set1_ps(a)}; }
PXA_INLINE v16 v16_zero(void) { return v16_set1(0); }
PXA_INLINE v16 v16_load(const float *p) { return (v16){_mm256_load_ps(p), _mm256_load_ps(p + 8)}; }
PXA_INLINE v16 v16_loadu(const float *p) { return (v16){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
PXA_INLINE void v16_store(float *p, v16 a) {
  _mm256_store_ps(p, a.lo);
  _mm256_store_ps(p + 8, a.hi);
}
PXA_INLINE void v16_storeu(float *p, v16 a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
PXA_INLINE __m256i v8_mask(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
PXA_INLINE v16 v16_loadn(const float *p, int n) {
  if (n == 16)
    return v16_loadu(p);
  return (v16){_mm256_maskload_ps(p, v8_mask(n)), _mm256_maskload_ps(p + 8, v8_mask(n - 8))};
}
PXA_INLINE void v16_storen(float *p, v16 a, int n) {
  if (n == 16) {
    v16_storeu(p, a);
    return;
  }
  _mm256_maskstore_ps(p, v8_mask(n), a.lo);
  _mm256_maskstore_ps(p + 8, v8_mask(n - 8), a.hi);
}
PXA_INLINE v16 v16_first(v16 a, int n) {
  return (v16){_mm256_and_ps(a.lo, _mm256_castsi256_ps(v8_mask(n))),
               _mm256_and_ps(a.hi, _mm256_castsi256_ps(v8_mask(n - 8)))};
}
PXA_INLINE v16 v16_add(v16 a, v16 b) { return (v16){_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)}; }
PXA_INLINE v16 v16_sub(v16 a, v16 b) { return (v16){_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)}; }
PXA_INLINE v16 v16_mul(v16 a, v16 b) { return (v16){_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)}; }
PXA_INLINE v16 v16_div(v16 a, v16 b) { return (v16){_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)}; }
PXA_INLINE v16 v16_sqrt(v16 a) { return (v16){_mm256_sqrt_ps(a.lo), _mm256_sqrt_ps(a.hi)}; }
PXA_INLINE v16 v16_max(v16 a, v16 b) { return (v16){_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)}; }
PXA_INLINE v16 v16_min(v16 a, v16 b) { return (v16){_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)}; }
PXA_INLINE v16 v16_fma(v16 s, v16 a, v16 b) {
  return (v16){_mm256_fmadd_ps(a.lo, b.lo, s.lo), _mm256_fmadd_ps(a.hi, b.hi, s.hi)};
}
PXA_INLINE v16 v16_positive(v16 v, v16 m) {
  __m256 zero = _mm256_setzero_ps();
  return (v16){_mm256_and_ps(v.lo, _mm256_cmp_ps(m.lo, zero, _CMP_GT_OQ)),
               _mm256_and_ps(v.hi, _mm256_cmp_ps(m.hi, zero, _CMP_GT_OQ))};
}
PXA_INLINE __m256 v8_inside(__m256 v, __m256 m, __m256 low, __m256 high) {
  return _mm256_and_ps(v, _mm256_and_ps(_mm256_cmp_ps(m, low, _CMP_GT_OQ), _mm256_cmp_ps(m, high, _CMP_LT_OQ)));
}
PXA_INLINE v16 v16_inside(v16 v, v16 m, v16 low, v16 high) {
  return (v16){v8_inside(v.lo, m.lo, low.lo, high.lo), v8_inside(v.hi, m.hi, low.hi, high.hi)};
}
PXA_INLINE v16 v16_select_gt(v16 a, v16 b, v16 v, v16 w) {
  return (v16){_mm256_blendv_ps(w.lo, v.lo, _mm256_cmp_ps(a.lo, b.lo, _CMP_GT_OQ)),
               _mm256_blendv_ps(w.hi, v.hi, _mm256_cmp_ps(a.hi, b.hi, _CMP_GT_OQ))};
}
PXA_INLINE v16 v16_select_eq(v16 a, v16 b, v16 v, v16 w) {
  return (v16){_mm256_blendv_ps(w.lo, v.lo, _mm256_cmp_ps(a.lo, b.lo, _CMP_EQ_OQ)),
               _mm256_blendv_ps(w.hi, v.hi, _mm256_cmp_ps(a.hi, b.hi, _CMP_EQ_OQ))};
}
PXA_INLINE v16 v16_skip8(v16 a) { return (v16){a.hi, _mm256_setzero_ps()}; }
PXA_INLINE v16 v16_skip4(v16 a) {
  return (v16){_mm256_permute2f128_ps(a.lo, a.hi, 0x21), _mm256_permute2f128_ps(a.hi, a.hi, 0x81)};
}
PXA_INLINE float v16_sum(v16 a) {
  __m256 s8 = _mm256_add_ps(a.lo, a.hi);
  __m128 s4 = _mm_add_ps(_mm256_castps256_ps128(s8), _mm256_extractf128_ps(s8, 1));
  __m128 s2 = _mm_add_ps(s4, _mm_movehl_ps(s4, s4));
  return _mm_cvtss_f32(_mm_add_ss(s2, _mm_shuffle_ps(s2, s2, 1)));
}
PXA_INLINE v16 v16_load_u8(const uint8_t *p) {
  __m128i bytes = _mm_loadu_si128((const __m128i *)p);
  return (v16){_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)),
               _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)))};
}
PXA_INLINE void v16_store_u8(uint8_t *p, v16 a) {
  __m256i words = _mm256_packus_epi32(_mm256_cvttps_epi32(a.lo), _mm256_cvttps_epi32(a.hi));
  words = _mm256_permute4x64_epi64(words, 0xD8);
  __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128((__m128i *)p, bytes);
}
PXA_INLINE __m256 v8_exp2(__m256 n) {
  __m256i biased = _mm256_add_epi32(_mm256_cvttps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}
PXA_INLINE v16 v16_exp2(v16 n) { return (v16){v8_exp2(n.lo), v8_exp2(n.hi)}; }
PXA_INLINE __m256 v8_exponent(__m256 a) {
  __m256i biased = _mm256_srli_epi32(_mm256_castps_si256(a), 23);
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(biased, _mm256_set1_epi32(127)));
}
PXA_INLINE v16 v16_exponent(v16 a) { return (v16){v8_exponent(a.lo), v8_exponent(a.hi)}; }
PXA_INLINE __m256 v8_mantissa(__m256 a) {
  __m256 fraction = _mm256_and_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFF)));
  return _mm256_or_ps(fraction, _mm256_set1_ps(1));
}
PXA_INLINE v16 v16_mantissa(v16 a) { return (v16){v8_mantissa(a.lo), v8_mantissa(a.hi)}; }
PXA_INLINE unsigned v16_nonzero(v16 a) {
  __m256 zero = _mm256_setzero_ps();
  return (unsigned)(_mm256_movemask_ps(_mm256_cmp_ps(a.lo, zero, _CMP_NEQ_UQ)) |
                    _mm256_movemask_ps(_mm256_cmp_ps(a.hi, zero, _CMP_NEQ_UQ)) << 8);
}

PXA_INLINE v16 v16_fma_scalar(v16 s, v16 w, float x) { return v16_fma(s, w, v16_set1(x)); }
// A broadcast reads straight from memory, so an in4 is only a pointer.
typedef const float *in4;
PXA_INLINE in4 in4_load(const float *p) { return p; }
PXA_INLINE v16 v16_fma_lane(v16 s, v16 w, in4 x, int lane) { return v16_fma_scalar(s, w, x[lane]); }

#pragma clang attribute pop

#endif
