// SPDX-License-Identifier: MIT
// The types of the kernels' arguments, and their limits. The notation is in CPixelKernels.h.

#ifndef PXA_TYPES_H
#define PXA_TYPES_H

#include <stdbool.h>
#include <stdint.h>

/// The number of channels in a block.
#define PXA_BLOCK 16

/// The number of blocks that conv_forward and conv_input_grad compute at a time if they use a nonzero mask. Without a
/// nonzero mask it is pxa_kernels.tile_blocks.
#define PXA_SPARSE_BLOCKS 2

/// The greatest number of tiles that winograd_forward and winograd_input_grad compute at a time. A multiple of most
/// instruction sets' tiles; with more tiles the transformed inputs of wide layers would leave the cache.
#define PXA_WINOGRAD_TILES 28

/// The number of channels of an image that stem_input_grad computes at a time.
#define PXA_STEM_CHANNELS 4

/// The greatest number of taps of a convolution: enough for 16×16.
#define PXA_MAX_TAPS 256

/// The greatest height and width of a kernel in stem_input_grad.
#define PXA_STEM_MAX_KERNEL 16

/// The greatest height and width of a max pool's kernel. The index of every tap then fits a byte.
#define PXA_MAX_POOL_KERNEL 15

/// Blocked planes. `data` is the first float of block 0, halo included. A range of whole blocks is itself a pxa_planes.
typedef struct pxa_planes {
  float *data;
  int32_t channels, height, width, halo;
} pxa_planes;

/// An image in plain planes. `data` is the first float of channel 0, halo included.
typedef struct pxa_image {
  float *data;
  int32_t channels, height, width, halo;
} pxa_image;

/// Half of the two-dimensional Fourier transform of a real image: `columns` = ⌊W/2⌋ + 1 complex numbers in each of H rows,
/// [C][H][stride]. The numbers from `columns` on are 0.
typedef struct pxa_spectrum {
  float *re, *im;
  int32_t channels, height, columns, stride;
} pxa_spectrum;

/// The tables of Fourier transforms of `size` points: cos(2πk/size) and sin(2πk/size) for 0 ≤ k < size.
typedef struct pxa_fourier {
  int32_t size;
  const float *cosines, *sines;
} pxa_fourier;

/// The numbers of a step of Adam; see pxa_kernels.adam.
typedef struct pxa_adam {
  float of_moment, of_gradient, correction, epsilon;
} pxa_adam;

/// A matrix with `size` rows, `count` elements of each row and zeros elsewhere: element k of row i is
/// weight[k·size + i], in the column index[k·size + i].
typedef struct pxa_taps {
  int32_t size, count;
  const int32_t *index;
  const float *weight;
} pxa_taps;

/// The half-open range begin ≤ i < end.
typedef struct pxa_range {
  int32_t begin, end;
} pxa_range;

/// A window along one axis: the kernel's size, the stride, the padding before and after the input, the dilation.
typedef struct pxa_axis {
  int32_t kernel, stride, before, after, dilation;
} pxa_axis;

/// The window of a convolution or a pool.
typedef struct pxa_window {
  pxa_axis y, x;
} pxa_window;

/// The bounds of a clamp, min(high, max(low, ·)).
typedef struct pxa_clamp {
  float low, high;
} pxa_clamp;

/// What a kernel does to the sums of a gradient before it stores them; see "gradient" in CPixelKernels.h. `x` is the X
/// whose values decide the mask, or NULL; `clamp` is the clamp that made this X.
typedef struct pxa_epilogue {
  const pxa_planes *x;
  pxa_clamp clamp;
  bool accumulate;
} pxa_epilogue;

/// A function of one value. σ(x) = 1 / (1 + exp(−x)); Φ is the cumulative standard normal distribution.
typedef enum pxa_function_kind {
  PXA_CLAMP,        // min(b, max(a, x)); its derivative is 1 if a < x < b, else 0
  PXA_LEAKY_RELU,   // x if x > 0, else slopes[c]·x; PReLU too
  PXA_ELU,          // c·x if x > 0, else a·(exp(b·x) − 1); CELU and SELU too
  PXA_SIGMOID,      // σ(x)
  PXA_HARD_SIGMOID, // min(1, max(0, a·x + b))
  PXA_HARD_SWISH,   // x · min(1, max(0, x/6 + 1/2))
  PXA_SWISH,        // x · σ(a·x); SiLU too
  PXA_TANH,
  PXA_GELU,      // x · Φ(x)
  PXA_GELU_TANH, // x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³)))
  PXA_MISH,      // x · tanh(log(1 + exp(x)))
  PXA_SOFTPLUS,  // log(1 + exp(x))
  PXA_ERF,
  PXA_SOFTSIGN,  // x / (1 + |x|)
  PXA_THRESHOLD, // x if x > a, else 0
  PXA_ABSOLUTE,  // |x|; its derivative at 0 is 0
  PXA_SQUARE_ROOT,
  PXA_RECIPROCAL,
  PXA_EXP,
  PXA_LOG,
  PXA_POWER, // |x|ᵃ, times b if x < 0: b is 1 for an even a, −1 for an odd a, NaN if a is not whole
} pxa_function_kind;

/// A function of one value with its parameters.
typedef struct pxa_function {
  pxa_function_kind kind;
  float a, b, c;
  const float *slopes; // 16 floats per block; PXA_LEAKY_RELU only
} pxa_function;

/// What a reduction makes of several elements.
typedef enum pxa_reduction {
  PXA_SUM,     // Σ x
  PXA_NORM,    // √(Σ x²), the Euclidean norm; its gradient is 0 where the norm is 0
  PXA_MAXIMUM, // max x; its gradient is shared by all elements that are equal to the maximum
} pxa_reduction;

/// Which element of X an output position of a resampling reads along an axis.
typedef enum pxa_sampling {
  PXA_REFLECT, // X[i − shift], mirrored at the first and the last element, which are not repeated
  PXA_EDGE,    // X[i − shift], or the nearest element of X
  PXA_WRAP,    // X[(i − shift) mod size]
  PXA_NEAREST, // X[round(position)], with position = (i + offset) · step / scale − offset, rounded as the axis says
  PXA_LINEAR,  // the two elements around `position`, weighted by their nearness
} pxa_sampling;

/// How PXA_NEAREST rounds. Halves are rounded down by PXA_ROUND_DOWN and up by PXA_ROUND_UP.
typedef enum pxa_rounding { PXA_FLOOR, PXA_CEIL, PXA_ROUND_DOWN, PXA_ROUND_UP } pxa_rounding;

/// How a resampling reads X along an axis. Positions outside X are moved to its first or last element.
typedef struct pxa_resampling {
  pxa_sampling sampling;
  int32_t shift;             // for PXA_REFLECT, PXA_EDGE and PXA_WRAP
  float step, scale, offset; // for PXA_NEAREST and PXA_LINEAR; a scale of ∞ reads position 0
  pxa_rounding rounding;     // for PXA_NEAREST
} pxa_resampling;

/// Local response normalisation over `size` channels: Y[c,y,x] = X[c,y,x] / scale[c,y,x]^beta, where
/// scale[c,y,x] = k + alpha/size · Σ_j X[j,y,x]² over the channels j of X from c − ⌊size/2⌋ to c + ⌊(size−1)/2⌋.
typedef struct pxa_lrn {
  int32_t size;
  float alpha, beta, k;
} pxa_lrn;

#endif
