// SPDX-License-Identifier: MIT
// Checks nonzero masks, and the convolutions that skip zeros with them. These convolutions add their products in the
// order of the dense convolutions, and a product with zero changes no sum. So the results are equal even on reals.

#include "convolution.h"

#include <math.h>

static void nonzero(check *c) {
  enum { CHANNELS = 100, HEIGHT = 3, WIDTH = 5, PLANE = HEIGHT * WIDTH };
  check_case(c, 12);
  double *values = check_integers(c, CHANNELS * PLANE, 4);
  for (int i = 0; i < CHANNELS * PLANE; i++)
    if (values[i] >= -1 && values[i] <= 1)
      values[i] = 0;
  const uint64_t *nonzero = nonzero_mask_of(c, check_planes(c, CHANNELS, HEIGHT, WIDTH, 1, values));
  for (int pixel = 0; pixel < PLANE; pixel++)
    for (int group = 0; group < 2; group++) {
      uint64_t expected = 0;
      for (int channel = 64 * group; channel < 64 * group + 64 && channel < CHANNELS; channel++)
        expected |= (uint64_t)(values[channel * PLANE + pixel] != 0) << channel % 64;
      check_that(c, nonzero[group * PLANE + pixel] == expected, "mask of pixel %d, group %d", pixel, group);
    }
}

typedef struct {
  pxa_window window;
  int inputs, outputs, width;
  double density;
} sparse_case;

// Returns reals, of which about the fraction `density` is not zero.
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
  call_options dense = {.x = x, .start = start, .clamp = {0, width % 2 ? INFINITY : 1}}, sparse = dense;
  sparse.nonzero_mask = true;
  const double *expected = gradient_of(c, a, dense);
  conv_name name = name_of(s);
  check_equal(c, gradient_of(c, a, sparse), expected, count, "%s, density %g", name.text, sparsity.density);
  sparse.cut = true;
  check_equal(c, gradient_of(c, a, sparse), expected, count, "%s, density %g, cut", name.text, sparsity.density);
  check_equal(c, gradient_of(c, a, (call_options){.nonzero_mask = true}), gradient_of(c, a, (call_options){0}), count,
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
  for (int clamp = 0; clamp < CLAMPS; clamp++) {
    call_options dense = {.clamp = check_clamps[clamp]}, sparse = {.clamp = check_clamps[clamp], .nonzero_mask = true};
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

const check_entry check_nonzero_masks[] = {
    {"nonzero masks have a bit for every channel that is not zero", nonzero},
    {"a convolution with a nonzero mask gives the values of the dense one", sparse_forward},
    {"a gradient with a nonzero mask gives the values of the dense one", sparse_gradient},
    {0},
};
