// SPDX-License-Identifier: MIT
// Checks activation functions and local response normalisation.

#include "layers.h"

#include <math.h>
#include <stdio.h>

// MARK: - Functions

// The bounds of pxa_kernels.h, in units of 2⁻²⁴.
enum { VALUE_ERROR = 4, GELU_ERROR = 9, DERIVATIVE_ERROR = 5 };

static const struct {
  const char *name;
  pxa_function_kind kind;
  float a, b, c;
  double low, high; // the arguments, if not all numbers
  int error;        // the bound of pxa_kernels.h in units of 2⁻²⁴, if it is not VALUE_ERROR
} functions[] = {
    {"ReLU6", PXA_CLAMP, .a = 0, .b = 6},
    {"clamp away from 0", PXA_CLAMP, .a = 1, .b = 3},
    {"leaky ReLU", PXA_LEAKY_RELU, .a = 0},
    {"ELU", PXA_ELU, .a = 1.5f, .b = 1, .c = 1},
    {"SELU", PXA_ELU, .a = 1.7580993f, .b = 1, .c = 1.0507010f},
    {"CELU", PXA_ELU, .a = 0.5f, .b = 2, .c = 1},
    {"sigmoid", PXA_SIGMOID, .a = 0},
    {"hard sigmoid", PXA_HARD_SIGMOID, .a = 0.25f, .b = 0.5f},
    {"hard swish", PXA_HARD_SWISH, .a = 0},
    {"SiLU", PXA_SWISH, .a = 1},
    {"swish", PXA_SWISH, .a = 1.702f, .low = -1e38, .high = 1e38},
    {"tanh", PXA_TANH, .a = 0},
    {"GELU", PXA_GELU, .error = GELU_ERROR},
    {"GELU by tanh", PXA_GELU_TANH, .error = GELU_ERROR},
    {"Mish", PXA_MISH, .a = 0},
    {"softplus", PXA_SOFTPLUS, .a = 0},
    {"erf", PXA_ERF, .error = GELU_ERROR},
    {"softsign", PXA_SOFTSIGN, .a = 0},
    {"threshold", PXA_THRESHOLD, .a = 0.5f},
    {"absolute value", PXA_ABSOLUTE, .a = 0},
    {"square root", PXA_SQUARE_ROOT, .low = 1e-12, .high = 3e38},
    {"reciprocal", PXA_RECIPROCAL, .low = 1e-12, .high = 1e12},
    {"reciprocal of negative numbers", PXA_RECIPROCAL, .low = -1e12, .high = -1e-12},
    {"exp", PXA_EXP, .low = -1e30, .high = 85},
    {"log", PXA_LOG, .low = 1e-12, .high = 3e38},
    {"square", PXA_POWER, .a = 2, .b = 1, .low = -1e10, .high = 1e10, .error = GELU_ERROR},
    {"cube", PXA_POWER, .a = 3, .b = -1, .low = -1e10, .high = 1e10, .error = GELU_ERROR},
    {"cube root", PXA_POWER, .a = 1 / 3.f, .b = NAN, .low = 1e-10, .high = 1e30, .error = GELU_ERROR},
    {"inverse square", PXA_POWER, .a = -2, .b = 1, .low = 1e-3, .high = 1e10, .error = GELU_ERROR},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static const double least = 0x1p-96;

static const double special[] = {0,    1,   -1,   3,     -3,    6,     0.5,   1e-30, -1e-30, 1e-6, -1e-6,
                                 16,   -16, 87.3, -87.3, 87.6,  -87.6, 88.5,  -88.5, 104,    -104, 200,
                                 -200, 1e4, -1e4, 1e19,  -1e19, 3e38,  -3e38, 9.5,   -9.5,   13.3, -13.3};
enum { SPECIAL = sizeof special / sizeof *special };

// Returns the values of `special`, then random numbers of all magnitudes: half of them are below 4, a quarter below
// 100, and a quarter spread over the exponents.
static double *arguments(check *c, int count) {
  double *values = check_reals(c, count);
  const double *exponents = check_reals(c, count);
  for (int i = 0; i < count; i++) {
    double scale = i % 2 == 0 ? 4 : i % 4 == 1 ? 100 : exp2(60 * exponents[i]);
    values[i] = i < SPECIAL ? special[i] : values[i] * scale;
    values[i] = (float)values[i];
  }
  return values;
}

static void function(check *c) {
  enum { HEIGHT = 9, WIDTH = 21, PLANE = HEIGHT * WIDTH };
  for (int n = 0; n < FUNCTIONS; n++)
    for (int channels = 1; channels <= 37; channels += 18) {
      check_case(c, (uint64_t)(n * 40 + channels));
      int count = channels * PLANE;
      double *x_values = arguments(c, count);
      const double *slopes = check_reals(c, channels);
      for (int i = 0; i < count && functions[n].low < functions[n].high; i++)
        x_values[i] = (float)fmin(functions[n].high, fmax(functions[n].low, x_values[i]));
      const float *leaks = check_floats_for_blocks(c, slopes, channels);
      pxa_function f = {functions[n].kind, functions[n].a, functions[n].b, functions[n].c,
                        functions[n].kind == PXA_LEAKY_RELU ? leaks : NULL};
      pxa_planes x = check_planes(c, channels, HEIGHT, WIDTH, check_extra_halo(c), x_values);
      pxa_planes y = check_planes(c, channels, HEIGHT, WIDTH, check_extra_halo(c), NULL);
      EACH_PART(p, y, n % 2 == 0)
        c->kernels->function_forward(y, x, f, p.block, p.row);
      double *expected = check_doubles(c, count), *size = check_doubles(c, count), *formula = check_doubles(c, count);
      const double *gradients = check_integers(c, count, 4);
      double *gradient_size = check_doubles(c, count);
      for (int i = 0; i < count; i++) {
        double leak = (float)slopes[i / PLANE];
        pxa_ref_curve curve = {(int32_t)f.kind, f.a, f.b, f.c, leak};
        double slope = pxa_ref_function_derivative(curve, x_values[i]);
        expected[i] = pxa_ref_function(curve, x_values[i]);
        size[i] = fmax(least, fmax(fabs(expected[i]), fabs(slope * x_values[i])));
        formula[i] = slope * gradients[i];
        gradient_size[i] = fmax(fmax(1, f.a), fabs(slope)) * fabs(gradients[i]);
        if (f.kind == PXA_POWER) { // the power multiplies the logarithm's relative error
          size[i] *= 1 + fabs(log2(fabs(x_values[i]))) / GELU_ERROR;
          gradient_size[i] *= 1 + fabs(log2(fabs(x_values[i]))) / GELU_ERROR;
        }
      }
      int error = functions[n].error > 0 ? functions[n].error : VALUE_ERROR; // check_within adds 2 to its `terms`
      int derivative_error = f.kind == PXA_POWER ? GELU_ERROR : DERIVATIVE_ERROR;
      check_within(c, check_planes_values(c, y), expected, size, count, error - 2, "%s of %d channels",
                   functions[n].name, channels);
      check_zeros_around_planes(c, y, "%s of %d channels", functions[n].name, channels);
      pxa_planes dy = check_planes(c, channels, HEIGHT, WIDTH, check_extra_halo(c), gradients);
      for (int way = 0; way < EPILOGUE_WAYS; way++) {
        epilogue_case epilogue;
        make_epilogue(c, &epilogue, way, channels, HEIGHT, WIDTH, x_values);
        pxa_planes f_input = epilogue.is_in_place ? epilogue.dx : x;
        EACH_PART(p, epilogue.dx, epilogue.cut)
          c->kernels->function_input_grad(epilogue.dx, dy, f_input, f, epilogue.epilogue, p.block, p.row);
        check_epilogue(c, &epilogue, formula, gradient_size, derivative_error - 2, functions[n].name);
      }
    }
}

// NaN is the sign of an overflow in an earlier layer. No function may turn it into a number.
static void not_a_number(check *c) {
  enum { CHANNELS = 20, HEIGHT = 2, WIDTH = 3, COUNT = CHANNELS * HEIGHT * WIDTH };
  check_case(c, 0);
  double *values = check_reals(c, COUNT);
  for (int i = 0; i < COUNT; i += 2)
    values[i] = NAN;
  const float *leaks = check_floats_for_blocks(c, check_reals(c, CHANNELS), CHANNELS);
  pxa_planes x = check_planes(c, CHANNELS, HEIGHT, WIDTH, 0, values);
  for (int n = 0; n < FUNCTIONS; n++) {
    pxa_function f = {functions[n].kind, functions[n].a, functions[n].b, functions[n].c,
                      functions[n].kind == PXA_LEAKY_RELU ? leaks : NULL};
    pxa_planes y = check_planes(c, CHANNELS, HEIGHT, WIDTH, 0, NULL);
    c->kernels->function_forward(y, x, f, check_range(0, 2), check_range(0, HEIGHT));
    const double *found = check_planes_values(c, y);
    for (int i = 0; i < COUNT; i += 2)
      check_that(c, isnan(found[i]), "%s of NaN is %g", functions[n].name, found[i]);
  }
}

// MARK: - Local response normalisation

static void lrn(check *c) {
  static const struct {
    int channels, size;
    float alpha, beta, k;
  } cases[] = {{20, 5, 1e-4f, 0.75f, 1}, {37, 5, 0.5f, 0.75f, 2}, {16, 1, 1, 0.5f, 1}, {5, 4, 2, 1, 0.25f},
               {33, 2, 1, 0.75f, 1},     {50, 40, 3, 0.6f, 1},    {3, 9, 1, 2, 100},   {40, 17, 1e3f, 0.75f, 1}};
  for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
    check_case(c, n);
    int channels = cases[n].channels, height = 3, width = 5, plane = height * width, count = channels * plane;
    pxa_lrn with = {cases[n].size, cases[n].alpha, cases[n].beta, cases[n].k};
    pxa_ref_lrn reference = {channels, plane, with.size, with.alpha, with.beta, with.k};
    double *values = check_reals(c, count);
    for (int i = 0; i < count; i++)
      values[i] *= 8;
    const double *gradients = check_reals(c, count);
    double *expected = check_doubles(c, count), *scales = check_doubles(c, count), *size = check_doubles(c, count);
    pxa_ref_lrn_forward(expected, scales, values, reference);
    for (int i = 0; i < count; i++)
      size[i] = fabs(expected[i]);
    char name[60];
    snprintf(name, sizeof name, "%d of %d channels", with.size, channels);
    pxa_planes x = check_planes(c, channels, height, width, check_extra_halo(c), values);
    pxa_planes y = check_planes(c, channels, height, width, check_extra_halo(c), NULL);
    pxa_planes scale = check_planes(c, channels, height, width, 0, NULL);
    EACH_PART(p, y, n % 2 == 0)
      c->kernels->lrn_forward(y, scale, x, with, p.block, p.row);
    // The scale sums `size` positive terms and takes three more operations. Its power multiplies the relative error by
    // beta.
    int terms = (int)ceil((with.size + 3) * fmax(1, with.beta));
    check_within(c, check_planes_values(c, scale), scales, scales, count, terms, "%s scale", name);
    check_within(c, check_planes_values(c, y), expected, size, count, terms + 6, "%s", name);
    check_zeros_around_planes(c, y, "%s", name);
    check_zeros_around_planes(c, scale, "%s scale", name);

    double *formula = check_doubles(c, count), *magnitude = check_doubles(c, count);
    pxa_ref_lrn_input_grad(formula, magnitude, gradients, values, scales, reference);
    pxa_planes dy = check_planes(c, channels, height, width, check_extra_halo(c), gradients);
    for (int way = 0; way < EPILOGUE_WAYS - 1; way++) {
      epilogue_case epilogue;
      make_epilogue(c, &epilogue, way, channels, height, width, values);
      EACH_PART(p, epilogue.dx, epilogue.cut)
        c->kernels->lrn_input_grad(epilogue.dx, dy, x, scale, with, epilogue.epilogue, p.block, p.row);
      // The gradient also has the power −beta − 1 of the scale.
      check_epilogue(c, &epilogue, formula, magnitude, 2 * (terms + with.size) + 16, name);
    }
  }
}

const check_entry check_functions[] = {
    {"activation functions and their derivatives are within the bound, from 0 to 3e38", function},
    {"activation functions of NaN are NaN", not_a_number},
    {"local response normalisation and its gradient are within the bound", lrn},
    {0},
};
