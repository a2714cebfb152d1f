// SPDX-License-Identifier: MIT
// Sizes of arrays, of outputs and of halos. The notation is in CPixelKernels.h.

#ifndef PXA_SIZES_H
#define PXA_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pxa_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Returns the number of blocks of 16 channels: ⌈channels / 16⌉.
int32_t pxa_blocks(int32_t channels);

/// Returns the number of floats in blocked planes, including their halo: ⌈C/16⌉ · (H + 2·halo) · (W + 2·halo) · 16.
size_t pxa_planes_floats(int32_t channels, int32_t height, int32_t width, int32_t halo);

/// Returns the number of 64-bit words in the nonzero mask of blocked planes: ⌈C/64⌉ · H · W.
size_t pxa_nonzero_mask_words(int32_t channels, int32_t height, int32_t width);

/// Returns the number of positions of a window along an axis of `size` elements:
/// ⌊(size + before + after − D·(K−1) − 1) / S⌋ + 1, or 0 if this is negative. In ceil mode the division rounds up, and
/// a last window that begins in the padding after the input does not count, as in PyTorch.
int32_t pxa_output_size(pxa_axis axis, int32_t size, bool ceil_mode);

/// Returns the halo that conv_forward, depthwise_forward and stem_forward need around X: the window's greatest padding.
int32_t pxa_conv_halo(pxa_window window);

/// Returns the halo that conv_input_grad and depthwise_input_grad need around dY.
int32_t pxa_conv_grad_halo(pxa_window window);

/// Returns the input blocks that output block `block` reads. Without groups these are all input blocks. With groups
/// they are the blocks from the first to the last input channel of the groups to which the block's output channels
/// belong.
/// requires  groups divides in_channels and out_channels; 0 ≤ block < ⌈out_channels/16⌉.
pxa_range pxa_conv_reads(int32_t groups, int32_t in_channels, int32_t out_channels, int32_t block);

/// Returns an estimate of the time that Winograd's convolution F(4×4, 3×3) takes for some neighbouring tiles, in units of
/// the time in which the direct convolution multiplies a pair of blocks of one pixel by one tap.
float pxa_winograd_work(int32_t tiles, int32_t in_blocks, int32_t out_blocks);

/// Returns an estimate of the time that Winograd's convolution F(4×4, 3×3) takes for an output of this size, if the direct
/// convolution takes 1. Tiles that reach beyond the output make it longer, and transforms that few channels share.
float pxa_winograd_cost(int32_t in_channels, int32_t out_channels, int32_t height, int32_t width);

/// Returns whether Winograd's convolution is possible and faster than the direct one by at least a tenth: for a window of
/// 3×3 with a stride and a dilation of 1 and no padding above 2.
bool pxa_winograd_pays(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels, int32_t height,
                       int32_t width);

/// Returns the number of floats in the scratch memory of winograd_forward, for the channels of X, and of
/// winograd_input_grad, for the channels of dY.
size_t pxa_winograd_scratch_floats(int32_t in_channels);

/// Returns the number of floats in the scratch memory of a Fourier transform of `size` points.
size_t pxa_fourier_floats(int32_t size);

/// Returns the least number of blocks that hold whole groups of `size` channels: lcm(size, 16) / 16. A part of
/// group_norm_forward whose number of blocks is a multiple of this number computes no statistics of another part.
int32_t pxa_group_norm_blocks(int32_t size);

#ifdef __cplusplus
}
#endif

#endif
