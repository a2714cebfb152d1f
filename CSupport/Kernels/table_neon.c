// SPDX-License-Identifier: MIT
#include <stdint.h>

#include "simd.h"
#ifdef PXA_HAS_NEON
#include "simd_neon.h"
#define TABLE neon
#include "table.h"
#endif
