// SPDX-License-Identifier: MIT
// Macros for the compiler and the preprocessor.

#ifndef PXA_COMPILER_H
#define PXA_COMPILER_H

// A function that is always inlined: an argument that is a constant at the call is a constant in the body.
#define PXA_INLINE static inline __attribute__((always_inline, unused))

// Unrolls the next loop completely, so that an array of vectors that the loop indexes stays in registers.
#define UNROLL _Pragma("clang loop unroll(full)")

// A pragma whose text may contain macros.
#define PXA_PRAGMA(...) PXA_PRAGMA_(__VA_ARGS__)
#define PXA_PRAGMA_(...) _Pragma(#__VA_ARGS__)

// PXA_STRING makes a string, and PXA_JOIN an identifier, of its arguments. Macros in the arguments are replaced first.
#define PXA_STRING(text) PXA_STRING_(text)
#define PXA_STRING_(text) #text
#define PXA_JOIN(a, b) PXA_JOIN_(a, b)
#define PXA_JOIN_(a, b) a##b

#endif
