// SPDX-License-Identifier: MIT
#define PXA_SIMD scalar
#include "table.h"
