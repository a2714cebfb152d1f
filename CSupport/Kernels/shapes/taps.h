// SPDX-License-Identifier: MIT
// The taps of a convolution's window, and how its weights are cut into blocks.

#ifndef PXA_TAPS_H
#define PXA_TAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "../simd/compiler.h"
#include "pxa_sizes.h"
#include "pxa_types.h"

enum {
  GROUP_BLOCKS = 4,                        // input blocks that a convolution sums before it goes to the next tap
  BLOCK_WEIGHTS = PXA_BLOCK * PXA_BLOCK,   // weights between one block of inputs and one block of outputs
  STEM_CHANNELS = PXA_STEM_CHANNELS,       // channels of an image in a block of stem_input_grad
  STEM_PIXELS = PXA_BLOCK / STEM_CHANNELS, // neighbouring pixels in such a block
  WINO_OUT = 4,                            // rows and columns of the outputs of a tile of Winograd's convolution
  WINO_IN = 6,                             // rows and columns of such a tile's inputs
  WINO_PLACES = WINO_IN * WINO_IN,         // positions at which such a tile's products are summed
};

PXA_INLINE int window_taps(pxa_window window) { return window.y.kernel * window.x.kernel; }

// Returns whether a window is 3×3 and has neither stride nor dilation. Sparse and Winograd's convolutions need this.
PXA_INLINE bool is_plain_3x3(pxa_window window) {
  const pxa_axis *axes[] = {&window.y, &window.x};
  for (int i = 0; i < 2; i++)
    if (axes[i]->kernel != 3 || axes[i]->stride != 1 || axes[i]->dilation != 1)
      return false;
  return true;
}

// Returns whether Y has the size of the convolution's output for an X of this height and width, and whether the
// clamp maps 0 to 0.
PXA_INLINE bool is_conv_output(pxa_planes y, pxa_window window, int x_height, int x_width, pxa_clamp clamp) {
  return y.height == pxa_output_size(window.y, x_height, false) &&
         y.width == pxa_output_size(window.x, x_width, false) && clamp.low <= 0 && clamp.high >= 0;
}

// The `count` taps along an axis through which dY reaches one element of dX: k = first, first + step, … Tap `first`
// reads dY at position `at`, and each following tap reads `move` positions before the previous tap.
typedef struct {
  int count, first, step, at, move;
} axis_taps;

PXA_INLINE axis_taps taps_reaching(pxa_axis axis, int position) {
  int reach = position + axis.before;
  if (axis.stride == 1)
    return (axis_taps){axis.kernel, 0, 1, reach, axis.dilation};
  axis_taps taps = {.step = 1};
  while (axis.dilation * taps.step % axis.stride != 0)
    taps.step++;
  while (taps.first < axis.kernel && (reach - axis.dilation * taps.first) % axis.stride != 0)
    taps.first++;
  taps.count = (axis.kernel - taps.first + taps.step - 1) / taps.step;
  taps.at = (reach - axis.dilation * taps.first) / axis.stride;
  taps.move = axis.dilation * taps.step / axis.stride;
  return taps;
}

// Writes to positions[ky·Kx + kx] the position of tap (ky, kx) in weights that are packed for the gradient. The taps
// are in the order in which the pixels of dX use them, so that the weights are read from one end to the other.
PXA_INLINE void grad_tap_positions(int32_t *positions, pxa_window window) {
  int32_t position = 0;
  for (int row = 0; row < window.y.stride; row++)
    for (int column = 0; column < window.x.stride; column++) {
      axis_taps down = taps_reaching(window.y, row), across = taps_reaching(window.x, column);
      for (int i = 0; i < down.count; i++)
        for (int j = across.count - 1; j >= 0; j--) {
          int ky = down.first + i * down.step, kx = across.first + j * across.step;
          positions[ky * window.x.kernel + kx] = position++;
        }
    }
}

// Returns the number of blocks that one kernel row takes in stem_input_grad.
PXA_INLINE int stem_vectors(pxa_axis axis) { return (axis.kernel + STEM_PIXELS - 1) / STEM_PIXELS; }

#endif
