// SPDX-License-Identifier: MIT

#include "CPixelReference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void pxa_ref_conv_forward(double *y, double *magnitude, const double *x, const double *weights, const double *bias,
                          pxa_ref_conv s, bool relu) {
  for (int o = 0; o < s.out_channels; o++)
    for (int v = 0; v < s.out_height; v++)
      for (int u = 0; u < s.out_width; u++) {
        double sum = bias[o], size = fabs(bias[o]);
        for (int i = 0; i < s.in_channels; i++)
          for (int ky = 0; ky < s.kernel; ky++)
            for (int kx = 0; kx < s.kernel; kx++) {
              int r = s.stride * v + ky - s.padding, c = s.stride * u + kx - s.padding;
              if (r < 0 || r >= s.in_height || c < 0 || c >= s.in_width)
                continue;
              double product = x[(i * s.in_height + r) * s.in_width + c] *
                               weights[((o * s.in_channels + i) * s.kernel + ky) * s.kernel + kx];
              sum += product;
              size += fabs(product);
            }
        int at = (o * s.out_height + v) * s.out_width + u;
        y[at] = relu && sum < 0 ? 0 : sum;
        if (magnitude)
          magnitude[at] = size;
      }
}

void pxa_ref_conv_input_grad(double *dx, double *magnitude, const double *dy, const double *weights, pxa_ref_conv s) {
  size_t floats = (size_t)s.in_channels * (size_t)s.in_height * (size_t)s.in_width;
  memset(dx, 0, floats * sizeof *dx);
  if (magnitude)
    memset(magnitude, 0, floats * sizeof *magnitude);
  for (int o = 0; o < s.out_channels; o++)
    for (int v = 0; v < s.out_height; v++)
      for (int u = 0; u < s.out_width; u++)
        for (int i = 0; i < s.in_channels; i++)
          for (int ky = 0; ky < s.kernel; ky++)
            for (int kx = 0; kx < s.kernel; kx++) {
              int r = s.stride * v + ky - s.padding, c = s.stride * u + kx - s.padding;
              if (r < 0 || r >= s.in_height || c < 0 || c >= s.in_width)
                continue;
              double product = dy[(o * s.out_height + v) * s.out_width + u] *
                               weights[((o * s.in_channels + i) * s.kernel + ky) * s.kernel + kx];
              int at = (i * s.in_height + r) * s.in_width + c;
              dx[at] += product;
              if (magnitude)
                magnitude[at] += fabs(product);
            }
}

void pxa_ref_max_pool_forward(double *y, uint8_t *index, const double *x, int32_t channels, int32_t height,
                              int32_t width, int32_t out_height, int32_t out_width) {
  for (int c = 0; c < channels; c++)
    for (int v = 0; v < out_height; v++)
      for (int u = 0; u < out_width; u++) {
        double best = -INFINITY;
        int at = (c * out_height + v) * out_width + u;
        for (int ky = 0; ky < 3; ky++)
          for (int kx = 0; kx < 3; kx++) {
            int r = 2 * v + ky, q = 2 * u + kx;
            if (r < height && q < width && x[(c * height + r) * width + q] > best) {
              best = x[(c * height + r) * width + q];
              index[at] = (uint8_t)(3 * ky + kx);
            }
          }
        y[at] = best;
      }
}

void pxa_ref_max_pool_input_grad(double *dx, const double *dy, const uint8_t *index, int32_t channels, int32_t height,
                                 int32_t width, int32_t out_height, int32_t out_width) {
  memset(dx, 0, (size_t)channels * (size_t)height * (size_t)width * sizeof *dx);
  for (int c = 0; c < channels; c++)
    for (int v = 0; v < out_height; v++)
      for (int u = 0; u < out_width; u++) {
        int at = (c * out_height + v) * out_width + u;
        int r = 2 * v + index[at] / 3, q = 2 * u + index[at] % 3;
        dx[(c * height + r) * width + q] += dy[at];
      }
}

void pxa_ref_global_average(double *mean, const double *x, int32_t channels, int32_t height, int32_t width) {
  for (int c = 0; c < channels; c++) {
    double sum = 0;
    for (int i = 0; i < height * width; i++)
      sum += x[c * height * width + i];
    mean[c] = sum / (height * width);
  }
}

static int modulo(int a, int n) { return (a % n + n) % n; }

void pxa_ref_roll(double *y, const double *x, int32_t channels, int32_t height, int32_t width, int32_t dy, int32_t dx) {
  for (int c = 0; c < channels; c++)
    for (int r = 0; r < height; r++)
      for (int q = 0; q < width; q++)
        y[(c * height + r) * width + q] = x[(c * height + modulo(r - dy, height)) * width + modulo(q - dx, width)];
}

static int reflect(int i, int size) {
  i = modulo(i, 2 * size);
  return i < size ? i : 2 * size - 1 - i;
}

void pxa_ref_gaussian_blur(double *y, const double *x, int32_t channels, int32_t height, int32_t width, double sigma) {
  int radius = (int)(4 * sigma + .5);
  double total = 0;
  for (int k = -radius; k <= radius; k++)
    total += exp(-.5 * (k / sigma) * (k / sigma));
  double *down = malloc((size_t)height * (size_t)width * sizeof *down);
  if (!down)
    abort();
  for (int c = 0; c < channels; c++) {
    for (int r = 0; r < height; r++)
      for (int q = 0; q < width; q++) {
        double sum = 0;
        for (int k = -radius; k <= radius; k++)
          sum += exp(-.5 * (k / sigma) * (k / sigma)) / total * x[(c * height + reflect(r + k, height)) * width + q];
        down[r * width + q] = sum;
      }
    for (int r = 0; r < height; r++)
      for (int q = 0; q < width; q++) {
        double sum = 0;
        for (int k = -radius; k <= radius; k++)
          sum += exp(-.5 * (k / sigma) * (k / sigma)) / total * down[r * width + reflect(q + k, width)];
        y[(c * height + r) * width + q] = sum;
      }
  }
  free(down);
}

uint64_t pxa_ref_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}
