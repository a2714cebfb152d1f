// SPDX-License-Identifier: MIT
// Weights in the order in which the kernels read them. The notation is in CPixelKernels.h.

#ifndef PXA_PACKING_H
#define PXA_PACKING_H

#include <stddef.h>
#include <stdint.h>

#include "pxa_types.h"

#ifdef __cplusplus
extern "C" {
#endif

// Packing brings weights and bias from PyTorch's order into the order in which the kernels read them, once per network.

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
