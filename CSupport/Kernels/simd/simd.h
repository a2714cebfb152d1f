// SPDX-License-Identifier: MIT
//
// Which instruction sets a build holds: the only place that asks for the architecture. A file table_<set>.c names its
// set and includes table.h, which takes the vocabulary from <set>.h:
//
//   v16                       16 floats: one block of channels, or 16 neighbouring pixels of an image
//   v16_zero v16_set1         constants
//   v16_load v16_store        64-byte aligned; …u unaligned; …n the first n floats only, the others zero or untouched
//   v16_first(a, n)           the first n lanes, the others zero
//   v16_add v16_sub v16_mul v16_div v16_max v16_min   lane by lane
//   v16_fma(s, a, b)          s + a·b, rounded as the instruction set does
//   v16_positive(v, m)        v where m > 0, else 0
//   v16_inside(v, m, a, b)    v where a < m < b, else 0
//   v16_select_gt(a, b, v, w) v where a > b, else w
//   v16_select_eq(a, b, v, w) v where a = b, else w
//   v16_skip4 v16_skip8       lanes from 4, from 8 on, moved to the beginning; zeros after them
//   v16_sum                   sum of the lanes, a fixed tree: distance 8, 4, 2, 1
//   v16_load_u8 v16_store_u8  16 small integers from and to bytes
//   v16_exp2(n)               2ⁿ, n whole, −126 … 127
//   v16_exponent v16_mantissa whole n and m in [1, 2) of a normal number m·2ⁿ > 0
//   v16_nonzero               a bit for each lane that is not zero, lane 0 the lowest
//   in4                       4 neighbouring floats of an input pixel, each to be multiplied with a whole block:
//   in4_load  v16_fma_lane(s, w, x, lane)   s + w·x[lane]
//   v16_fma_scalar(s, w, x)   s + w·x
//   TILE_BLOCKS TILE_PIXELS   blocks × pixels of accumulators that fit the registers beside weights and input
//   DEPTHWISE_PIXELS          the same of a depthwise convolution, of one block
//   SPARSE_VALUE              what a value takes where zeros are skipped, in values of a dense convolution

#ifndef PXA_SIMD_H
#define PXA_SIMD_H

#include "compiler.h"

#if defined(__x86_64__)
#define PXA_HAS_AVX2 1
#define PXA_HAS_AVX512 1
#elif defined(__aarch64__)
#define PXA_HAS_NEON 1
#endif

#endif
