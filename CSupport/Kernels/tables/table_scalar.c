// SPDX-License-Identifier: MIT
#include <stdint.h>

#include "../simd/simd.h"
#include "../simd/scalar.h"
#define TABLE scalar
#include "table.h"
