// SPDX-License-Identifier: MIT

#include "convolution.h"

#include <math.h>
#include <stdio.h>

// MARK: - Shapes

#define AXIS(kernel, stride, before, after, dilation) {kernel, stride, before, after, dilation}
#define SQUARE(...) {AXIS(__VA_ARGS__), AXIS(__VA_ARGS__)}

const pxa_window check_windows[WINDOWS] = {
    SQUARE(1, 1, 0, 0, 1),
    SQUARE(1, 1, 1, 1, 1),
    SQUARE(1, 2, 0, 0, 1),
    SQUARE(1, 2, 1, 1, 1),
    SQUARE(3, 1, 0, 0, 1),
    SQUARE(3, 1, 1, 1, 1),
    SQUARE(3, 2, 0, 0, 1),
    SQUARE(3, 2, 1, 1, 1),
    SQUARE(1, 3, 0, 0, 1),
    SQUARE(2, 1, 0, 1, 1),
    SQUARE(2, 2, 0, 0, 1),
    SQUARE(2, 2, 1, 0, 1),
    SQUARE(3, 1, 2, 0, 1),
    SQUARE(3, 1, 2, 2, 2),
    SQUARE(3, 2, 0, 1, 1),
    SQUARE(3, 2, 2, 2, 2),
    SQUARE(3, 3, 1, 1, 1),
    SQUARE(3, 4, 1, 2, 1),
    SQUARE(5, 1, 2, 2, 1),
    SQUARE(5, 2, 1, 2, 1),
    SQUARE(7, 2, 3, 3, 1),
    SQUARE(11, 4, 2, 2, 1),
    {AXIS(1, 1, 0, 0, 1), AXIS(7, 1, 3, 3, 1)},
    {AXIS(7, 1, 3, 3, 1), AXIS(1, 1, 0, 0, 1)},
    {AXIS(3, 1, 1, 1, 1), AXIS(5, 2, 2, 1, 1)},
    {AXIS(5, 3, 0, 2, 2), AXIS(2, 1, 1, 0, 3)},
};

pxa_window square_window(int kernel, int stride, int padding) {
  pxa_axis axis = {kernel, stride, padding, padding, 1};
  return (pxa_window){axis, axis};
}

conv_shape shape_of(pxa_window window, int groups, int inputs, int outputs, int height, int width) {
  return (conv_shape){.window = window,
                      .groups = groups,
                      .inputs = inputs,
                      .outputs = outputs,
                      .height = height,
                      .width = width,
                      .out_height = pxa_output_size(window.y, height, false),
                      .out_width = pxa_output_size(window.x, width, false)};
}

static int least_size(pxa_axis axis) {
  int least = axis.dilation * (axis.kernel - 1) + 1 - axis.before - axis.after;
  return least > 1 ? least : 1;
}

conv_shape least_shape(pxa_window window, int groups, int inputs, int outputs, int more_height, int more_width) {
  return shape_of(window, groups, inputs, outputs, least_size(window.y) + more_height,
                  least_size(window.x) + more_width);
}

conv_shape small_shape(pxa_window window, int inputs, int outputs, int index) {
  static const int heights[SMALL_HEIGHTS] = {1, 2, 3, 6};
  return shape_of(window, 1, inputs, outputs, heights[index % SMALL_HEIGHTS], index / SMALL_HEIGHTS + 1);
}

static int taps(conv_shape s) { return s.window.y.kernel * s.window.x.kernel; }
int in_count(conv_shape s) { return s.inputs * s.height * s.width; }
int out_count(conv_shape s) { return s.outputs * s.out_height * s.out_width; }
int forward_terms(conv_shape s) { return s.inputs / s.groups * taps(s); }
int gradient_terms(conv_shape s) { return s.outputs / s.groups * taps(s); }
int weight_count(conv_shape s) { return s.outputs * forward_terms(s); }

conv_name name_of(conv_shape s) {
  pxa_axis y = s.window.y, x = s.window.x;
  conv_name name;
  snprintf(name.text, sizeof name.text, "%d→%d in %d, %d×%d / %d×%d, pad %d+%d × %d+%d, dilation %d×%d on %d×%d",
           s.inputs, s.outputs, s.groups, y.kernel, x.kernel, y.stride, x.stride, y.before, y.after, x.before, x.after,
           y.dilation, x.dilation, s.height, s.width);
  return name;
}

// MARK: - Data and the reference

convolution make_convolution(check *c, conv_kind kind, conv_shape s, bool integers) {
  enum { RANGE = 4 };
  convolution made = {.kind = kind, .shape = s};
  made.x = integers ? check_integers(c, in_count(s), RANGE) : check_reals(c, in_count(s));
  made.dy = integers ? check_integers(c, out_count(s), RANGE) : check_reals(c, out_count(s));
  made.weights = integers ? check_integers(c, weight_count(s), RANGE) : check_reals(c, weight_count(s));
  made.bias = integers ? check_integers(c, s.outputs, RANGE) : check_reals(c, s.outputs);
  return made;
}

const pxa_clamp check_clamps[CLAMPS] = {{-INFINITY, INFINITY}, {0, INFINITY}, {0, 6}};

static pxa_ref_conv reference_shape(conv_shape s) {
  return (pxa_ref_conv){.groups = s.groups,
                        .in_channels = s.inputs,
                        .out_channels = s.outputs,
                        .y = check_reference_axis(s.window.y, s.height, s.out_height),
                        .x = check_reference_axis(s.window.x, s.width, s.out_width)};
}

double *reference_forward(check *c, convolution a, pxa_clamp clamp, double *magnitude) {
  double *y = check_doubles(c, out_count(a.shape));
  pxa_ref_conv_forward(y, magnitude, a.x, a.weights, a.bias, reference_shape(a.shape), clamp.low, clamp.high);
  return y;
}

double *reference_gradient(check *c, convolution a, double *magnitude) {
  double *dx = check_doubles(c, in_count(a.shape));
  pxa_ref_conv_input_grad(dx, magnitude, a.dy, a.weights, reference_shape(a.shape));
  return dx;
}

double *reference_epilogue(check *c, const double *gradient, call_options options, int count) {
  double *dx = check_doubles(c, count);
  for (int i = 0; i < count; i++) {
    bool is_open = !options.x || (options.clamp.low < options.x[i] && options.x[i] < options.clamp.high);
    dx[i] = is_open ? gradient[i] + (options.start ? options.start[i] : 0) : 0;
  }
  return dx;
}
