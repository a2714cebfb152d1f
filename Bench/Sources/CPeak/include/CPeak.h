// SPDX-License-Identifier: MIT
//
// Chains of multiplications and additions that never leave the registers. Timing them gives the most operations that a
// core can do per second.

#ifndef CPEAK_H
#define CPEAK_H

#include <stdint.h>

/// Returns the floating point operations of one round of an instruction set's chains; a multiplication is one and an
/// addition is one. Returns 0 if this build has no chains for that name.
int64_t peak_round_operations(const char *set);

/// Runs `rounds` rounds of an instruction set's chains. This CPU must have the instruction set.
void peak_run(const char *set, int64_t rounds);

#endif
