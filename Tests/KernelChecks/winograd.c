// SPDX-License-Identifier: MIT
// Checks Winograd's convolutions. They are not exact on integers, so all checks use a bound.

#include "convolution.h"

#include <math.h>
#include <string.h>

// The matrices for the points 0, ±√½, ±√2 and ∞, without signs: errors add up whatever the signs are.
static double inputs[6][6], outputs[4][6], kernels[6][3];

static void fill_matrices(void) {
  const double a = 0.70710678118654752440, b = 1.41421356237309504880;
  const double points[6] = {0, a, a, b, b, 0}, others[6] = {0, b, b, a, a, 0}, divisors[6] = {1, 1.5, 1.5, 6, 6, 1};
  for (int p = 0; p < 6; p++) {
    // The coefficients of the product of the distances to all points but one: x·(x² − ½)·(x² − 2), divided by x for the
    // point 0 and by x ∓ t for the points ±t.
    double t = points[p], other = others[p] * others[p];
    const double ends[6] = {1, 0, 2.5, 0, 1, 0}, between[6] = {0, t * other, other, t, 1, 0};
    for (int k = 0; k < 6; k++)
      inputs[p][k] = p == 0 ? ends[k] : p == 5 ? ends[5 - k] : between[k];
    for (int k = 0; k < 4; k++)
      outputs[k][p] = p < 5 ? pow(points[p], k) : k == 3;
    for (int k = 0; k < 3; k++)
      kernels[p][k] = p < 5 ? pow(points[p], k) / divisors[p] : k == 2;
  }
}

// Adds |G| g |G|ᵀ ⊙ |B|ᵀ d |B| to `sums`, where g is a kernel and d a tile's inputs, both without signs.
static void add_products(double sums[6][6], const double g[3][3], const double d[6][6]) {
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++) {
      double weight = 0, input = 0;
      for (int m = 0; m < 3; m++)
        for (int n = 0; n < 3; n++)
          weight += kernels[i][m] * g[m][n] * kernels[j][n];
      for (int m = 0; m < 6; m++)
        for (int n = 0; n < 6; n++)
          input += inputs[i][m] * d[m][n] * inputs[j][n];
      sums[i][j] += weight * input;
    }
}

// Returns, for each output of a convolution from `from` to `to` channels, the magnitude of which its error is a multiple:
// what the convolution would give without any sign. `weight(o, i, ky, kx)` is weights[o·to_step + i·from_step + tap], from
// the last tap to the first if `turned`.
static double *magnitude_of(check *c, const double *x, int from, int height, int width, const double *weights, int to,
                            int to_step, int from_step, bool turned, int top, int left, int out_height, int out_width,
                            const double *bias) {
  double *magnitude = check_doubles(c, to * out_height * out_width);
  for (int o = 0; o < to; o++)
    for (int row = 0; row < out_height; row += 4)
      for (int column = 0; column < out_width; column += 4) {
        double sums[6][6] = {{0}};
        for (int i = 0; i < from; i++) {
          double g[3][3], d[6][6];
          for (int t = 0; t < 9; t++)
            g[t / 3][t % 3] = fabs(weights[o * to_step + i * from_step + (turned ? 8 - t : t)]);
          for (int m = 0; m < 6; m++)
            for (int n = 0; n < 6; n++) {
              int y = row + m - top, u = column + n - left;
              d[m][n] = y < 0 || u < 0 || y >= height || u >= width ? 0 : fabs(x[(i * height + y) * width + u]);
            }
          add_products(sums, g, d);
        }
        for (int r = 0; r < 4 && row + r < out_height; r++)
          for (int k = 0; k < 4 && column + k < out_width; k++) {
            double all = bias ? fabs(bias[o]) : 0;
            for (int i = 0; i < 6; i++)
              for (int j = 0; j < 6; j++)
                all += outputs[r][i] * sums[i][j] * outputs[k][j];
            magnitude[(o * out_height + row + r) * out_width + column + k] = all;
          }
      }
  return magnitude;
}

// The roundings besides those of the sum. A transform rounds at most 4 times on each axis, its constant included, so 8
// times for the inputs and 8 for the outputs; a weight is rounded once; so is the sum with the bias or the start.
enum { TRANSFORMS = 8 + 8 + 1 + 1 };

static int blocks_of(int channels) { return (channels + 15) / 16 * 16; }

static void check_shape(check *c, conv_shape s, uint64_t seed) {
  if (s.out_height == 0 || s.out_width == 0)
    return;
  check_case(c, seed);
  fill_matrices();
  convolution made = make_convolution(c, WINOGRAD, s, false);
  pxa_axis y = s.window.y, x = s.window.x;
  const double *forward = magnitude_of(c, made.x, s.inputs, s.height, s.width, made.weights, s.outputs, 9 * s.inputs, 9,
                                       false, y.before, x.before, s.out_height, s.out_width, made.bias);
  for (int clamp = 0; clamp < CLAMPS; clamp++)
    check_within(c, forward_of(c, made, (call_options){.clamp = check_clamps[clamp], .cut = clamp == 1}),
                 reference_forward(c, made, check_clamps[clamp], NULL), forward, out_count(s),
                 blocks_of(s.inputs) + TRANSFORMS, "%s forward, clamp %d", name_of(s).text, clamp);

  const double *plain = reference_gradient(c, made, NULL), *mask = check_reals(c, in_count(s));
  const double *start = check_reals(c, in_count(s));
  double *backward = magnitude_of(c, made.dy, s.outputs, s.out_height, s.out_width, made.weights, s.inputs, 9,
                                  9 * s.inputs, true, 2 - y.before, 2 - x.before, s.height, s.width, NULL);
  for (int i = 0; i < in_count(s); i++)
    backward[i] += fabs(start[i]);
  for (int way = 0; way < 4; way++) {
    call_options options = {.x = way & 1 ? mask : NULL,
                            .start = way & 2 ? start : NULL,
                            .clamp = check_clamps[1 + way % 2],
                            .cut = way == 3};
    check_within(c, gradient_of(c, made, options), reference_epilogue(c, plain, options, in_count(s)), backward,
                 in_count(s), blocks_of(s.outputs) + TRANSFORMS, "%s gradient, way %d", name_of(s).text, way);
  }
  call_options in_place = {.x = mask, .clamp = check_clamps[1], .is_in_place = true};
  check_within(c, gradient_of(c, made, in_place), reference_epilogue(c, plain, in_place, in_count(s)), backward,
               in_count(s), blocks_of(s.outputs) + TRANSFORMS, "%s gradient in place", name_of(s).text);
}

static void bounds(check *c) {
  static const int channels[][2] = {{16, 16}, {3, 20}, {33, 49}};
  static const pxa_axis axes[] = {{3, 1, 0, 0, 1}, {3, 1, 1, 1, 1}, {3, 1, 2, 2, 1}, {3, 1, 0, 2, 1}, {3, 1, 2, 1, 1}};
  uint64_t seed = 0;
  for (int n = 0; n < 3; n++)
    for (int k = 0; k < 5; k++)
      for (int size = 1; size <= 10; size += 3)
        check_shape(
            c, shape_of((pxa_window){axes[k], axes[(k + 1) % 5]}, 1, channels[n][0], channels[n][1], size, 11 - size),
            ++seed);
}

// More tiles than one strip has, and strips that begin within a row of tiles.
static void strips(check *c) {
  check_shape(c, shape_of(square_window(3, 1, 1), 1, 4, 18, 9, 45), 1);
  check_shape(c, shape_of(square_window(3, 1, 1), 1, 18, 4, 50, 14), 2);
}

static void cut_in_parts(check *c) {
  check_case(c, 1);
  expect_same_in_parts(c, make_convolution(c, WINOGRAD, shape_of(square_window(3, 1, 1), 1, 35, 50, 13, 15), false));
}

static void some_blocks(check *c) {
  check_case(c, 1);
  conv_shape s = shape_of(square_window(3, 1, 1), 1, 20, 50, 7, 9);
  convolution made = make_convolution(c, WINOGRAD, s, false);
  const double *part = gradient_of(c, made, (call_options){.from = check_range(1, 3)});
  double *dy = check_doubles(c, out_count(s));
  for (int i = 0, plane = s.out_height * s.out_width; i < out_count(s); i++)
    dy[i] = i / plane >= 16 && i / plane < 48 ? made.dy[i] : 0;
  made.dy = dy;
  const double *whole = reference_gradient(c, made, NULL);
  const double *magnitude = magnitude_of(c, dy, s.outputs, s.out_height, s.out_width, made.weights, s.inputs, 9,
                                         9 * s.inputs, true, 1, 1, s.height, s.width, NULL);
  check_within(c, part, whole, magnitude, in_count(s), 32 + TRANSFORMS, "%s from two blocks", name_of(s).text);
}

// Of dY's values, one of `every` is not zero.
static bool pays(check *c, int every) {
  conv_shape s = shape_of(square_window(3, 1, 1), 1, 20, 50, 13, 13);
  double *dy = check_doubles(c, out_count(s));
  for (int i = 0; i < out_count(s); i++)
    dy[i] = i % every == 0;
  pxa_planes planes = check_planes(c, s.outputs, s.out_height, s.out_width, 0, dy);
  pxa_planes dx = check_planes(c, s.inputs, s.height, s.width, 0, NULL);
  return c->kernels->winograd_input_grad_pays(dx, planes, nonzero_mask_of(c, planes),
                                              check_range(0, pxa_blocks(s.outputs)));
}

static void zeros(check *c) {
  check_case(c, 1);
  check_that(c, pays(c, 1), "does not pay for a dense dY");
  check_that(c, !pays(c, 50), "pays for a dY with one of 50 values");
}

const check_entry check_winograd[] = {
    {"Winograd's convolutions and gradients of any padding are within the bound", bounds},
    {"Winograd's convolutions in several strips are within the bound", strips},
    {"Winograd's convolutions cut in any parts give the same values", cut_in_parts},
    {"Winograd's gradient from some blocks is within the bound", some_blocks},
    {"Winograd's gradient pays for a dense dY, and not for one that is mostly zero", zeros},
    {0},
};
