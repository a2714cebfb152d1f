// SPDX-License-Identifier: MIT
//
// The operations of CPixelKernels.h as naive loops in double, for tests and benchmarks only. The arrays are plain
// [C][H][W], the weights [Cout][Cin/G][Ky][Kx]. `magnitude` receives the sum of the absolute values of what a function
// adds up; the error bound of the float kernel follows from this sum. In convolutions `magnitude` may be NULL.

#ifndef CPIXELREFERENCE_H
#define CPIXELREFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One axis of a window: the kernel's size, the stride, the zeros before the input and the dilation; the sizes of the
/// input and of the output along this axis.
typedef struct pxa_ref_axis {
  int32_t kernel, stride, before, dilation;
  int32_t input, output;
} pxa_ref_axis;

/// A convolution. With as many groups as channels it is depthwise.
typedef struct pxa_ref_conv {
  int32_t groups, in_channels, out_channels;
  pxa_ref_axis y, x;
} pxa_ref_conv;

/// Convolution, over the input channels i of o's group:
/// Y[o,y,x] = min(high, max(low, bias[o] + Σ_{i,ky,kx} X[i, S·y + D·ky − P, S·x + D·kx − P] · W[o,i,ky,kx])).
void pxa_ref_conv_forward(double *y, double *magnitude, const double *x, const double *weights, const double *bias,
                          pxa_ref_conv shape, double low, double high);

/// Gradient of a convolution with respect to X: dX[i,y,x] = Σ dY[o,v,u] · W[o,i,ky,kx] over all o, v, u, ky, kx with
/// S·v + D·ky − P = y and S·u + D·kx − P = x.
void pxa_ref_conv_input_grad(double *dx, double *magnitude, const double *dy, const double *weights,
                             pxa_ref_conv shape);

/// Max pool; index = ky·Kx + kx of the first maximum. Returns false if a window holds no element greater than −∞.
bool pxa_ref_max_pool_forward(double *y, uint8_t *index, const double *x, int32_t channels, pxa_ref_axis rows,
                              pxa_ref_axis columns);

/// Gradient of a max pool: dX[c,y,x] = Σ_{v,u} dY[c,v,u] over the windows (v,u) whose index names (y,x).
void pxa_ref_max_pool_input_grad(double *dx, const double *dy, const uint8_t *index, int32_t channels,
                                 pxa_ref_axis rows, pxa_ref_axis columns);

/// Whether an average pool counts its padding, and how many zeros after the input it then counts along each axis.
typedef struct pxa_ref_counting {
  bool padding;
  int32_t after_rows, after_columns;
} pxa_ref_counting;

/// Average pool: Y[c,y,x] = Σ X[c,v,u] / n over the elements (v,u) of the window, where n is the number of
/// elements that count.
void pxa_ref_average_pool_forward(double *y, const double *x, int32_t channels, pxa_ref_axis rows, pxa_ref_axis columns,
                                  pxa_ref_counting counting);

/// Gradient of an average pool: dX[c,y,x] = Σ_{v,u} dY[c,v,u] / n over the windows (v,u) that hold (y,x), with the n of
/// window (v,u).
void pxa_ref_average_pool_input_grad(double *dx, double *magnitude, const double *dy, int32_t channels,
                                     pxa_ref_axis rows, pxa_ref_axis columns, pxa_ref_counting counting);

/// Adaptive average pool: Y[c,y,x] = the mean of X[c] over the rows ⌊y·H/Hy⌋ … ⌈(y+1)·H/Hy⌉ − 1 and the columns
/// ⌊x·W/Wy⌋ … ⌈(x+1)·W/Wy⌉ − 1. Of `rows` and `columns` only `input` and `output` are used.
void pxa_ref_adaptive_average_forward(double *y, const double *x, int32_t channels, pxa_ref_axis rows,
                                      pxa_ref_axis columns);

/// Gradient of an adaptive average pool: dX[c,y,x] = Σ_{v,u} dY[c,v,u] / n over the windows (v,u) that hold (y,x),
/// where n is the number of elements of window (v,u).
void pxa_ref_adaptive_average_input_grad(double *dx, double *magnitude, const double *dy, int32_t channels,
                                         pxa_ref_axis rows, pxa_ref_axis columns);

/// Maximum of regions, see region_max_forward of pxa_kernels; `at` receives the index in a channel of each first
/// maximum. If a kernel is 0, the region along that axis is an adaptive pool's part.
void pxa_ref_region_max_forward(double *y, int32_t *at, const double *x, int32_t channels, pxa_ref_axis rows,
                                pxa_ref_axis columns);

/// Reduction of `count` elements that lie `step` apart, and the share of each element in the result's gradient; `kind`
/// is a pxa_reduction.
double pxa_ref_reduce(double *shares, const double *x, int32_t kind, int32_t count, int32_t step);

/// How a resampling reads X along an axis, as pxa_resampling, and the sizes of the input and of the output.
typedef struct pxa_ref_resampling {
  int32_t sampling, shift, rounding;
  double step, scale, offset;
  int32_t input, output;
} pxa_ref_resampling;

/// Returns the weight of element `element` of X in output position `position`.
double pxa_ref_resampling_weight(pxa_ref_resampling axis, int32_t position, int32_t element);

/// Linear layer: Y[o] = bias[o] + Σ_i X[i] · W[o,i].
void pxa_ref_linear_forward(double *y, double *magnitude, const double *x, const double *weights, const double *bias,
                            int32_t inputs, int32_t outputs);

/// Gradient of a linear layer with respect to X: dX[i] = Σ_o dY[o] · W[o,i], first ≤ o < end.
void pxa_ref_linear_input_grad(double *dx, double *magnitude, const double *dy, const double *weights, int32_t inputs,
                               int32_t first, int32_t end);

/// A function of one value, as pxa_function; `kind` is a pxa_function_kind, `slope` the slope of a leaky ReLU below 0.
typedef struct pxa_ref_curve {
  int32_t kind;
  double a, b, c, slope;
} pxa_ref_curve;

/// Returns f(x).
double pxa_ref_function(pxa_ref_curve f, double x);

/// Returns the derivative f'(x).
double pxa_ref_function_derivative(pxa_ref_curve f, double x);

/// Local response normalisation over `size` channels, see pxa_lrn. A channel has `plane` elements.
typedef struct pxa_ref_lrn {
  int32_t channels, plane, size;
  double alpha, beta, k;
} pxa_ref_lrn;

/// Local response normalisation. `scale` receives pxa_lrn's scale.
void pxa_ref_lrn_forward(double *y, double *scale, const double *x, pxa_ref_lrn lrn);

/// Gradient of local response normalisation with respect to X. `scale` is what pxa_ref_lrn_forward wrote.
void pxa_ref_lrn_input_grad(double *dx, double *magnitude, const double *dy, const double *x, const double *scale,
                            pxa_ref_lrn lrn);

/// Layer normalisation over the channels of each pixel if `groups` is 0, else group normalisation; see
/// layer_norm_forward and group_norm_forward of pxa_kernels. A channel has `plane` elements.
typedef struct pxa_ref_layer_norm {
  int32_t channels, plane, groups;
  double epsilon;
} pxa_ref_layer_norm;

/// Layer normalisation. `magnitude` receives what the kernel's error bound multiplies by (n + 12)·2⁻²⁴.
void pxa_ref_layer_norm_forward(double *y, double *magnitude, const double *x, const double *scale, const double *shift,
                                pxa_ref_layer_norm norm);

/// Gradient of layer normalisation with respect to X. `magnitude` receives what the kernel's error bound multiplies by
/// (3n + 36)·2⁻²⁴, without |start|.
void pxa_ref_layer_norm_input_grad(double *dx, double *magnitude, const double *dy, const double *x,
                                   const double *scale, pxa_ref_layer_norm norm);

/// Roll by `rows` and `columns`: Y[c,y,x] = X[c, (y − rows) mod H, (x − columns) mod W].
void pxa_ref_roll(double *y, const double *x, int32_t channels, int32_t height, int32_t width, int32_t rows,
                  int32_t columns);

/// Gaussian blur along H, then along W, with radius ⌊4σ + ½⌋ and the taps exp(−½(k/σ)²), normalised. The reflection is
/// half-sample, and repeats if the radius exceeds the image.
void pxa_ref_gaussian_blur(double *y, const double *x, int32_t channels, int32_t height, int32_t width, double sigma);

/// Returns the next number of a random sequence. The sequence is the same on every machine (Steele, Lea, Flood:
/// SplitMix64, 2014).
uint64_t pxa_ref_random(uint64_t *state);

#ifdef __cplusplus
}
#endif

#endif
