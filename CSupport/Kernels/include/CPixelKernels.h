// SPDX-License-Identifier: MIT
//
// The C core of PixelAscent: pure functions on buffers the caller owns. No allocation, no I/O, no threads, no state.
//
// Notation
//   Y[c,y,x]        element of channel c, row y, column x
//   C, H, W         channels, height, width of the array a sentence speaks of
//   K, S, P         kernel size, stride, zero padding of a convolution
//   dX              gradient of the objective with respect to X
//   ⌊a⌋ₙ            a mod n, never negative
//
// Layouts
//   blocked planes  [⌈C/16⌉][H + 2·halo][W + 2·halo][16]: channel c is lane c mod 16 of block c / 16. The halo and the
//                   lanes from C on are zero; kernels read them and never write them (lanes from C on are written 0).
//   image           [C][H + 2·halo][W + 2·halo]: plain planes, as in a .npy of shape (C,H,W) when halo = 0.
//   RGB8            [H][W][3] bytes.
//   weights         [Cout][Cin][K][K], as PyTorch keeps them; kernels take them packed (pxa_conv_pack_…).
//
// Contracts common to all kernels
//   threads         calls may run side by side if the parts they write (blocks × rows) are disjoint. No result depends on
//                   how a layer is cut into parts: an output element is one chain of operations in one fixed order.
//   requires        block data aligned to 64 bytes; ranges inside the array; outputs alias no input unless said so.
//                   Violations are the caller's bug (asserted in debug builds); sizes are validated in Swift.
//   error           an element that sums n products: |error| ≤ (n + 2)·2⁻²⁴·(|start| + Σ|products|).

#ifndef CPIXELKERNELS_H
#define CPIXELKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Channels in a block.
#define PXA_BLOCK 16

/// Blocks that conv_input_grad with marks computes together; as pxa_kernels.tile_blocks is without.
#define PXA_MARKED_BLOCKS 2

/// Channels of an image that stem_input_grad computes together.
#define PXA_STEM_CHANNELS 4

/// Blocked planes; `data` is the first float of block 0, halo included. A range of whole blocks is planes too.
typedef struct pxa_planes {
  float *data;
  int32_t channels, height, width, halo;
} pxa_planes;

/// An image in plain planes; `data` is the first float of channel 0, halo included.
typedef struct pxa_image {
  float *data;
  int32_t channels, height, width, halo;
} pxa_image;

/// Half-open: begin ≤ i < end.
typedef struct pxa_range {
  int32_t begin, end;
} pxa_range;

/// A square convolution: kernel 1 or 3, stride 1 or 2, padding 0 or 1.
typedef struct pxa_conv {
  int32_t kernel, stride, padding;
} pxa_conv;

/// ⌈channels / 16⌉.
int32_t pxa_blocks(int32_t channels);

/// Floats in blocked planes, halo included.
size_t pxa_planes_floats(int32_t channels, int32_t height, int32_t width, int32_t halo);

/// Marks of blocked planes: ⌈C/64⌉·H·W.
size_t pxa_mark_count(int32_t channels, int32_t height, int32_t width);

/// Output rows (or columns) of a convolution over `size` rows: ⌊(size + 2P − K) / S⌋ + 1, or 0 if nothing fits.
int32_t pxa_conv_output_size(pxa_conv conv, int32_t size);

/// Halo that `conv_input_grad` needs around dY.
int32_t pxa_conv_grad_halo(pxa_conv conv);

/// Output rows of a 3×3 max pool of stride 2 in ceil mode over `size` rows, or 0 if nothing fits.
int32_t pxa_max_pool_output_size(int32_t size);

// Packing: weights and bias from PyTorch's order to the order of the hot loop, once per network.

/// Floats in a packed convolution, either direction: ⌈Cin/16⌉·⌈Cout/16⌉·K²·256.
size_t pxa_conv_packed_floats(pxa_conv conv, int32_t in_channels, int32_t out_channels);

/// packed[ob][ib][tap][i][o] = W[16·ob+o, 16·ib+i, ky, kx], tap = ky·K + kx, zero beyond the channels.
void pxa_conv_pack_forward(float *packed, const float *weights, pxa_conv conv, int32_t in_channels,
                           int32_t out_channels);

/// packed[ib][ob][tap][o][i] = forward[ob][ib][tap][i][o], what pxa_conv_pack_forward made.
void pxa_conv_pack_input_grad(float *packed, const float *forward, pxa_conv conv, int32_t in_channels,
                              int32_t out_channels);

/// Floats in a packed stem (a convolution that reads an image), forward: ⌈Cout/16⌉·Cin·K²·16.
size_t pxa_stem_packed_floats(pxa_conv conv, int32_t in_channels, int32_t out_channels);

/// The same for the gradient: ⌈Cin/4⌉·⌈Cout/16⌉·16·K·16.
size_t pxa_stem_grad_packed_floats(pxa_conv conv, int32_t in_channels, int32_t out_channels);

/// packed[ob][c][tap][o] = W[16·ob+o, c, ky, kx].
void pxa_stem_pack_forward(float *packed, const float *weights, pxa_conv conv, int32_t in_channels,
                           int32_t out_channels);

/// packed[cb][o][ky][kx][c] = W[o, 4·cb+c, ky, kx], kx and c from 0 to 3, o to a whole block: zero beyond.
/// `forward` is what pxa_stem_pack_forward made.
void pxa_stem_pack_input_grad(float *packed, const float *forward, pxa_conv conv, int32_t in_channels,
                              int32_t out_channels);

/// The kernels of one instruction set.
typedef struct pxa_kernels {
  /// "scalar", "avx2", "avx512" or "neon".
  const char *name;

  /// Blocks that conv_forward and conv_input_grad compute together: ranges of blocks that are no multiple are slower.
  int32_t tile_blocks;

  /// Convolution.
  /// Y[o,y,x] = act(bias[o] + Σ_{i,ky,kx} X[i, S·y+ky−P, S·x+kx−P] · W[o,i,ky,kx]), act = max(0, ·) if relu.
  /// layout    Y, X blocked; packed by pxa_conv_pack_forward; bias ⌈Cout/16⌉·16 floats, zero beyond Cout.
  /// writes    Y in blocks × rows.
  /// requires  X.halo ≥ P; Y of pxa_conv_output_size.
  /// sum       n = Cin·K², by groups of 64 input channels, in them by taps
  void (*conv_forward)(pxa_planes y, pxa_planes x, const float *packed, const float *bias, pxa_conv conv, bool relu,
                       pxa_range blocks, pxa_range rows);

  /// marks[g][y][x], bit i: whether dY[64·g+i,y,x] ≠ 0.
  /// layout    dY blocked; marks [⌈C/64⌉][H][W].
  /// writes    marks in rows of dY.
  /// error     exact
  void (*mark_nonzero)(uint64_t *marks, pxa_planes dy, pxa_range rows);

  /// Gradient of a convolution with respect to its input.
  /// dX[i,y,x] = mask · (start + Σ_{o,ky,kx : S | y+P−ky, S | x+P−kx} dY[o, (y+P−ky)/S, (x+P−kx)/S] · W[o,i,ky,kx]),
  /// o in the blocks `from` only; start = dX before if accumulate, else 0;
  /// mask = 1 if X[i,y,x] > 0 else 0 where X is given (X = the ReLU output that dX belongs to), else 1.
  /// layout    all blocked; X like dX; packed by pxa_conv_pack_input_grad.
  /// marks     mark_nonzero of the blocks `from` of dY, or NULL: with them rows that are mostly zero take less time. The
  ///           bits are the same, but for the sign of a zero.
  /// writes    dX in blocks × rows; without marks dX may be X.
  /// requires  dY.halo ≥ pxa_conv_grad_halo(conv); marks only where K = 3, S = 1.
  /// sum       n = Cout·K², by groups of 64 output channels from the first of `from` on, in them by taps
  void (*conv_input_grad)(pxa_planes dx, pxa_planes dy, const uint64_t *marks, const float *packed, const pxa_planes *x,
                          bool accumulate, pxa_conv conv, pxa_range from, pxa_range blocks, pxa_range rows);

  /// conv_forward where X is an image.
  /// requires  X.halo ≥ P.
  /// sum       n = Cin·K², by groups of 4 input channels, in them by taps
  void (*stem_forward)(pxa_planes y, pxa_image x, const float *packed, const float *bias, pxa_conv conv, bool relu,
                       pxa_range blocks, pxa_range rows);

  /// conv_input_grad where dX is an image: no mask, no start, all blocks of dY.
  /// writes    dX in rows, all channels.
  /// sum       n = Cout·K², by rows of dY, in them by columns
  void (*stem_input_grad)(pxa_image dx, pxa_planes dy, const float *packed, pxa_conv conv, pxa_range rows);

  /// Max pool 3×3, stride 2, no padding, ceil mode: what hangs over the edge is −∞.
  /// Y[c,y,x] = max over ky,kx of X[c, 2y+ky, 2x+kx]; index = 3·ky + kx of the first maximum in row-major order.
  /// layout    Y, X blocked; index [⌈C/16⌉][Hy][Wy][16] bytes.
  /// writes    Y and index in blocks × rows.
  /// error     exact
  void (*max_pool_forward)(pxa_planes y, uint8_t *index, pxa_planes x, pxa_range blocks, pxa_range rows);

  /// Gradient of max_pool_forward with respect to its input.
  /// dX[c,y,x] = Σ dY over the windows whose index names (y,x), in row-major order. (Where X is a ReLU's output the
  /// derivative of that is known from Y: mask dY with it.)
  /// layout    as max_pool_forward.
  /// writes    dX in blocks × rows.
  /// sum       n ≤ 4
  void (*max_pool_input_grad)(pxa_planes dx, pxa_planes dy, const uint8_t *index, pxa_range blocks, pxa_range rows);

  /// mean[c] = Σ_{y,x} X[c,y,x] / (H·W).
  /// writes    mean, 16 floats a block, in blocks.
  /// sum       n = H·W, row by row
  void (*global_average_forward)(float *mean, pxa_planes x, pxa_range blocks);

  /// dX[c,y,x] = mask · dmean[c] / (H·W); mask as in conv_input_grad.
  /// writes    dX in blocks; dX may be X.
  void (*global_average_input_grad)(pxa_planes dx, const float *dmean, const pxa_planes *x, pxa_range blocks);

  /// X[c,y,x] = scale[c] · RGB8[y,x,c] + offset[c].
  /// requires  X.channels = 3.
  /// writes    X in rows.
  void (*normalize)(pxa_image x, const uint8_t *rgb, const float *scale, const float *offset, pxa_range rows);

  /// RGB8[y,x,c] = round(min(255, max(0, scale[c] · X[c,y,x] + offset[c]))), ties to even, NaN to 0.
  /// requires  X.channels = 3.
  /// writes    RGB8 in rows.
  void (*unnormalize)(uint8_t *rgb, pxa_image x, const float *scale, const float *offset, pxa_range rows);

  /// Y[c,y,x] = start + X[c, ⌊y−dy⌋_H, ⌊x−dx⌋_W]; start = Y before if accumulate, else 0. numpy's and torch's roll.
  /// writes    Y in rows, all channels.
  void (*roll)(pxa_image y, pxa_image x, int32_t dy, int32_t dx, bool accumulate, pxa_range rows);

  /// X[c,y,x] ← clamp(X + a·G[c, ⌊y+dy⌋_H, ⌊x+dx⌋_W] − b·X), to [low[c], high[c]] where low is given (then high is too),
  /// else unclamped: a step along a gradient that was taken at roll(X, dy, dx).
  /// sums[c·H + y] = Σ_x X², of what was written.
  /// writes    X in rows, all channels (in place), and sums.
  /// sum       as row_squares
  void (*step)(pxa_image x, double *sums, pxa_image g, int32_t dy, int32_t dx, float a, float b, const float *low,
               const float *high, pxa_range rows);

  /// sums[c·H + y] = {Σ_x G[c,y,x]², Σ_x (a·G[c,y,x] − b·X[c,y,x])²}: 16 chains in float, then a fixed tree; add the rows
  /// in order in double for a Euclidean norm that no partition changes.
  /// writes    sums in rows, all channels.
  void (*row_squares)(double (*sums)[2], pxa_image g, pxa_image x, float a, float b, pxa_range rows);

  /// Y[c,y,x] = Σ_{k=−R…R} taps[k+R] · X[c, reflect(y+k), x], half-sample reflection (d c b a | a b c d | d c b a).
  /// writes    Y in rows, all channels.
  /// requires  0 ≤ R ≤ H.
  /// sum       n = 2R+1, k ascending
  void (*blur_vertical)(pxa_image y, pxa_image x, const float *taps, int32_t radius, pxa_range rows);

  /// Y[c,y,x] = Σ_{k=−R…R} taps[k+R] · X[c, y, reflect(x+k)].
  /// writes    Y in rows, all channels.
  /// requires  0 ≤ R ≤ W.
  /// sum       n = 2R+1, k ascending
  void (*blur_horizontal)(pxa_image y, pxa_image x, const float *taps, int32_t radius, pxa_range rows);
} pxa_kernels;

/// Number of instruction sets this build holds.
int32_t pxa_kernels_count(void);

/// The kernels of one of them, slowest first; index 0 is always "scalar".
const pxa_kernels *pxa_kernels_at(int32_t index);

/// Whether this CPU and its operating system run them.
bool pxa_kernels_run_here(const pxa_kernels *kernels);

#ifdef __cplusplus
}
#endif

#endif
