// SPDX-License-Identifier: MIT
//
// The instruction sets of a build, from the slowest to the fastest. A set needs its header and one line here:
// tables/table_<n>.c compiles every kernel for set n, and Tests/KernelChecks/vocabulary_<n>.c compiles the checks of
// its vocabulary.

#ifndef PXA_INSTRUCTION_SETS_H
#define PXA_INSTRUCTION_SETS_H

#define PXA_SET_0 scalar
#if defined(__x86_64__)
#define PXA_SET_1 avx2
#define PXA_SET_2 avx512
#elif defined(__aarch64__)
#define PXA_SET_1 neon
#endif

// Expands ITEM(name) for every set, in this order.
#if defined(PXA_SET_4)
#error "a fifth set on one architecture needs a table_4.c, a vocabulary_4.c and a line below"
#elif defined(PXA_SET_3)
#define PXA_EACH_SET(ITEM) ITEM(PXA_SET_0) ITEM(PXA_SET_1) ITEM(PXA_SET_2) ITEM(PXA_SET_3)
#elif defined(PXA_SET_2)
#define PXA_EACH_SET(ITEM) ITEM(PXA_SET_0) ITEM(PXA_SET_1) ITEM(PXA_SET_2)
#elif defined(PXA_SET_1)
#define PXA_EACH_SET(ITEM) ITEM(PXA_SET_0) ITEM(PXA_SET_1)
#else
#define PXA_EACH_SET(ITEM) ITEM(PXA_SET_0)
#endif

#endif
