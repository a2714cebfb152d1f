// SPDX-License-Identifier: MIT
// Functions of one value and their derivatives.

#ifndef PXA_FUNCTION_H
#define PXA_FUNCTION_H

#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "../simd/vector_math.h"
#include "rows.h"
#include "pxa_types.h"

typedef struct {
  v16 a, b, c, slopes;
  float exponent, sign; // of PXA_POWER
} parameters;

// For PXA_GELU_TANH: 2·√(2/π), and the factor of the cubic term. The code uses (1 + tanh(u))/2 = σ(2u).
#define GELU_SCALE 1.59576912f
#define GELU_CUBIC 0.044715f

PXA_INLINE v16 hard_sigmoid(v16 x, v16 a, v16 b) { return v16_min(v16_set1(1), v16_max(v16_zero(), v16_fma(b, a, x))); }

// Each kind has two functions of its own. With one function for all kinds, an unoptimised build compiles all kinds for each
// kernel: that takes six times as long, and the kernels need more stack than there is.
#define VALUE(kind) PXA_INLINE v16 value_##kind(v16 x, parameters p __attribute__((unused)))
#define DERIVATIVE(kind) PXA_INLINE v16 derivative_##kind(v16 x, parameters p __attribute__((unused)))

VALUE(PXA_CLAMP) { return v16_min(p.b, v16_max(p.a, x)); }

DERIVATIVE(PXA_CLAMP) {
  v16 one = v16_set1(1);
  return v16_inside(one, x, p.a, p.b);
}

VALUE(PXA_LEAKY_RELU) {
  v16 zero = v16_zero();
  return v16_select_gt(x, zero, x, v16_mul(p.slopes, x));
}

DERIVATIVE(PXA_LEAKY_RELU) {
  v16 zero = v16_zero();
  v16 one = v16_set1(1);
  return v16_select_gt(x, zero, one, p.slopes);
}

VALUE(PXA_ELU) {
  v16 zero = v16_zero();
  return v16_select_gt(x, zero, v16_mul(p.c, x), v16_mul(p.a, v16_expm1(v16_mul(p.b, x))));
}

DERIVATIVE(PXA_ELU) {
  v16 zero = v16_zero();
  return v16_select_gt(x, zero, p.c, v16_mul(v16_mul(p.a, p.b), v16_exp(v16_mul(p.b, x))));
}

VALUE(PXA_SIGMOID) { return v16_sigmoid(x); }

DERIVATIVE(PXA_SIGMOID) {
  sigmoids s = sigmoids_of(x);
  return v16_mul(s.of_x, s.of_minus_x);
}

VALUE(PXA_HARD_SIGMOID) { return hard_sigmoid(x, p.a, p.b); }

DERIVATIVE(PXA_HARD_SIGMOID) {
  v16 zero = v16_zero();
  v16 one = v16_set1(1);
  return v16_inside(p.a, hard_sigmoid(x, p.a, p.b), zero, one);
}

VALUE(PXA_HARD_SWISH) { return v16_mul(x, hard_sigmoid(x, v16_set1(1 / 6.f), v16_set1(0.5f))); }

DERIVATIVE(PXA_HARD_SWISH) {
  v16 zero = v16_zero();
  v16 one = v16_set1(1);
  v16 sixth = v16_set1(1 / 6.f), share = hard_sigmoid(x, sixth, v16_set1(0.5f));
  return v16_fma(share, x, v16_inside(sixth, share, zero, one));
}

VALUE(PXA_SWISH) { return v16_mul(x, v16_sigmoid(v16_mul(p.a, x))); }

DERIVATIVE(PXA_SWISH) {
  v16 inner = v16_mul(p.a, x);
  sigmoids s = sigmoids_of(inner);
  return v16_fma(s.of_x, v16_mul(inner, s.of_x), s.of_minus_x);
}

VALUE(PXA_TANH) { return v16_tanh(x); }

DERIVATIVE(PXA_TANH) {
  sigmoids s = sigmoids_of(v16_mul(v16_set1(2), x));
  return v16_mul(v16_mul(v16_set1(4), s.of_x), s.of_minus_x);
}

VALUE(PXA_GELU) { return v16_mul(x, normal_of(x).cdf); }

DERIVATIVE(PXA_GELU) {
  normal n = normal_of(x);
  return v16_fma(n.cdf, v16_mul(x, v16_set1(0.398942280f)), n.density); // 1/√(2π)
}

VALUE(PXA_GELU_TANH) {
  v16 factor = v16_fma(v16_set1(GELU_SCALE), v16_set1(GELU_SCALE * GELU_CUBIC), v16_mul(x, x));
  return v16_mul(x, v16_sigmoid(v16_mul(x, factor)));
}

DERIVATIVE(PXA_GELU_TANH) {
  x = v16_min(v16_set1(16), v16_max(v16_set1(-16), x)); // beyond ±16 the derivative is 0 or 1
  v16 square = v16_mul(x, x), scale = v16_set1(GELU_SCALE);
  sigmoids s = sigmoids_of(v16_mul(x, v16_fma(scale, v16_set1(GELU_SCALE * GELU_CUBIC), square)));
  v16 inner = v16_fma(scale, v16_set1(3 * GELU_SCALE * GELU_CUBIC), square);
  return v16_fma(s.of_x, v16_mul(x, inner), v16_mul(s.of_x, s.of_minus_x));
}

VALUE(PXA_MISH) { return v16_mul(x, mish_of(x).tanh); }

DERIVATIVE(PXA_MISH) {
  v16 one = v16_set1(1);
  mish_parts m = mish_of(x);
  return v16_fma(m.tanh, v16_mul(v16_mul(x, m.rest), v16_add(one, m.tanh)), m.sigmoid);
}

VALUE(PXA_SOFTPLUS) {
  v16 zero = v16_zero();
  return v16_add(v16_max(zero, x), v16_log1p(v16_exp(v16_sub(zero, v16_absolute(x)))));
}

DERIVATIVE(PXA_SOFTPLUS) { return v16_sigmoid(x); }

VALUE(PXA_ERF) { return v16_erf(x); }

DERIVATIVE(PXA_ERF) {
  v16 zero = v16_zero();
  return v16_mul(v16_set1(1.128379167f), v16_exp(v16_sub(zero, v16_mul(x, x)))); // 2/√π
}

VALUE(PXA_SOFTSIGN) { return v16_div(x, v16_add(v16_set1(1), v16_absolute(x))); }

DERIVATIVE(PXA_SOFTSIGN) {
  v16 one = v16_set1(1);
  v16 share = v16_div(one, v16_add(one, v16_absolute(x)));
  return v16_mul(share, share);
}

VALUE(PXA_THRESHOLD) {
  v16 zero = v16_zero();
  return v16_select_eq(x, x, v16_select_gt(x, p.a, x, zero), x); // NaN stays
}

DERIVATIVE(PXA_THRESHOLD) {
  v16 zero = v16_zero();
  v16 one = v16_set1(1);
  return v16_select_gt(x, p.a, one, zero);
}

VALUE(PXA_ABSOLUTE) { return v16_absolute(x); }

DERIVATIVE(PXA_ABSOLUTE) {
  v16 zero = v16_zero();
  v16 one = v16_set1(1);
  return v16_select_gt(x, zero, one, v16_select_gt(zero, x, v16_set1(-1), zero));
}

VALUE(PXA_SQUARE_ROOT) { return v16_sqrt(x); }

DERIVATIVE(PXA_SQUARE_ROOT) { return v16_div(v16_set1(0.5f), v16_sqrt(x)); }

VALUE(PXA_RECIPROCAL) { return v16_div(v16_set1(1), x); }

DERIVATIVE(PXA_RECIPROCAL) {
  v16 zero = v16_zero();
  v16 one = v16_set1(1);
  v16 share = v16_div(one, x);
  return v16_mul(v16_sub(zero, share), share);
}

VALUE(PXA_EXP) {
  v16 root = v16_exp(v16_mul(x, v16_set1(0.5f))); // v16_exp ends before the greatest float
  return v16_mul(root, root);
}

DERIVATIVE(PXA_EXP) { return value_PXA_EXP(x, p); }

VALUE(PXA_LOG) { return v16_log(x); }

DERIVATIVE(PXA_LOG) {
  v16 one = v16_set1(1);
  return v16_div(one, x);
}

VALUE(PXA_POWER) { return v16_signed_power(x, p.exponent, p.sign); }

DERIVATIVE(PXA_POWER) { return v16_mul(v16_set1(p.exponent), v16_signed_power(x, p.exponent - 1, -p.sign)); }

#undef VALUE
#undef DERIVATIVE

PXA_INLINE parameters parameters_in(pxa_function f, int block) {
  v16 slopes = f.kind == PXA_LEAKY_RELU ? v16_loadu(f.slopes + block * PXA_BLOCK) : v16_zero();
  return (parameters){v16_set1(f.a), v16_set1(f.b), v16_set1(f.c), slopes, f.a, f.b};
}

PXA_INLINE void function_rows(pxa_planes y, pxa_planes x, pxa_function f, v16 (*value)(v16, parameters),
                              pxa_range blocks, pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    parameters p = parameters_in(f, b);
    v16 lanes = channel_lanes(y, b);
    const float *in = pixel(x, b, r, 0);
    float *out = pixel(y, b, r, 0);
    for (int c = 0; c < y.width; c++)
      store_pixel(out, c, v16_positive(value(load_pixel(in, c), p), lanes));
  }
}

PXA_INLINE void derivative_rows(pxa_planes dx, pxa_planes dy, pxa_planes f_input, pxa_function f,
                                v16 (*derivative)(v16, parameters), pxa_epilogue epilogue, pxa_range blocks,
                                pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    parameters p = parameters_in(f, b);
    v16 lanes = channel_lanes(dx, b);
    const float *in = pixel(f_input, b, r, 0), *dy_row = pixel(dy, b, r, 0);
    grad_row out = grad_row_of(dx, epilogue, b, r);
    for (int c = 0; c < dx.width; c++) {
      // The derivative at 0 may be infinite, and infinity times 0 is not 0.
      v16 slope = v16_positive(derivative(load_pixel(in, c), p), lanes);
      grad_end(&out, c, v16_fma(grad_start(&out, c), slope, load_pixel(dy_row, c)));
    }
  }
}

#define EACH_KIND(ITEM)                                                                                                \
  ITEM(PXA_CLAMP)                                                                                                      \
  ITEM(PXA_LEAKY_RELU)                                                                                                 \
  ITEM(PXA_ELU)                                                                                                        \
  ITEM(PXA_SIGMOID)                                                                                                    \
  ITEM(PXA_HARD_SIGMOID)                                                                                               \
  ITEM(PXA_HARD_SWISH)                                                                                                 \
  ITEM(PXA_SWISH)                                                                                                      \
  ITEM(PXA_TANH)                                                                                                       \
  ITEM(PXA_GELU)                                                                                                       \
  ITEM(PXA_GELU_TANH)                                                                                                  \
  ITEM(PXA_MISH)                                                                                                       \
  ITEM(PXA_SOFTPLUS)                                                                                                   \
  ITEM(PXA_ERF)                                                                                                        \
  ITEM(PXA_SOFTSIGN)                                                                                                   \
  ITEM(PXA_THRESHOLD)                                                                                                  \
  ITEM(PXA_ABSOLUTE)                                                                                                   \
  ITEM(PXA_SQUARE_ROOT)                                                                                                \
  ITEM(PXA_RECIPROCAL)                                                                                                 \
  ITEM(PXA_EXP)                                                                                                        \
  ITEM(PXA_LOG)                                                                                                        \
  ITEM(PXA_POWER)

#define FUNCTION_ROWS(kind)                                                                                            \
  static __attribute__((noinline)) void forward_##kind(pxa_planes y, pxa_planes x, pxa_function f, pxa_range blocks,   \
                                                       pxa_range rows) {                                               \
    function_rows(y, x, f, value_##kind, blocks, rows);                                                                \
  }                                                                                                                    \
  static __attribute__((noinline)) void input_grad_##kind(pxa_planes dx, pxa_planes dy, pxa_planes f_input,            \
                                                          pxa_function f, pxa_epilogue epilogue, pxa_range blocks,     \
                                                          pxa_range rows) {                                            \
    derivative_rows(dx, dy, f_input, f, derivative_##kind, epilogue, blocks, rows);                                    \
  }
EACH_KIND(FUNCTION_ROWS)
#undef FUNCTION_ROWS

static void function_forward(pxa_planes y, pxa_planes x, pxa_function f, pxa_range blocks, pxa_range rows) {
  switch (f.kind) {
#define FORWARD(kind)                                                                                                  \
  case kind:                                                                                                           \
    forward_##kind(y, x, f, blocks, rows);                                                                             \
    break;
    EACH_KIND(FORWARD)
#undef FORWARD
  }
}

static void function_input_grad(pxa_planes dx, pxa_planes dy, pxa_planes f_input, pxa_function f, pxa_epilogue epilogue,
                                pxa_range blocks, pxa_range rows) {
  switch (f.kind) {
#define INPUT_GRAD(kind)                                                                                               \
  case kind:                                                                                                           \
    input_grad_##kind(dx, dy, f_input, f, epilogue, blocks, rows);                                                     \
    break;
    EACH_KIND(INPUT_GRAD)
#undef INPUT_GRAD
  }
}

#endif
