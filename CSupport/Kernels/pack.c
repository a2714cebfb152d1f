// SPDX-License-Identifier: MIT
// Sizes, and weights in the order of the hot loop.

#include <assert.h>
#include <string.h>

#include "CPixelKernels.h"

int32_t pxa_blocks(int32_t channels) { return (channels + PXA_BLOCK - 1) / PXA_BLOCK; }

size_t pxa_planes_floats(int32_t channels, int32_t height, int32_t width, int32_t halo) {
  return (size_t)pxa_blocks(channels) * (size_t)(height + 2 * halo) * (size_t)(width + 2 * halo) * PXA_BLOCK;
}

size_t pxa_mark_count(int32_t channels, int32_t height, int32_t width) {
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

void pxa_conv_pack_forward(float *packed, const float *weights, pxa_conv conv, int32_t in_channels,
                           int32_t out_channels) {
  int32_t taps = conv.kernel * conv.kernel, in_blocks = pxa_blocks(in_channels);
  memset(packed, 0, pxa_conv_packed_floats(conv, in_channels, out_channels) * sizeof *packed);
  for (int32_t o = 0; o < out_channels; o++)
    for (int32_t i = 0; i < in_channels; i++, weights += taps) {
      size_t block = (size_t)(o / PXA_BLOCK) * (size_t)in_blocks + (size_t)(i / PXA_BLOCK);
      float *to = packed + block * (size_t)taps * 256 + (i % PXA_BLOCK) * PXA_BLOCK + o % PXA_BLOCK;
      for (int32_t t = 0; t < taps; t++)
        to[t * 256] = weights[t];
    }
}

void pxa_conv_pack_input_grad(float *packed, const float *forward, pxa_conv conv, int32_t in_channels,
                              int32_t out_channels) {
  int32_t taps = conv.kernel * conv.kernel, in_blocks = pxa_blocks(in_channels), out_blocks = pxa_blocks(out_channels);
  for (int32_t ob = 0; ob < out_blocks; ob++)
    for (int32_t ib = 0; ib < in_blocks; ib++)
      for (int32_t t = 0; t < taps; t++, forward += 256) {
        float *to = packed + ((size_t)(ib * out_blocks + ob) * (size_t)taps + (size_t)t) * 256;
        for (int32_t o = 0; o < PXA_BLOCK; o++)
          for (int32_t i = 0; i < PXA_BLOCK; i++)
            to[o * PXA_BLOCK + i] = forward[i * PXA_BLOCK + o];
      }
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

void pxa_stem_pack_input_grad(float *packed, const float *forward, pxa_conv conv, int32_t in_channels,
                              int32_t out_channels) {
  int32_t taps = conv.kernel * conv.kernel, padded = pxa_blocks(out_channels) * PXA_BLOCK;
  memset(packed, 0, pxa_stem_grad_packed_floats(conv, in_channels, out_channels) * sizeof *packed);
  for (int32_t ob = 0; ob < padded; ob += PXA_BLOCK)
    for (int32_t c = 0; c < in_channels; c++)
      for (int32_t t = 0; t < taps; t++)
        for (int32_t o = ob; o < ob + PXA_BLOCK; o++) {
          int32_t row = ((c / PXA_STEM_CHANNELS) * padded + o) * conv.kernel + t / conv.kernel;
          packed[row * PXA_BLOCK + (t % conv.kernel) * PXA_STEM_CHANNELS + c % PXA_STEM_CHANNELS] = *forward++;
        }
}
