// SPDX-License-Identifier: MIT
// The kernels of instruction set 1, if this architecture has it.

#include "../simd/instruction_sets.h"

#ifdef PXA_SET_1
#define PXA_SIMD PXA_SET_1
#include "table.h"
#endif
