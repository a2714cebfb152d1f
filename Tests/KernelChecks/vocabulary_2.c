// SPDX-License-Identifier: MIT
// The checks of the vocabulary of instruction set 2, if this architecture has it.

#include "../../CSupport/Kernels/simd/instruction_sets.h"

#ifdef PXA_SET_2
#define PXA_SIMD PXA_SET_2
#include "vocabulary_set.h"
#endif
