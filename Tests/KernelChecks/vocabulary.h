// SPDX-License-Identifier: MIT
// The checks that are compiled once for each instruction set, and that vocabulary.c calls.

#ifndef VOCABULARY_H
#define VOCABULARY_H

#include "check.h"

// The checks of one instruction set's vocabulary.
typedef struct {
  void (*memory)(check *c);
  void (*arithmetic)(check *c);
  void (*fused)(check *c);
  void (*choices)(check *c);
  void (*lanes)(check *c);
  void (*conversions)(check *c);
} vocabulary_checks;

#endif
