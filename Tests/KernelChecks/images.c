// SPDX-License-Identifier: MIT
// Checks the kernels on images.

#include "check.h"

#include <math.h>
#include <string.h>

static const struct {
  int height, width;
} sizes[] = {{1, 1}, {1, 17}, {3, 5}, {9, 16}, {7, 33}, {31, 47}};
enum { SIZES = sizeof sizes / sizeof *sizes, CHANNELS = 3 };

static pxa_range all_rows(int height) { return check_range(0, height); }

// Returns the sum of the squares of each row of `width` values.
static double *row_sums(check *c, const double *values, int count, int width) {
  double *sums = check_doubles(c, count / width);
  for (int i = 0; i < count / width; i++) {
    sums[i] = 0;
    for (int x = 0; x < width; x++)
      sums[i] += values[i * width + x] * values[i * width + x];
  }
  return sums;
}

static void roll(check *c) {
  for (int n = 0; n < SIZES; n++) {
    int height = sizes[n].height, width = sizes[n].width, count = CHANNELS * height * width;
    int shifts[][2] = {{0, 0}, {1, 2}, {-1, -3}, {height, width}, {-16, 16}, {5 * height + 1, -7 * width - 1}};
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
      check_case(c, 1);
      int rows = shifts[i][0], columns = shifts[i][1];
      const double *values = check_integers(c, count, 4), *start = check_integers(c, count, 4);
      double *expected = check_doubles(c, count), *added = check_doubles(c, count);
      pxa_ref_roll(expected, values, CHANNELS, height, width, rows, columns);
      for (int k = 0; k < count; k++)
        added[k] = expected[k] + start[k];
      pxa_image x = check_image(c, CHANNELS, height, width, 0, values);
      pxa_image y = check_image(c, CHANNELS, height, width, 1, NULL);
      pxa_image sum = check_image(c, CHANNELS, height, width, 0, start);
      for (int row = height - 1; row >= 0; row--)
        c->kernels->roll(y, x, rows, columns, false, check_range(row, row + 1));
      c->kernels->roll(sum, x, rows, columns, true, all_rows(height));
      check_equal(c, check_image_values(c, y), expected, count, "%d×%d by %d, %d", height, width, rows, columns);
      check_zeros_around_image(c, y, "%d×%d by %d, %d", height, width, rows, columns);
      check_equal(c, check_image_values(c, sum), added, count, "%d×%d by %d, %d, accumulated", height, width, rows,
                  columns);
    }
  }
}

static void step(check *c) {
  static const double lows[] = {-3, -2, -1}, highs[] = {1, 2, 3};
  for (int n = 0; n < SIZES; n++) {
    int height = sizes[n].height, width = sizes[n].width, plane = height * width, count = CHANNELS * plane;
    int shifts[][2] = {{0, 0}, {1, 2}, {-1, -3}, {height, width}, {5 * height + 1, -7 * width - 1}};
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
      check_case(c, 2);
      int rows = shifts[i][0], columns = shifts[i][1];
      const double *values = check_integers(c, count, 4), *gradients = check_integers(c, count, 4);
      double *stepped = check_doubles(c, count), *clamped = check_doubles(c, count);
      for (int k = 0; k < count; k++) {
        stepped[k] = values[k] + 2 * gradients[k] - 0.5 * values[k];
        clamped[k] = fmin(fmax(stepped[k], lows[k / plane]), highs[k / plane]);
      }
      const float *low = check_floats(c, lows, CHANNELS), *high = check_floats(c, highs, CHANNELS);
      // The kernel undoes the roll, so a step along the rolled gradient equals a step along the gradient.
      double *rolled = check_doubles(c, count);
      pxa_ref_roll(rolled, gradients, CHANNELS, height, width, rows, columns);
      pxa_image g = check_image(c, CHANNELS, height, width, 0, rolled);
      pxa_image freed = check_image(c, CHANNELS, height, width, 0, values);
      pxa_image boxed = check_image(c, CHANNELS, height, width, 1, values);
      double *free_sums = check_doubles(c, CHANNELS * height), *boxed_sums = check_doubles(c, CHANNELS * height);
      c->kernels->step(freed, free_sums, g, rows, columns, 2, 0.5f, NULL, NULL, all_rows(height));
      for (int row = height - 1; row >= 0; row--)
        c->kernels->step(boxed, boxed_sums, g, rows, columns, 2, 0.5f, low, high, check_range(row, row + 1));
      check_equal(c, check_image_values(c, freed), stepped, count, "%d×%d at %d, %d", height, width, rows, columns);
      check_equal(c, free_sums, row_sums(c, stepped, count, width), CHANNELS * height, "%d×%d at %d, %d, sums", height,
                  width, rows, columns);
      check_equal(c, check_image_values(c, boxed), clamped, count, "%d×%d at %d, %d, clamped", height, width, rows,
                  columns);
      check_zeros_around_image(c, boxed, "%d×%d at %d, %d, clamped", height, width, rows, columns);
      check_equal(c, boxed_sums, row_sums(c, clamped, count, width), CHANNELS * height,
                  "%d×%d at %d, %d, clamped, sums", height, width, rows, columns);
    }
  }
}

static void row_squares(check *c) {
  for (int n = 0; n < SIZES; n++) {
    check_case(c, 3);
    int height = sizes[n].height, width = sizes[n].width, count = CHANNELS * height * width, rows = CHANNELS * height;
    const double *values = check_integers(c, count, 4), *gradients = check_integers(c, count, 4);
    double *steps = check_doubles(c, count);
    for (int k = 0; k < count; k++)
      steps[k] = 2 * gradients[k] - 0.5 * values[k];
    pxa_image x = check_image(c, CHANNELS, height, width, 0, values);
    pxa_image g = check_image(c, CHANNELS, height, width, 0, gradients);
    double(*sums)[2] = check_memory(c, (size_t)rows * sizeof *sums, sizeof(double));
    for (int row = height - 1; row >= 0; row--)
      c->kernels->row_squares(sums, g, x, 2, 0.5f, check_range(row, row + 1));
    double *of_gradient = check_doubles(c, rows), *of_step = check_doubles(c, rows);
    for (int row = 0; row < rows; row++) {
      of_gradient[row] = sums[row][0];
      of_step[row] = sums[row][1];
    }
    check_equal(c, of_gradient, row_sums(c, gradients, count, width), rows, "%d×%d gradient", height, width);
    check_equal(c, of_step, row_sums(c, steps, count, width), rows, "%d×%d step", height, width);
  }
}

static void bytes_there_and_back(check *c) {
  static const double mean[] = {0.485, 0.456, 0.406}, std[] = {0.229, 0.224, 0.225};
  double scale[3], offset[3], inverse_scale[3], inverse_offset[3];
  for (int k = 0; k < 3; k++) {
    scale[k] = 1 / (255 * std[k]);
    offset[k] = -mean[k] / std[k];
    inverse_scale[k] = 255 * std[k];
    inverse_offset[k] = 255 * mean[k];
  }
  for (int n = 1; n <= 3; n += 2) {
    check_case(c, 0);
    int count = n * 256;
    uint8_t *bytes = check_memory(c, (size_t)count, 1), *back = check_memory(c, (size_t)count, 1);
    for (int i = 0; i < count; i++)
      bytes[i] = (uint8_t)(i % n == 0 ? i / n : i % n == 1 ? 255 - i / n : 7 * (i / n));
    pxa_image x = check_image(c, n, 1, 256, 1, NULL);
    c->kernels->normalize(x, bytes, check_floats(c, scale, n), check_floats(c, offset, n), all_rows(1));
    const double *values = check_image_values(c, x);
    for (int i = 0; i < count; i++) {
      double expected = (bytes[i % 256 * n + i / 256] / 255.0 - mean[i / 256]) / std[i / 256];
      check_that(c, fabs(values[i] - expected) < 1e-6, "element %d of %d channels", i, n);
    }
    check_zeros_around_image(c, x, "normalize");
    c->kernels->unnormalize(back, x, check_floats(c, inverse_scale, n), check_floats(c, inverse_offset, n),
                            all_rows(1));
    check_that(c, memcmp(back, bytes, (size_t)count) == 0, "all bytes, normalised and back, %d channels", n);
  }
}

static void rounding(check *c) {
  static const double values[] = {0.5, 1.5, 2.5, 254.5, 255.4, 300, -0.4, -7, NAN, INFINITY, -INFINITY, 126.49};
  static const uint8_t expected[] = {0, 2, 2, 254, 255, 255, 0, 0, 0, 255, 0, 126};
  static const double scale[] = {1, 1, 1}, offset[] = {0, 0, 0};
  enum { COUNT = sizeof values / sizeof *values };
  check_case(c, 0);
  double *all = check_doubles(c, 3 * COUNT);
  for (int k = 0; k < 3; k++)
    memcpy(all + k * COUNT, values, sizeof values);
  pxa_image x = check_image(c, 3, 1, COUNT, 0, all);
  uint8_t *rgb = check_memory(c, 3 * COUNT, 1);
  c->kernels->unnormalize(rgb, x, check_floats(c, scale, 3), check_floats(c, offset, 3), all_rows(1));
  for (int i = 0; i < 3 * COUNT; i++)
    check_that(c, rgb[i] == expected[i / 3], "%g became %d", values[i / 3], rgb[i]);
}

static void blur(check *c) {
  static const double sigmas[] = {0.1, 0.5, 1, 1.7, 3};
  for (int n = 0; n < SIZES; n++)
    for (size_t i = 0; i < sizeof sigmas / sizeof *sigmas; i++) {
      int height = sizes[n].height, width = sizes[n].width, count = CHANNELS * height * width;
      int radius = (int)(4 * sigmas[i] + 0.5);
      if (radius > height || radius > width)
        continue;
      check_case(c, 4);
      const double *values = check_reals(c, count);
      double *absolute = check_doubles(c, count);
      for (int k = 0; k < count; k++)
        absolute[k] = fabs(values[k]);
      double *expected = check_doubles(c, count), *magnitude = check_doubles(c, count);
      pxa_ref_gaussian_blur(expected, values, CHANNELS, height, width, sigmas[i]);
      pxa_ref_gaussian_blur(magnitude, absolute, CHANNELS, height, width, sigmas[i]);

      // The taps are the blur of a single point.
      int line = 4 * radius + 3;
      double *point = check_doubles(c, line), *blurred = check_doubles(c, line);
      for (int k = 0; k < line; k++)
        point[k] = k == 2 * radius + 1;
      pxa_ref_gaussian_blur(blurred, point, 1, line, 1, sigmas[i]);
      const float *taps = check_floats(c, blurred + radius + 1, 2 * radius + 1);

      pxa_image x = check_image(c, CHANNELS, height, width, 0, values);
      pxa_image down = check_image(c, CHANNELS, height, width, 0, NULL);
      pxa_image both = check_image(c, CHANNELS, height, width, 0, NULL);
      c->kernels->blur_vertical(down, x, taps, radius, all_rows(height));
      for (int row = 0; row < height; row++)
        c->kernels->blur_horizontal(both, down, taps, radius, check_range(row, row + 1));
      check_within(c, check_image_values(c, both), expected, magnitude, count, 2 * (2 * radius + 3), "σ = %g on %d×%d",
                   sigmas[i], height, width);
    }
}

const check_entry check_images[] = {
    {"roll is torch's roll, also with a halo and accumulated", roll},
    {"a step with its clamp and its roll back is exact on integers", step},
    {"sums of squares are exact on integers", row_squares},
    {"normalising and back keeps all 256 values of a byte", bytes_there_and_back},
    {"bytes are rounded to even and clamped, NaN becomes 0", rounding},
    {"blur equals the double reference for any sigma", blur},
    {0},
};
