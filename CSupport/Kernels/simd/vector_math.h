// SPDX-License-Identifier: MIT
//
// Mathematical functions, lane by lane. For arguments up to ±3e38, nothing overflows unless the result does. Below,
// u = 2⁻²⁴ is half a unit in the last place of 1.

#ifndef PXA_VECTOR_MATH_H
#define PXA_VECTOR_MATH_H

#include <math.h>

#include "simd.h"

PXA_INLINE v16 v16_absolute(v16 x) { return v16_max(x, v16_sub(v16_zero(), x)); }

// Returns Σ_k c[k]·xᵏ.
PXA_INLINE v16 polynomial(const float *c, int count, v16 x) {
  v16 sum = v16_set1(c[count - 1]);
  UNROLL
  for (int k = count - 2; k >= 0; k--)
    sum = v16_fma(v16_set1(c[k]), sum, x);
  return sum;
}

// Returns exp(r) − 1 for |r| ≤ ln 2 / 2. A minimax polynomial approximates (eʳ − 1 − r)/r²; the polynomial's error
// changes the result by at most 0.06 u.
PXA_INLINE v16 small_expm1(v16 r) {
  static const float c[] = {0x1.000000p-1f, 0x1.55548ep-3f, 0x1.55545ep-5f, 0x1.123b92p-7f, 0x1.6db47ap-10f};
  return v16_fma(r, v16_mul(r, r), polynomial(c, 5, r));
}

PXA_INLINE v16 v16_round(v16 x) {
  v16 shift = v16_set1(12582912.f); // 1.5·2²³: adding it leaves no bits for a fraction
  return v16_sub(v16_add(x, shift), shift);
}

// exp(x) = scale·(1 + rest), scale = 2ⁿ.
typedef struct {
  v16 scale, rest;
} split_exp;

#define EXP_LEAST (-87.5f) // here scale = 2⁻¹²⁶, the least normal number
#define EXP_MOST 88.f

PXA_INLINE split_exp exp_of(v16 x) {
  x = v16_min(v16_set1(EXP_MOST), v16_max(v16_set1(EXP_LEAST), x));
  v16 n = v16_round(v16_mul(x, v16_set1(1.44269504f)));
  v16 r = v16_fma(x, n, v16_set1(-0.693359375f)); // exact: 9 bits times the 7 bits of n
  r = v16_fma(r, n, v16_set1(2.12194440e-4f));
  return (split_exp){v16_exp2(n), small_expm1(r)};
}

// Returns exp(x); 0 if x < EXP_LEAST, exp(EXP_MOST) if x > EXP_MOST.
PXA_INLINE v16 v16_exp(v16 x) {
  split_exp e = exp_of(x);
  return v16_select_gt(v16_set1(EXP_LEAST), x, v16_zero(), v16_fma(e.scale, e.scale, e.rest));
}

PXA_INLINE v16 v16_expm1(v16 x) {
  split_exp e = exp_of(x);
  return v16_fma(v16_sub(e.scale, v16_set1(1)), e.scale, e.rest);
}

// σ(x) and σ(−x), both without cancellation.
typedef struct {
  v16 of_x, of_minus_x;
} sigmoids;

PXA_INLINE sigmoids sigmoids_of(v16 x) {
  v16 one = v16_set1(1), e = v16_exp(v16_sub(v16_zero(), v16_absolute(x)));
  v16 larger = v16_div(one, v16_add(one, e)), smaller = v16_mul(e, larger);
  return (sigmoids){v16_select_gt(x, v16_zero(), larger, smaller), v16_select_gt(x, v16_zero(), smaller, larger)};
}

PXA_INLINE v16 v16_sigmoid(v16 x) {
  v16 one = v16_set1(1), e = v16_exp(v16_sub(v16_zero(), v16_absolute(x)));
  return v16_div(v16_select_gt(x, v16_zero(), one, e), v16_add(one, e));
}

PXA_INLINE v16 v16_tanh(v16 x) {
  v16 m = v16_expm1(v16_mul(v16_set1(-2), v16_absolute(x))), size = v16_div(m, v16_add(v16_set1(2), m));
  return v16_select_gt(x, v16_zero(), v16_sub(v16_zero(), size), size);
}

// Φ(x), the cumulative standard normal distribution, and exp(−x²/2).
typedef struct {
  v16 cdf, density;
} normal;

PXA_INLINE normal normal_of(v16 x) {
  // A minimax polynomial in t = 1/(1 + a/4) for Φ(−a) / (exp(−a²/2)·t), a from 0 to 13.5; its error is at most 0.5 u.
  static const float c[] = {0.09974976629018784f,  0.09945882111787796f,  0.09577879309654236f, 0.07084065675735474f,
                            0.08983774483203888f,  0.007060112431645393f, 0.03494645282626152f, 0.0469554178416729f,
                            -0.06086330860853195f, 0.01623554341495037f};
  v16 one = v16_set1(1), t = v16_div(one, v16_fma(one, v16_absolute(x), v16_set1(0.25f)));
  v16 density = v16_exp(v16_mul(v16_mul(x, x), v16_set1(-0.5f)));
  v16 tail = v16_mul(density, v16_mul(t, polynomial(c, 10, t)));
  return (normal){v16_select_gt(x, v16_zero(), v16_sub(one, tail), tail), density};
}

// log₂ s = exponent + fraction, with a fraction from −½ to ½.
typedef struct {
  v16 exponent, fraction;
} split_log2;

// Returns log₂ s for a normal number s > 0. If s is 0, the function computes with 2⁻¹²⁷ instead.
PXA_INLINE split_log2 log2_of(v16 s) {
  // log₂ m = 2/ln 2 · artanh q, q = (m − 1)/(m + 1), for m from √½ to √2.
  static const float c[] = {2.88539008f, 0.961796694f, 0.577078016f, 0.412198583f, 0.320598898f};
  v16 m = v16_mantissa(s), n = v16_exponent(s), one = v16_set1(1), middle = v16_set1(1.41421356f);
  n = v16_select_gt(m, middle, v16_add(n, one), n);
  m = v16_select_gt(m, middle, v16_mul(m, v16_set1(0.5f)), m);
  v16 q = v16_div(v16_sub(m, one), v16_add(m, one));
  return (split_log2){n, v16_mul(q, polynomial(c, 5, v16_mul(q, q)))};
}

// Returns the natural logarithm of s; −∞ if s is 0, NaN if s is negative or NaN.
PXA_INLINE v16 v16_log(v16 s) {
  split_log2 log2 = log2_of(s);
  v16 zero = v16_zero(), log = v16_mul(v16_add(log2.exponent, log2.fraction), v16_set1(0.693147181f));
  log = v16_select_eq(s, zero, v16_set1(-INFINITY), log);
  log = v16_select_gt(zero, s, v16_set1(NAN), log);
  return v16_select_eq(s, s, log, s);
}

// Returns log(1 + e) for e from 0 to 1.
PXA_INLINE v16 v16_log1p(v16 e) {
  // 2·artanh(e / (2 + e)). The first term that is left out is below 0.03 u of the result.
  static const float c[] = {2, 2 / 3.f, 2 / 5.f, 2 / 7.f, 2 / 9.f, 2 / 11.f, 2 / 13.f, 2 / 15.f};
  v16 q = v16_div(e, v16_add(v16_set1(2), e));
  return v16_mul(q, polynomial(c, 8, v16_mul(q, q)));
}

// Returns s^p for s ≥ 0. The result saturates near 2⁻¹²⁶ and 2¹²⁷. If s is 0, the function computes with 2⁻¹²⁷ instead.
PXA_INLINE v16 v16_power(v16 s, v16 p) {
  split_log2 log2 = log2_of(s);
  v16 n = log2.exponent, log = log2.fraction;
  // p·log₂ s = whole + rest. Subtracting `whole` from p·n before p·log is added keeps the rest accurate.
  v16 whole = v16_round(v16_mul(p, v16_add(n, log)));
  whole = v16_min(v16_set1(127), v16_max(v16_set1(-126), whole));
  v16 rest = v16_fma(v16_fma(v16_sub(v16_zero(), whole), p, n), p, log);
  rest = v16_min(v16_set1(0.5f), v16_max(v16_set1(-0.5f), rest));
  v16 scale = v16_exp2(whole);
  return v16_fma(scale, scale, small_expm1(v16_mul(rest, v16_set1(0.693147181f))));
}

// Returns |x|^p, and `sign` times that where x is negative. The result is ∞ where it exceeds 2¹²⁷, and NaN where x is.
PXA_INLINE v16 v16_signed_power(v16 x, float p, float sign) {
  v16 zero = v16_zero(), size = v16_absolute(x), exponent = v16_set1(p), infinity = v16_set1(INFINITY);
  split_log2 log2 = log2_of(size);
  v16 log = v16_mul(exponent, v16_add(log2.exponent, log2.fraction));
  v16 power = v16_select_gt(log, v16_set1(127), infinity, v16_power(size, exponent));
  power = v16_select_gt(v16_set1(-126), log, zero, power);
  power = v16_select_eq(size, zero, v16_set1(p > 0 ? 0 : p == 0 ? 1 : INFINITY), power);
  power = v16_select_gt(zero, x, v16_mul(v16_set1(sign), power), power);
  return v16_select_eq(x, x, power, x);
}

// Returns erf(x).
PXA_INLINE v16 v16_erf(v16 x) {
  // The Taylor series for |x| ≤ 0.7: 2/√π · Σ_k (−1)ᵏ·x²ᵏ⁺¹ / (k!·(2k + 1)). Beyond that, 1 − 2·Φ(−√2·|x|).
  static const float c[] = {1.128379167f,     -0.3761263890f,  0.1128379167f,    -0.02686617064f, 0.005223977625f,
                            -8.548327023e-4f, 1.205533298e-4f, -1.492565036e-5f, 1.646211437e-6f};
  v16 size = v16_absolute(x), near = v16_mul(x, polynomial(c, 9, v16_mul(x, x)));
  v16 tail = normal_of(v16_mul(v16_set1(-1.41421356f), size)).cdf, far = v16_fma(v16_set1(1), v16_set1(-2), tail);
  far = v16_select_gt(v16_zero(), x, v16_sub(v16_zero(), far), far);
  return v16_select_gt(size, v16_set1(0.7f), far, near);
}

// tanh(log(1 + exp(x))) and 1 minus that, both without cancellation, and σ(x).
typedef struct {
  v16 tanh, rest, sigmoid;
} mish_parts;

PXA_INLINE mish_parts mish_of(v16 x) {
  v16 zero = v16_zero(), one = v16_set1(1), two = v16_set1(2);
  v16 e = v16_exp(v16_sub(zero, v16_absolute(x))), square = v16_mul(e, e);
  v16 share = v16_select_gt(x, zero, v16_fma(one, two, e), v16_fma(square, two, e));
  v16 rest = v16_select_gt(x, zero, v16_mul(two, square), two), all = v16_add(share, rest);
  v16 sigmoid = v16_div(v16_select_gt(x, zero, one, e), v16_add(one, e));
  return (mish_parts){v16_div(share, all), v16_div(rest, all), sigmoid};
}

#endif
