// SPDX-License-Identifier: MIT
#ifdef __aarch64__
#define PXA_SIMD neon
#include "table.h"
#endif
