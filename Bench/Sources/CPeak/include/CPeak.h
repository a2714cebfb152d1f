// SPDX-License-Identifier: MIT
//
// How many multiplications and additions a core does at most: chains of them that never leave the registers.

#ifndef CPEAK_H
#define CPEAK_H

#include <stdint.h>

/// Floating point operations (a multiplication or an addition is one) of a round of an instruction set's chains; 0 if
/// this build has none for that name.
int64_t peak_round_operations(const char *set);

/// Runs `rounds` of them. The instruction set must run on this CPU.
void peak_run(const char *set, int64_t rounds);

#endif
