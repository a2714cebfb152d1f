// SPDX-License-Identifier: MIT
// Sizes, and weights in the order of the hot loop.

#include <assert.h>
#include <string.h>

#include "CPixelKernels.h"
#include "../shapes/geometry.h"

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

int32_t pxa_blocks(int32_t channels) { return (channels + PXA_BLOCK - 1) / PXA_BLOCK; }

size_t pxa_planes_floats(int32_t channels, int32_t height, int32_t width, int32_t halo) {
  return (size_t)pxa_blocks(channels) * (size_t)(height + 2 * halo) * (size_t)(width + 2 * halo) * PXA_BLOCK;
}

size_t pxa_mark_count(int32_t channels, int32_t height, int32_t width) {
  return (size_t)((channels + 63) / 64) * (size_t)height * (size_t)width;
}

// MARK: - Windows

int32_t pxa_output_size(pxa_axis axis, int32_t size, bool ceil_mode) {
  int64_t padded = (int64_t)size + axis.before + axis.after, stride = axis.stride;
  int64_t room = padded - (int64_t)axis.dilation * (axis.kernel - 1) - 1 + (ceil_mode ? stride - 1 : 0);
  if (room < 0)
    return 0;
  int64_t last = room / stride;
  return (int32_t)(ceil_mode && last * stride >= (int64_t)size + axis.before ? last : last + 1);
}

int32_t pxa_conv_halo(pxa_window window) {
  return larger(larger(window.y.before, window.y.after), larger(window.x.before, window.x.after));
}

static int32_t grad_halo(pxa_axis axis) {
  int32_t reach = axis.dilation * (axis.kernel - 1) - smaller(axis.before, axis.after);
  return reach <= 0 ? 0 : (reach + axis.stride - 1) / axis.stride;
}

int32_t pxa_conv_grad_halo(pxa_window window) { return larger(grad_halo(window.y), grad_halo(window.x)); }

// MARK: - Convolutions

pxa_range pxa_conv_reads(int32_t groups, int32_t in_channels, int32_t out_channels, int32_t block) {
  int32_t in_group = in_channels / groups, out_group = out_channels / groups;
  int32_t first = block * PXA_BLOCK / out_group;
  int32_t last = (smaller((block + 1) * PXA_BLOCK, out_channels) - 1) / out_group;
  return (pxa_range){first * in_group / PXA_BLOCK, pxa_blocks((last + 1) * in_group)};
}

size_t pxa_conv_packed_floats(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels) {
  int32_t blocks = pxa_blocks(out_channels), most = 0;
  for (int32_t b = 0; b < (groups == 1 ? 1 : blocks); b++) {
    pxa_range reads = pxa_conv_reads(groups, in_channels, out_channels, b);
    most = larger(most, reads.end - reads.begin);
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
  int32_t taps = window_taps(window), places[PXA_MAX_TAPS];
  assert(taps <= PXA_MAX_TAPS);
  grad_tap_places(places, window);
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
            to[places[t] * BLOCK_WEIGHTS + o * PXA_BLOCK + i] = from[t * BLOCK_WEIGHTS + i * PXA_BLOCK + o];
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

// Floats in a row of a kernel packed for the gradient.
static size_t stem_grad_row(pxa_window window) {
  enum { PIXELS = PXA_BLOCK / PXA_STEM_CHANNELS };
  return (size_t)((window.x.kernel + PIXELS - 1) / PIXELS) * PXA_BLOCK;
}

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
