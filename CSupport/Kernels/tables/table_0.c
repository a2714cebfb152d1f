// SPDX-License-Identifier: MIT
// The kernels of instruction set 0, if this architecture has it.

#include "../simd/instruction_sets.h"

#ifdef PXA_SET_0
#define PXA_SIMD PXA_SET_0
#include "table.h"
#endif
