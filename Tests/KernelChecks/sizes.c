// SPDX-License-Identifier: MIT
// Checks the sizes of outputs, and which input blocks an output block reads.

#include "convolution.h"

static void sizes(check *c) {
  static const struct {
    pxa_axis axis;
    int size;
    bool ceil_mode;
    int expected;
  } cases[] = {{{3, 1, 1, 1, 1}, 7, false, 7},     {{3, 2, 1, 1, 1}, 7, false, 4},   {{3, 2, 0, 0, 1}, 2, false, 0},
               {{3, 2, 0, 0, 1}, 2, true, 1},      {{3, 2, 0, 0, 1}, 1, true, 0},    {{3, 2, 0, 0, 1}, 6, true, 3},
               {{2, 2, 0, 0, 1}, 5, true, 3},      {{1, 2, 0, 0, 1}, 4, true, 2},    {{3, 3, 1, 1, 1}, 4, true, 2},
               {{11, 4, 2, 2, 1}, 224, false, 55}, {{3, 1, 2, 2, 2}, 9, false, 9},   {{3, 2, 0, 1, 1}, 8, false, 4},
               {{7, 2, 3, 3, 1}, 224, false, 112}, {{5, 1, 0, 0, 3}, 12, false, 0},  {{5, 1, 0, 0, 3}, 13, false, 1},
               {{3, 2, 1, 1, 1}, 6, true, 4},      {{2, 2, 1, 1, 1}, 3, true, 2},    {{1, 1, 0, 0, 1}, 0, false, 0},
               {{9, 1, 0, 0, 1}, 8, false, 0},     {{4, 4, 0, 0, 1}, 224, false, 56}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int found = pxa_output_size(cases[i].axis, cases[i].size, cases[i].ceil_mode);
    check_that(c, found == cases[i].expected, "size %zu is %d instead of %d", i, found, cases[i].expected);
  }
}

// PyTorch's ceil mode adds a last window only if it begins inside the image.
static void ceil_mode(check *c) {
  static const int expected[] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7};
  for (int size = 2; size < 15; size++)
    check_that(c, pxa_output_size((pxa_axis){3, 2, 0, 0, 1}, size, true) == expected[size], "output size of %d", size);
}

// pxa_conv_reads returns the blocks of all input channels that share a group with one of the block's output channels.
static void reads(check *c) {
  static const int cases[][3] = {{1, 20, 40},  {2, 48, 48}, {3, 9, 15}, {5, 35, 50},
                                 {20, 20, 20}, {3, 3, 60},  {4, 128, 8}};
  for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
    int groups = cases[n][0], inputs = cases[n][1], outputs = cases[n][2];
    for (int block = 0; block < pxa_blocks(outputs); block++) {
      int begin = inputs, end = 0;
      for (int o = PXA_BLOCK * block; o < outputs && o < PXA_BLOCK * (block + 1); o++)
        for (int i = 0; i < inputs; i++)
          if (i / (inputs / groups) == o / (outputs / groups)) {
            begin = i < begin ? i : begin;
            end = i + 1 > end ? i + 1 : end;
          }
      pxa_range found = pxa_conv_reads(groups, inputs, outputs, block);
      check_that(c, found.begin == begin / PXA_BLOCK && found.end == pxa_blocks(end),
                 "block %d of %d→%d in %d reads %d…%d", block, inputs, outputs, groups, found.begin, found.end);
    }
  }
}

const check_entry check_sizes[] = {
    {"outputs have the size that PyTorch gives them", sizes},
    {"outputs in ceil mode have the size that PyTorch gives them", ceil_mode},
    {"an output block reads the input blocks of its groups", reads},
    {0},
};
