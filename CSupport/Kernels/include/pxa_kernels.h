// SPDX-License-Identifier: MIT
// What each kernel computes. The notation, and what holds for all of them, is in CPixelKernels.h.

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
  /// The instruction set's name: "scalar", or that of its header in simd/, such as "avx2".
  const char *name;

  /// What pxa_kernels_run_here answers.
  bool (*runs_here)(void);

  /// Blocks that conv_forward and conv_input_grad compute together: ranges of blocks that are no multiple are slower.
  int32_t tile_blocks;

  /// nonzero[g][y][x], bit i: whether X[64·g+i,y,x] ≠ 0.
  /// layout    X blocked; nonzero [⌈C/64⌉][H][W].
  /// writes    the mask in rows of X.
  /// error     exact
  void (*make_nonzero_mask)(uint64_t *nonzero, pxa_planes x, pxa_range rows);

  /// Convolution.
  /// Y[o,y,x] = clamp(bias[o] + Σ_{i,ky,kx} X[i, S·y + D·ky − P, S·x + D·kx − P] · W[o,i,ky,kx]).
  /// layout    Y, X blocked; packed by pxa_conv_pack_forward; bias ⌈Cout/16⌉·16 floats, zero beyond Cout.
  /// nonzero   make_nonzero_mask of all rows of X, or NULL: with them X takes less time if it is mostly zero. The bits are the
  ///           same, but for the sign of a zero.
  /// writes    Y in blocks × rows.
  /// requires  X.halo ≥ pxa_conv_halo; Y of pxa_output_size; taps ≤ PXA_MAX_TAPS; low ≤ 0 ≤ high of the act, so that the
  ///           lanes beyond the channels stay zero; a mask only where K = 3, S = 1, D = 1, P ≤ 2 on both axes and G = 1.
  /// sum       n = taps · 16 · the input blocks read, by groups of 64 input channels, in them by taps
  void (*conv_forward)(pxa_planes y, pxa_planes x, const uint64_t *nonzero, const float *packed, const float *bias,
                       pxa_window window, int32_t groups, pxa_clamp clamp, pxa_range blocks, pxa_range rows);

  /// Gradient of a convolution with respect to its input.
  /// Σ_{o,ky,kx : S | y+P−D·ky, S | x+P−D·kx} dY[o, (y+P−D·ky)/S, (x+P−D·kx)/S] · W[o,i,ky,kx], o in the blocks `from` only.
  /// layout    all blocked; packed by pxa_conv_pack_input_grad.
  /// nonzero   make_nonzero_mask of the blocks `from` and all rows of dY, or NULL: with them dY takes less time if it is mostly
  ///           zero. The bits are the same, but for the sign of a zero.
  /// writes    dX in blocks × rows; without a mask dX may be X.
  /// requires  dY.halo ≥ pxa_conv_grad_halo; a mask only where K = 3, S = 1, D = 1 on both axes and G = 1; all blocks in
  ///           `from` where G > 1.
  /// sum       n = taps · 16 · the blocks summed, by groups of 64 output channels from the first of `from` on, in them by
  ///           taps
  void (*conv_input_grad)(pxa_planes dx, pxa_planes dy, const uint64_t *nonzero, const float *packed,
                          pxa_epilogue epilogue, pxa_window window, int32_t groups, pxa_range from, pxa_range blocks,
                          pxa_range rows);

  /// Depthwise convolution: Y[c,y,x] = clamp(bias[c] + Σ_{ky,kx} X[c, S·y + D·ky − P, S·x + D·kx − P] · W[c,ky,kx]).
  /// layout    Y, X blocked; packed by pxa_depthwise_pack.
  /// writes    Y in blocks × rows.
  /// requires  as conv_forward.
  /// sum       n = taps, in row-major order
  void (*depthwise_forward)(pxa_planes y, pxa_planes x, const float *packed, const float *bias, pxa_window window,
                            pxa_clamp clamp, pxa_range blocks, pxa_range rows);

  /// Its gradient with respect to the input, see conv_input_grad.
  /// writes    dX in blocks × rows; dX may be X.
  /// sum       n = taps
  void (*depthwise_input_grad)(pxa_planes dx, pxa_planes dy, const float *packed, pxa_epilogue epilogue,
                               pxa_window window, pxa_range blocks, pxa_range rows);

  /// conv_forward where X is an image.
  /// requires  X.halo ≥ pxa_conv_halo.
  /// sum       n = Cin·taps, by groups of 4 input channels, in them by taps
  void (*stem_forward)(pxa_planes y, pxa_image x, const float *packed, const float *bias, pxa_window window,
                       pxa_clamp clamp, pxa_range blocks, pxa_range rows);

  /// conv_input_grad where dX is an image: no mask, no start, all blocks of dY.
  /// writes    dX in rows, all channels.
  /// requires  Kx and Ky ≤ PXA_STEM_MAX_KERNEL, D = 1.
  /// sum       n = Cout·taps, by rows of dY, in them by columns
  void (*stem_input_grad)(pxa_image dx, pxa_planes dy, const float *packed, pxa_window window, pxa_range rows);

  /// Y[c,y,x] = X[c,y,x], from an image.
  /// writes    Y in rows, all blocks.
  void (*image_to_planes)(pxa_planes y, pxa_image x, pxa_range rows);

  /// dX[c,y,x] = dY[c,y,x], to an image.
  /// writes    dX in rows, all channels.
  void (*planes_to_image)(pxa_image dx, pxa_planes dy, pxa_range rows);

  /// Linear layer: Y[o] = clamp(bias[o] + Σ_i X[i] · W[o,i]).
  /// layout    Y, X vectors; weights [Cout][Cin], at any address that is a multiple of 4; bias whole blocks.
  /// writes    Y in blocks.
  /// sum       n = Cin: 16 chains over i mod 16, then a fixed tree
  void (*linear_forward)(pxa_planes y, pxa_planes x, const float *weights, const float *bias, pxa_clamp clamp,
                         pxa_range blocks);

  /// Its gradient with respect to the input: Σ_o dY[o] · W[o,i], o in the blocks `from` only.
  /// writes    dX in blocks; dX may be X.
  /// sum       n = the outputs in `from`, in order
  void (*linear_input_grad)(pxa_planes dx, pxa_planes dy, const float *weights, pxa_epilogue epilogue, pxa_range from,
                            pxa_range blocks);

  /// Max pool; what hangs over the edge is −∞.
  /// Y[c,y,x] = max over ky,kx of X[c, S·y + D·ky − P, S·x + D·kx − P]; index = ky·Kx + kx of the first maximum in
  /// row-major order.
  /// layout    Y, X blocked; index [⌈C/16⌉][Hy][Wy][16] bytes.
  /// writes    Y and index in blocks × rows.
  /// requires  kernels of at most PXA_MAX_POOL_KERNEL, P < K; every window holds an element of X.
  /// error     exact
  void (*max_pool_forward)(pxa_planes y, uint8_t *index, pxa_planes x, pxa_window window, pxa_range blocks,
                           pxa_range rows);

  /// Gradient of max_pool_forward with respect to its input: Σ dY over the windows whose index names (y,x), in row-major
  /// order.
  /// layout    as max_pool_forward.
  /// writes    dX in blocks × rows; dX may be X.
  void (*max_pool_input_grad)(pxa_planes dx, pxa_planes dy, const uint8_t *index, pxa_epilogue epilogue,
                              pxa_window window, pxa_range blocks, pxa_range rows);

  /// Average pool: Y[c,y,x] = Σ_{ky,kx} X[c, S·y + ky − P, S·x + kx − P] / n, n the window's elements that lie in X, with
  /// `count_padding` also those in its padding.
  /// writes    Y in blocks × rows.
  /// requires  D = 1, P < K.
  void (*average_pool_forward)(pxa_planes y, pxa_planes x, pxa_window window, bool count_padding, pxa_range blocks,
                               pxa_range rows);

  /// Its gradient with respect to the input: Σ dY / n over the windows that hold (y,x), in row-major order.
  /// writes    dX in blocks × rows; dX may be X.
  void (*average_pool_input_grad)(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_window window,
                                  bool count_padding, pxa_range blocks, pxa_range rows);

  /// Y[c,y,x] = mean of X[c] over the rows ⌊y·H/Hy⌋ … ⌈(y+1)·H/Hy⌉ − 1 and the columns likewise. The mean of a whole channel
  /// where Y is 1×1.
  /// writes    Y in blocks × rows.
  /// sum       row by row
  void (*adaptive_average_forward)(pxa_planes y, pxa_planes x, pxa_range blocks, pxa_range rows);

  /// Its gradient with respect to the input: Σ dY / n over the windows that hold (y,x), in row-major order.
  /// writes    dX in blocks × rows; dX may be X.
  void (*adaptive_average_input_grad)(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks,
                                      pxa_range rows);

  /// Y = clamp(A + B).
  /// writes    Y in blocks × rows; Y may be A or B.
  void (*add_forward)(pxa_planes y, pxa_planes a, pxa_planes b, pxa_clamp clamp, pxa_range blocks, pxa_range rows);

  /// dY as it is: a sum's gradient.
  /// writes    dX in blocks × rows; dX may be X.
  void (*pass_grad)(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks, pxa_range rows);

  /// Y[c,y,x] = A[c,y,x] · B[c,y,x], or · B[c] where B is 1×1.
  /// writes    Y in blocks × rows.
  void (*multiply_forward)(pxa_planes y, pxa_planes a, pxa_planes b, pxa_range blocks, pxa_range rows);

  /// Its gradient with respect to A: dY · B. (With respect to a B of the same size: the same with A for B.)
  /// writes    dA in blocks × rows; dA may be X.
  void (*multiply_input_grad)(pxa_planes da, pxa_planes dy, pxa_planes b, pxa_epilogue epilogue, pxa_range blocks,
                              pxa_range rows);

  /// Its gradient with respect to a B of 1×1: Σ_{y,x} dY[c,y,x] · A[c,y,x], row by row.
  /// writes    dB in blocks; dB may be X.
  void (*multiply_factor_grad)(pxa_planes db, pxa_planes dy, pxa_planes a, pxa_epilogue epilogue, pxa_range blocks);

  /// Y[c,y,x] = clamp(scale[c] · X[c,y,x] + shift[c]).
  /// layout    scale and shift whole blocks, zero beyond the channels.
  /// writes    Y in blocks × rows.
  void (*affine_forward)(pxa_planes y, pxa_planes x, const float *scale, const float *shift, pxa_clamp clamp,
                         pxa_range blocks, pxa_range rows);

  /// Its gradient with respect to X: scale[c] · dY[c,y,x].
  /// writes    dX in blocks × rows; dX may be X.
  void (*affine_input_grad)(pxa_planes dx, pxa_planes dy, const float *scale, pxa_epilogue epilogue, pxa_range blocks,
                            pxa_range rows);

  /// Y = f(X).
  /// writes    Y in blocks × rows. Lanes from C on are written 0.
  /// error     |error| ≤ 9·2⁻²⁴·max(|f(x)|, |x|·|f'(x)|, 2⁻⁹⁶); of all but the two GELUs ≤ 4·2⁻²⁴
  void (*function_forward)(pxa_planes y, pxa_planes x, pxa_function f, pxa_range blocks, pxa_range rows);

  /// Its gradient with respect to X: f'(X) · dY. F is X, what f was applied to; `epilogue` may hold it too.
  /// writes    dX in blocks × rows; dX may be F and X.
  /// error     |error| ≤ 5·2⁻²⁴·max(1, |a|)·(|start| + |dY|)
  void (*function_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes f_input, pxa_function f, pxa_epilogue epilogue,
                              pxa_range blocks, pxa_range rows);

  /// Y[c,y,x] = X[map[c],y,x] where map[c] ≥ 0; other channels of Y stay what they are.
  /// layout    map: C of Y.
  /// writes    Y in blocks × rows.
  void (*select_channels)(pxa_planes y, pxa_planes x, const int32_t *map, pxa_range blocks, pxa_range rows);

  /// dY[map[c],y,x] where map[c] ≥ 0, else 0: the gradient of select_channels, `map` being that one's inverse.
  /// writes    dX in blocks × rows.
  void (*select_channels_grad)(pxa_planes dx, pxa_planes dy, const int32_t *map, pxa_epilogue epilogue,
                               pxa_range blocks, pxa_range rows);

  /// Y[(c·H + y)·W + x] = X[c,y,x], Y a vector.
  /// writes    of Y what the blocks of X give (after the last one, zeros to the end of Y's last block).
  void (*flatten_forward)(pxa_planes y, pxa_planes x, pxa_range blocks);

  /// Its gradient with respect to X.
  /// writes    dX in blocks; dX may be X.
  void (*flatten_input_grad)(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks);

  /// Y[c,y,x] = X[c, y−top, x−left], `value` where that is outside X.
  /// writes    Y in blocks × rows.
  void (*pad_forward)(pxa_planes y, pxa_planes x, int32_t top, int32_t left, float value, pxa_range blocks,
                      pxa_range rows);

  /// Its gradient with respect to X: dY[c, y+top, x+left], 0 where that is outside dY.
  /// writes    dX in blocks × rows; dX may be X.
  void (*pad_input_grad)(pxa_planes dx, pxa_planes dy, int32_t top, int32_t left, pxa_epilogue epilogue,
                         pxa_range blocks, pxa_range rows);

  /// Local response normalisation; see pxa_lrn. `scale` is kept for the gradient.
  /// layout    all blocked and of one size.
  /// writes    Y and scale in blocks × rows.
  void (*lrn_forward)(pxa_planes y, pxa_planes scale, pxa_planes x, pxa_lrn lrn, pxa_range blocks, pxa_range rows);

  /// Its gradient with respect to X: dY[c]·scale[c]^−beta − 2·alpha·beta/size · X[c] · Σ_j dY[j]·X[j]·scale[j]^(−beta−1),
  /// over the channels j whose window holds c. N is X; `epilogue` may hold it too.
  /// writes    dX in blocks × rows.
  void (*lrn_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes n_input, pxa_planes scale, pxa_lrn lrn,
                         pxa_epilogue epilogue, pxa_range blocks, pxa_range rows);

  /// Layer normalisation: Y[c,y,x] = scale[c] · Z[c,y,x] + shift[c], Z[c,y,x] = (X[c,y,x] − mean) / √(variance + epsilon).
  /// The mean, and the variance as the mean of (X − mean)², are taken over X[0 … C−1, y, x], or with `whole` over all of X.
  /// layout    Y, X blocked, of one size; scale and shift whole blocks, zero beyond the channels.
  /// writes    Y in blocks × rows; reads all channels of these rows, or with `whole` all of X. Lanes from C on are
  ///           written 0.
  /// requires  Y is not X; epsilon ≥ 0.
  /// sum       first for the mean, then for the variance. Of a pixel: 16 chains over the blocks, n = ⌈C/16⌉, then a fixed
  ///           tree. With `whole`: 16 chains over each row of each block, n = W, then a fixed tree; these sums in double,
  ///           block by block and row by row.
  /// error     |error| ≤ (n + 12)·2⁻²⁴·(|scale[c]|·(|Z[c,y,x]| + r·mean|X|) + |shift[c]|), r = 1/√(variance + epsilon), if
  ///           (n + 4)·r·mean|X| ≤ 2¹²
  /// threads   every call takes the statistics it needs itself, so parts of rows are faster than parts of blocks; with
  ///           `whole` each part costs two more passes over X.
  void (*layer_norm_forward)(pxa_planes y, pxa_planes x, const float *scale, const float *shift, float epsilon,
                             bool whole, pxa_range blocks, pxa_range rows);

  /// The gradient of layer normalisation with respect to X: r·(g[c,y,x] − mean(g) − Z[c,y,x]·mean(g·Z)), where
  /// g[c,y,x] = scale[c] · dY[c,y,x], and Z, r = 1/√(variance + epsilon) and the elements of each mean are as in
  /// layer_norm_forward. N is X, from which Z and r are computed again; `epilogue` may hold X too.
  /// layout    all blocked and of one size; scale whole blocks, zero beyond the channels.
  /// writes    dX in blocks × rows; reads all channels of these rows, or with `whole` all of X and dY. Lanes from C on
  ///           are written 0.
  /// requires  dX is neither X nor dY; epsilon ≥ 0.
  /// sum       as layer_norm_forward: first for the means of X and g, then for the variance and the mean of g·Z
  /// error     |error| ≤ (3n + 36)·2⁻²⁴·(|start| + r·(|g| + mean|g| + |Z|·mean|g·Z| + r·mean|X|·(|Z|·mean|g| + mean|g·Z|))),
  ///           if (n + 4)·r·mean|X| ≤ 2¹²
  /// threads   as layer_norm_forward
  void (*layer_norm_input_grad)(pxa_planes dx, pxa_planes dy, pxa_planes n_input, const float *scale, float epsilon,
                                bool whole, pxa_epilogue epilogue, pxa_range blocks, pxa_range rows);

  /// X[c,y,x] = scale[c] · RGB8[y,x,c] + offset[c].
  /// writes    X in rows.
  void (*normalize)(pxa_image x, const uint8_t *rgb, const float *scale, const float *offset, pxa_range rows);

  /// RGB8[y,x,c] = round(min(255, max(0, scale[c] · X[c,y,x] + offset[c]))), ties to even, NaN to 0.
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
