// SPDX-License-Identifier: MIT
// Sizes of arrays, and weights in the order of the hot loop. The notation is in CPixelKernels.h.

#ifndef PXA_PACKING_H
#define PXA_PACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pxa_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/// ⌈channels / 16⌉.
int32_t pxa_blocks(int32_t channels);

/// Floats in blocked planes, halo included.
size_t pxa_planes_floats(int32_t channels, int32_t height, int32_t width, int32_t halo);

/// Marks of blocked planes: ⌈C/64⌉·H·W.
size_t pxa_mark_count(int32_t channels, int32_t height, int32_t width);

/// Positions of a window along an axis of `size`: ⌊(size + before + after − D·(K−1) − 1) / S⌋ + 1, or 0 if it does not fit.
/// In ceil mode the division rounds up, but a last window that would begin behind the end, zeros after it not counted, is
/// left out.
int32_t pxa_output_size(pxa_axis axis, int32_t size, bool ceil_mode);

/// Halo that a convolution needs around X: of the greater padding.
int32_t pxa_conv_halo(pxa_window window);

/// Halo that conv_input_grad and depthwise_input_grad need around dY.
int32_t pxa_conv_grad_halo(pxa_window window);

// Packing: weights and bias from PyTorch's order to the order of the hot loop, once per network.

/// The input blocks that output block `block` reads: all without groups, else those of its channels' groups.
pxa_range pxa_conv_reads(int32_t groups, int32_t in_channels, int32_t out_channels, int32_t block);

/// Floats in a packed convolution: ⌈Cout/16⌉ · N · taps · 256, N the most input blocks that an output block reads.
size_t pxa_conv_packed_floats(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels);

/// packed[ob][n][tap][i][o] = W[16·ob+o, …, ky, kx] of input channel 16·(first block read + n) + i, tap = ky·Kx + kx; zero
/// beyond the channels and between channels of different groups.
void pxa_conv_pack_forward(float *packed, const float *weights, pxa_window window, int32_t groups, int32_t in_channels,
                           int32_t out_channels);

/// Floats in a convolution packed for the gradient: as for a convolution from Cout to Cin channels.
size_t pxa_conv_grad_packed_floats(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels);

/// packed[ib][n][place][o][i] = what pxa_conv_pack_forward made, n counted from the first output block that reads ib. The
/// taps are placed in the order in which the pixels of dX take them: first those that reach row 0, column 0, then those of
/// column 1, … up to the stride; in that by rows, the last column first. Taps ≤ PXA_MAX_TAPS.
void pxa_conv_pack_input_grad(float *packed, const float *forward, pxa_window window, int32_t groups,
                              int32_t in_channels, int32_t out_channels);

/// Floats in a packed depthwise convolution, for both ways: ⌈C/16⌉·taps·16.
size_t pxa_depthwise_packed_floats(pxa_window window, int32_t channels);

/// packed[b][tap][c] = W[16·b+c, 0, ky, kx], zero beyond the channels.
void pxa_depthwise_pack(float *packed, const float *weights, pxa_window window, int32_t channels);

/// Floats in a packed stem (a convolution that reads an image), forward: ⌈Cout/16⌉·Cin·taps·16.
size_t pxa_stem_packed_floats(pxa_window window, int32_t in_channels, int32_t out_channels);

/// packed[ob][c][tap][o] = W[16·ob+o, c, ky, kx].
void pxa_stem_pack_forward(float *packed, const float *weights, pxa_window window, int32_t in_channels,
                           int32_t out_channels);

/// Floats in a stem packed for the gradient: ⌈Cin/4⌉·⌈Cout/16⌉·16·Ky·⌈Kx/4⌉·16.
size_t pxa_stem_grad_packed_floats(pxa_window window, int32_t in_channels, int32_t out_channels);

/// packed[cb][o][ky][kx][c] = W[o, 4·cb+c, ky, kx], kx to a multiple of 4, c from 0 to 3, o to a whole block: zero beyond.
/// `forward` is what pxa_stem_pack_forward made.
void pxa_stem_pack_input_grad(float *packed, const float *forward, pxa_window window, int32_t in_channels,
                              int32_t out_channels);

#ifdef __cplusplus
}
#endif

#endif
