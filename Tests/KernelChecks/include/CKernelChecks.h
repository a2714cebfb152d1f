// SPDX-License-Identifier: MIT
//
// What the kernels of CPixelKernels.h must hold, each compared with CPixelReference. In C, so that it also runs where
// there is no Swift. No array can be overrun unseen: each ends, and in a second round begins, where memory ends.

#ifndef CKERNELCHECKS_H
#define CKERNELCHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CPixelKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Number of checks.
int32_t pxa_checks_count(void);

/// What check `index` says of the kernels, in a few words.
const char *pxa_check_title(int32_t index);

/// Runs check `index` on the kernels of one instruction set. False if something failed: then `message` tells what failed
/// first and how often. A kernel that leaves its arrays gets SIGSEGV or SIGBUS.
bool pxa_check_run(int32_t index, const pxa_kernels *kernels, char *message, size_t message_size);

#ifdef __cplusplus
}
#endif

#endif
