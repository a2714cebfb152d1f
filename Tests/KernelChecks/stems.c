// SPDX-License-Identifier: MIT
// Checks convolutions of an image and their gradients.

#include "convolution.h"

static void check_exact(check *c, conv_shape s) {
  if (s.out_height == 0 || s.out_width == 0)
    return;
  check_case(c, 2);
  convolution a = make_convolution(c, STEM, s, true);
  expect_forward(c, a, 1 + s.width % 2);
  expect_gradient(c, a);
}

static const int channels[][2] = {{1, 16}, {2, 17}, {3, 40}, {4, 16}, {5, 3}};
enum { PAIRS = sizeof channels / sizeof *channels };

static void small_shapes(check *c) {
  static const int wide[] = {127, 128, 129, 130, 257}; // the gradient is computed in segments of 128 columns
  for (int k = 0; k < SMALL_WINDOWS; k++)
    for (int n = 0; n < PAIRS; n++) {
      for (int i = 0; i < SMALL_SIZES; i++)
        check_exact(c, small_shape(check_windows[k], channels[n][0], channels[n][1], i));
      for (size_t w = 0; w < sizeof wide / sizeof *wide; w++)
        check_exact(c, shape_of(check_windows[k], 1, channels[n][0], channels[n][1], 4, wide[w]));
    }
}

// The largest kernel, kernels that are not square, a kernel smaller than its stride, and one as large as its stride.
static const pxa_window more_windows[] = {{{16, 16, 0, 0, 1}, {16, 16, 0, 0, 1}},
                                          {{16, 3, 5, 7, 1}, {13, 5, 8, 2, 1}},
                                          {{2, 5, 1, 0, 1}, {3, 7, 0, 2, 1}},
                                          {{4, 4, 0, 0, 1}, {4, 4, 0, 0, 1}},
                                          {{9, 1, 4, 4, 1}, {6, 2, 2, 2, 1}}};
enum { MORE_WINDOWS = sizeof more_windows / sizeof *more_windows, ALL_WINDOWS = WINDOWS + MORE_WINDOWS };

static pxa_window window_at(int index) {
  return index < WINDOWS ? check_windows[index] : more_windows[index - WINDOWS];
}

static void windows(check *c) {
  for (int k = SMALL_WINDOWS; k < ALL_WINDOWS; k++) {
    const int *few = channels[k % PAIRS];
    for (int i = 0; i <= SMALL_WIDTHS; i++)
      check_exact(c, least_shape(window_at(k), 1, channels[i % PAIRS][0], channels[i % PAIRS][1], i * 3 % 5, i));
    for (int width = 127; width < 132; width++)
      check_exact(c, least_shape(window_at(k), 1, few[0], few[1], 2, width));
    check_exact(c, least_shape(window_at(k), 1, few[0], few[1], 17, 40));
  }
}

static void adjoint(check *c) {
  for (int k = 0; k < ALL_WINDOWS; k++) {
    check_case(c, 28);
    expect_adjoint(c, make_convolution(c, STEM, least_shape(window_at(k), 1, 3, 35, 10, 12), true));
  }
}

static void cut_in_parts(check *c) {
  for (int k = 0; k < ALL_WINDOWS; k++) {
    check_case(c, 29);
    expect_same_in_parts(c, make_convolution(c, STEM, least_shape(window_at(k), 1, 5, 50, 7, 14), false));
  }
}

// Checks the first layers of SqueezeNet, ResNet and AlexNet on images of a few rows.
static void first_layers(check *c) {
  static const int layers[][4] = {{3, 2, 0, 61}, {7, 2, 3, 23}, {11, 4, 2, 35}};
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    check_case(c, 7);
    const int *n = layers[i];
    conv_shape s = shape_of(square_window(n[0], n[1], n[2]), 1, 3, 64, n[3], 224);
    expect_bound(c, make_convolution(c, STEM, s, false), 0);
  }
}

const check_entry check_stems[] = {
    {"convolutions of an image are exact on integers", small_shapes},
    {"convolutions of an image with any window are exact on integers", windows},
    {"the gradient to an image is the adjoint of the convolution", adjoint},
    {"convolutions of an image cut in any parts give the same values", cut_in_parts},
    {"the first layers of networks are within the derived bound", first_layers},
    {0},
};
