// SPDX-License-Identifier: MIT

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CPixelKernels.h"

// Zeros at an address that is a multiple of 64.
static float *zeros(size_t floats) {
  size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
  return memset(aligned_alloc(64, bytes), 0, bytes);
}

int main(void) {
  enum { INPUTS = 3, OUTPUTS = 8, SIZE = 5, GROUPS = 1 };
  float pixels[INPUTS][SIZE][SIZE], weights[OUTPUTS][INPUTS][3][3], result[OUTPUTS][SIZE][SIZE];
  for (int i = 0; i < INPUTS * SIZE * SIZE; i++)
    (&pixels[0][0][0])[i] = 1;
  for (int i = 0; i < OUTPUTS * INPUTS * 9; i++)
    (&weights[0][0][0][0])[i] = (float)(i / (INPUTS * 9)); // 0 for output channel 0, 1 for channel 1, …

  // The fastest kernels that this machine runs.
  const pxa_kernels *kernels = pxa_kernels_at(0);
  for (int32_t i = 1; i < pxa_kernels_count(); i++)
    if (pxa_kernels_run_here(pxa_kernels_at(i)))
      kernels = pxa_kernels_at(i);

  // A 3×3 convolution with a border of one zero, so that Y is as large as X. Its weights are packed once.
  pxa_axis axis = {.kernel = 3, .stride = 1, .before = 1, .after = 1, .dilation = 1};
  pxa_window window = {axis, axis};
  float *packed = zeros(pxa_conv_packed_floats(window, GROUPS, INPUTS, OUTPUTS));
  pxa_conv_pack_forward(packed, &weights[0][0][0][0], window, GROUPS, INPUTS, OUTPUTS);
  float *bias = zeros((size_t)pxa_blocks(OUTPUTS) * PXA_BLOCK);

  // X with the halo that the convolution reads as its border, and Y without one.
  int32_t halo = pxa_conv_halo(window);
  pxa_planes x = {zeros(pxa_planes_floats(INPUTS, SIZE, SIZE, halo)), INPUTS, SIZE, SIZE, halo};
  pxa_planes y = {zeros(pxa_planes_floats(OUTPUTS, SIZE, SIZE, 0)), OUTPUTS, SIZE, SIZE, 0};

  // Image to blocked planes, Y = ReLU(convolution of X), blocked planes to image.
  pxa_clamp relu = {0, INFINITY};
  pxa_range rows = {0, SIZE}, blocks = {0, pxa_blocks(OUTPUTS)};
  kernels->image_to_planes(x, (pxa_image){&pixels[0][0][0], INPUTS, SIZE, SIZE, 0}, rows);
  kernels->conv_forward(y, x, NULL, packed, bias, window, GROUPS, relu, blocks, rows);
  kernels->planes_to_image((pxa_image){&result[0][0][0], OUTPUTS, SIZE, SIZE, 0}, y, rows);
  printf("Y[2,2,2] = %g, Y[2,0,0] = %g\n", result[2][2][2], result[2][0][0]); // 54 and, in the corner, 24

  free(packed);
  free(bias);
  free(x.data);
  free(y.data);
  return 0;
}
