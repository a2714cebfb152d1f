// SPDX-License-Identifier: MIT
// The checks of the vocabulary of instruction set 0, if this architecture has it.

#include "../../CSupport/Kernels/simd/instruction_sets.h"

#ifdef PXA_SET_0
#define PXA_SIMD PXA_SET_0
#include "vocabulary_set.h"
#endif
