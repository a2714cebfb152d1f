// SPDX-License-Identifier: MIT
// Checks convolutions of blocked planes and their gradients.

#include "convolution.h"

#include <math.h>

static void check_exact(check *c, conv_shape s, bool all_clamps) {
  if (s.out_height == 0 || s.out_width == 0)
    return;
  check_case(c, 1);
  convolution a = make_convolution(c, CONV, s, true);
  for (int clamp = all_clamps ? 0 : CLAMPS - 1; clamp < CLAMPS; clamp++)
    expect_forward(c, a, clamp);
  expect_gradient(c, a);
}

static void small_shapes(check *c) {
  static const int channels[][2] = {{16, 16}, {3, 20}, {17, 5}, {33, 49}};
  enum { PAIRS = sizeof channels / sizeof *channels };
  for (int k = 0; k < SMALL_WINDOWS; k++)
    for (int n = 0; n < PAIRS; n++)
      for (int i = 0; i < SMALL_SIZES; i++)
        check_exact(c, small_shape(check_windows[k], channels[n][0], channels[n][1], i), n == 0);
}

static void windows(check *c) {
  static const int channels[][2] = {{17, 5}, {5, 18}};
  for (int k = SMALL_WINDOWS; k < WINDOWS; k++)
    for (int i = 0; i <= SMALL_WIDTHS; i++)
      check_exact(c, least_shape(check_windows[k], 1, channels[i % 2][0], channels[i % 2][1], i * 3 % 5, i), false);
}

static const int grouped[][3] = {{2, 32, 64},  {2, 6, 10},  {3, 9, 15},     {4, 24, 48},  {8, 64, 64},
                                 {2, 48, 48},  {5, 35, 50}, {32, 128, 128}, {16, 32, 16}, {3, 3, 60},
                                 {20, 20, 20}, {2, 64, 96}, {7, 112, 112}};
enum { GROUPED = sizeof grouped / sizeof *grouped };

static void groups(check *c) {
  static const int kinds[] = {0, 5, 7, 15, 19, 22};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    for (int n = 0; n < GROUPED; n++)
      check_exact(c, least_shape(check_windows[kinds[k]], grouped[n][0], grouped[n][1], grouped[n][2], 3, n), true);
}

static void check_epilogue(check *c, conv_shape s) {
  check_case(c, 3);
  convolution a = make_convolution(c, CONV, s, true);
  const double *x = check_integers(c, in_count(s), 8), *start = check_integers(c, in_count(s), 4);
  expect_gradient_epilogue(c, a, x, start);
}

static void mask_and_start(check *c) {
  for (int k = 0; k < WINDOWS; k++)
    check_epilogue(c, shape_of(check_windows[k], 1, 18, 33, 9, 11));
  for (int n = 0; n < GROUPED; n++)
    check_epilogue(c, shape_of(check_windows[7], grouped[n][0], grouped[n][1], grouped[n][2], 5, 6));
}

static void in_place(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 4);
    conv_shape s = shape_of(check_windows[k], 1, 18, 33, 9, 11);
    convolution a = make_convolution(c, CONV, s, true);
    expect_gradient_in_place(c, a, check_integers(c, in_count(s), 8));
  }
}

static void some_blocks(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 5);
    conv_shape s = shape_of(check_windows[k], 1, 32, 48, 8, 9);
    convolution a = make_convolution(c, CONV, s, true);
    const double *found = gradient_of(c, a, (call_options){.from = check_range(1, 2)});
    double *block = check_doubles(c, out_count(s));
    for (int i = 0; i < out_count(s); i++)
      block[i] = i / (s.out_height * s.out_width) / PXA_BLOCK == 1 ? a.dy[i] : 0;
    a.dy = block;
    check_equal(c, found, reference_gradient(c, a, NULL), in_count(s), "%s, block 1 of 3", name_of(s).text);
  }
}

static void check_adjoint(check *c, conv_shape s) {
  check_case(c, 8);
  expect_adjoint(c, make_convolution(c, CONV, s, true));
}

static void adjoint(check *c) {
  for (int k = 0; k < WINDOWS; k++)
    check_adjoint(c, shape_of(check_windows[k], 1, 3, 35, 10, 12));
  for (int n = 0; n < GROUPED; n++)
    check_adjoint(c, shape_of(check_windows[n + 5], grouped[n][0], grouped[n][1], grouped[n][2], 10, 12));
}

static void check_cut(check *c, conv_shape s) {
  check_case(c, 9);
  expect_same_in_parts(c, make_convolution(c, CONV, s, false));
}

static void cut_in_parts(check *c) {
  for (int k = 0; k < WINDOWS; k++)
    check_cut(c, shape_of(check_windows[k], 1, 35, 50, 8, 15));
  for (int n = 0; n < GROUPED; n++)
    check_cut(c, shape_of(check_windows[n + 5], grouped[n][0], grouped[n][1], grouped[n][2], 8, 15));
}

// NaN in the input is the sign of an overflow in an earlier layer. No clamp may turn it into a number.
static void not_a_number(check *c) {
  check_case(c, 0);
  conv_shape s = shape_of(check_windows[0], 1, 17, 32, 4, 5);
  convolution a = make_convolution(c, CONV, s, true);
  double *x = check_integers(c, in_count(s), 4);
  for (int i = 0; i < in_count(s); i++)
    x[i] = NAN;
  a.x = x;
  for (int clamp = 0; clamp < CLAMPS; clamp++) {
    const double *y = forward_of(c, a, (call_options){.clamp = check_clamps[clamp]});
    for (int i = 0; i < out_count(s); i++)
      check_that(c, isnan(y[i]), "a convolution of NaN is %g, clamp %d", y[i], clamp);
  }
}

const check_entry check_convolutions[] = {
    {"convolutions of small shapes are exact on integers", small_shapes},
    {"convolutions of any window are exact on integers", windows},
    {"convolutions in groups are exact on integers", groups},
    {"convolutions of NaN are NaN, whatever the clamp", not_a_number},
    {"mask and start of a gradient are exact on integers", mask_and_start},
    {"a gradient may overwrite the values that mask it", in_place},
    {"a gradient from some blocks is exact on integers", some_blocks},
    {"the gradient is the adjoint of the convolution", adjoint},
    {"convolutions cut in any parts give the same values", cut_in_parts},
    {0},
};
