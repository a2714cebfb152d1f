// SPDX-License-Identifier: MIT
// The kernels of instruction set 2, if this architecture has it.

#include "../simd/instruction_sets.h"

#ifdef PXA_SET_2
#define PXA_SIMD PXA_SET_2
#include "table.h"
#endif
