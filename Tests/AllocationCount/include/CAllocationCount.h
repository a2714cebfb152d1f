// SPDX-License-Identifier: MIT
// Counts what a program allocates, for tests and benchmarks: who links this gets its malloc. glibc only.

#ifndef CALLOCATIONCOUNT_H
#define CALLOCATIONCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether anything is counted here.
bool pxa_allocations_are_counted(void);

/// Blocks the calling thread has allocated so far.
int64_t pxa_allocations_of_thread(void);

/// Blocks all threads have allocated so far.
int64_t pxa_allocations_of_process(void);

#ifdef __cplusplus
}
#endif

#endif
