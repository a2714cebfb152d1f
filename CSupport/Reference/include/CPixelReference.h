// SPDX-License-Identifier: MIT
//
// The operations of CPixelKernels.h again: naive loops in double, plain [C][H][W] arrays, weights [Cout][Cin][K][K].
// For tests and benchmarks only. Where a sum is compared with a float kernel, `magnitude` (if not NULL) receives the
// same sum of absolute values, from which the error bound follows.

#ifndef CPIXELREFERENCE_H
#define CPIXELREFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A square convolution and the sizes around it.
typedef struct pxa_ref_conv {
  int32_t kernel, stride, padding;
  int32_t in_channels, in_height, in_width;
  int32_t out_channels, out_height, out_width;
} pxa_ref_conv;

/// Y[o,y,x] = act(bias[o] + Σ X[i, S·y+ky−P, S·x+kx−P] · W[o,i,ky,kx]).
void pxa_ref_conv_forward(double *y, double *magnitude, const double *x, const double *weights, const double *bias,
                          pxa_ref_conv shape, bool relu);

/// dX[i,y,x] = Σ dY[o,v,u] · W[o,i,ky,kx] over S·v+ky−P = y, S·u+kx−P = x.
void pxa_ref_conv_input_grad(double *dx, double *magnitude, const double *dy, const double *weights,
                             pxa_ref_conv shape);

/// Max pool 3×3/2, ceil mode; index = 3·ky + kx of the first maximum.
void pxa_ref_max_pool_forward(double *y, uint8_t *index, const double *x, int32_t channels, int32_t height,
                              int32_t width, int32_t out_height, int32_t out_width);

/// dX = Σ dY over the windows that name the pixel.
void pxa_ref_max_pool_input_grad(double *dx, const double *dy, const uint8_t *index, int32_t channels, int32_t height,
                                 int32_t width, int32_t out_height, int32_t out_width);

/// mean[c] = Σ X[c,y,x] / (H·W).
void pxa_ref_global_average(double *mean, const double *x, int32_t channels, int32_t height, int32_t width);

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
