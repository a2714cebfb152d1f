// SPDX-License-Identifier: MIT
// Tools that the checks of convolutions share: shapes, data, the reference, calls and expectations.

#ifndef CONVOLUTION_H
#define CONVOLUTION_H

#include "check.h"

// MARK: - Shapes

// A convolution and the sizes of its input and output.
typedef struct {
  pxa_window window;
  int groups, inputs, outputs; // channels
  int height, width;           // of X
  int out_height, out_width;
} conv_shape;

// Returns a window that is the same along both axes.
pxa_window square_window(int kernel, int stride, int padding);

// Kernels, strides, paddings and dilations of all kinds. The first SMALL_WINDOWS are SqueezeNet's and similar ones.
enum { SMALL_WINDOWS = 8, WINDOWS = 26 };
extern const pxa_window check_windows[WINDOWS];

conv_shape shape_of(pxa_window window, int groups, int inputs, int outputs, int height, int width);
// Returns the shape of the smallest input that gives an output, enlarged by more_height and more_width.
conv_shape least_shape(pxa_window window, int groups, int inputs, int outputs, int more_height, int more_width);
// Small inputs: widths up to 2·tile + 1 for tiles of at most 6 pixels, with one row and with several.
enum { SMALL_WIDTHS = 13, SMALL_HEIGHTS = 4, SMALL_SIZES = SMALL_WIDTHS * SMALL_HEIGHTS };
conv_shape small_shape(pxa_window window, int inputs, int outputs, int index);

int in_count(conv_shape s);
int out_count(conv_shape s);
int weight_count(conv_shape s);
// Return the number of products in an element of Y, and of dX.
int forward_terms(conv_shape s);
int gradient_terms(conv_shape s);

typedef struct {
  char text[160];
} conv_name;
conv_name name_of(conv_shape s);

// MARK: - Data and the reference

// The kernels that compute a convolution: conv_…, depthwise_… or stem_….
typedef enum { CONV, WINOGRAD, DEPTHWISE, STEM } conv_kind;

typedef struct {
  conv_kind kind;
  conv_shape shape;
  const double *x, *dy, *weights, *bias;
} convolution;

convolution make_convolution(check *c, conv_kind kind, conv_shape s, bool integers);

// The clamp to [−∞, ∞], ReLU and ReLU6.
enum { CLAMPS = 3 };
extern const pxa_clamp check_clamps[CLAMPS];

// Return Y and dX of the reference. For `magnitude` see CPixelReference.h.
double *reference_forward(check *c, convolution a, pxa_clamp clamp, double *magnitude);
double *reference_gradient(check *c, convolution a, double *magnitude);

// MARK: - Calls

// How a kernel is called. If all fields are zero, a gradient is computed in one call, and is neither accumulated nor
// masked.
typedef struct {
  pxa_clamp clamp;        // of Y; for a gradient, the clamp that made x
  bool cut, nonzero_mask; // whether the call is cut in parts, and whether it gets a nonzero mask
  const double *x;        // the values that mask a gradient, or NULL; not for images
  const double *start;    // the values that a gradient is added to, or NULL; not for images
  bool is_in_place;       // whether dX lies in the memory of x
  pxa_range from;         // blocks of dY; all if empty
} call_options;

// Returns the dX that a kernel called with `options` makes of a gradient: masked and accumulated.
double *reference_epilogue(check *c, const double *gradient, call_options options, int count);

// Return the Y and the dX that a kernel writes, and check that zeros stay around them. See check_extra_halo for the
// halos.
double *forward_of(check *c, convolution a, call_options options);
double *gradient_of(check *c, convolution a, call_options options);

uint64_t *nonzero_mask_of(check *c, pxa_planes planes);

// MARK: - Expectations of every kind
//
// The gradient with respect to an image is left out if the convolution is dilated: no kernel computes it.

// Expect that Y and dX, computed on integers, equal the reference.
void expect_forward(check *c, convolution a, int clamp);
void expect_gradient(check *c, convolution a);
// Expects that a dX that is masked with x, added to `start`, or both, with each clamp, equals the reference on integers.
void expect_gradient_epilogue(check *c, convolution a, const double *x, const double *start);
// Expects that a dX that is masked with x and overwrites x equals the reference on integers.
void expect_gradient_in_place(check *c, convolution a, const double *x);
// Expects ⟨forward x, dy⟩ = ⟨x, gradient dy⟩ on integers, without a bias.
void expect_adjoint(check *c, convolution a);

// Expects that, on reals, calls that are cut in parts give the same values.
void expect_same_in_parts(check *c, convolution a);
// Expects that, on reals, the errors are within the derived bound.
void expect_bound(check *c, convolution a, int clamp);

#endif
