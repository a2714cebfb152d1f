// SPDX-License-Identifier: MIT
// What the checks of convolutions share: shapes, data, the reference, and arrays.

#ifndef CONVOLUTION_H
#define CONVOLUTION_H

#include "check.h"

// MARK: - Shapes

// A convolution and the sizes around it.
typedef struct {
  pxa_window window;
  int groups, inputs, outputs; // channels
  int height, width;           // of X
  int out_height, out_width;
} conv_shape;

// The same along both axes.
pxa_window square_window(int kernel, int stride, int padding);

// Kernels, strides, paddings and dilations of all sorts; the first SMALL_WINDOWS are SqueezeNet's and like them.
enum { SMALL_WINDOWS = 8, WINDOWS = 26 };
extern const pxa_window check_windows[WINDOWS];

conv_shape shape_of(pxa_window window, int groups, int inputs, int outputs, int height, int width);
// Of the least size that gives an output, and more.
conv_shape least_shape(pxa_window window, int groups, int inputs, int outputs, int more_height, int more_width);
// Widths to 2·tile + 1 for tiles of 6 pixels and fewer, and more than one row.
enum { SMALL_WIDTHS = 13, SMALL_HEIGHTS = 4, SMALL_SIZES = SMALL_WIDTHS * SMALL_HEIGHTS };
conv_shape small_shape(pxa_window window, int inputs, int outputs, int index);

int in_count(conv_shape s);
int out_count(conv_shape s);
int weight_count(conv_shape s);
// Of products in an element of Y, of dX.
int forward_terms(conv_shape s);
int gradient_terms(conv_shape s);

typedef struct {
  char text[160];
} conv_name;
conv_name name_of(conv_shape s);

// MARK: - Data, and the reference

typedef struct {
  conv_shape shape;
  const double *x, *dy, *weights, *bias;
} convolution;

convolution make_convolution(check *c, conv_shape s, bool integers);

// (−∞, ∞), ReLU, ReLU6.
enum { ACTS = 3 };
extern const pxa_clamp check_acts[ACTS];

// magnitude: see CPixelReference.h.
double *reference_forward(check *c, convolution a, pxa_clamp act, double *magnitude);
double *reference_gradient(check *c, convolution a, double *magnitude);

// What a gradient is written into.
typedef struct {
  const double *x, *start; // or NULL
  pxa_clamp act;           // that made x
  bool cut, marked;
} gradient_options;

// A gradient with start and mask.
double *reference_into(check *c, const double *gradient, gradient_options options, int count);

// MARK: - Calls

// Arrays for a call, as narrow as is allowed in one round; see check_wider.
typedef struct {
  pxa_planes y, x;
  const float *bias;
} forward_arrays;
forward_arrays arrays_forward(check *c, convolution a);

typedef struct {
  pxa_planes dx, dy, x;
  pxa_into into; // its x is not set
} gradient_arrays;
gradient_arrays arrays_gradient(check *c, convolution a, gradient_options options);

#endif
