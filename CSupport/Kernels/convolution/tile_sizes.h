// SPDX-License-Identifier: MIT
// The widths of tiles. Every width needs a function of its own, because its sums are registers, which a loop cannot
// index.

#ifndef PXA_TILE_SIZES_H
#define PXA_TILE_SIZES_H

#include "../simd/simd.h"

enum { MOST_TILE_BLOCKS = 2, MOST_TILE_PIXELS = 14 };

// Expands ITEM(pixels, …) for every width that a tile has on any instruction set. A width that does not fit the
// registers of this instruction set gets an empty function, and NULL in the tables of functions.
#define EACH_TILE_SIZE(ITEM, ...)                                                                                      \
  ITEM(1, __VA_ARGS__)                                                                                                 \
  ITEM(2, __VA_ARGS__)                                                                                                 \
  ITEM(3, __VA_ARGS__)                                                                                                 \
  ITEM(4, __VA_ARGS__)                                                                                                 \
  ITEM(5, __VA_ARGS__)                                                                                                 \
  ITEM(6, __VA_ARGS__)                                                                                                 \
  ITEM(7, __VA_ARGS__)                                                                                                 \
  ITEM(8, __VA_ARGS__)                                                                                                 \
  ITEM(9, __VA_ARGS__)                                                                                                 \
  ITEM(10, __VA_ARGS__)                                                                                                \
  ITEM(11, __VA_ARGS__)                                                                                                \
  ITEM(12, __VA_ARGS__)                                                                                                \
  ITEM(13, __VA_ARGS__)                                                                                                \
  ITEM(14, __VA_ARGS__)

_Static_assert(TILE_BLOCKS <= MOST_TILE_BLOCKS, "a tile of more blocks needs a line in TILES of tile.h");
_Static_assert(TILE_PIXELS <= MOST_TILE_PIXELS && DEPTHWISE_PIXELS <= MOST_TILE_PIXELS,
               "a wider tile needs a line in EACH_TILE_SIZE");

#endif
