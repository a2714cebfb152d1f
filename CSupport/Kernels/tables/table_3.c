// SPDX-License-Identifier: MIT
// The kernels of instruction set 3, if this architecture has it.

#include "../simd/instruction_sets.h"

#ifdef PXA_SET_3
#define PXA_SIMD PXA_SET_3
#include "table.h"
#endif
