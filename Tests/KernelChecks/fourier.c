// SPDX-License-Identifier: MIT
// Checks the Fourier transforms against sums in double precision.

#include "check.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

static const struct {
  int height, width;
} sizes[] = {{1, 1}, {2, 2}, {4, 6}, {5, 8}, {31, 14}, {33, 47}, {49, 60}, {40, 22}, {12, 224}};
enum { SIZES = sizeof sizes / sizeof *sizes, CHANNELS = 2 };

static int stride_of(int width) { return (width / 2 + 1 + PXA_BLOCK - 1) / PXA_BLOCK * PXA_BLOCK; }

static int sum_of_factors(int n) {
  int sum = 0;
  for (int p = 2; n > 1; p++)
    for (; n % p == 0; n /= p)
      sum += p;
  return sum;
}

static pxa_fourier table_of(check *c, int size) {
  double *cosines = check_doubles(c, size), *sines = check_doubles(c, size);
  for (int k = 0; k < size; k++) {
    cosines[k] = cos(2 * PI * k / size);
    sines[k] = sin(2 * PI * k / size);
  }
  return (pxa_fourier){size, check_floats(c, cosines, size), check_floats(c, sines, size)};
}

static float *scratch_for(check *c, int size) { return check_memory(c, pxa_fourier_floats(size) * sizeof(float), 64); }

// Returns a spectrum with these values, [2][C][H][stride]; NaN if `values` is NULL.
static pxa_spectrum spectrum_of(check *c, int height, int width, const double *values) {
  int stride = stride_of(width), count = CHANNELS * height * stride;
  pxa_spectrum x = {.channels = CHANNELS, .height = height, .columns = width / 2 + 1, .stride = stride};
  size_t bytes = (size_t)count * sizeof(float);
  x.re = values ? check_floats(c, values, count) : check_memory(c, bytes, sizeof(float));
  x.im = values ? check_floats(c, values + count, count) : check_memory(c, bytes, sizeof(float));
  return x;
}

static double *values_of(check *c, const float *x, int count) {
  double *values = check_doubles(c, count);
  for (int i = 0; i < count; i++)
    values[i] = x[i];
  return values;
}

static void columns(check *c) {
  for (int n = 0; n < SIZES; n++)
    for (int inverse = 0; inverse < 2; inverse++) {
      check_case(c, 1);
      int height = sizes[n].height, width = sizes[n].width, stride = stride_of(width);
      int count = CHANNELS * height * stride;
      const double *values = check_reals(c, 2 * count), *factor = check_reals(c, height * stride);
      double *re = check_doubles(c, count), *im = check_doubles(c, count), *size = check_doubles(c, count);
      for (int i = 0; i < count; i++) {
        int base = i / (height * stride) * height * stride + i % stride, out = i / stride % height;
        re[i] = im[i] = size[i] = 0;
        for (int j = 0; j < height; j++) {
          int at = base + j * stride, f = (inverse ? j : out) * stride + i % stride;
          double angle = (inverse ? 2 : -2) * PI * ((double)j * out / height);
          double u = factor[f] * values[at], v = factor[f] * values[count + at];
          re[i] += u * cos(angle) - v * sin(angle);
          im[i] += u * sin(angle) + v * cos(angle);
          size[i] += fabs(u) + fabs(v);
        }
      }
      pxa_spectrum x = spectrum_of(c, height, width, values), y = spectrum_of(c, height, width, NULL);
      pxa_fourier table = table_of(c, height);
      float *scratch = scratch_for(c, height);
      const float *factors = check_floats(c, factor, height * stride);
      int groups = CHANNELS * stride / PXA_BLOCK, terms = 12 * sum_of_factors(height) + 4;
      for (int group = groups - 1; group >= 0; group--)
        c->kernels->spectrum_columns(y, x, factors, table, inverse, scratch, check_range(group, group + 1));
      check_within(c, values_of(c, y.re, count), re, size, count, terms, "real parts, %d×%d, %d", height, width,
                   inverse);
      check_within(c, values_of(c, y.im, count), im, size, count, terms, "imaginary parts, %d×%d, %d", height, width,
                   inverse);
      c->kernels->spectrum_columns(x, x, factors, table, inverse, scratch, check_range(0, groups));
      check_equal(c, values_of(c, x.re, count), values_of(c, y.re, count), count, "in place, %d×%d", height, width);
    }
}

// The row whose values a transform adds to those of `row`: the one 16 rows away in its group of 32, or row 0 or 16 of the
// group where there is none.
static int other_row(int row, int height) {
  int first = row / 32 * 32, other = row % 32 < 16 ? row + 16 : row - 16;
  return other < height ? other : first;
}

static void rows_to_image(check *c) {
  for (int n = 0; n < SIZES; n++) {
    check_case(c, 2);
    int height = sizes[n].height, width = sizes[n].width, stride = stride_of(width);
    int count = CHANNELS * height * stride, pixels = CHANNELS * height * width;
    const double *values = check_reals(c, 2 * count);
    double *expected = check_doubles(c, pixels), *row_size = check_doubles(c, CHANNELS * height);
    double *size = check_doubles(c, pixels);
    for (int row = 0; row < CHANNELS * height; row++) {
      row_size[row] = 0;
      for (int k = 0; k <= width / 2; k++)
        row_size[row] += 2 * (fabs(values[row * stride + k]) + fabs(values[count + row * stride + k]));
    }
    for (int i = 0; i < pixels; i++) {
      int row = i / width, x = i % width;
      expected[i] = 0;
      for (int k = 0; k <= width / 2; k++) {
        bool alone = k == 0 || 2 * k == width;
        double angle = 2 * PI * ((double)k * x / width), u = values[row * stride + k];
        double v = alone ? 0 : values[count + row * stride + k];
        expected[i] += (alone ? 1 : 2) * (u * cos(angle) - v * sin(angle));
      }
      size[i] = row_size[row] + row_size[row / height * height + other_row(row % height, height)];
    }
    pxa_spectrum x = spectrum_of(c, height, width, values);
    pxa_image t = check_image(c, CHANNELS, height, width, 1, NULL);
    int groups = CHANNELS * ((height + 31) / 32), terms = 12 * sum_of_factors(width) + 4;
    pxa_fourier table = table_of(c, width);
    float *scratch = scratch_for(c, width);
    for (int group = groups - 1; group >= 0; group--)
      c->kernels->spectrum_to_image(t, x, table, scratch, check_range(group, group + 1));
    check_within(c, check_image_values(c, t), expected, size, pixels, terms, "%d×%d", height, width);
    check_zeros_around_image(c, t, "%d×%d", height, width);
  }
}

static void image_to_rows(check *c) {
  for (int n = 0; n < SIZES; n++) {
    check_case(c, 3);
    int height = sizes[n].height, width = sizes[n].width, stride = stride_of(width);
    int count = CHANNELS * height * stride, pixels = CHANNELS * height * width;
    const double *values = check_reals(c, pixels);
    double *re = check_doubles(c, count), *im = check_doubles(c, count), *size = check_doubles(c, count);
    for (int i = 0; i < count; i++) {
      int row = i / stride, k = i % stride, other = row / height * height + other_row(row % height, height);
      re[i] = im[i] = size[i] = 0;
      for (int x = 0; x < width && k <= width / 2; x++) {
        double angle = -2 * PI * ((double)k * x / width), value = values[row * width + x];
        re[i] += value * cos(angle);
        im[i] += value * sin(angle);
        size[i] += fabs(value) + fabs(values[other * width + x]);
      }
    }
    pxa_spectrum x = spectrum_of(c, height, width, NULL);
    pxa_image t = check_image(c, CHANNELS, height, width, 0, values);
    int groups = CHANNELS * ((height + 31) / 32), terms = 12 * sum_of_factors(width) + 4;
    pxa_fourier table = table_of(c, width);
    float *scratch = scratch_for(c, width);
    for (int group = groups - 1; group >= 0; group--)
      c->kernels->image_to_spectrum(x, t, table, scratch, check_range(group, group + 1));
    check_within(c, values_of(c, x.re, count), re, size, count, terms, "real parts, %d×%d", height, width);
    check_within(c, values_of(c, x.im, count), im, size, count, terms, "imaginary parts, %d×%d", height, width);
  }
}

const check_entry check_fourier[] = {
    {"Fourier transforms along columns equal sums in double precision", columns},
    {"rows of a spectrum make the image that sums in double precision make", rows_to_image},
    {"rows of an image have the spectrum that sums in double precision give", image_to_rows},
    {0},
};
