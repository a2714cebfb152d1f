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

// MARK: - Winograd's convolutions

size_t pxa_winograd_packed_floats(int32_t in_channels, int32_t out_channels) {
  return (size_t)pxa_blocks(out_channels) * WINO_PLACES * (size_t)pxa_blocks(in_channels) * BLOCK_WEIGHTS;
}

// Multiplies three vectors of 16 numbers by G: the values of the polynomial g₀ + g₁t + g₂t² at the points, divided by the
// products of the distances to the other points.
static void winograd_weights(double to[WINO_IN][PXA_BLOCK], const double g[3][PXA_BLOCK]) {
  const double root = 0.70710678118654752440;
  for (int i = 0; i < PXA_BLOCK; i++) {
    double even = (g[0][i] + 0.5 * g[2][i]) / -1.5, odd = root * g[1][i] / -1.5;
    double even2 = (g[0][i] + 2 * g[2][i]) / 6, odd2 = 2 * root * g[1][i] / 6;
    to[0][i] = g[0][i];
    to[1][i] = even + odd;
    to[2][i] = even - odd;
    to[3][i] = even2 + odd2;
    to[4][i] = even2 - odd2;
    to[5][i] = g[2][i];
  }
}

// Packs the weights from `from` to `to` channels. direct[block of `to`][block of `from`][tap][channel of `from`][channel of
// `to`] are packed weights of the direct convolution; taps[k] is the position of tap k of the convolution to make.
static void winograd_pack(float *packed, const float *direct, const int32_t *taps, int32_t from, int32_t to) {
  size_t from_blocks = (size_t)pxa_blocks(from), place = from_blocks * BLOCK_WEIGHTS;
  for (size_t block = 0; block < (size_t)pxa_blocks(to); block++, packed += WINO_PLACES * place)
    for (size_t n = 0; n < from_blocks; n++, direct += 9 * BLOCK_WEIGHTS)
      for (size_t channel = 0; channel < PXA_BLOCK; channel++) {
        double g[3][3][PXA_BLOCK], down[3][WINO_IN][PXA_BLOCK], both[WINO_IN][PXA_BLOCK];
        for (int t = 0; t < 9; t++)
          for (size_t i = 0; i < PXA_BLOCK; i++)
            g[t % 3][t / 3][i] = direct[(size_t)taps[t] * BLOCK_WEIGHTS + channel * PXA_BLOCK + i];
        for (int x = 0; x < 3; x++)
          winograd_weights(down[x], g[x]);
        for (int row = 0; row < WINO_IN; row++) {
          double line[3][PXA_BLOCK];
          for (int x = 0; x < 3; x++)
            memcpy(line[x], down[x][row], sizeof line[x]);
          winograd_weights(both, line);
          for (size_t column = 0; column < WINO_IN; column++)
            for (size_t i = 0; i < PXA_BLOCK; i++)
              packed[(WINO_IN * (size_t)row + column) * place + n * BLOCK_WEIGHTS + channel * PXA_BLOCK + i] =
                  (float)both[column][i];
        }
      }
}

void pxa_winograd_pack_forward(float *packed, const float *forward, int32_t in_channels, int32_t out_channels) {
  static const int32_t taps[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  winograd_pack(packed, forward, taps, in_channels, out_channels);
}

void pxa_winograd_pack_input_grad(float *packed, const float *input_grad, int32_t in_channels, int32_t out_channels) {
  // grad_tap_positions has the rows of taps from the first to the last, and each from its last column to its first.
  static const int32_t taps[9] = {6, 7, 8, 3, 4, 5, 0, 1, 2};
  winograd_pack(packed, input_grad, taps, out_channels, in_channels);
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
