// SPDX-License-Identifier: MIT
//
// The vocabulary: types and functions in which every kernel is written once. A file that compiles kernels defines
// PXA_SIMD as the name of an instruction set (scalar, avx2, …), then includes simd.h. This includes the header of the
// instruction set, <name>.h. Each such header defines:
//
//   v16                        16 floats: one block of channels, or 16 neighbouring pixels of an image
//   v16_zero() v16_set1(a)     every lane 0, every lane a
//   v16_load(p) v16_store(p, a)      16 floats at an address that is a multiple of 64
//   v16_loadu(p) v16_storeu(p, a)    16 floats at any address of a float
//   v16_loadn(p, n) v16_storen(p, a, n)   the first n floats, 0 ≤ n ≤ 16: other lanes are 0, other floats keep
//                                         their values
//   v16_first(a, n)            a in the first n lanes, 0 ≤ n ≤ 16, and 0 in the others
//   v16_add v16_sub v16_mul v16_div (a, b)   lane by lane
//   v16_max v16_min (a, b)     lane by lane; NaN where b is NaN. So a clamp gets its bounds first and the value second:
//                              otherwise it would turn NaN, the sign of an overflow before it, into a plausible number
//   v16_sqrt(a)                the square root of each lane
//   v16_fma(s, a, b)           s + a·b, rounded once or twice, as the instruction set does
//   v16_positive(v, m)         v where m > 0, else 0
//   v16_inside(v, m, a, b)     v where a < m < b, else 0
//   v16_select_gt(a, b, v, w)  v where a > b, else w
//   v16_select_eq(a, b, v, w)  v where a = b, else w
//   v16_skip4(a) v16_skip8(a)  the lanes from 4 or 8 on, moved to lane 0, and zeros behind them
//   v16_sum(a)                 the sum of the lanes in one fixed tree: pairs at distance 8, then 4, 2 and 1
//   v16_load_u8(p) v16_store_u8(p, a)   16 whole numbers from 0 to 255 as bytes
//   v16_exp2(n)                2ⁿ for whole n from −126 to 127; any number where n is NaN
//   v16_exponent(a) v16_mantissa(a)   n and m of a normal number m·2ⁿ > 0 with n whole and 1 ≤ m < 2
//   v16_nonzero(a)             a bit for every lane that is not zero, bit 0 for lane 0; NaN is not zero
//   v16_fma_scalar(s, w, x)    s + w·x, where x is one float
//   in4, in4_load(p)           4 neighbouring floats of an input pixel
//   v16_fma_lane(s, w, x, k)   s + w·x[k], where x is an in4
//
// and also:
//
//   simd_runs_here()           whether this CPU has the instruction set and its operating system saves the registers
//   PXA_FEATURES               the argument of clang's attribute `target`, if the architecture does not always have the
//                              instruction set
//   TILE_BLOCKS TILE_PIXELS    blocks × pixels of a convolution's tile: these sums, the weights and the input fit the
//                              registers
//   DEPTHWISE_PIXELS           pixels of a depthwise convolution's tile, which has one block
//   SPARSE_COST                the time that the sparse convolution takes per nonzero value, if the dense one takes 1
//                              per value

#ifndef PXA_SIMD_H
#define PXA_SIMD_H

#include "compiler.h"

#ifndef PXA_SIMD
#define PXA_SIMD scalar // for an editor that opens the header of a kernel alone
#endif

#include PXA_STRING(PXA_SIMD.h)

// Functions that use the vocabulary go between these two macros, after every system header: if the attribute applied to
// a system header's functions, it could contradict their own attributes.
#ifdef PXA_FEATURES
#define PXA_BEGIN_SIMD PXA_PRAGMA(clang attribute push(__attribute__((target(PXA_FEATURES))), apply_to = function))
#define PXA_END_SIMD PXA_PRAGMA(clang attribute pop)
#else
#define PXA_BEGIN_SIMD
#define PXA_END_SIMD
#endif

#endif
