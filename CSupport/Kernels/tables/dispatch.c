// SPDX-License-Identifier: MIT
// The list of the tables of kernels in this build.

#include "../simd/compiler.h"
#include "../simd/instruction_sets.h"
#include "CPixelKernels.h"

#define DECLARE(set) extern const pxa_kernels PXA_JOIN(pxa_kernels_, set);
#define ADDRESS(set) &PXA_JOIN(pxa_kernels_, set),

PXA_EACH_SET(DECLARE)

static const pxa_kernels *const tables[] = {PXA_EACH_SET(ADDRESS)};

int32_t pxa_kernels_count(void) { return sizeof tables / sizeof *tables; }

const pxa_kernels *pxa_kernels_at(int32_t index) { return tables[index]; }

bool pxa_kernels_run_here(const pxa_kernels *kernels) { return kernels->runs_here(); }
