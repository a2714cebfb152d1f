// SPDX-License-Identifier: MIT
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "simd.h"
#ifdef PXA_HAS_AVX512
#include "simd_avx512.h"
#define TABLE avx512
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,bmi"))),             \
                             apply_to = function)
#include "table.h"
#pragma clang attribute pop
#endif
