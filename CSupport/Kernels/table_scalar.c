// SPDX-License-Identifier: MIT
#include <stdint.h>

#include "simd.h"
#include "simd_scalar.h"
#define TABLE scalar
#include "table.h"
