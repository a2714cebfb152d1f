// SPDX-License-Identifier: MIT
// The tables this build holds, slowest first, and whether this machine runs them.

#include "CPixelKernels.h"

extern const pxa_kernels pxa_kernels_scalar;
#ifdef __x86_64__
extern const pxa_kernels pxa_kernels_avx2;
#endif
#ifdef __x86_64__
extern const pxa_kernels pxa_kernels_avx512;
#endif
#ifdef __aarch64__
extern const pxa_kernels pxa_kernels_neon;
#endif

static const pxa_kernels *const tables[] = {
    &pxa_kernels_scalar,
#ifdef __x86_64__
    &pxa_kernels_avx2,
#endif
#ifdef __x86_64__
    &pxa_kernels_avx512,
#endif
#ifdef __aarch64__
    &pxa_kernels_neon,
#endif
};

int32_t pxa_kernels_count(void) { return sizeof tables / sizeof *tables; }

const pxa_kernels *pxa_kernels_at(int32_t index) { return tables[index]; }

bool pxa_kernels_run_here(const pxa_kernels *kernels) {
  // These ask the CPU, and the operating system whether it saves the wide registers.
#ifdef __x86_64__
  if (kernels == &pxa_kernels_avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
#endif
#ifdef __x86_64__
  if (kernels == &pxa_kernels_avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
#endif
  (void)kernels; // scalar runs everywhere, NEON on every AArch64
  return true;
}
