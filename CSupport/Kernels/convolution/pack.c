// SPDX-License-Identifier: MIT
// Packs weights: brings them into the order in which the kernels read them.

#include <assert.h>
#include <string.h>

#include "../shapes/taps.h"
#include "pxa_packing.h"
#include "pxa_sizes.h"

// MARK: - Convolutions

size_t pxa_conv_packed_floats(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels) {
  int32_t blocks = pxa_blocks(out_channels), most = 0;
  for (int32_t b = 0; b < (groups == 1 ? 1 : blocks); b++) {
    pxa_range reads = pxa_conv_reads(groups, in_channels, out_channels, b);
    if (reads.end - reads.begin > most)
      most = reads.end - reads.begin;
  }
  return (size_t)blocks * (size_t)most * (size_t)window_taps(window) * BLOCK_WEIGHTS;
}

void pxa_conv_pack_forward(float *packed, const float *weights, pxa_window window, int32_t groups, int32_t in_channels,
                           int32_t out_channels) {
  int32_t taps = window_taps(window), in_group = in_channels / groups, out_group = out_channels / groups;
  size_t floats = pxa_conv_packed_floats(window, groups, in_channels, out_channels);
  size_t block_floats = floats / (size_t)pxa_blocks(out_channels);
  memset(packed, 0, floats * sizeof *packed);
  for (int32_t o = 0; o < out_channels; o++) {
    int32_t begin = pxa_conv_reads(groups, in_channels, out_channels, o / PXA_BLOCK).begin;
    for (int32_t i = o / out_group * in_group, end = i + in_group; i < end; i++, weights += taps) {
      float *to = packed + (size_t)(o / PXA_BLOCK) * block_floats +
                  (size_t)(i / PXA_BLOCK - begin) * (size_t)taps * BLOCK_WEIGHTS + (i % PXA_BLOCK) * PXA_BLOCK +
                  o % PXA_BLOCK;
      for (int32_t t = 0; t < taps; t++)
        to[t * BLOCK_WEIGHTS] = weights[t];
    }
  }
}

size_t pxa_conv_grad_packed_floats(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels) {
  return pxa_conv_packed_floats(window, groups, out_channels, in_channels);
}

void pxa_conv_pack_input_grad(float *packed, const float *forward, pxa_window window, int32_t groups,
                              int32_t in_channels, int32_t out_channels) {
  int32_t in_blocks = pxa_blocks(in_channels), out_blocks = pxa_blocks(out_channels);
  int32_t taps = window_taps(window), positions[PXA_MAX_TAPS];
  assert(taps <= PXA_MAX_TAPS);
  grad_tap_positions(positions, window);
  size_t tap_floats = (size_t)taps * BLOCK_WEIGHTS;
  size_t floats = pxa_conv_grad_packed_floats(window, groups, in_channels, out_channels);
  size_t to_block = floats / (size_t)in_blocks;
  size_t from_block = pxa_conv_packed_floats(window, groups, in_channels, out_channels) / (size_t)out_blocks;
  memset(packed, 0, floats * sizeof *packed);
  for (int32_t ib = 0; ib < in_blocks; ib++) {
    pxa_range reads = pxa_conv_reads(groups, out_channels, in_channels, ib);
    for (int32_t ob = reads.begin; ob < reads.end; ob++) {
      int32_t begin = pxa_conv_reads(groups, in_channels, out_channels, ob).begin;
      float *to = packed + (size_t)ib * to_block + (size_t)(ob - reads.begin) * tap_floats;
      const float *from = forward + (size_t)ob * from_block + (size_t)(ib - begin) * tap_floats;
      for (int32_t t = 0; t < taps; t++)
        for (int32_t o = 0; o < PXA_BLOCK; o++)
          for (int32_t i = 0; i < PXA_BLOCK; i++)
            to[positions[t] * BLOCK_WEIGHTS + o * PXA_BLOCK + i] = from[t * BLOCK_WEIGHTS + i * PXA_BLOCK + o];
    }
  }
}

// MARK: - Depthwise convolutions

size_t pxa_depthwise_packed_floats(pxa_window window, int32_t channels) {
  return (size_t)pxa_blocks(channels) * (size_t)window_taps(window) * PXA_BLOCK;
}

void pxa_depthwise_pack(float *packed, const float *weights, pxa_window window, int32_t channels) {
  int32_t taps = window_taps(window);
  memset(packed, 0, pxa_depthwise_packed_floats(window, channels) * sizeof *packed);
  for (int32_t c = 0; c < channels; c++)
    for (int32_t t = 0; t < taps; t++)
      packed[((size_t)(c / PXA_BLOCK) * (size_t)taps + (size_t)t) * PXA_BLOCK + (size_t)(c % PXA_BLOCK)] = *weights++;
}

// MARK: - Stems

size_t pxa_stem_packed_floats(pxa_window window, int32_t in_channels, int32_t out_channels) {
  return (size_t)in_channels * (size_t)pxa_blocks(out_channels) * (size_t)window_taps(window) * PXA_BLOCK;
}

void pxa_stem_pack_forward(float *packed, const float *weights, pxa_window window, int32_t in_channels,
                           int32_t out_channels) {
  size_t each = (size_t)in_channels * (size_t)window_taps(window);
  memset(packed, 0, pxa_stem_packed_floats(window, in_channels, out_channels) * sizeof *packed);
  for (int32_t o = 0; o < out_channels; o++)
    for (size_t i = 0; i < each; i++)
      packed[((size_t)(o / PXA_BLOCK) * each + i) * PXA_BLOCK + (size_t)(o % PXA_BLOCK)] = *weights++;
}

// Returns the number of floats in one kernel row of a stem that is packed for the gradient.
static size_t stem_grad_row(pxa_window window) { return (size_t)stem_vectors(window.x) * PXA_BLOCK; }

size_t pxa_stem_grad_packed_floats(pxa_window window, int32_t in_channels, int32_t out_channels) {
  size_t chunks = (size_t)((in_channels + PXA_STEM_CHANNELS - 1) / PXA_STEM_CHANNELS);
  return chunks * (size_t)pxa_blocks(out_channels) * PXA_BLOCK * (size_t)window.y.kernel * stem_grad_row(window);
}

void pxa_stem_pack_input_grad(float *packed, const float *forward, pxa_window window, int32_t in_channels,
                              int32_t out_channels) {
  int32_t taps = window_taps(window), padded = pxa_blocks(out_channels) * PXA_BLOCK;
  size_t row_floats = stem_grad_row(window);
  memset(packed, 0, pxa_stem_grad_packed_floats(window, in_channels, out_channels) * sizeof *packed);
  for (int32_t ob = 0; ob < padded; ob += PXA_BLOCK)
    for (int32_t c = 0; c < in_channels; c++)
      for (int32_t t = 0; t < taps; t++)
        for (int32_t o = ob; o < ob + PXA_BLOCK; o++) {
          int32_t row = ((c / PXA_STEM_CHANNELS) * padded + o) * window.y.kernel + t / window.x.kernel;
          int32_t column = (t % window.x.kernel) * PXA_STEM_CHANNELS + c % PXA_STEM_CHANNELS;
          packed[(size_t)row * row_floats + (size_t)column] = *forward++;
        }
}
