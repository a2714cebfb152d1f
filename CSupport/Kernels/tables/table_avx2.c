// SPDX-License-Identifier: MIT
// The system's headers come before the attribute, which would be laid on their functions too.
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../simd/simd.h"
#ifdef PXA_HAS_AVX2
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,popcnt,bmi"))), apply_to = function)
#include "../simd/avx2.h"
#define TABLE avx2
#include "table.h"
#pragma clang attribute pop
#endif
