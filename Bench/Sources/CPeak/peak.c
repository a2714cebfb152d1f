// SPDX-License-Identifier: MIT

#include "CPeak.h"

#include <string.h>

#pragma STDC FP_CONTRACT ON

// `zero` is unknown to the compiler, so that the compiler can't compute the chains in advance. `sink` takes the
// results, so that the compiler can't leave the chains out.
static volatile float zero, sink;

// The instruction sets of the kernels: the floats in a register, the number of chains, and the attribute that selects
// the set. The chains and two constants fit the registers. There are more chains than two units can have in flight,
// with a latency of 4 or 5 cycles.
#if defined(__x86_64__)
#define EACH_SET(SET)                                                                                                  \
  SET(scalar, 4, 14, unused)                                                                                           \
  SET(avx2, 8, 12, target("avx2,fma"))                                                                                 \
  SET(avx512, 16, 24, target("avx512f"))
#else
#define EACH_SET(SET)                                                                                                  \
  SET(scalar, 4, 24, unused)                                                                                           \
  SET(neon, 4, 24, unused)
#endif

// Every round multiplies each chain by one constant and adds another.
#define DEFINE_RUN(NAME, WIDTH, CHAINS, ATTRIBUTE)                                                                     \
  typedef float NAME##_vector __attribute__((ext_vector_type(WIDTH)));                                                 \
  __attribute__((ATTRIBUTE)) static void NAME##_run(int64_t rounds) {                                                  \
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
#define ENTRY(NAME, WIDTH, CHAINS, ATTRIBUTE) {#NAME, 2 * (WIDTH) * (CHAINS), NAME##_run},

EACH_SET(DEFINE_RUN)

static const struct {
  const char *name;
  int64_t operations; // of a round
  void (*run)(int64_t rounds);
} sets[] = {EACH_SET(ENTRY)};

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
