// SPDX-License-Identifier: MIT
//
// The operations of CPixelKernels.h again: naive loops in double, plain [C][H][W] arrays, weights [Cout][Cin/G][Ky][Kx].
// For tests and benchmarks only. Where a sum is compared with a float kernel, `magnitude` (of a convolution: if not NULL)
// receives the same sum of absolute values, from which the error bound follows.

#ifndef CPIXELREFERENCE_H
#define CPIXELREFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An axis of a window: size of the kernel, stride, zeros before the input, distance of the taps; sizes around it.
typedef struct pxa_ref_axis {
  int32_t kernel, stride, before, dilation;
  int32_t input, output;
} pxa_ref_axis;

/// A convolution. Depthwise where it has as many groups as channels.
typedef struct pxa_ref_conv {
  int32_t groups, in_channels, out_channels;
  pxa_ref_axis y, x;
} pxa_ref_conv;

/// Y[o,y,x] = min(high, max(low, bias[o] + Σ X[i, S·y + D·ky − P, S·x + D·kx − P] · W[o,i,ky,kx])), i in o's group.
void pxa_ref_conv_forward(double *y, double *magnitude, const double *x, const double *weights, const double *bias,
                          pxa_ref_conv shape, double low, double high);

/// dX[i,y,x] = Σ dY[o,v,u] · W[o,i,ky,kx] over S·v + D·ky − P = y, S·u + D·kx − P = x.
void pxa_ref_conv_input_grad(double *dx, double *magnitude, const double *dy, const double *weights,
                             pxa_ref_conv shape);

/// Max pool; index = ky·Kx + kx of the first maximum. False if a window holds no element.
bool pxa_ref_max_pool_forward(double *y, uint8_t *index, const double *x, int32_t channels, pxa_ref_axis rows,
                              pxa_ref_axis columns);

/// dX = Σ dY over the windows that name the element.
void pxa_ref_max_pool_input_grad(double *dx, const double *dy, const uint8_t *index, int32_t channels,
                                 pxa_ref_axis rows, pxa_ref_axis columns);

/// Zeros after the input, along both axes, where an average pool counts its padding.
typedef struct pxa_ref_counting {
  bool padding;
  int32_t after_rows, after_columns;
} pxa_ref_counting;

/// Y = Σ X / n over the window, n the elements that count.
void pxa_ref_average_pool_forward(double *y, const double *x, int32_t channels, pxa_ref_axis rows, pxa_ref_axis columns,
                                  pxa_ref_counting counting);

/// dX = Σ dY / n over the windows that hold the element.
void pxa_ref_average_pool_input_grad(double *dx, double *magnitude, const double *dy, int32_t channels,
                                     pxa_ref_axis rows, pxa_ref_axis columns, pxa_ref_counting counting);

/// The mean of the rows ⌊y·H/Hy⌋ … ⌈(y+1)·H/Hy⌉ − 1 and the columns likewise. Of the axes, input and output count.
void pxa_ref_adaptive_average_forward(double *y, const double *x, int32_t channels, pxa_ref_axis rows,
                                      pxa_ref_axis columns);

/// dX = Σ dY / n over the windows that hold the element.
void pxa_ref_adaptive_average_input_grad(double *dx, double *magnitude, const double *dy, int32_t channels,
                                         pxa_ref_axis rows, pxa_ref_axis columns);

/// Y[o] = bias[o] + Σ X[i] · W[o,i].
void pxa_ref_linear_forward(double *y, double *magnitude, const double *x, const double *weights, const double *bias,
                            int32_t inputs, int32_t outputs);

/// dX[i] = Σ dY[o] · W[o,i], first ≤ o < end.
void pxa_ref_linear_input_grad(double *dx, double *magnitude, const double *dy, const double *weights, int32_t inputs,
                               int32_t first, int32_t end);

/// f(x) and f'(x); `kind` is a pxa_function_kind.
double pxa_ref_function(int32_t kind, double x, double a, double b, double slope);
double pxa_ref_function_slope(int32_t kind, double x, double a, double b, double slope);

/// Local response normalisation over `size` channels: see pxa_lrn. `plane` elements a channel.
typedef struct pxa_ref_lrn {
  int32_t channels, plane, size;
  double alpha, beta, k;
} pxa_ref_lrn;

void pxa_ref_lrn_forward(double *y, double *scale, const double *x, pxa_ref_lrn lrn);

void pxa_ref_lrn_input_grad(double *dx, double *magnitude, const double *dy, const double *x, const double *scale,
                            pxa_ref_lrn lrn);

/// Layer normalisation over the channels of each pixel, or over the whole image: see pxa_layer_norm. `plane` elements a
/// channel. `magnitude` receives what the error bound of the kernel multiplies by (n + 12)·2⁻²⁴, or for the gradient by
/// (3n + 36)·2⁻²⁴.
typedef struct pxa_ref_layer_norm {
  int32_t channels, plane;
  double epsilon;
  bool whole;
} pxa_ref_layer_norm;

void pxa_ref_layer_norm_forward(double *y, double *magnitude, const double *x, const double *scale, const double *shift,
                                pxa_ref_layer_norm norm);

void pxa_ref_layer_norm_input_grad(double *dx, double *magnitude, const double *dy, const double *x,
                                   const double *scale, pxa_ref_layer_norm norm);

/// Y[c,y,x] = X[c, (y−dy) mod H, (x−dx) mod W].
void pxa_ref_roll(double *y, const double *x, int32_t channels, int32_t height, int32_t width, int32_t dy, int32_t dx);

/// Gaussian blur along H, then along W: radius ⌊4σ + ½⌋, taps exp(−½(k/σ)²) normalised, half-sample reflection
/// repeated as often as the radius asks for.
void pxa_ref_gaussian_blur(double *y, const double *x, int32_t channels, int32_t height, int32_t width, double sigma);

/// The next of a sequence of random numbers, the same on every machine (Steele, Lea, Flood: SplitMix64, 2014).
uint64_t pxa_ref_random(uint64_t *state);

#ifdef __cplusplus
}
#endif

#endif
