// SPDX-License-Identifier: MIT
// Checks the vocabulary of simd.h for the instruction set that PXA_SIMD names: compares each function with plain C.

#ifndef VOCABULARY_SET_H
#define VOCABULARY_SET_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../CSupport/Kernels/simd/simd.h"
#include "check.h"
#include "vocabulary.h"

enum { LANES = 16, ROUNDS = 200 };

#define EACH_LANE for (int i = 0; i < LANES; i++)

PXA_BEGIN_SIMD

// Expects the same bits in each lane, so the sign of a zero matters.
static void expect(check *c, v16 found, const float *expected, const char *what) {
  float lanes[LANES];
  v16_storeu(lanes, found);
  EACH_LANE
    check_that(c, memcmp(lanes + i, expected + i, sizeof *lanes) == 0, "%s: lane %d is %a instead of %a", what, i,
               lanes[i], expected[i]);
}

// Fills the lanes with numbers of both signs, of sizes from 2⁻²⁰ to 2²¹.
static void fill(check *c, float *lanes) {
  EACH_LANE {
    uint64_t bits = pxa_ref_random(&c->random);
    float size = ldexpf(1 + (float)(bits >> 41) * 0x1p-23f, (int)(bits % 41) - 20);
    lanes[i] = bits & 0x10000 ? size : -size;
  }
}

static void memory(check *c) {
  for (int n = 0; n <= LANES; n++) {
    check_case(c, (uint64_t)n);
    float values[LANES], first[LANES], *part = check_memory(c, (size_t)n * sizeof *part, sizeof *part);
    fill(c, values);
    memcpy(part, values, (size_t)n * sizeof *part);
    EACH_LANE
      first[i] = i < n ? values[i] : 0;
    expect(c, v16_loadn(part, n), first, "v16_loadn");
    expect(c, v16_first(v16_loadu(values), n), first, "v16_first");

    float *written = check_memory(c, (size_t)n * sizeof *written, sizeof *written), around[2 * LANES];
    v16_storen(written, v16_loadu(values), n);
    check_that(c, memcmp(written, values, (size_t)n * sizeof *written) == 0, "v16_storen of %d floats", n);
    for (int i = 0; i < 2 * LANES; i++)
      around[i] = -1;
    v16_storen(around, v16_loadu(values), n);
    for (int i = n; i < 2 * LANES; i++)
      check_that(c, around[i] == -1, "v16_storen of %d floats writes float %d", n, i);
  }
  float values[LANES], zeros[LANES] = {0}, ones[LANES], *block = check_memory(c, sizeof values, 64);
  fill(c, values);
  EACH_LANE
    ones[i] = 1.5f;
  expect(c, v16_zero(), zeros, "v16_zero");
  expect(c, v16_set1(1.5f), ones, "v16_set1");
  v16_store(block, v16_loadu(values));
  check_that(c, memcmp(block, values, sizeof values) == 0, "v16_store");
  expect(c, v16_load(block), values, "v16_load");
  float *anywhere = check_memory(c, sizeof values, sizeof *anywhere);
  v16_storeu(anywhere, v16_load(block));
  check_that(c, memcmp(anywhere, values, sizeof values) == 0, "v16_storeu");
  expect(c, v16_loadu(anywhere), values, "v16_loadu");
}

static void arithmetic(check *c) {
  check_case(c, 1);
  for (int round = 0; round < ROUNDS; round++) {
    float a[LANES], b[LANES], sum[LANES], difference[LANES], product[LANES], quotient[LANES], larger[LANES],
        smaller[LANES];
    fill(c, a);
    fill(c, b);
    EACH_LANE {
      sum[i] = a[i] + b[i];
      difference[i] = a[i] - b[i];
      product[i] = a[i] * b[i];
      quotient[i] = a[i] / b[i];
      larger[i] = a[i] > b[i] ? a[i] : b[i];
      smaller[i] = a[i] < b[i] ? a[i] : b[i];
    }
    v16 x = v16_loadu(a), y = v16_loadu(b);
    expect(c, v16_add(x, y), sum, "v16_add");
    expect(c, v16_sub(x, y), difference, "v16_sub");
    expect(c, v16_mul(x, y), product, "v16_mul");
    expect(c, v16_div(x, y), quotient, "v16_div");
    EACH_LANE {
      quotient[i] = sqrtf(a[i]);
    }
    expect(c, v16_sqrt(x), quotient, "v16_sqrt");
    expect(c, v16_max(x, y), larger, "v16_max");
    expect(c, v16_min(x, y), smaller, "v16_min");
  }
}

// s + a·b is rounded once or twice, but always in the same way by one instruction set.
static void fused(check *c) {
  check_case(c, 2);
  bool rounds_once = true, rounds_twice = true;
  for (int round = 0; round < ROUNDS; round++) {
    float s[LANES], a[LANES], b[LANES], found[LANES], scaled[LANES];
    fill(c, s);
    fill(c, a);
    fill(c, b);
    v16_storeu(found, v16_fma(v16_loadu(s), v16_loadu(a), v16_loadu(b)));
    EACH_LANE {
      volatile float product = a[i] * b[i]; // volatile, so that the compiler can't fuse it with the addition
      rounds_once = rounds_once && found[i] == fmaf(a[i], b[i], s[i]);
      rounds_twice = rounds_twice && found[i] == s[i] + product;
    }
    for (int k = 0; k < 4; k++) {
      v16_storeu(scaled, v16_fma(v16_loadu(s), v16_loadu(a), v16_set1(b[k])));
      expect(c, v16_fma_scalar(v16_loadu(s), v16_loadu(a), b[k]), scaled, "v16_fma_scalar");
    }
    in4 four = in4_load(b);
#define FMA_LANE(k)                                                                                                    \
  v16_storeu(scaled, v16_fma_scalar(v16_loadu(s), v16_loadu(a), b[k]));                                                \
  expect(c, v16_fma_lane(v16_loadu(s), v16_loadu(a), four, k), scaled, "v16_fma_lane");
    FMA_LANE(0) FMA_LANE(1) FMA_LANE(2) FMA_LANE(3)
#undef FMA_LANE
  }
  check_that(c, rounds_once || rounds_twice, "v16_fma is neither a·b + s rounded once nor rounded twice");
}

static void choices(check *c) {
  static const float special[] = {0, -0.f, 1, -1, 2, INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-149f, 6, 5.5f};
  enum { SPECIAL = sizeof special / sizeof *special };
  check_case(c, 3);
  for (int round = 0; round < SPECIAL * SPECIAL; round++) {
    float v[LANES], w[LANES], a[LANES], b[LANES], expected[LANES];
    fill(c, v);
    fill(c, w);
    EACH_LANE {
      a[i] = special[(round + i) % SPECIAL];
      b[i] = special[(round / SPECIAL + 5 * i) % SPECIAL];
    }
    v16 x = v16_loadu(v), y = v16_loadu(w), p = v16_loadu(a), q = v16_loadu(b);
    EACH_LANE
      expected[i] = a[i] > 0 ? v[i] : 0;
    expect(c, v16_positive(x, p), expected, "v16_positive");
    EACH_LANE
      expected[i] = a[i] > 0 && a[i] < b[i] ? v[i] : 0;
    expect(c, v16_inside(x, p, v16_zero(), q), expected, "v16_inside, below");
    EACH_LANE
      expected[i] = a[i] > b[i] && a[i] < 6 ? v[i] : 0;
    expect(c, v16_inside(x, p, q, v16_set1(6)), expected, "v16_inside, above");
    EACH_LANE
      expected[i] = a[i] > b[i] ? v[i] : w[i];
    expect(c, v16_select_gt(p, q, x, y), expected, "v16_select_gt");
    EACH_LANE
      expected[i] = a[i] == b[i] ? v[i] : w[i];
    expect(c, v16_select_eq(p, q, x, y), expected, "v16_select_eq");
    unsigned bits = 0;
    EACH_LANE
      bits |= (unsigned)(a[i] != 0) << i;
    check_that(c, v16_nonzero(p) == bits, "v16_nonzero is %x instead of %x", v16_nonzero(p), bits);
  }
}

static void lanes(check *c) {
  check_case(c, 4);
  for (int round = 0; round < ROUNDS; round++) {
    float a[LANES], skipped4[LANES], skipped8[LANES];
    fill(c, a);
    EACH_LANE {
      skipped4[i] = i + 4 < LANES ? a[i + 4] : 0;
      skipped8[i] = i + 8 < LANES ? a[i + 8] : 0;
    }
    v16 x = v16_loadu(a);
    expect(c, v16_skip4(x), skipped4, "v16_skip4");
    expect(c, v16_skip8(x), skipped8, "v16_skip8");
    for (int distance = 8; distance > 0; distance /= 2)
      for (int i = 0; i < distance; i++)
        a[i] += a[i + distance];
    check_that(c, v16_sum(x) == a[0], "v16_sum is %a instead of %a", v16_sum(x), a[0]);
  }
}

static void conversions(check *c) {
  check_case(c, 5);
  for (int first = 0; first < 256; first += LANES) {
    uint8_t *bytes = check_memory(c, LANES, 1), *stored = check_memory(c, LANES, 1);
    float values[LANES];
    EACH_LANE {
      bytes[i] = (uint8_t)(first + (i * 7 + 3) % LANES);
      values[i] = bytes[i];
    }
    expect(c, v16_load_u8(bytes), values, "v16_load_u8");
    v16_store_u8(stored, v16_loadu(values));
    check_that(c, memcmp(stored, bytes, LANES) == 0, "v16_store_u8 of %d…", first);
  }
  for (int first = -126; first <= 127; first++) {
    float n[LANES], powers[LANES], a[LANES], mantissas[LANES];
    fill(c, mantissas);
    EACH_LANE {
      int exponent, whole = first + i <= 127 ? first + i : first;
      n[i] = (float)whole;
      powers[i] = ldexpf(1, whole);
      mantissas[i] = 2 * fabsf(frexpf(mantissas[i], &exponent));
      a[i] = mantissas[i] * powers[i];
    }
    expect(c, v16_exp2(v16_loadu(n)), powers, "v16_exp2");
    expect(c, v16_exponent(v16_loadu(a)), n, "v16_exponent");
    expect(c, v16_mantissa(v16_loadu(a)), mantissas, "v16_mantissa");
  }
}

PXA_END_SIMD

const vocabulary_checks PXA_JOIN(vocabulary_checks_, PXA_SIMD) = {memory,  arithmetic, fused,
                                                                  choices, lanes,      conversions};

#endif
