// SPDX-License-Identifier: MIT
// Sizes, and weights in the order of the hot loop.

#include <assert.h>
#include <string.h>

#include "CPixelKernels.h"

int32_t pxa_blocks(int32_t channels) { return (channels + PXA_BLOCK - 1) / PXA_BLOCK; }

size_t pxa_planes_floats(int32_t channels, int32_t height, int32_t width, int32_t halo) {
  return (size_t)pxa_blocks(channels) * (size_t)(height + 2 * halo) * (size_t)(width + 2 * halo) * PXA_BLOCK;
}

size_t pxa_list_slots(int32_t channels, int32_t height, int32_t width) {
  return (size_t)((channels + 63) / 64) * (size_t)height * (size_t)width;
}

int32_t pxa_conv_output_size(pxa_conv conv, int32_t size) {
  int32_t room = size + 2 * conv.padding - conv.kernel;
  return room < 0 ? 0 : room / conv.stride + 1;
}

int32_t pxa_conv_grad_halo(pxa_conv conv) {
  int32_t reach = conv.kernel - 1 - conv.padding;
  return reach <= 0 ? 0 : (reach + conv.stride - 1) / conv.stride;
}

int32_t pxa_max_pool_output_size(int32_t size) { return size < 2 ? 0 : (size - 2) / 2 + 1; }

size_t pxa_conv_packed_floats(pxa_conv conv, int32_t in_channels, int32_t out_channels) {
  return (size_t)pxa_blocks(in_channels) * (size_t)pxa_blocks(out_channels) * (size_t)(conv.kernel * conv.kernel) * 256;
}

size_t pxa_stem_packed_floats(pxa_conv conv, int32_t in_channels, int32_t out_channels) {
  return (size_t)in_channels * (size_t)pxa_blocks(out_channels) * (size_t)(conv.kernel * conv.kernel) * PXA_BLOCK;
}

// `rows` are the channels summed over, `columns` those of the lanes.
static void pack(float *packed, const float *weights, int32_t taps, int32_t rows, int32_t columns, size_t row_stride,
                 size_t column_stride) {
  memset(packed, 0, (size_t)pxa_blocks(rows) * (size_t)pxa_blocks(columns) * (size_t)taps * 256 * sizeof *packed);
  int32_t row_blocks = pxa_blocks(rows);
  for (int32_t column = 0; column < columns; column++)
    for (int32_t row = 0; row < rows; row++) {
      const float *from = weights + row * row_stride + column * column_stride;
      size_t block = (size_t)(column / PXA_BLOCK) * (size_t)row_blocks + (size_t)(row / PXA_BLOCK);
      float *to = packed + block * (size_t)taps * 256 + (row % PXA_BLOCK) * PXA_BLOCK + column % PXA_BLOCK;
      for (int32_t t = 0; t < taps; t++)
        to[t * 256] = from[t];
    }
}

void pxa_conv_pack_forward(float *packed, const float *weights, pxa_conv conv, int32_t in_channels,
                           int32_t out_channels) {
  int32_t taps = conv.kernel * conv.kernel;
  pack(packed, weights, taps, in_channels, out_channels, (size_t)taps, (size_t)taps * (size_t)in_channels);
}

void pxa_conv_pack_input_grad(float *packed, const float *weights, pxa_conv conv, int32_t in_channels,
                              int32_t out_channels) {
  int32_t taps = conv.kernel * conv.kernel;
  pack(packed, weights, taps, out_channels, in_channels, (size_t)taps * (size_t)in_channels, (size_t)taps);
}

void pxa_stem_pack_forward(float *packed, const float *weights, pxa_conv conv, int32_t in_channels,
                           int32_t out_channels) {
  int32_t taps = conv.kernel * conv.kernel;
  memset(packed, 0, pxa_stem_packed_floats(conv, in_channels, out_channels) * sizeof *packed);
  for (int32_t o = 0; o < out_channels; o++)
    for (int32_t i = 0; i < in_channels * taps; i++)
      packed[((o / PXA_BLOCK) * in_channels * taps + i) * PXA_BLOCK + o % PXA_BLOCK] =
          weights[o * in_channels * taps + i];
}

size_t pxa_stem_grad_packed_floats(pxa_conv conv, int32_t in_channels, int32_t out_channels) {
  size_t chunks = (size_t)((in_channels + PXA_STEM_CHANNELS - 1) / PXA_STEM_CHANNELS);
  return chunks * (size_t)pxa_blocks(out_channels) * PXA_BLOCK * (size_t)conv.kernel * PXA_BLOCK;
}

void pxa_stem_pack_input_grad(float *packed, const float *weights, pxa_conv conv, int32_t in_channels,
                              int32_t out_channels) {
  int32_t taps = conv.kernel * conv.kernel, padded = pxa_blocks(out_channels) * PXA_BLOCK;
  memset(packed, 0, pxa_stem_grad_packed_floats(conv, in_channels, out_channels) * sizeof *packed);
  for (int32_t o = 0; o < out_channels; o++)
    for (int32_t c = 0; c < in_channels; c++)
      for (int32_t t = 0; t < taps; t++) {
        int32_t row = ((c / PXA_STEM_CHANNELS) * padded + o) * conv.kernel + t / conv.kernel;
        packed[row * PXA_BLOCK + (t % conv.kernel) * PXA_STEM_CHANNELS + c % PXA_STEM_CHANNELS] =
            weights[(o * in_channels + c) * taps + t];
      }
}
