// SPDX-License-Identifier: MIT
#include <stdint.h>

#include "../simd/simd.h"
#ifdef PXA_HAS_NEON
#include "../simd/neon.h"
#define TABLE neon
#include "table.h"
#endif
