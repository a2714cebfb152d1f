// SPDX-License-Identifier: MIT
// Packed weights. The notation is in CPixelKernels.h.

#ifndef PXA_PACKING_H
#define PXA_PACKING_H

#include <stddef.h>
#include <stdint.h>

#include "pxa_types.h"

#ifdef __cplusplus
extern "C" {
#endif

// Packing brings weights from PyTorch's order into the order in which the kernels read them, once per network. Each
// function pxa_…_pack… writes all floats of `packed` and copies weights exactly; it writes 0 where its formula names no
// weight. The function declared above it returns the number of these floats. Taps are numbered ky·Kx + kx unless a
// comment says otherwise. Calls may run at the same time.

/// Returns the number of floats in the weights that pxa_conv_pack_forward packs: ⌈Cout/16⌉ · N · taps · 256, where N is
/// the greatest number of input blocks that an output block reads.
size_t pxa_conv_packed_floats(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels);

/// Packs the weights of a convolution for conv_forward.
/// packed[ob][n][tap][i][o] = W[16·ob+o, j, ky, kx], where j is the index, inside the group of output channel 16·ob+o,
/// of input channel 16·(first input block that ob reads + n) + i.
/// layout    weights [Cout][Cin/G][Ky][Kx].
/// requires  G divides Cin and Cout.
void pxa_conv_pack_forward(float *packed, const float *weights, pxa_window window, int32_t groups, int32_t in_channels,
                           int32_t out_channels);

/// Returns the number of floats in the weights that pxa_conv_pack_input_grad packs: pxa_conv_packed_floats of a
/// convolution from Cout to Cin channels.
size_t pxa_conv_grad_packed_floats(pxa_window window, int32_t groups, int32_t in_channels, int32_t out_channels);

/// Packs the weights of a convolution for conv_input_grad.
/// packed[ib][n][position][o][i] = forward[ob][ib − first input block that ob reads][tap][i][o], where ob is the first
/// output block that reads ib, plus n. The positions of the taps follow the order in which the pixels of dX use them:
/// first the taps that reach row 0, column 0 of dX, then those of column 1, and so on through S columns and S rows. The
/// taps of one pixel follow row by row, each row from its last column to its first.
/// layout    forward as pxa_conv_pack_forward writes it.
/// requires  taps ≤ PXA_MAX_TAPS.
void pxa_conv_pack_input_grad(float *packed, const float *forward, pxa_window window, int32_t groups,
                              int32_t in_channels, int32_t out_channels);

/// Returns the number of floats in the weights that pxa_winograd_pack_forward and pxa_winograd_pack_input_grad pack:
/// ⌈Cout/16⌉ · 36 · ⌈Cin/16⌉ · 256.
size_t pxa_winograd_packed_floats(int32_t in_channels, int32_t out_channels);

/// Transforms and packs the weights of a 3×3 convolution for winograd_forward.
/// packed[ob][p][ib][i][o] = element p = 6·row + column of G g Gᵀ, where g is the 3×3 kernel from input channel 16·ib+i to
/// output channel 16·ob+o. Each is computed in double precision and rounded once.
/// layout    forward as pxa_conv_pack_forward writes it, without groups.
void pxa_winograd_pack_forward(float *packed, const float *forward, int32_t in_channels, int32_t out_channels);

/// Transforms and packs the weights of a 3×3 convolution for winograd_input_grad: those of the convolution that makes dX
/// of dY, whose kernels are turned by half a turn, as packed[ib][p][ob][o][i].
/// layout    input_grad as pxa_conv_pack_input_grad writes it, without groups, for the same window.
void pxa_winograd_pack_input_grad(float *packed, const float *input_grad, int32_t in_channels, int32_t out_channels);

/// Returns the number of floats in the packed weights of a depthwise convolution: ⌈C/16⌉ · taps · 16.
size_t pxa_depthwise_packed_floats(pxa_window window, int32_t channels);

/// Packs the weights of a depthwise convolution for depthwise_forward and depthwise_input_grad.
/// packed[b][tap][c] = W[16·b+c, 0, ky, kx].
/// layout    weights [C][1][Ky][Kx].
void pxa_depthwise_pack(float *packed, const float *weights, pxa_window window, int32_t channels);

/// Returns the number of floats in the weights that pxa_stem_pack_forward packs: ⌈Cout/16⌉ · Cin · taps · 16. A stem is
/// a convolution that reads an image.
size_t pxa_stem_packed_floats(pxa_window window, int32_t in_channels, int32_t out_channels);

/// Packs the weights of a stem for stem_forward.
/// packed[ob][c][tap][o] = W[16·ob+o, c, ky, kx].
/// layout    weights [Cout][Cin][Ky][Kx].
void pxa_stem_pack_forward(float *packed, const float *weights, pxa_window window, int32_t in_channels,
                           int32_t out_channels);

/// Returns the number of floats in the weights that pxa_stem_pack_input_grad packs:
/// ⌈Cin/4⌉ · ⌈Cout/16⌉ · 16 · Ky · ⌈Kx/4⌉ · 16.
size_t pxa_stem_grad_packed_floats(pxa_window window, int32_t in_channels, int32_t out_channels);

/// Packs the weights of a stem for stem_input_grad.
/// packed[cb][o][ky][kx][c] = W[o, 4·cb+c, ky, kx], where c runs from 0 to 3, o to the end of the last block, and kx up
/// to the next multiple of 4.
/// layout    forward as pxa_stem_pack_forward writes it.
void pxa_stem_pack_input_grad(float *packed, const float *forward, pxa_window window, int32_t in_channels,
                              int32_t out_channels);

#ifdef __cplusplus
}
#endif

#endif
