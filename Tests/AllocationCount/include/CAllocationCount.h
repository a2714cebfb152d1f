// SPDX-License-Identifier: MIT
// Counts the allocations of a program, for tests and benchmarks: it replaces malloc and its relatives in every program
// that links it. With glibc only, and not with the address or thread sanitizer.

#ifndef CALLOCATIONCOUNT_H
#define CALLOCATIONCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Returns whether this build counts allocations.
bool pxa_allocations_are_counted(void);

/// Returns how many blocks the calling thread has allocated so far.
int64_t pxa_allocations_of_thread(void);

/// Returns how many blocks all threads have allocated so far.
int64_t pxa_allocations_of_process(void);

#ifdef __cplusplus
}
#endif

#endif
