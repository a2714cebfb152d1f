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
  PXA_ELU,          // x if x > 0, else a·(exp(x) − 1)
  PXA_SIGMOID,      // σ(x)
  PXA_HARD_SIGMOID, // min(1, max(0, a·x + b))
  PXA_HARD_SWISH,   // x · min(1, max(0, x/6 + 1/2))
  PXA_SILU,         // x · σ(x)
  PXA_TANH,
  PXA_GELU,      // x · Φ(x)
  PXA_GELU_TANH, // x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³)))
} pxa_function_kind;

/// A function of one value with its parameters.
typedef struct pxa_function {
  pxa_function_kind kind;
  float a, b;
  const float *slopes; // 16 floats per block; PXA_LEAKY_RELU only
} pxa_function;

/// Local response normalisation over `size` channels: Y[c,y,x] = X[c,y,x] / scale[c,y,x]^beta, where
/// scale[c,y,x] = k + alpha/size · Σ_j X[j,y,x]² over the channels j of X from c − ⌊size/2⌋ to c + ⌊(size−1)/2⌋.
typedef struct pxa_lrn {
  int32_t size;
  float alpha, beta, k;
} pxa_lrn;

#endif
