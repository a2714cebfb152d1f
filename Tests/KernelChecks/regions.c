// SPDX-License-Identifier: MIT
// Checks the maxima of regions, and reductions of channels' pixels and of pixels' channels.

#include "layers.h"

#include <math.h>
#include <stdio.h>

// MARK: - Maxima of regions

// Uses few different values, so that nearly every region has a tie.
static void region_max_of(check *c, int channels, pxa_ref_axis rows, pxa_ref_axis columns, const pxa_window *window) {
  char name[120];
  snprintf(name, sizeof name, "%d channels, %d×%d to %d×%d, window %d×%d", channels, rows.input, columns.input,
           rows.output, columns.output, rows.kernel, columns.kernel);
  int plane = rows.input * columns.input, out_plane = rows.output * columns.output;
  int count = channels * plane, out_count = channels * out_plane;
  const double *values = check_integers(c, count, 1), *gradients = check_integers(c, out_count, 4);
  double *expected = check_doubles(c, out_count);
  int32_t *at = check_memory(c, (size_t)out_count * sizeof *at, sizeof *at);
  pxa_ref_region_max_forward(expected, at, values, channels, rows, columns);
  double *at_row = check_doubles(c, out_count), *at_column = check_doubles(c, out_count);
  double *formula = check_doubles(c, count);
  for (int i = 0; i < count; i++)
    formula[i] = 0;
  for (int i = 0; i < out_count; i++) {
    at_row[i] = at[i] / columns.input;
    at_column[i] = at[i] % columns.input;
    formula[i / out_plane * plane + at[i]] += gradients[i];
  }
  int halo = out_plane > 1 ? check_extra_halo(c) : 0;
  pxa_planes x = check_planes(c, channels, rows.input, columns.input, check_extra_halo(c), values);
  pxa_planes y = check_planes(c, channels, rows.output, columns.output, halo, NULL);
  pxa_planes y_row = check_planes(c, channels, rows.output, columns.output, 0, NULL);
  pxa_planes y_column = check_planes(c, channels, rows.output, columns.output, 0, NULL);
  EACH_PART(p, y, rows.input % 2 == 0)
    c->kernels->region_max_forward(y, y_row, y_column, x, window, p.block, p.row);
  check_equal(c, check_planes_values(c, y), expected, out_count, "%s", name);
  check_equal(c, check_planes_values(c, y_row), at_row, out_count, "%s rows", name);
  check_equal(c, check_planes_values(c, y_column), at_column, out_count, "%s columns", name);
  check_zeros_around_planes(c, y, "%s", name);
  pxa_planes dy = check_planes(c, channels, rows.output, columns.output, halo, gradients);
  for (int way = 0; way < EPILOGUE_WAYS - 1; way++) { // the last way, in place, is not allowed
    epilogue_case epilogue;
    make_epilogue(c, &epilogue, way, channels, rows.input, columns.input, NULL);
    for (int b = pxa_blocks(channels) - 1; b >= 0; b--)
      c->kernels->region_max_input_grad(epilogue.dx, dy, y_row, y_column, epilogue.epilogue, check_range(b, b + 1));
    check_epilogue(c, &epilogue, formula, NULL, 0, name);
  }
}

static void large_windows(check *c) {
  static const pxa_axis axes[] = {{17, 1, 0, 0, 1}, {20, 7, 3, 4, 1}, {3, 2, 1, 1, 1}, {16, 16, 0, 0, 1},
                                  {2, 3, 3, 3, 4},  {1, 1, 0, 0, 1},  {5, 2, 8, 8, 2}};
  enum { AXES = sizeof axes / sizeof *axes };
  for (int n = 0; n < AXES * AXES; n++) {
    pxa_window window = {axes[n / AXES], axes[n % AXES]};
    for (int channels = 3; channels < 40; channels += 17) {
      check_case(c, (uint64_t)n);
      int height = 17 + n % 5, width = 20 + n % 3;
      int out_height = pxa_output_size(window.y, height, n % 2 == 0);
      int out_width = pxa_output_size(window.x, width, n % 2 == 0);
      region_max_of(c, channels, check_reference_axis(window.y, height, out_height),
                    check_reference_axis(window.x, width, out_width), &window);
    }
  }
}

static void adaptive(check *c) {
  static const int shapes[][5] = {{1, 1, 1, 1, 1}, {20, 3, 5, 1, 1},   {17, 7, 7, 7, 7}, {3, 13, 9, 6, 6},
                                  {5, 2, 3, 7, 2}, {16, 14, 17, 1, 1}, {20, 5, 11, 7, 3}};
  for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) {
    check_case(c, n);
    region_max_of(c, shapes[n][0], (pxa_ref_axis){.input = shapes[n][1], .output = shapes[n][3]},
                  (pxa_ref_axis){.input = shapes[n][2], .output = shapes[n][4]}, NULL);
  }
}

// MARK: - Reductions

// Sums of squares and of integers are exact. A norm's root and the gradient's quotients round.
static void reduction_of(check *c, pxa_reduction kind, bool of_channels, int channels, int height, int width) {
  int plane = height * width, count = channels * plane, results = of_channels ? plane : channels;
  const double *values = check_integers(c, count, kind == PXA_MAXIMUM ? 1 : 4);
  const double *gradients = check_integers(c, results, 4);
  double *expected = check_doubles(c, results), *size = check_doubles(c, results);
  double *formula = check_doubles(c, count), *magnitude = check_doubles(c, count);
  for (int i = 0; i < results; i++) {
    int first = of_channels ? i : i * plane, step = of_channels ? plane : 1, elements = count / results;
    expected[i] = pxa_ref_reduce(formula + first, values + first, kind, elements, step);
    size[i] = kind == PXA_NORM ? expected[i] : 0;
    for (int k = 0; k < elements; k++) {
      formula[first + k * step] *= gradients[i];
      magnitude[first + k * step] = fabs(formula[first + k * step]);
    }
  }
  char name[80];
  snprintf(name, sizeof name, "reduction %d of %s, %d×%d×%d", kind, of_channels ? "channels" : "pixels", channels,
           height, width);
  pxa_planes x = check_planes(c, channels, height, width, check_extra_halo(c), values);
  int halo = of_channels && plane > 1 ? check_extra_halo(c) : 0;
  pxa_planes y = of_channels ? check_planes(c, 1, height, width, halo, NULL) : check_planes(c, channels, 1, 1, 0, NULL);
  pxa_planes dy =
      of_channels ? check_planes(c, 1, height, width, halo, gradients) : check_planes(c, channels, 1, 1, 0, gradients);
  EACH_PART(p, y, true)
    if (of_channels)
      c->kernels->reduce_channels(y, x, kind, p.row);
    else
      c->kernels->reduce_forward(y, x, kind, p.block);
  check_within(c, check_planes_values(c, y), expected, size, results, 0, "%s", name);
  check_zeros_around_planes(c, y, "%s", name);
  for (int way = 0; way < EPILOGUE_WAYS; way++) {
    epilogue_case epilogue;
    make_epilogue(c, &epilogue, way, channels, height, width, values);
    pxa_planes r_input = epilogue.is_in_place ? epilogue.dx : x;
    for (int row = height - 1; of_channels && row >= 0; row--)
      c->kernels->reduce_channels_grad(epilogue.dx, dy, r_input, kind, epilogue.epilogue, check_range(row, row + 1));
    for (int b = pxa_blocks(channels) - 1; !of_channels && b >= 0; b--)
      c->kernels->reduce_input_grad(epilogue.dx, dy, r_input, kind, epilogue.epilogue, check_range(b, b + 1));
    check_epilogue(c, &epilogue, formula, magnitude, 6, name);
  }
}

static void reductions(check *c) {
  static const int shapes[][3] = {{1, 1, 1}, {20, 3, 5}, {16, 14, 17}, {37, 1, 2}, {100, 7, 7}};
  for (int n = 0; n < 30; n++) {
    const int *shape = shapes[n % 5];
    check_case(c, (uint64_t)n);
    reduction_of(c, (pxa_reduction)(n / 10), n % 10 < 5, shape[0], shape[1], shape[2]);
  }
}

const check_entry check_regions[] = {
    {"maxima of large windows are exact and choose the first of equal maxima", large_windows},
    {"adaptive maxima are exact and choose the first of equal maxima", adaptive},
    {"sums, norms and maxima of pixels and of channels, and their gradients, are within the bound", reductions},
    {0},
};
