// SPDX-License-Identifier: MIT
// Checks of convolutions of an image and their gradients.

#include "convolution.h"

#include <string.h>

static float *packed_forward(check *c, convolution a) {
  conv_shape s = a.shape;
  float *packed = check_memory(c, pxa_stem_packed_floats(s.window, s.inputs, s.outputs) * sizeof *packed, 64);
  pxa_stem_pack_forward(packed, check_floats(c, a.weights, weight_count(s)), s.window, s.inputs, s.outputs);
  return packed;
}

static float *packed_gradient(check *c, convolution a) {
  conv_shape s = a.shape;
  float *packed = check_memory(c, pxa_stem_grad_packed_floats(s.window, s.inputs, s.outputs) * sizeof *packed, 64);
  pxa_stem_pack_input_grad(packed, packed_forward(c, a), s.window, s.inputs, s.outputs);
  return packed;
}

static pxa_planes forward(check *c, convolution a, pxa_clamp act, bool cut) {
  conv_shape s = a.shape;
  int halo = pxa_conv_halo(s.window) + check_wider(c);
  pxa_planes y = check_planes(c, s.outputs, s.out_height, s.out_width, check_wider(c), NULL);
  pxa_image x = check_image(c, s.inputs, s.height, s.width, halo, a.x);
  const float *weights = packed_forward(c, a), *bias = check_floats_for_blocks(c, a.bias, s.outputs);
  EACH_PART(p, y, cut)
    c->kernels->stem_forward(y, x, weights, bias, s.window, act, p.block, p.row);
  return y;
}

static bool has_gradient(conv_shape s) { return s.window.y.dilation == 1 && s.window.x.dilation == 1; }

static pxa_image gradient(check *c, convolution a, bool cut) {
  conv_shape s = a.shape;
  pxa_image dx = check_image(c, s.inputs, s.height, s.width, check_wider(c), NULL);
  pxa_planes dy = check_planes(c, s.outputs, s.out_height, s.out_width, 0, a.dy);
  const float *weights = packed_gradient(c, a);
  EACH_PART(p, dx, cut)
    c->kernels->stem_input_grad(dx, dy, weights, s.window, p.row);
  return dx;
}

static void check_exact(check *c, conv_shape s) {
  if (s.out_height == 0 || s.out_width == 0)
    return;
  check_case(c, 2);
  conv_name name = name_of(s);
  convolution a = make_convolution(c, s, true);
  pxa_clamp act = check_acts[1 + s.width % 2];
  pxa_planes y = forward(c, a, act, false);
  check_equal(c, check_planes_values(c, y), reference_forward(c, a, act, NULL), out_count(s), "%s forward", name.text);
  check_zeros_around_planes(c, y, "%s forward", name.text);
  if (!has_gradient(s))
    return;
  pxa_image dx = gradient(c, a, false);
  check_equal(c, check_image_values(c, dx), reference_gradient(c, a, NULL), in_count(s), "%s gradient", name.text);
  check_zeros_around_image(c, dx, "%s gradient", name.text);
}

static const int channels[][2] = {{1, 16}, {2, 17}, {3, 40}, {4, 16}, {5, 3}};
enum { PAIRS = sizeof channels / sizeof *channels };

static void small_shapes(check *c) {
  static const int wide[] = {127, 128, 129, 130, 257}; // the gradient is cut after 128 columns
  for (int k = 0; k < SMALL_WINDOWS; k++)
    for (int n = 0; n < PAIRS; n++) {
      for (int i = 0; i < SMALL_SIZES; i++)
        check_exact(c, small_shape(check_windows[k], channels[n][0], channels[n][1], i));
      for (size_t w = 0; w < sizeof wide / sizeof *wide; w++)
        check_exact(c, shape_of(check_windows[k], 1, channels[n][0], channels[n][1], 4, wide[w]));
    }
}

// The widest, a kernel narrower than its stride, one that is not square.
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
    conv_shape s = least_shape(window_at(k), 1, 3, 35, 10, 12);
    if (!has_gradient(s))
      continue;
    convolution a = make_convolution(c, s, true);
    a.bias = memset(check_doubles(c, s.outputs), 0, (size_t)s.outputs * sizeof(double));
    const double *y = check_planes_values(c, forward(c, a, check_acts[0], false));
    const double *dx = check_image_values(c, gradient(c, a, false));
    double there = 0, back = 0;
    for (int i = 0; i < out_count(s); i++)
      there += y[i] * a.dy[i];
    for (int i = 0; i < in_count(s); i++)
      back += a.x[i] * dx[i];
    check_equal(c, &there, &back, 1, "%s", name_of(s).text);
  }
}

static void cut_in_parts(check *c) {
  for (int k = 0; k < ALL_WINDOWS; k++) {
    check_case(c, 29);
    conv_shape s = least_shape(window_at(k), 1, 5, 50, 7, 14);
    convolution a = make_convolution(c, s, false);
    conv_name name = name_of(s);
    check_equal(c, check_planes_values(c, forward(c, a, check_acts[1], true)),
                check_planes_values(c, forward(c, a, check_acts[1], false)), out_count(s), "%s forward", name.text);
    if (has_gradient(s))
      check_equal(c, check_image_values(c, gradient(c, a, true)), check_image_values(c, gradient(c, a, false)),
                  in_count(s), "%s gradient", name.text);
  }
}

// SqueezeNet's, ResNet's, AlexNet's first layers, on images of a few rows.
static void first_layers(check *c) {
  static const int layers[][4] = {{3, 2, 0, 61}, {7, 2, 3, 23}, {11, 4, 2, 35}};
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    check_case(c, 7);
    const int *n = layers[i];
    conv_shape s = shape_of(square_window(n[0], n[1], n[2]), 1, 3, 64, n[3], 224);
    convolution a = make_convolution(c, s, false);
    conv_name name = name_of(s);
    double *magnitude = check_doubles(c, out_count(s)), *gradient_magnitude = check_doubles(c, in_count(s));
    const double *y = reference_forward(c, a, check_acts[0], magnitude);
    const double *dx = reference_gradient(c, a, gradient_magnitude);
    check_within(c, check_planes_values(c, forward(c, a, check_acts[0], false)), y, magnitude, out_count(s),
                 forward_terms(s), "%s forward", name.text);
    check_within(c, check_image_values(c, gradient(c, a, false)), dx, gradient_magnitude, in_count(s),
                 gradient_terms(s), "%s gradient", name.text);
  }
}

const check_entry check_stems[] = {
    {"convolutions of an image are exact on integers", small_shapes},
    {"convolutions of an image by any window are exact on integers", windows},
    {"the gradient to an image is the adjoint of the convolution", adjoint},
    {"convolutions of an image cut in any parts have the same bits", cut_in_parts},
    {"the first layers of networks are within the derived bound", first_layers},
    {0},
};
