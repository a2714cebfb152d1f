// SPDX-License-Identifier: MIT
// Checks depthwise convolutions and their gradients.

#include "convolution.h"

static void exact(check *c) {
  static const int channels[] = {16, 20, 1, 33};
  for (int k = 0; k < WINDOWS; k++)
    for (int i = 0; i <= SMALL_WIDTHS; i++) {
      check_case(c, 21);
      int count = channels[i % 4];
      conv_shape s = least_shape(check_windows[k], count, count, count, i * 3 % 5, i);
      convolution a = make_convolution(c, DEPTHWISE, s, true);
      for (int clamp = 0; clamp < CLAMPS; clamp++)
        expect_forward(c, a, clamp);
      expect_gradient(c, a);
    }
}

static void mask_and_start(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 22);
    conv_shape s = shape_of(check_windows[k], 20, 20, 20, 9, 11);
    convolution a = make_convolution(c, DEPTHWISE, s, true);
    const double *x = check_integers(c, in_count(s), 8), *start = check_integers(c, in_count(s), 4);
    expect_gradient_epilogue(c, a, x, start);
    expect_gradient_in_place(c, a, x);
  }
}

static void adjoint(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 23);
    expect_adjoint(c, make_convolution(c, DEPTHWISE, shape_of(check_windows[k], 35, 35, 35, 10, 12), true));
  }
}

static void cut_in_parts(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 24);
    expect_same_in_parts(c, make_convolution(c, DEPTHWISE, shape_of(check_windows[k], 35, 35, 35, 8, 15), false));
  }
}

// Checks depthwise convolutions of MobileNet, MNASNet and EfficientNet on a few rows.
static void network_shapes(check *c) {
  static const int shapes[][5] = {{3, 1, 32, 112, 5}, {3, 2, 96, 112, 8}, {3, 1, 144, 56, 4},
                                  {5, 2, 72, 56, 9},  {5, 1, 120, 28, 6}, {3, 1, 960, 7, 7}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    check_case(c, 25);
    const int *n = shapes[i];
    conv_shape s = shape_of(square_window(n[0], n[1], n[0] / 2), n[2], n[2], n[2], n[4], n[3]);
    expect_bound(c, make_convolution(c, DEPTHWISE, s, false), 2);
  }
}

const check_entry check_depthwise[] = {
    {"depthwise convolutions are exact on integers", exact},
    {"mask and start of a depthwise gradient are exact on integers", mask_and_start},
    {"the depthwise gradient is the adjoint of the convolution", adjoint},
    {"depthwise convolutions cut in any parts give the same values", cut_in_parts},
    {"networks' depthwise convolutions are within the derived bound", network_shapes},
    {0},
};
