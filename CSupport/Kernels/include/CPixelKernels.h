// SPDX-License-Identifier: MIT
//
// The C core of PixelAscent: pure functions on buffers the caller owns. No allocation, no I/O, no threads, no state.
//
//   pxa_types.h     arrays, windows, functions, and limits
//   pxa_sizes.h     sizes of arrays, of outputs and of halos
//   pxa_packing.h   weights in the order in which the kernels read them
//   pxa_kernels.h   the kernels: the formula of each, its layout, what it writes and requires
//
// Notation
//   Y[c,y,x]        element of channel c, row y, column x
//   C, H, W         channels, height, width of the array a sentence speaks of
//   dX              gradient of the objective with respect to X
//   ⌊a⌋ₙ            a mod n, never negative
//   K, S, P, D      of a window, along an axis: size of the kernel, stride, padding before, dilation. Position y of the
//                   output has its tap k at S·y + D·k − P of the input.
//   G               groups of a convolution: output channel o reads the input channels of group ⌊o·G/Cout⌋ only, of which
//                   there are Cin/G; W[o,i,ky,kx] has i count inside the group
//
// Layouts
//   blocked planes  [⌈C/16⌉][H + 2·halo][W + 2·halo][16]: channel c is lane c mod 16 of block c / 16. The halo and the
//                   lanes from C on are zero; kernels read them and never write them (lanes from C on are written 0).
//                   Planes of 1×1 without halo are a vector of C floats, padded to whole blocks.
//   image           [C][H + 2·halo][W + 2·halo]: plain planes, as in a .npy of shape (C,H,W) when halo = 0.
//   RGB8            [H][W][C] bytes, C = 3, or 1 for grey.
//   weights         [Cout][Cin/G][K][K], as PyTorch keeps them; kernels take them packed (pxa_conv_pack_…), but for those
//                   of linear layers, [Cout][Cin], which are used as they are.
//
// Contracts common to all kernels
//   threads         calls may run side by side if the parts they write (blocks × rows) are disjoint. No result depends on
//                   how a layer is cut into parts: an output element is one chain of operations in one fixed order.
//   requires        block data aligned to 64 bytes; ranges inside the array; outputs alias no input unless said so.
//                   Violations are the caller's bug (asserted in debug builds); sizes are validated in Swift.
//   error           an element that sums n products: |error| ≤ (n + 2)·2⁻²⁴·(|start| + Σ|products|).
//   act             min(high, max(low, ·)) of a pxa_clamp: nothing for (−∞, ∞), ReLU for (0, ∞), ReLU6 for (0, 6).
//   gradient        a kernel that makes dX takes what X is to it as a pxa_into: start = dX before if `accumulate`, else 0;
//                   and mask[c,y,x] = 1 where X is not given or low < X[c,y,x] < high, else 0, the derivative of the act
//                   that made X. What it writes is mask · (start + what its formula says). dX may be X where that is said.

#ifndef CPIXELKERNELS_H
#define CPIXELKERNELS_H

#include "pxa_types.h"
#include "pxa_sizes.h"
#include "pxa_packing.h"
#include "pxa_kernels.h"

#endif
