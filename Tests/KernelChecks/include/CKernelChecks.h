// SPDX-License-Identifier: MIT
//
// Checks that compare the kernels of CPixelKernels.h with CPixelReference. They are in C, so that they also run where
// Swift is not installed. A kernel that reads or writes outside its arrays crashes: unreadable memory follows each
// array in a first round, and precedes it in a second.

#ifndef CKERNELCHECKS_H
#define CKERNELCHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CPixelKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Returns the number of checks.
int32_t pxa_checks_count(void);

/// Returns, in a few words, what check `index` expects of the kernels.
const char *pxa_check_title(int32_t index);

/// Runs check `index` on the kernels of one instruction set. Returns whether they passed. If not, `message` says what
/// failed first and how many failures followed. A kernel that leaves its arrays gets SIGSEGV or SIGBUS.
bool pxa_check_run(int32_t index, const pxa_kernels *kernels, char *message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
