// SPDX-License-Identifier: MIT
// Checks of pools and their gradients.

#include "check.h"

#include <math.h>

// PyTorch's ceil mode: a last window begins inside the image.
static void ceil_mode(check *c) {
  static const int expected[] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7};
  for (int size = 0; size < 15; size++)
    check_that(c, pxa_max_pool_output_size(size) == expected[size], "output size of %d", size);
}

// Few different values make ties in nearly every window.
static void max_pool(check *c) {
  static const int channel_counts[] = {1, 16, 20};
  for (int n = 0; n < 3; n++)
    for (int height = 2; height < 10; height++)
      for (int width = 2; width < 10; width++) {
        check_case(c, (uint64_t)(height * 10 + width));
        int channels = channel_counts[n], count = channels * height * width;
        int out_height = pxa_max_pool_output_size(height), out_width = pxa_max_pool_output_size(width);
        int pixels = out_height * out_width, out_count = channels * pixels, blocks = pxa_blocks(channels);
        const double *values = check_integers(c, count, 1);
        double *expected = check_doubles(c, out_count);
        uint8_t *expected_index = check_memory(c, (size_t)out_count, 1);
        pxa_ref_max_pool_forward(expected, expected_index, values, channels, height, width, out_height, out_width);

        pxa_planes x = check_planes(c, channels, height, width, check_wider(c), values);
        pxa_planes y = check_planes(c, channels, out_height, out_width, check_wider(c), NULL);
        uint8_t *index = check_memory(c, (size_t)(blocks * pixels * PXA_BLOCK), 1);
        for (int row = 0; row < out_height; row++)
          c->kernels->max_pool_forward(y, index, x, check_range(0, blocks), check_range(row, row + 1));
        check_equal(c, check_planes_values(c, y), expected, out_count, "%d×%d×%d forward", channels, height, width);
        check_zeros_around_planes(c, y, "%d×%d×%d forward", channels, height, width);
        for (int i = 0; i < out_count; i++) {
          int channel = i / pixels,
              place = (channel / PXA_BLOCK * pixels + i % pixels) * PXA_BLOCK + channel % PXA_BLOCK;
          check_that(c, index[place] == expected_index[i], "%d×%d×%d index of %d", channels, height, width, i);
        }

        const double *gradients = check_integers(c, out_count, 4);
        double *expected_dx = check_doubles(c, count);
        pxa_ref_max_pool_input_grad(expected_dx, gradients, expected_index, channels, height, width, out_height,
                                    out_width);
        pxa_planes dy = check_planes(c, channels, out_height, out_width, 0, gradients);
        pxa_planes dx = check_planes(c, channels, height, width, 2 * check_wider(c), NULL);
        for (int row = height - 1; row >= 0; row--)
          c->kernels->max_pool_input_grad(dx, dy, index, check_range(0, blocks), check_range(row, row + 1));
        check_equal(c, check_planes_values(c, dx), expected_dx, count, "%d×%d×%d gradient", channels, height, width);
        check_zeros_around_planes(c, dx, "%d×%d×%d gradient", channels, height, width);
      }
}

static void global_average(check *c) {
  static const int shapes[][3] = {{1, 1, 1}, {20, 3, 5}, {1000, 13, 13}, {16, 14, 17}};
  for (int n = 0; n < 4; n++) {
    check_case(c, 11);
    int channels = shapes[n][0], height = shapes[n][1], width = shapes[n][2];
    int plane = height * width, count = channels * plane, blocks = pxa_blocks(channels);
    const double *values = check_reals(c, count);
    double *sizes = check_doubles(c, count);
    for (int i = 0; i < count; i++)
      sizes[i] = fabs(values[i]);
    double *expected = check_doubles(c, channels), *magnitude = check_doubles(c, channels);
    pxa_ref_global_average(expected, values, channels, height, width);
    pxa_ref_global_average(magnitude, sizes, channels, height, width);

    pxa_planes x = check_planes(c, channels, height, width, check_wider(c), values);
    float *mean = check_floats_for_blocks(c, NULL, channels);
    for (int block = 0; block < blocks; block++)
      c->kernels->global_average_forward(mean, x, check_range(block, block + 1));
    double *found = check_doubles(c, channels);
    for (int i = 0; i < channels; i++)
      found[i] = mean[i];
    check_within(c, found, expected, magnitude, channels, plane, "%d×%d×%d", channels, height, width);

    const double *gradients = check_integers(c, channels, 4);
    double *shares = check_doubles(c, count), *masked = check_doubles(c, count);
    for (int i = 0; i < count; i++) {
      shares[i] = (float)gradients[i / plane] / (float)plane;
      masked[i] = values[i] > 0 ? shares[i] : 0;
    }
    const float *dmean = check_floats_for_blocks(c, gradients, channels);
    pxa_planes dx = check_planes(c, channels, height, width, check_wider(c), NULL);
    c->kernels->global_average_input_grad(dx, dmean, &x, check_range(0, blocks));
    check_equal(c, check_planes_values(c, dx), masked, count, "%d×%d×%d gradient, masked", channels, height, width);
    check_zeros_around_planes(c, dx, "%d×%d×%d gradient", channels, height, width);
    c->kernels->global_average_input_grad(dx, dmean, NULL, check_range(0, blocks));
    check_equal(c, check_planes_values(c, dx), shares, count, "%d×%d×%d gradient", channels, height, width);
  }
}

const check_entry check_pools[] = {
    {"ceil mode's sizes are PyTorch's", ceil_mode},
    {"max pools are exact, ties to the first maximum", max_pool},
    {"the global average is within the bound, its gradient exact", global_average},
    {0},
};
