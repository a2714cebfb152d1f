// SPDX-License-Identifier: MIT

#include "CPeak.h"

#include <string.h>

#pragma STDC FP_CONTRACT ON

// Unknown to the compiler; and where the results go, so that they are computed at all.
static volatile float zero, sink;

// CHAINS registers of WIDTH floats, each again and again multiplied with a constant and added to another. Two constants
// and the chains fit the registers, and there are more chains than two units times a latency of 4 or 5 cycles.
#define CHAINS_OF(NAME, WIDTH, CHAINS)                                                                                 \
  typedef float NAME##_vector __attribute__((ext_vector_type(WIDTH)));                                                 \
  enum { NAME##_operations = 2 * (WIDTH) * (CHAINS) };                                                                 \
  static void NAME##_run(int64_t rounds) {                                                                             \
    NAME##_vector chains[CHAINS], factor = 0.75f + zero, term = 0.25f + zero;                                          \
    for (int i = 0; i < (CHAINS); i++)                                                                                 \
      chains[i] = (float)i + zero;                                                                                     \
    for (int64_t round = 0; round < rounds; round++)                                                                   \
      for (int i = 0; i < (CHAINS); i++)                                                                               \
        chains[i] = chains[i] * factor + term;                                                                         \
    for (int i = 1; i < (CHAINS); i++)                                                                                 \
      chains[0] += chains[i];                                                                                          \
    for (int lane = 0; lane < (WIDTH); lane++)                                                                         \
      sink = chains[0][lane];                                                                                          \
  }

#if defined(__x86_64__)
CHAINS_OF(scalar, 4, 14)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
CHAINS_OF(avx2, 8, 12)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
CHAINS_OF(avx512, 16, 24)
#pragma clang attribute pop
#else
CHAINS_OF(scalar, 4, 24)
CHAINS_OF(neon, 4, 24)
#endif

static const struct {
  const char *name;
  int64_t operations;
  void (*run)(int64_t rounds);
} sets[] = {
    {"scalar", scalar_operations, scalar_run},
#if defined(__x86_64__)
    {"avx2", avx2_operations, avx2_run},
    {"avx512", avx512_operations, avx512_run},
#else
    {"neon", neon_operations, neon_run},
#endif
};

static int find(const char *set) {
  for (int i = 0; i < (int)(sizeof sets / sizeof *sets); i++)
    if (strcmp(sets[i].name, set) == 0)
      return i;
  return -1;
}

int64_t peak_round_operations(const char *set) {
  int i = find(set);
  return i < 0 ? 0 : sets[i].operations;
}

void peak_run(const char *set, int64_t rounds) {
  int i = find(set);
  if (i >= 0)
    sets[i].run(rounds);
}
