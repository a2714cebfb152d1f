// SPDX-License-Identifier: MIT
// What the checks of convolutions share: shapes, data, the reference, calls, and expectations.

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

// The kernels that compute a convolution: conv_…, depthwise_… or stem_….
typedef enum { CONV, DEPTHWISE, STEM } conv_kind;

typedef struct {
  conv_kind kind;
  conv_shape shape;
  const double *x, *dy, *weights, *bias;
} convolution;

convolution make_convolution(check *c, conv_kind kind, conv_shape s, bool integers);

// (−∞, ∞), ReLU, ReLU6.
enum { ACTS = 3 };
extern const pxa_clamp check_clamps[ACTS];

// magnitude: see CPixelReference.h.
double *reference_forward(check *c, convolution a, pxa_clamp clamp, double *magnitude);
double *reference_gradient(check *c, convolution a, double *magnitude);

// MARK: - Calls

// How a kernel is called. All zero: a gradient in one call, as it is.
typedef struct {
  pxa_clamp clamp;         // of Y; of a gradient the one that made x
  bool cut, nonzeros;      // in parts; with a nonzero mask
  const double *x, *start; // what a gradient is written into, or NULL; not to an image
  bool is_in_place;        // dX in the memory of x
  pxa_range from;          // blocks of dY, all if empty
} call_options;

// A gradient with start and mask.
double *reference_into(check *c, const double *gradient, call_options options, int count);

// What a kernel makes, in arrays as narrow as is allowed in one round, see check_wider. That zeros stay around it is
// checked.
double *forward_of(check *c, convolution a, call_options options);
double *gradient_of(check *c, convolution a, call_options options);

uint64_t *nonzero_mask_of(check *c, pxa_planes planes);

// MARK: - What every kind must hold. Of an image with a dilation the gradient is left out: no kernel has it.

// On integers.
void expect_forward(check *c, convolution a, int clamp);
void expect_gradient(check *c, convolution a);
// Masked with x, added to `start`, both; by all clamps.
void expect_gradient_into(check *c, convolution a, const double *x, const double *start);
void expect_gradient_in_place(check *c, convolution a, const double *x);
// ⟨forward x, dy⟩ = ⟨x, gradient dy⟩, without a bias.
void expect_adjoint(check *c, convolution a);

// On reals: the same bits when cut in parts; the derived bound.
void expect_same_in_parts(check *c, convolution a);
void expect_bound(check *c, convolution a, int clamp);

#endif
