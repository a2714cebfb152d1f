// SPDX-License-Identifier: MIT
// What the kernels ask of the compiler.

#ifndef PXA_COMPILER_H
#define PXA_COMPILER_H

// Unrolls the loop that follows completely, so that arrays of vectors that it indexes become registers.
#define UNROLL _Pragma("clang loop unroll(full)")

// A function that is always inlined: what it is given as a constant is a constant in its body.
#define PXA_INLINE static inline __attribute__((always_inline, unused))

#endif
