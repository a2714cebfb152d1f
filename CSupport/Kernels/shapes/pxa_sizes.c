// SPDX-License-Identifier: MIT
// Sizes of arrays, of outputs and of halos.

#include "pxa_sizes.h"

#include <math.h>

#include "taps.h"

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

int32_t pxa_blocks(int32_t channels) { return (channels + PXA_BLOCK - 1) / PXA_BLOCK; }

size_t pxa_planes_floats(int32_t channels, int32_t height, int32_t width, int32_t halo) {
  return (size_t)pxa_blocks(channels) * (size_t)(height + 2 * halo) * (size_t)(width + 2 * halo) * PXA_BLOCK;
}

size_t pxa_nonzero_mask_words(int32_t channels, int32_t height, int32_t width) {
  return (size_t)((channels + 63) / 64) * (size_t)height * (size_t)width;
}

int32_t pxa_output_size(pxa_axis axis, int32_t size, bool ceil_mode) {
  int64_t padded = (int64_t)size + axis.before + axis.after, stride = axis.stride;
  int64_t space = padded - (int64_t)axis.dilation * (axis.kernel - 1) - 1 + (ceil_mode ? stride - 1 : 0);
  if (space < 0)
    return 0;
  int64_t last = space / stride;
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

pxa_range pxa_conv_reads(int32_t groups, int32_t in_channels, int32_t out_channels, int32_t block) {
  int32_t in_group = in_channels / groups, out_group = out_channels / groups;
  int32_t first = block * PXA_BLOCK / out_group;
  int32_t last = (smaller((block + 1) * PXA_BLOCK, out_channels) - 1) / out_group;
  return (pxa_range){first * in_group / PXA_BLOCK, pxa_blocks((last + 1) * in_group)};
}

float pxa_winograd_work(int32_t tiles, int32_t in_blocks, int32_t out_blocks) {
  // Measured on a Zen 3 with AVX2: transforming a block of inputs and a block of outputs takes 0.4 and 0.3 for each of a
  // tile's places, and reading the weights of a pair of blocks for a strip takes 200.
  float pairs = (float)in_blocks * (float)out_blocks, strips = ceilf((float)tiles / PXA_WINOGRAD_TILES);
  return WINO_PLACES * (float)tiles * (pairs + 0.4f * (float)in_blocks + 0.3f * (float)out_blocks) +
         200 * strips * pairs;
}

float pxa_winograd_cost(int32_t in_channels, int32_t out_channels, int32_t height, int32_t width) {
  int32_t in_blocks = pxa_blocks(in_channels), out_blocks = pxa_blocks(out_channels);
  int32_t tiles = ((height + WINO_OUT - 1) / WINO_OUT) * ((width + WINO_OUT - 1) / WINO_OUT);
  float direct = 9 * (float)height * (float)width * (float)in_blocks * (float)out_blocks;
  // A fifth more than with all data in the caches.
  return 1.2f * pxa_winograd_work(tiles, in_blocks, out_blocks) / direct;
}

bool pxa_winograd_pays(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels, int32_t height,
                       int32_t width) {
  return is_plain_3x3(window) && pxa_conv_halo(window) <= 2 && groups == 1 && height > 0 && width > 0 &&
         pxa_winograd_cost(in_channels, out_channels, height, width) < 0.9f;
}

size_t pxa_winograd_scratch_floats(int32_t in_channels) {
  size_t tiles = PXA_WINOGRAD_TILES, blocks = (size_t)pxa_blocks(in_channels);
  size_t rows = WINO_IN * (WINO_OUT * tiles + WINO_IN - WINO_OUT);
  size_t in = WINO_PLACES * (blocks * tiles + 1), out = WINO_PLACES * (2 * tiles + 1);
  return (rows + in + out) * PXA_BLOCK;
}

size_t pxa_fourier_floats(int32_t size) {
  size_t array = 2 * (size_t)size * PXA_BLOCK;
  return 4 * array; // two arrays, and the points of a step with their transform
}

int32_t pxa_group_norm_blocks(int32_t size) {
  int32_t shared = size & -size; // the greatest power of two that divides the size
  return size / smaller(shared, PXA_BLOCK);
}
