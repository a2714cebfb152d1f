// SPDX-License-Identifier: MIT
//
// Chains of multiplications and additions that never leave the registers. Timing them gives the most operations that a
// core can do per second.

#ifndef CPEAK_H
#define CPEAK_H

#include <stdint.h>

/// Returns the number of floating-point operations, multiplications and additions, in one round of an instruction set's
/// chains; 0 if this build has no chains of that name.
int64_t peak_round_operations(const char *set);

/// Runs `rounds` rounds of an instruction set's chains. This CPU must have the instruction set.
void peak_run(const char *set, int64_t rounds);

#endif
