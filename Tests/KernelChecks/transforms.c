// SPDX-License-Identifier: MIT
// Checks the kernels that move the pixels of an image, and its colours.

#include "check.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

static const struct {
  int height, width;
} sizes[] = {{1, 1}, {1, 17}, {3, 5}, {9, 16}, {7, 33}, {31, 47}};
enum { SIZES = sizeof sizes / sizeof *sizes, CHANNELS = 3 };

static const double fills[] = {-7, 8, 9};

static pxa_range all_rows(int height) { return check_range(0, height); }

// Returns Σ a·b, and in `size` Σ |a·b|.
static double dot(const double *a, const double *b, int count, double *size) {
  double sum = 0;
  *size = 0;
  for (int i = 0; i < count; i++) {
    sum += a[i] * b[i];
    *size += fabs(a[i] * b[i]);
  }
  return sum;
}

static void reframe(check *c) {
  static const int shifts[][2] = {{0, 0}, {1, 2}, {-2, -1}, {40, 0}, {0, -60}, {-3, 4}};
  for (int n = 0; n < SIZES; n++)
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++)
      for (int grows = -1; grows <= 1; grows++) {
        check_case(c, 1);
        int height = sizes[n].height, width = sizes[n].width, top = shifts[i][0], left = shifts[i][1];
        int out_height = height + 2 * grows > 0 ? height + 2 * grows : 1,
            out_width = width + 3 * grows > 0 ? width + 3 * grows : 1;
        int count = CHANNELS * height * width, out_count = CHANNELS * out_height * out_width;
        const double *values = check_integers(c, count, 4), *gradients = check_integers(c, out_count, 4);
        double *filled = check_doubles(c, out_count), *plain = check_doubles(c, out_count);
        for (int k = 0; k < out_count; k++) {
          int row = k / out_width % out_height + top, column = k % out_width + left,
              channel = k / out_width / out_height;
          bool inside = row >= 0 && row < height && column >= 0 && column < width;
          plain[k] = inside ? values[(channel * height + row) * width + column] : 0;
          filled[k] = inside ? plain[k] : fills[channel];
        }
        pxa_image x = check_image(c, CHANNELS, height, width, 0, values);
        pxa_image y = check_image(c, CHANNELS, out_height, out_width, 1, NULL);
        for (int row = out_height - 1; row >= 0; row--)
          c->kernels->reframe(y, x, top, left, check_floats(c, fills, CHANNELS), check_range(row, row + 1));
        check_equal(c, check_image_values(c, y), filled, out_count, "%d×%d at %d, %d", height, width, top, left);
        check_zeros_around_image(c, y, "%d×%d at %d, %d", height, width, top, left);
        pxa_image dy = check_image(c, CHANNELS, out_height, out_width, 0, gradients);
        pxa_image dx = check_image(c, CHANNELS, height, width, 0, NULL);
        c->kernels->reframe(dx, dy, -top, -left, NULL, all_rows(height));
        double size, found = dot(check_image_values(c, dx), values, count, &size);
        check_that(c, found == dot(gradients, plain, out_count, &size), "adjoint, %d×%d at %d, %d", height, width, top,
                   left);
      }
}

static void taps(check *c) {
  for (int n = 0; n < SIZES; n++)
    for (int vertical = 0; vertical < 2; vertical++) {
      check_case(c, 2);
      int height = sizes[n].height, width = sizes[n].width, out = 2 * (vertical ? height : width) + 1, in = out / 2;
      int out_height = vertical ? out : height, out_width = vertical ? width : out;
      int count = CHANNELS * height * width, out_count = CHANNELS * out_height * out_width;
      const double *values = check_integers(c, count, 4), *weights = check_integers(c, 3 * out, 3);
      int32_t *index = check_memory(c, (size_t)(3 * out) * sizeof *index, sizeof *index);
      for (int k = 0; k < 3 * out; k++)
        index[k] = (k * 7 + 3) % in;
      double *expected = check_doubles(c, out_count);
      for (int k = 0; k < out_count; k++) {
        int row = k / out_width % out_height, column = k % out_width, channel = k / out_width / out_height;
        expected[k] = 0;
        for (int t = 0; t < 3; t++) {
          int at = t * out + (vertical ? row : column), from_row = vertical ? index[at] : row;
          expected[k] += weights[at] * values[(channel * height + from_row) * width + (vertical ? column : index[at])];
        }
      }
      pxa_image x = check_image(c, CHANNELS, height, width, 0, values);
      pxa_image y = check_image(c, CHANNELS, out_height, out_width, 1, NULL);
      pxa_taps table = {out, 3, index, check_floats(c, weights, 3 * out)};
      for (int row = out_height - 1; row >= 0; row--)
        if (vertical)
          c->kernels->taps_vertical(y, x, table, check_range(row, row + 1));
        else
          c->kernels->taps_horizontal(y, x, table, check_range(row, row + 1));
      check_equal(c, check_image_values(c, y), expected, out_count, "%d×%d, vertical %d", height, width, vertical);
      check_zeros_around_image(c, y, "%d×%d, vertical %d", height, width, vertical);
    }
}

// What rotate computes, in double precision.
static double rotated(const double *x, int height, int width, double cosine, double sine, double fill, int row,
                      int column) {
  double m = 0.5 * (height - 1), n = 0.5 * (width - 1), sum = 0;
  double at_row = m + cosine * (row - m) + sine * (column - n),
         at_column = n - sine * (row - m) + cosine * (column - n);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      int r = (int)floor(at_row) + i, k = (int)floor(at_column) + j;
      double weight = (1 - fabs(at_row - r)) * (1 - fabs(at_column - k));
      sum += weight * (r >= 0 && r < height && k >= 0 && k < width ? x[r * width + k] : fill);
    }
  return sum;
}

// Returns an image whose halo holds the fill values.
static pxa_image framed(check *c, int height, int width, const double *values) {
  int rows = height + 2, columns = width + 2;
  double *all = check_doubles(c, CHANNELS * rows * columns);
  for (int k = 0; k < CHANNELS * rows * columns; k++) {
    int row = k / columns % rows - 1, column = k % columns - 1, channel = k / columns / rows;
    bool inside = row >= 0 && row < height && column >= 0 && column < width;
    all[k] = inside ? values[(channel * height + row) * width + column] : fills[channel];
  }
  pxa_image x = check_image(c, CHANNELS, rows, columns, 0, all);
  return (pxa_image){x.data, CHANNELS, height, width, 1};
}

static void rotate(check *c) {
  static const double degrees[] = {0, 3, -10, 44, 90, 137, -180};
  for (int n = 0; n < SIZES; n++)
    for (size_t i = 0; i < sizeof degrees / sizeof *degrees; i++) {
      check_case(c, 3);
      int height = sizes[n].height, width = sizes[n].width, plane = height * width, count = CHANNELS * plane;
      const double *values = check_reals(c, count), *gradients = check_reals(c, count);
      // The double reference uses the rounded cosine and sine too.
      float cosine = (float)cos(degrees[i] * PI / 180), sine = (float)sin(degrees[i] * PI / 180);
      double *expected = check_doubles(c, count), *plain = check_doubles(c, count);
      for (int k = 0; k < count; k++) {
        const double *channel = values + k / plane * plane;
        expected[k] = rotated(channel, height, width, cosine, sine, fills[k / plane], k / width % height, k % width);
        plain[k] = rotated(channel, height, width, cosine, sine, 0, k / width % height, k % width);
      }
      pxa_image x = framed(c, height, width, values), y = check_image(c, CHANNELS, height, width, 1, NULL);
      for (int row = height - 1; row >= 0; row--)
        c->kernels->rotate(y, x, cosine, sine, check_range(row, row + 1));
      const double *found = check_image_values(c, y);
      double bound = 12 * 0x1p-24 * (height + width) * 9;
      for (int k = 0; k < count; k++)
        check_that(c, fabs(found[k] - expected[k]) <= bound, "%d×%d by %g°, element %d: %g, not %g", height, width,
                   degrees[i], k, found[k], expected[k]);
      check_zeros_around_image(c, y, "%d×%d by %g°", height, width, degrees[i]);
      pxa_image dy = check_image(c, CHANNELS, height, width, 0, gradients);
      pxa_image dx = check_image(c, CHANNELS, height, width, 1, NULL);
      for (int channel = CHANNELS - 1; channel >= 0; channel--)
        c->kernels->rotate_input_grad(dx, dy, cosine, sine, check_range(channel, channel + 1));
      double size, forward = dot(gradients, plain, count, &size);
      double backward = dot(check_image_values(c, dx), values, count, &size);
      check_that(c, fabs(forward - backward) <= 12 * 0x1p-24 * (height + width) * count,
                 "adjoint, %d×%d by %g°: %g, not %g", height, width, degrees[i], backward, forward);
    }
}

static void colours(check *c) {
  static const double scale[] = {4.4, 4.5, 4.3}, offset[] = {-2.1, -2, -1.8};
  for (int n = 0; n < SIZES; n++)
    for (int channels = 1; channels <= CHANNELS; channels += 2) {
      check_case(c, 4);
      int height = sizes[n].height, width = sizes[n].width, plane = height * width, count = channels * plane;
      const double *values = check_reals(c, count), *gradients = check_reals(c, count), *matrix = check_reals(c, 9);
      double *expected = check_doubles(c, count), *slopes = check_doubles(c, count);
      memset(slopes, 0, (size_t)count * sizeof *slopes);
      for (int k = 0; k < count; k++) {
        int channel = k / plane, pixel = k % plane;
        double sum = 0;
        for (int j = 0; j < channels; j++)
          sum += matrix[channels * channel + j] * 30 * values[j * plane + pixel];
        double colour = 1 / (1 + exp(-sum));
        expected[k] = scale[channel] * colour + offset[channel];
        for (int j = 0; j < channels; j++)
          slopes[j * plane + pixel] +=
              matrix[channels * channel + j] * scale[channel] * colour * (1 - colour) * gradients[k];
      }
      double *wide = check_doubles(c, count);
      for (int k = 0; k < count; k++)
        wide[k] = 30 * values[k];
      pxa_image t = check_image(c, channels, height, width, 0, wide);
      pxa_image x = check_image(c, channels, height, width, 1, NULL);
      const float *mix = check_floats(c, matrix, channels * channels), *by = check_floats(c, scale, channels);
      const float *from = check_floats(c, offset, channels);
      for (int row = height - 1; row >= 0; row--)
        c->kernels->colours_forward(x, t, mix, by, from, check_range(row, row + 1));
      const double *found = check_image_values(c, x);
      for (int k = 0; k < count; k++)
        check_that(c, fabs(found[k] - expected[k]) < 3e-5, "element %d of %d channels", k, channels);
      check_zeros_around_image(c, x, "%d×%d", height, width);
      pxa_image dx = check_image(c, channels, height, width, 0, gradients);
      pxa_image dt = check_image(c, channels, height, width, 0, NULL);
      for (int row = height - 1; row >= 0; row--)
        c->kernels->colours_input_grad(dt, dx, t, mix, by, check_range(row, row + 1));
      const double *changes = check_image_values(c, dt);
      for (int k = 0; k < count; k++)
        check_that(c, fabs(changes[k] - slopes[k]) < 3e-5, "gradient, element %d of %d channels", k, channels);
    }
}

static void adam(check *c) {
  enum { COUNT = 5 * 16 };
  check_case(c, 5);
  const double *theta = check_reals(c, COUNT), *m = check_reals(c, COUNT), *g = check_reals(c, COUNT);
  double *v = check_reals(c, COUNT), *moments = check_doubles(c, COUNT), *squares = check_doubles(c, COUNT);
  double *expected = check_doubles(c, COUNT);
  for (int k = 0; k < COUNT; k++) {
    v[k] = fabs(v[k]);
    bool inside = k >= 16 && k < 64;
    moments[k] = inside ? 0.9 * m[k] + 0.1 * g[k] : m[k];
    squares[k] = inside ? 0.999 * v[k] + 0.001 * g[k] * g[k] : v[k];
    expected[k] = theta[k];
    if (inside)
      expected[k] += (0.5 * moments[k] + 0.25 * g[k]) / (2 * sqrt(squares[k]) + 0.125);
  }
  float *found = check_floats_for_blocks(c, theta, COUNT), *of_m = check_floats_for_blocks(c, m, COUNT);
  float *of_v = check_floats_for_blocks(c, v, COUNT);
  const float *slopes = check_floats_for_blocks(c, g, COUNT);
  for (int block = 3; block > 0; block--)
    c->kernels->adam(found, of_m, of_v, slopes, (pxa_adam){0.5f, 0.25f, 2, 0.125f}, check_range(block, block + 1));
  for (int k = 0; k < COUNT; k++) {
    check_that(c, fabs(found[k] - expected[k]) < 2e-6, "parameter %d: %g, not %g", k, found[k], expected[k]);
    check_that(c, fabs(of_m[k] - moments[k]) < 2e-7, "first moment %d", k);
    check_that(c, fabs(of_v[k] - squares[k]) < 2e-7, "second moment %d", k);
  }
}

const check_entry check_transforms[] = {
    {"crops and pads copy the pixels, and their gradient is the adjoint", reframe},
    {"a matrix along an axis is exact on integers", taps},
    {"rotation equals bilinear sampling in double precision, and its gradient is the adjoint", rotate},
    {"colours and their gradient equal the formula in double precision", colours},
    {"a step of Adam equals the formula in double precision", adam},
    {0},
};
