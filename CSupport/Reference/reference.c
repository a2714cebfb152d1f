// SPDX-License-Identifier: MIT

#include "CPixelReference.h"

#include <math.h>
#include <stdlib.h>

static int modulo(int a, int n) { return (a % n + n) % n; }

void pxa_ref_roll(double *y, const double *x, int32_t channels, int32_t height, int32_t width, int32_t rows,
                  int32_t columns) {
  for (int c = 0; c < channels; c++)
    for (int r = 0; r < height; r++)
      for (int q = 0; q < width; q++)
        y[(c * height + r) * width + q] =
            x[(c * height + modulo(r - rows, height)) * width + modulo(q - columns, width)];
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
