// SPDX-License-Identifier: MIT
// Checks the vocabulary of simd.h, in which the kernels are written: each function gives the bits of plain C.

#include "vocabulary.h"

#include <string.h>

#include "../../CSupport/Kernels/simd/compiler.h"
#include "../../CSupport/Kernels/simd/instruction_sets.h"

#define DECLARE(set) extern const vocabulary_checks PXA_JOIN(vocabulary_checks_, set);
#define ENTRY(set) {PXA_STRING(set), &PXA_JOIN(vocabulary_checks_, set)},

PXA_EACH_SET(DECLARE)

static const struct {
  const char *name;
  const vocabulary_checks *checks;
} sets[] = {PXA_EACH_SET(ENTRY)};

// Returns the checks of the instruction set whose kernels `c` checks.
static const vocabulary_checks *checks_of(const check *c) {
  size_t i = 0;
  while (strcmp(sets[i].name, c->kernels->name) != 0)
    i++;
  return sets[i].checks;
}

static void memory(check *c) { checks_of(c)->memory(c); }
static void arithmetic(check *c) { checks_of(c)->arithmetic(c); }
static void fused(check *c) { checks_of(c)->fused(c); }
static void choices(check *c) { checks_of(c)->choices(c); }
static void lanes(check *c) { checks_of(c)->lanes(c); }
static void conversions(check *c) { checks_of(c)->conversions(c); }

const check_entry check_vocabulary[] = {
    {"the vocabulary loads and stores any number of lanes", memory},
    {"the vocabulary computes as C does", arithmetic},
    {"the vocabulary always rounds a product and its sum in the same way", fused},
    {"the vocabulary chooses lanes, also for NaN and zeros of both signs", choices},
    {"the vocabulary moves and sums lanes", lanes},
    {"the vocabulary converts bytes and powers of 2", conversions},
    {0},
};
