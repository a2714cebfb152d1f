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
  GROUP_BLOCKS = 4,                        // input blocks that a convolution adds up before it goes to the next tap
  BLOCK_WEIGHTS = PXA_BLOCK * PXA_BLOCK,   // weights between one block of inputs and one block of outputs
  STEM_CHANNELS = PXA_STEM_CHANNELS,       // channels of an image in a block of stem_input_grad
  STEM_PIXELS = PXA_BLOCK / STEM_CHANNELS, // neighbouring pixels in such a block
};

PXA_INLINE int window_taps(pxa_window window) { return window.y.kernel * window.x.kernel; }

// Whether Y has the size of a convolution's output where X has this height and width, and the activation maps 0 to 0.
PXA_INLINE bool is_conv_output(pxa_planes y, pxa_window window, int x_height, int x_width, pxa_clamp clamp) {
  return y.height == pxa_output_size(window.y, x_height, false) &&
         y.width == pxa_output_size(window.x, x_width, false) && clamp.low <= 0 && clamp.high >= 0;
}

// The taps along an axis through which dY reaches one element of dX: k = first, first + step, …, `count` of them. Tap
// `first` takes its element of dY from position `at`, and every further tap from `move` positions before the last one's.
typedef struct {
  int count, first, step, at, move;
} axis_taps;

PXA_INLINE axis_taps taps_reaching(pxa_axis axis, int place) {
  int reach = place + axis.before;
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

// places[ky·Kx + kx] is where weights packed for the gradient have tap (ky, kx). The taps are in the order in which the
// pixels of dX use them, so that the weights are read from one end to the other.
PXA_INLINE void grad_tap_places(int32_t *places, pxa_window window) {
  int32_t place = 0;
  for (int row = 0; row < window.y.stride; row++)
    for (int column = 0; column < window.x.stride; column++) {
      axis_taps down = taps_reaching(window.y, row), across = taps_reaching(window.x, column);
      for (int i = 0; i < down.count; i++)
        for (int j = across.count - 1; j >= 0; j--) {
          int ky = down.first + i * down.step, kx = across.first + j * across.step;
          places[ky * window.x.kernel + kx] = place++;
        }
    }
}

// Blocks of stem_input_grad that one row of the kernel takes.
PXA_INLINE int stem_vectors(pxa_axis axis) { return (axis.kernel + STEM_PIXELS - 1) / STEM_PIXELS; }

#endif
