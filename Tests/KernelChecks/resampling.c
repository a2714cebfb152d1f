// SPDX-License-Identifier: MIT
// Checks resamplings: borders that repeat or mirror the input, and nearest and linear resize.

#include "layers.h"

#include <math.h>
#include <stdio.h>

typedef struct {
  pxa_resampling axis;
  int input, output;
} resampled_axis;

static pxa_ref_resampling reference_of(resampled_axis a) {
  return (pxa_ref_resampling){.sampling = (int32_t)a.axis.sampling,
                              .shift = a.axis.shift,
                              .rounding = (int32_t)a.axis.rounding,
                              .step = a.axis.step,
                              .scale = a.axis.scale,
                              .offset = a.axis.offset,
                              .input = a.input,
                              .output = a.output};
}

// With integers and the weights of these scales every sum is exact.
static void resampled(check *c, int channels, resampled_axis down, resampled_axis across, bool is_exact) {
  char name[160];
  snprintf(name, sizeof name, "%d channels, kinds %d, %d, shifts %d, %d, scales %g, %g, %d×%d to %d×%d", channels,
           down.axis.sampling, across.axis.sampling, down.axis.shift, across.axis.shift, (double)down.axis.scale,
           (double)across.axis.scale, down.input, across.input, down.output, across.output);
  int plane = down.input * across.input, out_plane = down.output * across.output;
  int count = channels * plane, out_count = channels * out_plane;
  const double *values = is_exact ? check_integers(c, count, 4) : check_reals(c, count);
  const double *gradients = is_exact ? check_integers(c, out_count, 4) : check_reals(c, out_count);
  double *expected = check_doubles(c, out_count), *size = check_doubles(c, out_count);
  double *formula = check_doubles(c, count), *magnitude = check_doubles(c, count);
  for (int i = 0; i < count; i++)
    formula[i] = magnitude[i] = 0;
  int most = 0;
  for (int i = 0; i < out_count; i++) {
    expected[i] = size[i] = 0;
    int channel = i / out_plane;
    for (int k = 0; k < plane; k++) {
      double weight = pxa_ref_resampling_weight(reference_of(down), i % out_plane / across.output, k / across.input) *
                      pxa_ref_resampling_weight(reference_of(across), i % across.output, k % across.input);
      expected[i] += weight * values[channel * plane + k];
      size[i] += weight * fabs(values[channel * plane + k]);
      formula[channel * plane + k] += weight * gradients[i];
      magnitude[channel * plane + k] += weight * fabs(gradients[i]);
    }
    most = out_plane;
  }
  pxa_planes x = check_planes(c, channels, down.input, across.input, check_extra_halo(c), values);
  pxa_planes y = check_planes(c, channels, down.output, across.output, check_extra_halo(c), NULL);
  EACH_PART(p, y, out_plane % 2 == 0)
    c->kernels->resample_forward(y, x, down.axis, across.axis, p.block, p.row);
  if (is_exact)
    check_equal(c, check_planes_values(c, y), expected, out_count, "%s", name);
  else
    check_within(c, check_planes_values(c, y), expected, size, out_count, 6, "%s", name);
  check_zeros_around_planes(c, y, "%s", name);
  pxa_planes dy = check_planes(c, channels, down.output, across.output, check_extra_halo(c), gradients);
  for (int way = 0; way < EPILOGUE_WAYS - 1; way++) { // the last way, in place, is not allowed
    epilogue_case epilogue;
    make_epilogue(c, &epilogue, way, channels, down.input, across.input, NULL);
    for (int b = pxa_blocks(channels) - 1; b >= 0; b--)
      c->kernels->resample_input_grad(epilogue.dx, dy, down.axis, across.axis, epilogue.epilogue,
                                      check_range(b, b + 1));
    check_epilogue(c, &epilogue, formula, is_exact ? NULL : magnitude, most + 2, name);
  }
}

static void borders(check *c) {
  // Wide borders go around a small input several times.
  static const int sizes[][3] = {{5, 2, 3}, {1, 2, 1}, {2, 5, 4}, {6, 0, 0}, {3, 0, 7}};
  for (int kind = PXA_REFLECT; kind <= PXA_WRAP; kind++)
    for (int n = 0; n < 25; n++) {
      const int *y = sizes[n % 5], *x = sizes[n / 5];
      check_case(c, (uint64_t)n);
      resampled_axis down = {{.sampling = (pxa_sampling)kind, .shift = y[1]}, y[0], y[0] + y[1] + y[2]};
      resampled_axis across = {{.sampling = (pxa_sampling)kind, .shift = x[1]}, x[0], x[0] + x[1] + x[2]};
      resampled(c, 3 + 17 * (n % 2), down, across, true);
    }
}

static void resizes(check *c) {
  static const struct {
    int input, output;
    float step, scale;
  } sizes[] = {{4, 8, 1, 2}, {8, 4, 1, 0.5f}, {5, 7, 1, 1.5f}, {3, 12, 1, 4},      {6, 6, 1, 1},
               {1, 5, 1, 5}, {9, 4, 1, 0.5f}, {7, 5, 6, 4},    {4, 1, 1, INFINITY}};
  enum { SIZES = sizeof sizes / sizeof *sizes };
  static const float offsets[] = {0, 0.5f};
  for (int n = 0; n < SIZES * SIZES; n++)
    for (int rounding = PXA_FLOOR; rounding <= PXA_ROUND_UP + 1; rounding++)
      for (int k = 0; k < 2; k++) {
        check_case(c, (uint64_t)n);
        bool is_linear = rounding > PXA_ROUND_UP;
        pxa_resampling axis = {.sampling = is_linear ? PXA_LINEAR : PXA_NEAREST,
                               .offset = offsets[k],
                               .rounding = is_linear ? PXA_FLOOR : (pxa_rounding)rounding};
        resampled_axis down = {axis, sizes[n % SIZES].input, sizes[n % SIZES].output};
        resampled_axis across = {axis, sizes[n / SIZES].input, sizes[n / SIZES].output};
        down.axis.step = sizes[n % SIZES].step;
        down.axis.scale = sizes[n % SIZES].scale;
        across.axis.step = sizes[n / SIZES].step;
        across.axis.scale = sizes[n / SIZES].scale;
        resampled(c, 3 + 17 * (n % 2), down, across, !is_linear);
      }
}

const check_entry check_resampling[] = {
    {"borders that mirror, extend or wrap the input are exact, also in the gradient", borders},
    {"nearest resize is exact, linear resize within the bound, also in the gradient", resizes},
    {0},
};
