// SPDX-License-Identifier: MIT
// The system's headers come before the attribute, which would be laid on their functions too.
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../simd/simd.h"
#ifdef PXA_HAS_AVX512
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,bmi"))),             \
                             apply_to = function)
#include "../simd/avx512.h"
#define TABLE avx512
#include "table.h"
#pragma clang attribute pop
#endif
