// SPDX-License-Identifier: MIT
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "simd.h"
#ifdef PXA_HAS_AVX2
#include "simd_avx2.h"
#define TABLE avx2
#pragma clang attribute push(__attribute__((target("avx2,fma,popcnt,bmi"))), apply_to = function)
#include "table.h"
#pragma clang attribute pop
#endif
