// SPDX-License-Identifier: MIT
#ifdef __x86_64__
#define PXA_SIMD avx512
#include "table.h"
#endif
