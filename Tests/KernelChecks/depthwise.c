// SPDX-License-Identifier: MIT
// Checks of depthwise convolutions and their gradients.

#include "convolution.h"

#include <string.h>

static float *packed(check *c, convolution a) {
  conv_shape s = a.shape;
  float *made = check_memory(c, pxa_depthwise_packed_floats(s.window, s.inputs) * sizeof *made, 64);
  pxa_depthwise_pack(made, check_floats(c, a.weights, weight_count(s)), s.window, s.inputs);
  return made;
}

static pxa_planes forward(check *c, convolution a, pxa_clamp act, bool cut) {
  conv_shape s = a.shape;
  forward_arrays arrays = arrays_forward(c, a);
  const float *weights = packed(c, a);
  EACH_PART(p, arrays.y, cut)
    c->kernels->depthwise_forward(arrays.y, arrays.x, weights, arrays.bias, s.window, act, p.block, p.row);
  return arrays.y;
}

static pxa_planes gradient(check *c, convolution a, gradient_options options) {
  conv_shape s = a.shape;
  gradient_arrays arrays = arrays_gradient(c, a, options);
  arrays.into.x = options.x ? &arrays.x : NULL;
  const float *weights = packed(c, a);
  EACH_PART(p, arrays.dx, options.cut)
    c->kernels->depthwise_input_grad(arrays.dx, arrays.dy, weights, arrays.into, s.window, p.block, p.row);
  return arrays.dx;
}

static double *gradient_values(check *c, convolution a, gradient_options options) {
  return check_planes_values(c, gradient(c, a, options));
}

static void exact(check *c) {
  static const int channels[] = {16, 20, 1, 33};
  for (int k = 0; k < WINDOWS; k++)
    for (int i = 0; i <= SMALL_WIDTHS; i++) {
      check_case(c, 21);
      int count = channels[i % 4];
      conv_shape s = least_shape(check_windows[k], count, count, count, i * 3 % 5, i);
      convolution a = make_convolution(c, s, true);
      conv_name name = name_of(s);
      for (int act = 0; act < ACTS; act++) {
        pxa_planes y = forward(c, a, check_acts[act], false);
        check_equal(c, check_planes_values(c, y), reference_forward(c, a, check_acts[act], NULL), out_count(s),
                    "%s forward, act %d", name.text, act);
        check_zeros_around_planes(c, y, "%s forward, act %d", name.text, act);
      }
      pxa_planes dx = gradient(c, a, (gradient_options){0});
      check_equal(c, check_planes_values(c, dx), reference_gradient(c, a, NULL), in_count(s), "%s gradient", name.text);
      check_zeros_around_planes(c, dx, "%s gradient", name.text);
    }
}

static void mask_and_start(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 22);
    conv_shape s = shape_of(check_windows[k], 20, 20, 20, 9, 11);
    convolution a = make_convolution(c, s, true);
    int count = in_count(s);
    const double *x = check_integers(c, count, 8), *start = check_integers(c, count, 4);
    const double *plain = reference_gradient(c, a, NULL);
    for (int act = 0; act < ACTS; act++)
      for (int way = 1; way < 4; way++) {
        gradient_options options = {
            .x = way & 1 ? x : NULL, .start = way & 2 ? start : NULL, .act = check_acts[act], .cut = act == 2};
        check_equal(c, gradient_values(c, a, options), reference_into(c, plain, options, count), count,
                    "%s%s%s, act %d", name_of(s).text, way & 1 ? " mask" : "", way & 2 ? " start" : "", act);
      }

    gradient_options options = {.x = x, .act = check_acts[2]};
    gradient_arrays arrays = arrays_gradient(c, a, options);
    arrays.into.x = &arrays.x;
    c->kernels->depthwise_input_grad(arrays.x, arrays.dy, packed(c, a), arrays.into, s.window, check_range(0, 2),
                                     check_range(0, s.height));
    check_equal(c, check_planes_values(c, arrays.x), reference_into(c, plain, options, count), count, "%s in place",
                name_of(s).text);
  }
}

static void adjoint(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 23);
    conv_shape s = shape_of(check_windows[k], 35, 35, 35, 10, 12);
    convolution a = make_convolution(c, s, true);
    a.bias = memset(check_doubles(c, s.outputs), 0, (size_t)s.outputs * sizeof(double));
    const double *y = check_planes_values(c, forward(c, a, check_acts[0], false));
    const double *dx = gradient_values(c, a, (gradient_options){0});
    double there = 0, back = 0;
    for (int i = 0; i < out_count(s); i++)
      there += y[i] * a.dy[i];
    for (int i = 0; i < in_count(s); i++)
      back += a.x[i] * dx[i];
    check_equal(c, &there, &back, 1, "%s", name_of(s).text);
  }
}

static void cut_in_parts(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 24);
    conv_shape s = shape_of(check_windows[k], 35, 35, 35, 8, 15);
    convolution a = make_convolution(c, s, false);
    check_equal(c, check_planes_values(c, forward(c, a, check_acts[1], true)),
                check_planes_values(c, forward(c, a, check_acts[1], false)), out_count(s), "%s forward",
                name_of(s).text);
    check_equal(c, gradient_values(c, a, (gradient_options){.cut = true}), gradient_values(c, a, (gradient_options){0}),
                in_count(s), "%s gradient", name_of(s).text);
  }
}

// MobileNet's, MNASNet's and EfficientNet's, some rows.
static void network_shapes(check *c) {
  static const int shapes[][5] = {{3, 1, 32, 112, 5}, {3, 2, 96, 112, 8}, {3, 1, 144, 56, 4},
                                  {5, 2, 72, 56, 9},  {5, 1, 120, 28, 6}, {3, 1, 960, 7, 7}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    check_case(c, 25);
    const int *n = shapes[i];
    conv_shape s = shape_of(square_window(n[0], n[1], n[0] / 2), n[2], n[2], n[2], n[4], n[3]);
    convolution a = make_convolution(c, s, false);
    double *magnitude = check_doubles(c, out_count(s)), *gradient_magnitude = check_doubles(c, in_count(s));
    const double *y = reference_forward(c, a, check_acts[2], magnitude);
    const double *dx = reference_gradient(c, a, gradient_magnitude);
    check_within(c, check_planes_values(c, forward(c, a, check_acts[2], false)), y, magnitude, out_count(s),
                 forward_terms(s), "%s forward", name_of(s).text);
    check_within(c, gradient_values(c, a, (gradient_options){0}), dx, gradient_magnitude, in_count(s),
                 gradient_terms(s), "%s gradient", name_of(s).text);
  }
}

const check_entry check_depthwise[] = {
    {"depthwise convolutions are exact on integers", exact},
    {"mask and start of a depthwise gradient are exact on integers", mask_and_start},
    {"the depthwise gradient is the adjoint of the convolution", adjoint},
    {"depthwise convolutions cut in any parts have the same bits", cut_in_parts},
    {"networks' depthwise convolutions are within the derived bound", network_shapes},
    {0},
};
