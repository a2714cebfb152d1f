// SPDX-License-Identifier: MIT
//
// The C core of PixelAscent: pure functions on buffers that the caller owns. They allocate nothing, keep no state,
// start no thread, and read and write no file.
//
//   pxa_types.h     arrays, windows, functions, and limits
//   pxa_sizes.h     sizes of arrays, of outputs and of halos
//   pxa_packing.h   weights in the order in which the kernels read them
//   pxa_kernels.h   the kernels: the formula of each, its layout, what it writes and requires
//
// The example is Tests/KernelChecks/Example/convolution.c. To compile it:
// clang -std=c11 -O2 -I CSupport/Kernels/include Tests/KernelChecks/Example/convolution.c CSupport/Kernels/*/*.c -lm
//
// Example
//   #include <math.h>
//   #include <stdio.h>
//   #include <stdlib.h>
//   #include <string.h>
//
//   #include "CPixelKernels.h"
//
//   // Zeros at an address that is a multiple of 64.
//   static float *zeros(size_t floats) {
//     size_t bytes = (floats * sizeof(float) + 63) / 64 * 64;
//     return memset(aligned_alloc(64, bytes), 0, bytes);
//   }
//
//   int main(void) {
//     enum { INPUTS = 3, OUTPUTS = 8, SIZE = 5, GROUPS = 1 };
//     float pixels[INPUTS][SIZE][SIZE], weights[OUTPUTS][INPUTS][3][3], result[OUTPUTS][SIZE][SIZE];
//     for (int i = 0; i < INPUTS * SIZE * SIZE; i++)
//       (&pixels[0][0][0])[i] = 1;
//     for (int i = 0; i < OUTPUTS * INPUTS * 9; i++)
//       (&weights[0][0][0][0])[i] = (float)(i / (INPUTS * 9)); // 0 for output channel 0, 1 for channel 1, …
//
//     // The fastest kernels that this machine runs.
//     const pxa_kernels *kernels = pxa_kernels_at(0);
//     for (int32_t i = 1; i < pxa_kernels_count(); i++)
//       if (pxa_kernels_run_here(pxa_kernels_at(i)))
//         kernels = pxa_kernels_at(i);
//
//     // A 3×3 convolution with a border of one zero, so that Y is as large as X. Its weights are packed once.
//     pxa_axis axis = {.kernel = 3, .stride = 1, .before = 1, .after = 1, .dilation = 1};
//     pxa_window window = {axis, axis};
//     float *packed = zeros(pxa_conv_packed_floats(window, GROUPS, INPUTS, OUTPUTS));
//     pxa_conv_pack_forward(packed, &weights[0][0][0][0], window, GROUPS, INPUTS, OUTPUTS);
//     float *bias = zeros((size_t)pxa_blocks(OUTPUTS) * PXA_BLOCK);
//
//     // X with the halo that the convolution reads as its border, and Y without one.
//     int32_t halo = pxa_conv_halo(window);
//     pxa_planes x = {zeros(pxa_planes_floats(INPUTS, SIZE, SIZE, halo)), INPUTS, SIZE, SIZE, halo};
//     pxa_planes y = {zeros(pxa_planes_floats(OUTPUTS, SIZE, SIZE, 0)), OUTPUTS, SIZE, SIZE, 0};
//
//     // Image to blocked planes, Y = ReLU(convolution of X), blocked planes to image.
//     pxa_clamp relu = {0, INFINITY};
//     pxa_range rows = {0, SIZE}, blocks = {0, pxa_blocks(OUTPUTS)};
//     kernels->image_to_planes(x, (pxa_image){&pixels[0][0][0], INPUTS, SIZE, SIZE, 0}, rows);
//     kernels->conv_forward(y, x, NULL, packed, bias, window, GROUPS, relu, blocks, rows);
//     kernels->planes_to_image((pxa_image){&result[0][0][0], OUTPUTS, SIZE, SIZE, 0}, y, rows);
//     printf("Y[2,2,2] = %g, Y[2,0,0] = %g\n", result[2][2][2], result[2][0][0]); // 54 and, in the corner, 24
//
//     free(packed);
//     free(bias);
//     free(x.data);
//     free(y.data);
//     return 0;
//   }
//
// Notation
//   Y[c,y,x]        the element of Y in channel c, row y and column x
//   C, H, W         channels, height and width of the array that the sentence names
//   dX              the gradient of the objective with respect to X
//   a mod n         the remainder of a divided by n, from 0 to n − 1 even where a is negative
//   K, S, P, D      of a window along one axis: the kernel's size, the stride, the padding before the input, the
//                   dilation. Tap k of output position y reads input position S·y + D·k − P.
//   G               the number of groups of a convolution. Output channel o reads only the Cin/G input channels of
//                   group ⌊o·G/Cout⌋; in W[o,i,ky,kx], i counts inside this group.
//
// Layouts
//   blocked planes  [⌈C/16⌉][H + 2·halo][W + 2·halo][16]: channel c is lane c mod 16 of block ⌊c/16⌋. The halo and the
//                   lanes from C on are zero. Kernels read the halo and never write it; they write 0 to the lanes from
//                   C on. Planes of 1×1 without a halo are a vector of C floats, padded to whole blocks.
//   image           [C][H + 2·halo][W + 2·halo]: plain planes; with halo = 0, the data of a .npy of shape (C,H,W).
//   RGB8            [H][W][C] bytes; C is 3, or 1 for grey.
//   weights         [Cout][Cin/G][Ky][Kx], as in PyTorch. Convolutions read them packed by pxa_packing.h;
//                   linear layers read [Cout][Cin] directly.
//
// Contracts common to all kernels
//   threads         calls may run at the same time if they write disjoint parts (blocks × rows). No result depends on
//                   how a layer is cut into parts: the operations that make an output element, and their order, are
//                   fixed.
//   requires        block data aligned to 64 bytes; ranges inside the array; no output that overlaps an input, unless
//                   the kernel allows it. A violation is a bug of the caller (debug builds assert). The Swift library
//                   validates all sizes before it calls a kernel.
//   error           for an element that sums n products: |error| ≤ (n + 2)·2⁻²⁴·(|start| + Σ|products|).
//   clamp           clamp(a) = min(high, max(low, a)) with the bounds of a pxa_clamp. It is the identity for [−∞, ∞],
//                   ReLU for [0, ∞], ReLU6 for [0, 6].
//   gradient        a kernel that takes a pxa_epilogue writes dX = mask · (start + its formula). start is what dX holds
//                   before the call if `accumulate`, else 0. mask[c,y,x] is the derivative of the clamp that made X: 1
//                   if low < X[c,y,x] < high or if no X is given, else 0. (If low = −∞ or high = ∞, an X of that value
//                   may count as inside.) Where a kernel says that dX may be X, both may have the same memory.

#ifndef CPIXELKERNELS_H
#define CPIXELKERNELS_H

#include "pxa_types.h"
#include "pxa_sizes.h"
#include "pxa_packing.h"
#include "pxa_kernels.h"

#endif
