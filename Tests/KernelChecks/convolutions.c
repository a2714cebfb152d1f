// SPDX-License-Identifier: MIT
// Checks of convolutions of blocked planes and their gradients.

#include "convolution.h"

#include <math.h>

// MARK: - Sizes

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

// The range that pxa_conv_reads says is that of the channels which share a group with one of the block.
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

// MARK: - Exact on integers

static void check_exact(check *c, conv_shape s, bool all_acts) {
  if (s.out_height == 0 || s.out_width == 0)
    return;
  check_case(c, 1);
  convolution a = make_convolution(c, CONV, s, true);
  for (int act = all_acts ? 0 : ACTS - 1; act < ACTS; act++)
    expect_forward(c, a, act);
  expect_gradient(c, a);
}

static void small_shapes(check *c) {
  static const int channels[][2] = {{16, 16}, {3, 20}, {17, 5}, {33, 49}};
  enum { PAIRS = sizeof channels / sizeof *channels };
  for (int k = 0; k < SMALL_WINDOWS; k++)
    for (int n = 0; n < PAIRS; n++)
      for (int i = 0; i < SMALL_SIZES; i++)
        check_exact(c, small_shape(check_windows[k], channels[n][0], channels[n][1], i), n == 0);
}

static void windows(check *c) {
  static const int channels[][2] = {{17, 5}, {5, 18}};
  for (int k = SMALL_WINDOWS; k < WINDOWS; k++)
    for (int i = 0; i <= SMALL_WIDTHS; i++)
      check_exact(c, least_shape(check_windows[k], 1, channels[i % 2][0], channels[i % 2][1], i * 3 % 5, i), false);
}

static const int grouped[][3] = {{2, 32, 64},  {2, 6, 10},  {3, 9, 15},     {4, 24, 48},  {8, 64, 64},
                                 {2, 48, 48},  {5, 35, 50}, {32, 128, 128}, {16, 32, 16}, {3, 3, 60},
                                 {20, 20, 20}, {2, 64, 96}, {7, 112, 112}};
enum { GROUPED = sizeof grouped / sizeof *grouped };

static void groups(check *c) {
  static const int kinds[] = {0, 5, 7, 15, 19, 22};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    for (int n = 0; n < GROUPED; n++)
      check_exact(c, least_shape(check_windows[kinds[k]], grouped[n][0], grouped[n][1], grouped[n][2], 3, n), true);
}

static void check_into(check *c, conv_shape s) {
  check_case(c, 3);
  convolution a = make_convolution(c, CONV, s, true);
  const double *x = check_integers(c, in_count(s), 8), *start = check_integers(c, in_count(s), 4);
  expect_gradient_into(c, a, x, start);
}

static void mask_and_start(check *c) {
  for (int k = 0; k < WINDOWS; k++)
    check_into(c, shape_of(check_windows[k], 1, 18, 33, 9, 11));
  for (int n = 0; n < GROUPED; n++)
    check_into(c, shape_of(check_windows[7], grouped[n][0], grouped[n][1], grouped[n][2], 5, 6));
}

static void in_place(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 4);
    conv_shape s = shape_of(check_windows[k], 1, 18, 33, 9, 11);
    convolution a = make_convolution(c, CONV, s, true);
    expect_gradient_in_place(c, a, check_integers(c, in_count(s), 8));
  }
}

static void some_blocks(check *c) {
  for (int k = 0; k < WINDOWS; k++) {
    check_case(c, 5);
    conv_shape s = shape_of(check_windows[k], 1, 32, 48, 8, 9);
    convolution a = make_convolution(c, CONV, s, true);
    const double *found = gradient_of(c, a, (call_options){.from = check_range(1, 2)});
    double *block = check_doubles(c, out_count(s));
    for (int i = 0; i < out_count(s); i++)
      block[i] = i / (s.out_height * s.out_width) / PXA_BLOCK == 1 ? a.dy[i] : 0;
    a.dy = block;
    check_equal(c, found, reference_gradient(c, a, NULL), in_count(s), "%s, block 1 of 3", name_of(s).text);
  }
}

static void marks(check *c) {
  enum { CHANNELS = 100, HEIGHT = 3, WIDTH = 5, PLANE = HEIGHT * WIDTH };
  check_case(c, 12);
  double *values = check_integers(c, CHANNELS * PLANE, 4);
  for (int i = 0; i < CHANNELS * PLANE; i++)
    if (values[i] >= -1 && values[i] <= 1)
      values[i] = 0;
  const uint64_t *marks = marks_of(c, check_planes(c, CHANNELS, HEIGHT, WIDTH, 1, values));
  for (int pixel = 0; pixel < PLANE; pixel++)
    for (int group = 0; group < 2; group++) {
      uint64_t expected = 0;
      for (int channel = 64 * group; channel < 64 * group + 64 && channel < CHANNELS; channel++)
        expected |= (uint64_t)(values[channel * PLANE + pixel] != 0) << channel % 64;
      check_that(c, marks[group * PLANE + pixel] == expected, "mark of pixel %d, group %d", pixel, group);
    }
}

static void check_adjoint(check *c, conv_shape s) {
  check_case(c, 8);
  expect_adjoint(c, make_convolution(c, CONV, s, true));
}

static void adjoint(check *c) {
  for (int k = 0; k < WINDOWS; k++)
    check_adjoint(c, shape_of(check_windows[k], 1, 3, 35, 10, 12));
  for (int n = 0; n < GROUPED; n++)
    check_adjoint(c, shape_of(check_windows[n + 5], grouped[n][0], grouped[n][1], grouped[n][2], 10, 12));
}

// MARK: - The same bits

// Both ways add in one order, and a product with an exact zero changes no sum: not even on reals is there a difference.
typedef struct {
  pxa_window window;
  int inputs, outputs, width;
  double density;
} sparse_case;

// Reals of which so many are not zero.
static double *sparse_reals(check *c, int count, double density) {
  double *values = check_reals(c, count);
  for (int i = 0; i < count; i++)
    if ((values[i] + 1) / 2 >= density)
      values[i] = 0;
  return values;
}

static void check_sparse_gradient(check *c, sparse_case sparsity) {
  check_case(c, 14);
  int width = sparsity.width;
  conv_shape s = shape_of(sparsity.window, 1, sparsity.inputs, sparsity.outputs, width % 5 + 3, width);
  if (s.out_width == 0)
    return;
  convolution a = make_convolution(c, CONV, s, false);
  a.dy = sparse_reals(c, out_count(s), sparsity.density);
  int count = in_count(s);
  const double *x = check_integers(c, count, 1), *start = check_reals(c, count);
  call_options dense = {.x = x, .start = start, .act = {0, width % 2 ? INFINITY : 1}}, sparse = dense;
  sparse.marked = true;
  const double *expected = gradient_of(c, a, dense);
  conv_name name = name_of(s);
  check_equal(c, gradient_of(c, a, sparse), expected, count, "%s, density %g", name.text, sparsity.density);
  sparse.cut = true;
  check_equal(c, gradient_of(c, a, sparse), expected, count, "%s, density %g, cut", name.text, sparsity.density);
  check_equal(c, gradient_of(c, a, (call_options){.marked = true}), gradient_of(c, a, (call_options){0}), count,
              "%s, density %g, no mask, no start", name.text, sparsity.density);
}

static void check_sparse_forward(check *c, sparse_case sparsity) {
  check_case(c, 15);
  conv_shape s =
      shape_of(sparsity.window, 1, sparsity.inputs, sparsity.outputs, sparsity.width % 5 + 1, sparsity.width);
  if (s.out_width == 0 || s.out_height == 0)
    return;
  convolution a = make_convolution(c, CONV, s, false);
  a.x = sparse_reals(c, in_count(s), sparsity.density);
  conv_name name = name_of(s);
  for (int act = 0; act < ACTS; act++) {
    call_options dense = {.act = check_acts[act]}, sparse = {.act = check_acts[act], .marked = true};
    const double *expected = forward_of(c, a, dense);
    check_equal(c, forward_of(c, a, sparse), expected, out_count(s), "%s, density %g", name.text, sparsity.density);
    sparse.cut = true;
    check_equal(c, forward_of(c, a, sparse), expected, out_count(s), "%s, density %g, cut", name.text,
                sparsity.density);
  }
}

static void each_sparse(check *c, void (*body)(check *c, sparse_case sparsity)) {
  static const int channels[][2] = {{16, 64}, {35, 50}, {48, 144}, {64, 20}}, widths[] = {1, 2, 3, 4, 7, 14};
  static const double densities[] = {0, 0.2, 0.45, 1};
  static const int kinds[] = {4, 5, 12}; // no padding, 1, and 2 before the input
  for (size_t n = 0; n < sizeof channels / sizeof *channels; n++)
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
      for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (size_t d = 0; d < sizeof densities / sizeof *densities; d++)
          if (k < 2 || n == 1)
            body(c, (sparse_case){check_windows[kinds[k]], channels[n][0], channels[n][1], widths[w], densities[d]});
}

static void sparse_gradient(check *c) { each_sparse(c, check_sparse_gradient); }
static void sparse_forward(check *c) { each_sparse(c, check_sparse_forward); }

static void check_cut(check *c, conv_shape s) {
  check_case(c, 9);
  expect_same_in_parts(c, make_convolution(c, CONV, s, false));
}

static void cut_in_parts(check *c) {
  for (int k = 0; k < WINDOWS; k++)
    check_cut(c, shape_of(check_windows[k], 1, 35, 50, 8, 15));
  for (int n = 0; n < GROUPED; n++)
    check_cut(c, shape_of(check_windows[n + 5], grouped[n][0], grouped[n][1], grouped[n][2], 8, 15));
}

// MARK: - Within the derived bound

static void check_bound(check *c, conv_shape s) {
  check_case(c, 6);
  expect_bound(c, make_convolution(c, CONV, s, false), 1);
}

// The convolutions of SqueezeNet 1.1 on 224×224 pixels that read blocked planes.
static const struct {
  int inputs, outputs, kernel, size;
} squeezenet[] = {{64, 16, 1, 55},  {16, 64, 1, 55},   {16, 64, 3, 55},  {128, 16, 1, 55}, {128, 32, 1, 27},
                  {32, 128, 1, 27}, {32, 128, 3, 27},  {256, 32, 1, 27}, {256, 48, 1, 13}, {48, 192, 1, 13},
                  {48, 192, 3, 13}, {384, 48, 1, 13},  {384, 64, 1, 13}, {64, 256, 1, 13}, {64, 256, 3, 13},
                  {512, 64, 1, 13}, {512, 1000, 1, 13}};

// The reference takes most of the time, and rows are alike: of other networks a few rows.
static const struct {
  pxa_window window;
  int groups, inputs, outputs, size, rows;
} others[] = {
    {{{3, 2, 1, 1, 1}, {3, 2, 1, 1, 1}}, 1, 128, 256, 28, 5},  // ResNet-18
    {{{1, 2, 0, 0, 1}, {1, 2, 0, 0, 1}}, 1, 256, 512, 28, 3},  // its shortcuts
    {{{3, 1, 1, 1, 1}, {3, 1, 1, 1, 1}}, 1, 512, 512, 7, 2},   // its end
    {{{3, 1, 1, 1, 1}, {3, 1, 1, 1, 1}}, 32, 128, 128, 56, 4}, // ResNeXt-50 32x4d
    {{{3, 2, 1, 1, 1}, {3, 2, 1, 1, 1}}, 32, 512, 512, 28, 3}, // the same, blocks that read two groups
    {{{3, 2, 1, 1, 1}, {3, 2, 1, 1, 1}}, 13, 104, 104, 56, 5}, // RegNetY-400MF
    {{{3, 1, 1, 1, 1}, {3, 1, 1, 1, 1}}, 55, 440, 440, 7, 7},  // the same
    {{{5, 1, 2, 2, 1}, {5, 1, 2, 2, 1}}, 1, 64, 192, 27, 2},   // AlexNet
    {{{1, 1, 0, 0, 1}, {7, 1, 3, 3, 1}}, 1, 128, 192, 17, 3},  // Inception v3
    {{{7, 1, 3, 3, 1}, {1, 1, 0, 0, 1}}, 1, 128, 128, 17, 7},  // the same
    {{{1, 1, 0, 0, 1}, {1, 1, 0, 0, 1}}, 1, 576, 96, 14, 4},   // MobileNetV2
    {{{3, 1, 2, 2, 2}, {3, 1, 2, 2, 2}}, 1, 64, 64, 28, 5},    // dilated
};

static void network_shapes(check *c) {
  for (size_t i = 0; i < sizeof squeezenet / sizeof *squeezenet; i++) {
    int kernel = squeezenet[i].kernel, width = squeezenet[i].size;
    check_bound(c, shape_of(square_window(kernel, 1, kernel / 2), 1, squeezenet[i].inputs, squeezenet[i].outputs,
                            c->at_end ? width : 5, width));
  }
}

static void other_networks(check *c) {
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (c->at_end)
      check_bound(c, shape_of(others[i].window, others[i].groups, others[i].inputs, others[i].outputs, others[i].rows,
                              others[i].size));
}

const check_entry check_convolutions[] = {
    {"windows have PyTorch's number of places", sizes},
    {"an output block reads the input blocks of its groups", reads},
    {"convolutions of small shapes are exact on integers", small_shapes},
    {"convolutions of any window are exact on integers", windows},
    {"convolutions in groups are exact on integers", groups},
    {"mask and start of a gradient are exact on integers", mask_and_start},
    {"a gradient may be written over what it masks with", in_place},
    {"a gradient from some blocks is exact on integers", some_blocks},
    {"marks have a bit for every channel that is not zero", marks},
    {"the gradient is the adjoint of the convolution", adjoint},
    {"the convolution from marks has the bits of the dense one", sparse_forward},
    {"the gradient from marks has the bits of the dense one", sparse_gradient},
    {"convolutions cut in any parts have the same bits", cut_in_parts},
    {"SqueezeNet's convolutions are within the derived bound", network_shapes},
    {"other networks' convolutions are within the derived bound", other_networks},
    {0},
};
