// SPDX-License-Identifier: MIT
// What each kernel computes. CPixelKernels.h has the notation and the contracts common to all kernels.

#ifndef PXA_KERNELS_H
#define PXA_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

#include "pxa_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The kernels of one instruction set.
typedef struct pxa_kernels {
  /// The name of the instruction set, which is also the name of its header in simd/: "scalar", "avx2", …
  const char *name;

  /// Returns whether this CPU and its operating system run these kernels. Call pxa_kernels_run_here instead.
  bool (*runs_here)(void);

  /// The number of blocks that conv_forward and conv_input_grad compute at a time. A range whose number of blocks
  /// is not a multiple of this number takes longer per block.
  int32_t tile_blocks;

  /// Nonzero mask: bit i of nonzero[g][y][x] is 1 if X[64·g+i,y,x] ≠ 0, else 0.
  /// layout    X blocked; nonzero [⌈C/64⌉][H][W].
  /// writes    nonzero in rows, for all channels.
  /// error     exact
  void (*make_nonzero_mask)(uint64_t *nonzero, pxa_planes x, pxa_range rows);

  /// Convolution.
  /// Y[o,y,x] = clamp(bias[o] + Σ_{i,ky,kx} X[i, S·y + D·ky − P, S·x + D·kx − P] · W[o,i,ky,kx]).
  /// layout    Y, X blocked; packed by pxa_conv_pack_forward; bias ⌈Cout/16⌉·16 floats, zero beyond Cout.
  /// nonzero   the nonzero mask of all rows of X, or NULL. With it the convolution takes less time if X is mostly zero.
  ///           If all weights are finite, Y has the same bits with and without it, except for the sign of a zero.
  /// writes    Y in blocks × rows.
  /// requires  X.halo ≥ pxa_conv_halo; Y of pxa_output_size; taps ≤ PXA_MAX_TAPS; low ≤ 0 ≤ high of the clamp, so that
  ///           the lanes beyond the channels stay zero; a nonzero mask only if K = 3, S = 1, D = 1 on both axes, no
  ///           padding, before or after X, exceeds 2, and G = 1.
  /// sum       n = taps · 16 · the number of input blocks read; by groups of 64 input channels, within a group by taps
  void (*conv_forward)(pxa_planes y, pxa_planes x, const uint64_t *nonzero, const float *packed, const float *bias,
                       pxa_window window, int32_t groups, pxa_clamp clamp, pxa_range blocks, pxa_range rows);

  /// Gradient of conv_forward with respect to X; formula of dX[i,y,x]:
  /// Σ_{o,ky,kx : S | y+P−D·ky, S | x+P−D·kx} dY[o, (y+P−D·ky)/S, (x+P−D·kx)/S] · W[o,i,ky,kx], for o in the blocks
  /// `from` only.
  /// layout    all blocked; packed by pxa_conv_pack_input_grad.
  /// nonzero   the nonzero mask of the blocks `from` and all rows of dY, or NULL. With it the gradient takes less time
  ///           if dY is mostly zero. If all weights are finite, dX has the same bits with and without it, except for
  ///           the sign of a zero.
  /// writes    dX in blocks × rows; dX may be X if there is no nonzero mask.
  /// requires  dY.halo ≥ pxa_conv_grad_halo; taps ≤ PXA_MAX_TAPS; a nonzero mask only if K = 3, S = 1, D = 1 on both
  ///           axes and G = 1; if G > 1, `from` holds all blocks of dY.
  /// sum       n = taps · 16 · the number of output blocks read; by groups of 64 output channels, counted from the
  ///           first block of `from`, within a group by taps
  void (*conv_input_grad)(pxa_planes dx, pxa_planes dy, const uint64_t *nonzero, const float *packed,
                          pxa_epilogue epilogue, pxa_window window, int32_t groups, pxa_range from, pxa_range blocks,
                          pxa_range rows);

  /// Winograd's convolution F(4×4, 3×3): conv_forward without groups for a window of 3×3 with a stride and a dilation of 1
  /// and no padding above 2.
  /// layout    Y, X blocked; packed by pxa_winograd_pack_forward; bias as in conv_forward; scratch
  ///           pxa_winograd_scratch_floats(Cin) floats, aligned to 64 bytes, for this call alone.
  /// writes    Y in blocks and in the rows 4·tile_rows.begin … 4·tile_rows.end − 1, and in scratch.
  /// requires  what conv_forward requires of Y and clamp; tile_rows within 0 … ⌈H/4⌉.
  /// sum       36 sums, each over n = 16 · the input blocks, of products of transformed inputs and transformed weights. A
  ///           tile whose inputs or sums overflow is NaN, also where a clamp would make an infinity finite.
  void (*winograd_forward)(pxa_planes y, pxa_planes x, const float *packed, const float *bias, pxa_window window,
                           pxa_clamp clamp, float *scratch, pxa_range blocks, pxa_range tile_rows);

  /// Returns whether winograd_input_grad takes less time than conv_input_grad with a nonzero mask.
  /// requires  nonzero is the mask of the blocks `from` and all rows of dY.
  bool (*winograd_input_grad_pays)(pxa_planes dx, pxa_planes dy, const uint64_t *nonzero, pxa_range from);

  /// Gradient of winograd_forward with respect to X; formula of dX[i,y,x]: that of conv_input_grad.
  /// layout    all blocked; packed by pxa_winograd_pack_input_grad; scratch pxa_winograd_scratch_floats(Cout) floats,
  ///           aligned to 64 bytes, for this call alone.
  /// writes    dX in blocks and in the rows 4·tile_rows.begin … 4·tile_rows.end − 1, and in scratch; dX may be X.
  /// requires  tile_rows within 0 … ⌈H/4⌉ of dX.
  /// sum       as winograd_forward, over the blocks `from`
  void (*winograd_input_grad)(pxa_planes dx, pxa_planes dy, const float *packed, pxa_epilogue epilogue,
                              pxa_window window, pxa_range from, float *scratch, pxa_range blocks, pxa_range tile_rows);

  /// Depthwise convolution: Y[c,y,x] = clamp(bias[c] + Σ_{ky,kx} X[c, S·y + D·ky − P, S·x + D·kx − P] · W[c,ky,kx]).
  /// layout    Y, X blocked; packed by pxa_depthwise_pack.
  /// writes    Y in blocks × rows.
  /// requires  what conv_forward requires of X.halo, Y, taps and clamp.
  /// sum       n = taps, in row-major order
  void (*depthwise_forward)(pxa_planes y, pxa_planes x, const float *packed, const float *bias, pxa_window window,
                            pxa_clamp clamp, pxa_range blocks, pxa_range rows);

  /// Gradient of depthwise_forward with respect to X; formula of dX[c,y,x]:
  /// Σ_{ky,kx : S | y+P−D·ky, S | x+P−D·kx} dY[c, (y+P−D·ky)/S, (x+P−D·kx)/S] · W[c,ky,kx].
  /// layout    all blocked; packed by pxa_depthwise_pack.
  /// writes    dX in blocks × rows; dX may be X.
  /// requires  dY.halo ≥ pxa_conv_grad_halo; taps ≤ PXA_MAX_TAPS.
  /// sum       n = taps
  void (*depthwise_input_grad)(pxa_planes dx, pxa_planes dy, const float *packed, pxa_epilogue epilogue,
                               pxa_window window, pxa_range blocks, pxa_range rows);

  /// Stem: the convolution of conv_forward, without groups, where X is an image.
  /// layout    Y blocked, X an image; packed by pxa_stem_pack_forward; bias ⌈Cout/16⌉·16 floats, zero beyond Cout.
  /// writes    Y in blocks × rows.
  /// requires  what conv_forward requires of X.halo, Y, taps and clamp.
  /// sum       n = Cin·taps; by groups of 4 input channels, within a group by taps
  void (*stem_forward)(pxa_planes y, pxa_image x, const float *packed, const float *bias, pxa_window window,
                       pxa_clamp clamp, pxa_range blocks, pxa_range rows);

  /// Gradient of stem_forward with respect to X: dX[i,y,x] = the formula of conv_input_grad over all o, with neither
  /// mask nor start.
  /// layout    dX an image, dY blocked; packed by pxa_stem_pack_input_grad.
  /// writes    dX in rows, all channels.
  /// requires  Kx and Ky ≤ PXA_STEM_MAX_KERNEL, D = 1.
  /// sum       n = Cout·taps; by rows of dY, within a row by columns
  void (*stem_input_grad)(pxa_image dx, pxa_planes dy, const float *packed, pxa_window window, pxa_range rows);

  /// Image to blocked planes: Y[c,y,x] = X[c,y,x].
  /// writes    Y in rows, all blocks.
  void (*image_to_planes)(pxa_planes y, pxa_image x, pxa_range rows);

  /// Blocked planes to image: dX[c,y,x] = dY[c,y,x]. This is also the gradient of image_to_planes.
  /// writes    dX in rows, all channels.
  void (*planes_to_image)(pxa_image dx, pxa_planes dy, pxa_range rows);

  /// Linear layer: Y[o] = clamp(bias[o] + Σ_i X[i] · W[o,i]).
  /// layout    Y, X vectors; weights [Cout][Cin], at any address that is a multiple of 4; bias whole blocks.
  /// writes    Y in blocks.
  /// sum       n = Cin: 16 chains over i mod 16, then a fixed tree
  void (*linear_forward)(pxa_planes y, pxa_planes x, const float *weights, const float *bias, pxa_clamp clamp,
                         pxa_range blocks);

  /// Gradient of linear_forward with respect to X; formula of dX[i]: Σ_o dY[o] · W[o,i], for o in the blocks `from`.
  /// layout    as linear_forward.
  /// writes    dX in blocks; dX may be X.
  /// sum       n = the number of outputs in `from`, in order
  void (*linear_input_grad)(pxa_planes dx, pxa_planes dy, const float *weights, pxa_epilogue epilogue, pxa_range from,
                            pxa_range blocks);

  /// Max pool; the elements of a window outside X are −∞.
  /// Y[c,y,x] = max over ky,kx of X[c, S·y + D·ky − P, S·x + D·kx − P]; index[c,y,x] = ky·Kx + kx of the first maximum
  /// in row-major order.
  /// layout    Y, X blocked; index [⌈C/16⌉][Hy][Wy][16] bytes.
  /// writes    Y and index in blocks × rows.
  /// requires  K ≤ PXA_MAX_POOL_KERNEL on both axes; every window holds an element of X.
  /// error     exact
  void (*max_pool_forward)(pxa_planes y, uint8_t *index, pxa_planes x, pxa_window window, pxa_range blocks,
                           pxa_range rows);

  /// Gradient of max_pool_forward with respect to X; formula of dX[c,y,x]:
  /// Σ_{v,u} dY[c,v,u] over the windows (v,u) whose index names (y,x), in row-major order.
  /// layout    as max_pool_forward.
  /// writes    dX in blocks × rows; dX may be X.
  void (*max_pool_input_grad)(pxa_planes dx, pxa_planes dy, const uint8_t *index, pxa_epilogue epilogue,
                              pxa_window window, pxa_range blocks, pxa_range rows);

  /// Average pool: Y[c,y,x] = Σ_{ky,kx} X[c, S·y + ky − P, S·x + kx − P] / n, where n is the number of the window's
  /// elements that lie in X or, with `count_padding`, in X or its padding.
  /// writes    Y in blocks × rows.
  /// requires  D = 1, P < K.
  void (*average_pool_forward)(pxa_planes y, pxa_planes x, pxa_window window, bool count_padding, pxa_range blocks,
                               pxa_range rows);

  /// Gradient of average_pool_forward with respect to X; formula of dX[c,y,x]:
  /// Σ_{v,u} dY[c,v,u] / n over the windows (v,u) that hold (y,x), in row-major order, with the n of window (v,u).
  /// writes    dX in blocks × rows; dX may be X.
  void (*average_pool_input_grad)(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_window window,
                                  bool count_padding, pxa_range blocks, pxa_range rows);

  /// Adaptive average pool: Y[c,y,x] = the mean of X[c,v,u] over the window of rows v = ⌊y·H/Hy⌋ … ⌈(y+1)·H/Hy⌉ − 1 and
  /// columns u = ⌊x·W/Wy⌋ … ⌈(x+1)·W/Wy⌉ − 1, where H, W are the size of X and Hy, Wy that of Y. If Y is 1×1, this is
  /// the mean of a whole channel.
  /// writes    Y in blocks × rows.
  /// sum       row by row
  void (*adaptive_average_forward)(pxa_planes y, pxa_planes x, pxa_range blocks, pxa_range rows);

  /// Gradient of adaptive_average_forward with respect to X; formula of dX[c,y,x]:
  /// Σ_{v,u} dY[c,v,u] / n over the windows (v,u) that hold (y,x), in row-major order, where n is the number of
  /// elements of window (v,u).
  /// writes    dX in blocks × rows; dX may be X.
  void (*adaptive_average_input_grad)(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks,
                                      pxa_range rows);

  /// Maximum of regions: Y[c,y,x] is the maximum of X[c] over the window of position (y, x) as in max_pool_forward, or
  /// without a window over the part of X that adaptive_average_forward averages; at_row[c,y,x] and at_column[c,y,x] are
  /// the row and the column of the first maximum in row-major order.
  /// layout    Y, at_row, at_column blocked and of the same size.
  /// writes    Y, at_row and at_column in blocks × rows.
  /// requires  every window holds an element of X; H, W ≤ 2²⁴.
  /// error     exact
  void (*region_max_forward)(pxa_planes y, pxa_planes at_row, pxa_planes at_column, pxa_planes x,
                             const pxa_window *window, pxa_range blocks, pxa_range rows);

  /// Gradient of region_max_forward with respect to X; formula of dX[c,y,x]:
  /// Σ_{v,u} dY[c,v,u] over the (v,u) with at_row[c,v,u] = y and at_column[c,v,u] = x, in row-major order.
  /// layout    as region_max_forward.
  /// writes    dX in blocks, all rows.
  /// requires  dX is not X.
  void (*region_max_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes at_row, pxa_planes at_column,
                                pxa_epilogue epilogue, pxa_range blocks);

  /// Reduction of each channel's pixels: Y[c] = Σ_{y,x} X[c,y,x], √(Σ_{y,x} X[c,y,x]²) or max_{y,x} X[c,y,x].
  /// layout    Y has 1×1 pixels.
  /// writes    Y in blocks.
  /// sum       row by row
  void (*reduce_forward)(pxa_planes y, pxa_planes x, pxa_reduction kind, pxa_range blocks);

  /// Gradient of reduce_forward with respect to its input R; formula of dX[c,y,x]: dY[c] for a sum,
  /// dY[c]·R[c,y,x]/norm[c] for a norm, 0 if norm[c] = 0; for a maximum dY[c]/n if R[c,y,x] is one of the n elements
  /// of the channel that are equal to the maximum, else 0. R is `r_input`; the X of `epilogue` may be R too.
  /// writes    dX in blocks, all rows, and 0 in the lanes from C on; dX may be R.
  /// error     |error| ≤ (n + 8)·2⁻²⁴·(|start| + |formula|), n = H + W
  void (*reduce_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes r_input, pxa_reduction kind, pxa_epilogue epilogue,
                            pxa_range blocks);

  /// Reduction of each pixel's channels: Y[0,y,x] = Σ_c X[c,y,x], √(Σ_c X[c,y,x]²) or max_c X[c,y,x].
  /// layout    Y has one channel.
  /// writes    Y in rows.
  /// sum       n = ⌈C/16⌉ + 4: 16 chains over the blocks, then a fixed tree
  void (*reduce_channels)(pxa_planes y, pxa_planes x, pxa_reduction kind, pxa_range rows);

  /// Gradient of reduce_channels with respect to its input R: reduce_input_grad's formula with the channels of a pixel
  /// in place of the pixels of a channel.
  /// writes    dX in rows, all blocks, and 0 in the lanes from C on; dX may be R.
  /// error     as reduce_input_grad, with reduce_channels' n
  void (*reduce_channels_grad)(pxa_planes dx, pxa_planes dy, pxa_planes r_input, pxa_reduction kind,
                               pxa_epilogue epilogue, pxa_range rows);

  /// Sum: Y[c,y,x] = clamp(A[c,y,x] + B[c,y,x]).
  /// writes    Y in blocks × rows; Y may be A or B.
  void (*add_forward)(pxa_planes y, pxa_planes a, pxa_planes b, pxa_clamp clamp, pxa_range blocks, pxa_range rows);

  /// Gradient of add_forward with respect to A or B; formula of dX[c,y,x]: dY[c,y,x].
  /// writes    dX in blocks × rows; dX may be X.
  void (*add_input_grad)(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks, pxa_range rows);

  /// Product: Y[c,y,x] = A[c,y,x] · B[c,y,x], or A[c,y,x] · B[c] if B is 1×1.
  /// writes    Y in blocks × rows.
  void (*multiply_forward)(pxa_planes y, pxa_planes a, pxa_planes b, pxa_range blocks, pxa_range rows);

  /// Gradient of multiply_forward with respect to A; formula of dA[c,y,x]: dY[c,y,x] · B[c,y,x], or dY[c,y,x] · B[c] if
  /// B is 1×1. For the gradient with respect to a B as large as A, pass A as `b`.
  /// writes    dA in blocks × rows; dA may be X.
  void (*multiply_input_grad)(pxa_planes da, pxa_planes dy, pxa_planes b, pxa_epilogue epilogue, pxa_range blocks,
                              pxa_range rows);

  /// Gradient of multiply_forward with respect to a B of 1×1; formula of dB[c]: Σ_{y,x} dY[c,y,x] · A[c,y,x], row by
  /// row.
  /// writes    dB in blocks; dB may be X.
  void (*multiply_factor_grad)(pxa_planes db, pxa_planes dy, pxa_planes a, pxa_epilogue epilogue, pxa_range blocks);

  /// Affine map: Y[c,y,x] = clamp(scale[c] · X[c,y,x] + shift[c]).
  /// layout    scale and shift whole blocks, zero beyond the channels.
  /// writes    Y in blocks × rows.
  void (*affine_forward)(pxa_planes y, pxa_planes x, const float *scale, const float *shift, pxa_clamp clamp,
                         pxa_range blocks, pxa_range rows);

  /// Gradient of affine_forward with respect to X; formula of dX[c,y,x]: scale[c] · dY[c,y,x].
  /// writes    dX in blocks × rows; dX may be X.
  void (*affine_input_grad)(pxa_planes dx, pxa_planes dy, const float *scale, pxa_epilogue epilogue, pxa_range blocks,
                            pxa_range rows);

  /// Function of one value: Y[c,y,x] = f(X[c,y,x]).
  /// writes    Y in blocks × rows, and 0 in the lanes from C on.
  /// error     |error| ≤ 4·2⁻²⁴·max(|f(x)|, |x|·|f'(x)|, 2⁻⁹⁶), but 9·2⁻²⁴·max(…) for the two GELUs and PXA_ERF,
  ///           and (9 + |log₂|x||)·2⁻²⁴·max(…) for PXA_POWER
  void (*function_forward)(pxa_planes y, pxa_planes x, pxa_function f, pxa_range blocks, pxa_range rows);

  /// Gradient of function_forward with respect to its input F; formula of dX[c,y,x]: f'(F[c,y,x]) · dY[c,y,x].
  /// F is `f_input`; the X of `epilogue` may be F too.
  /// writes    dX in blocks × rows; dX may be F, and may be X.
  /// error     |error| ≤ 5·2⁻²⁴·max(1, |a|, |slopes[c]|, |f'(F)|)·(|start| + |dY|), with the a and slopes of `f`, but
  ///           (9 + |log₂|F||)·2⁻²⁴·max(…) for PXA_POWER
  void (*function_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes f_input, pxa_function f, pxa_epilogue epilogue,
                              pxa_range blocks, pxa_range rows);

  /// Selection of channels: Y[c,y,x] = X[map[c],y,x] if map[c] ≥ 0; the other channels of Y keep their values.
  /// layout    Y, X blocked; map has an entry for each channel of Y.
  /// writes    Y in blocks × rows.
  void (*select_channels)(pxa_planes y, pxa_planes x, const int32_t *map, pxa_range blocks, pxa_range rows);

  /// Gradient of select_channels with respect to X; formula of dX[c,y,x]: dY[map[c],y,x] if map[c] ≥ 0, else 0.
  /// `map` is the inverse of the map of select_channels.
  /// layout    dX, dY blocked; map has an entry for each channel of dX.
  /// writes    dX in blocks × rows.
  void (*select_channels_grad)(pxa_planes dx, pxa_planes dy, const int32_t *map, pxa_epilogue epilogue,
                               pxa_range blocks, pxa_range rows);

  /// Flattening: Y[(c·H + y)·W + x] = X[c,y,x].
  /// layout    X blocked; Y a vector.
  /// writes    the elements of Y that come from `blocks` of X; with the last block also 0 to the end of Y's last block.
  void (*flatten_forward)(pxa_planes y, pxa_planes x, pxa_range blocks);

  /// Gradient of flatten_forward with respect to X; formula of dX[c,y,x]: dY[(c·H + y)·W + x].
  /// writes    dX in blocks; dX may be X.
  void (*flatten_input_grad)(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks);

  /// Padding: Y[c,y,x] = X[c, y−top, x−left], or `value` where that position is outside X.
  /// writes    Y in blocks × rows.
  void (*pad_forward)(pxa_planes y, pxa_planes x, int32_t top, int32_t left, float value, pxa_range blocks,
                      pxa_range rows);

  /// Gradient of pad_forward with respect to X; formula of dX[c,y,x]: dY[c, y+top, x+left], or 0 where that position is
  /// outside dY.
  /// writes    dX in blocks × rows; dX may be X.
  void (*pad_input_grad)(pxa_planes dx, pxa_planes dy, int32_t top, int32_t left, pxa_epilogue epilogue,
                         pxa_range blocks, pxa_range rows);

  /// Resampling: Y[c,y,x] = Σ_{v,u} down(y,v) · across(x,u) · X[c,v,u]. The weights along an axis add up to 1: those of
  /// one element, or of two in linear resampling; pxa_resampling says which.
  /// writes    Y in blocks × rows.
  /// requires  scales > 0.
  /// error     exact if all weights are 1, else |error| ≤ 8·2⁻²⁴·Σ|products|
  void (*resample_forward)(pxa_planes y, pxa_planes x, pxa_resampling down, pxa_resampling across, pxa_range blocks,
                           pxa_range rows);

  /// Gradient of resample_forward with respect to X; formula of dX[c,v,u]: Σ_{y,x} down(y,v) · across(x,u) · dY[c,y,x],
  /// in row-major order.
  /// writes    dX in blocks, all rows.
  /// requires  dX is not X; scales > 0.
  /// error     |error| ≤ (n + 4)·2⁻²⁴·(|start| + Σ|products|) for n products
  void (*resample_input_grad)(pxa_planes dx, pxa_planes dy, pxa_resampling down, pxa_resampling across,
                              pxa_epilogue epilogue, pxa_range blocks);

  /// Local response normalisation: Y[c,y,x] and scale[c,y,x] as in pxa_lrn. lrn_input_grad needs `scale`.
  /// layout    all blocked and of the same size.
  /// writes    Y and scale in blocks × rows.
  void (*lrn_forward)(pxa_planes y, pxa_planes scale, pxa_planes x, pxa_lrn lrn, pxa_range blocks, pxa_range rows);

  /// Gradient of lrn_forward with respect to its input N; formula of dX[c,y,x], all at the same y, x:
  /// dY[c]·scale[c]^−beta − 2·alpha·beta/size · N[c] · Σ_j dY[j]·N[j]·scale[j]^(−beta−1), over the channels j whose
  /// window holds c. N is `n_input`; the X of `epilogue` may be N too.
  /// layout    all blocked and of the same size.
  /// writes    dX in blocks × rows.
  void (*lrn_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes n_input, pxa_planes scale, pxa_lrn lrn,
                         pxa_epilogue epilogue, pxa_range blocks, pxa_range rows);

  /// Layer normalisation of each pixel.
  /// Y[c,y,x] = scale[c] · Z[c,y,x] + shift[c], Z[c,y,x] = (X[c,y,x] − mean) / √(variance + epsilon).
  /// The mean is taken over X[0 … C−1, y, x]. The variance is the mean of (X − mean)² over the same elements.
  /// layout    Y, X blocked and of the same size; scale and shift whole blocks, zero beyond the channels.
  /// writes    Y in blocks × rows, and 0 in the lanes from C on; reads all channels of these rows.
  /// requires  Y is not X; epsilon ≥ 0.
  /// sum       first for the mean, then for the variance: 16 chains over the blocks, n = ⌈C/16⌉, then a fixed tree
  /// error     |error| ≤ (n + 12)·2⁻²⁴·(|scale[c]|·(|Z[c,y,x]| + r·mean|X|) + |shift[c]|), r = 1/√(variance + epsilon),
  ///           if (n + 4)·r·mean|X| ≤ 2¹²
  /// threads   every call computes the statistics that it needs, so it is faster to cut a layer by rows than by blocks.
  void (*layer_norm_forward)(pxa_planes y, pxa_planes x, const float *scale, const float *shift, float epsilon,
                             pxa_range blocks, pxa_range rows);

  /// Gradient of layer_norm_forward with respect to its input N; formula of dX[c,y,x]:
  /// r·(g[c,y,x] − mean(g) − Z[c,y,x]·mean(g·Z)), where g[c,y,x] = scale[c] · dY[c,y,x]. Z, r = 1/√(variance + epsilon)
  /// and the elements of each mean are those of layer_norm_forward; this kernel computes Z and r again from N.
  /// N is `n_input`; the X of `epilogue` may be N too.
  /// layout    all blocked and of the same size; scale whole blocks, zero beyond the channels.
  /// writes    dX in blocks × rows, and 0 in the lanes from C on; reads all channels of these rows.
  /// requires  dX is neither N nor dY; epsilon ≥ 0.
  /// sum       as layer_norm_forward: first for the means of N and g, then for the variance and the mean of g·Z
  /// error     |error| ≤ (3n + 36)·2⁻²⁴·(|start| + r·(|g| + mean|g| + |Z|·mean|g·Z| + r·mean|N|·(|Z|·mean|g| +
  ///           mean|g·Z|))), if (n + 4)·r·mean|N| ≤ 2¹²
  /// threads   as layer_norm_forward
  void (*layer_norm_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes n_input, const float *scale, float epsilon,
                                pxa_epilogue epilogue, pxa_range blocks, pxa_range rows);

  /// Group normalisation: layer_norm_forward's formula, where the mean is taken over all pixels of the C/G channels of
  /// c's group ⌊c·G/C⌋. With G = 1 this is layer normalisation of the whole image, with G = C instance normalisation.
  /// layout    as layer_norm_forward.
  /// writes    Y in blocks × rows, and 0 in the lanes from C on; reads all pixels of the groups that are written.
  /// requires  as layer_norm_forward; G divides C.
  /// sum       first for the mean, then for the variance: a chain over each row of each channel, n = W; then the rows'
  ///           sums in double, row by row and channel by channel
  /// error     as layer_norm_forward
  /// threads   every call makes two passes over the groups that it needs. Parts of all rows and of a multiple of
  ///           pxa_group_norm_blocks blocks need no group of another part.
  void (*group_norm_forward)(pxa_planes y, pxa_planes x, const float *scale, const float *shift, int32_t groups,
                             float epsilon, pxa_range blocks, pxa_range rows);

  /// Gradient of group_norm_forward with respect to its input N: layer_norm_input_grad's formula with the elements of
  /// group_norm_forward's means.
  /// layout    as layer_norm_input_grad.
  /// writes    dX in blocks × rows, and 0 in the lanes from C on; reads all pixels of the groups that are written.
  /// requires  as layer_norm_input_grad; G divides C.
  /// sum       as group_norm_forward: first for the means of N and g, then for the variance and the mean of g·Z
  /// error     as layer_norm_input_grad
  /// threads   as group_norm_forward
  void (*group_norm_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes n_input, const float *scale, int32_t groups,
                                float epsilon, pxa_epilogue epilogue, pxa_range blocks, pxa_range rows);

  /// Bytes to image: X[c,y,x] = scale[c] · RGB8[y,x,c] + offset[c].
  /// writes    X in rows.
  void (*normalize)(pxa_image x, const uint8_t *rgb, const float *scale, const float *offset, pxa_range rows);

  /// Image to bytes: RGB8[y,x,c] = round(min(255, max(0, scale[c] · X[c,y,x] + offset[c]))), ties to even, NaN to 0.
  /// writes    RGB8 in rows.
  void (*unnormalize)(uint8_t *rgb, pxa_image x, const float *scale, const float *offset, pxa_range rows);

  /// Roll, as in NumPy and PyTorch: Y[c,y,x] = start + X[c, (y − shift_rows) mod H, (x − shift_columns) mod W], where
  /// start is what Y holds before the call if `accumulate`, else 0.
  /// writes    Y in rows, all channels.
  void (*roll)(pxa_image y, pxa_image x, int32_t shift_rows, int32_t shift_columns, bool accumulate, pxa_range rows);

  /// Step along a gradient G that was taken at X rolled by shift_rows and shift_columns:
  /// X[c,y,x] ← clamp(X[c,y,x] + a·G[c, (y + shift_rows) mod H, (x + shift_columns) mod W] − b·X[c,y,x]).
  /// The clamp is to [low[c], high[c]]; if low and high are NULL, nothing is clamped.
  /// sums[c·H + y] = Σ_x X[c,y,x]² of the new X.
  /// writes    X in rows, all channels (in place), and sums.
  /// sum       as row_squares
  void (*step)(pxa_image x, double *sums, pxa_image g, int32_t shift_rows, int32_t shift_columns, float a, float b,
               const float *low, const float *high, pxa_range rows);

  /// Sums of squares by row: sums[c·H + y] = {Σ_x G[c,y,x]², Σ_x (a·G[c,y,x] − b·X[c,y,x])²}. To get a Euclidean norm
  /// that does not depend on how the rows are cut into parts, add the sums in order, in double.
  /// writes    sums in rows, all channels.
  /// sum       16 chains in float, then a fixed tree
  void (*row_squares)(double (*sums)[2], pxa_image g, pxa_image x, float a, float b, pxa_range rows);

  /// Vertical blur: Y[c,y,x] = Σ_{k=−R…R} taps[k+R] · X[c, reflect(y+k), x], where R is `radius` and reflect is
  /// half-sample reflection (d c b a | a b c d | d c b a).
  /// writes    Y in rows, all channels.
  /// requires  0 ≤ R ≤ H.
  /// sum       n = 2R+1, k ascending
  void (*blur_vertical)(pxa_image y, pxa_image x, const float *taps, int32_t radius, pxa_range rows);

  /// Horizontal blur: Y[c,y,x] = Σ_{k=−R…R} taps[k+R] · X[c, y, reflect(x+k)], with R and reflect as in blur_vertical.
  /// writes    Y in rows, all channels.
  /// requires  0 ≤ R ≤ W.
  /// sum       n = 2R+1, k ascending
  void (*blur_horizontal)(pxa_image y, pxa_image x, const float *taps, int32_t radius, pxa_range rows);

  /// Fourier transform along the columns of a spectrum. With `inverse`:
  /// Y[c,y,k] = Σ_j factor[j,k] · X[c,j,k] · exp(2πi·j·y/H); else Y[c,j,k] = factor[j,k] · Σ_y X[c,y,k] · exp(−2πi·j·y/H).
  /// layout    factor [H][stride]; X and Y have one shape and may be the same memory.
  /// writes    all H rows of the groups; group g has 16 columns from 16·(g mod stride/16) on, of channel ⌊g·16/stride⌋.
  /// requires  the stride is a multiple of 16; `fourier` is the table for H points.
  /// error     (12·f + 6)·2⁻²⁴·Σ_j |factor·X|, where f is the sum of H's prime factors
  /// scratch   pxa_fourier_floats(H) floats, aligned to 64 bytes
  void (*spectrum_columns)(pxa_spectrum y, pxa_spectrum x, const float *factor, pxa_fourier fourier, bool inverse,
                           float *scratch, pxa_range groups);

  /// Rows of a spectrum to an image: T[c,y,x] = Σ_k w(k) · Re(X[c,y,k] · exp(2πi·k·x/W)), where w(k) is 1 for k = 0 and for
  /// k = W/2, else 2. The imaginary parts at k = 0 and k = W/2 count as 0. This is W times irfft along the rows.
  /// writes    T in the groups; group g has 32 rows from 32·(g mod n) on, of channel ⌊g/n⌋, where n is ⌈H/32⌉.
  /// requires  `fourier` is the table for W points.
  /// error     as spectrum_columns, with W's prime factors and Σ_k 2·(|Re X| + |Im X|), and those of the row that is 16
  ///           rows from this one in the group added
  /// scratch   pxa_fourier_floats(W) floats, aligned to 64 bytes
  void (*spectrum_to_image)(pxa_image t, pxa_spectrum x, pxa_fourier fourier, float *scratch, pxa_range groups);

  /// Rows of an image to a spectrum: X[c,y,k] = Σ_x T[c,y,x] · exp(−2πi·k·x/W), which is rfft along the rows.
  /// writes    X in the groups, as spectrum_to_image, and 0 in the columns from ⌊W/2⌋ + 1 on.
  /// requires, error, scratch   as spectrum_to_image
  void (*image_to_spectrum)(pxa_spectrum x, pxa_image t, pxa_fourier fourier, float *scratch, pxa_range groups);

  /// Colours: X[c,y,x] = scale[c] · σ(Σ_k matrix[C·c + k] · T[k,y,x]) + offset[c].
  /// writes    X in rows, all channels.
  void (*colours_forward)(pxa_image x, pxa_image t, const float *matrix, const float *scale, const float *offset,
                          pxa_range rows);

  /// Gradient of colours_forward: dT[k,y,x] = Σ_c matrix[C·c + k] · scale[c] · σ′(Σ_j matrix[C·c + j] · T[j,y,x]) · dX[c,y,x].
  /// writes    dT in rows, all channels.
  /// requires  C ≤ PXA_STEM_CHANNELS
  void (*colours_input_grad)(pxa_image dt, pxa_image dx, pxa_image t, const float *matrix, const float *scale,
                             pxa_range rows);

  /// Crop or pad: Y[c,y,x] = X[c, y + top, x + left], or fill[c] where that lies outside X; a NULL `fill` means zeros. The
  /// gradient is reframe of dY with −top, −left and zeros outside.
  /// writes    Y in rows, all channels.
  void (*reframe)(pxa_image y, pxa_image x, int32_t top, int32_t left, const float *fill, pxa_range rows);

  /// A matrix applied to the columns: Y[c,y,x] = Σ_k weight[k,y] · X[c, index[k,y], x]. The gradient is the transposed
  /// matrix applied to dY.
  /// writes    Y in rows, all channels.
  /// requires  `taps` has H rows; every index lies inside X.
  /// sum       n = count, k ascending
  void (*taps_vertical)(pxa_image y, pxa_image x, pxa_taps taps, pxa_range rows);

  /// A matrix applied to the rows: Y[c,y,x] = Σ_k weight[k,x] · X[c, y, index[k,x]], as taps_vertical.
  void (*taps_horizontal)(pxa_image y, pxa_image x, pxa_taps taps, pxa_range rows);

  /// Rotation about the centre, bilinear. Output pixel (y, x) reads X at the row m + cosine·(y − m) + sine·(x − n) and the
  /// column n − sine·(y − m) + cosine·(x − n), where m = (H−1)/2 and n = (W−1)/2. Where one of the four pixels around that
  /// point lies outside X, the halo of X takes its place: its first ring must hold what the image shall have around it.
  /// writes    Y in rows, all channels.
  /// requires  X and Y have one shape; X has a halo.
  /// error     12·2⁻²⁴·(H + W)·max|X|: the rounding of the position
  void (*rotate)(pxa_image y, pxa_image x, float cosine, float sine, pxa_range rows);

  /// Gradient of rotate with respect to X.
  /// writes    dX in channels, with its halo, which then holds what the pixels outside would get.
  /// requires, error   as rotate
  /// threads   by channels, because the pixels of a row read pixels of many rows
  void (*rotate_input_grad)(pxa_image dx, pxa_image dy, float cosine, float sine, pxa_range channels);

  /// A step of Adam, for each i: M[i] ← 0.9·M[i] + 0.1·G[i], V[i] ← 0.999·V[i] + 0.001·G[i]², then
  /// Θ[i] ← Θ[i] + (of_moment·M[i] + of_gradient·G[i]) / (correction·√V[i] + epsilon).
  /// layout    arrays of floats, aligned to 64 bytes.
  /// writes    Θ, M and V from 16·range.begin to 16·range.end.
  void (*adam)(float *theta, float *m, float *v, const float *g, pxa_adam step, pxa_range range);
} pxa_kernels;

/// Returns the number of instruction sets in this build.
int32_t pxa_kernels_count(void);

/// Returns the kernels of the instruction set with this index. The sets are ordered from slowest to fastest; index 0 is
/// always "scalar".
const pxa_kernels *pxa_kernels_at(int32_t index);

/// Returns whether this CPU and its operating system run `kernels`.
bool pxa_kernels_run_here(const pxa_kernels *kernels);

#ifdef __cplusplus
}
#endif

#endif
