// SPDX-License-Identifier: MIT
// Checks pools and their gradients.

#include "layers.h"

#include <math.h>
#include <stdio.h>

// MARK: - Shapes

typedef struct {
  pxa_window window;
  int channels, height, width, out_height, out_width;
  char name[160];
} pool_shape;

static pool_shape shape_of(pxa_window window, int channels, int height, int width, bool ceil_mode) {
  pool_shape s = {.window = window, .channels = channels, .height = height, .width = width};
  s.out_height = pxa_output_size(window.y, height, ceil_mode);
  s.out_width = pxa_output_size(window.x, width, ceil_mode);
  snprintf(s.name, sizeof s.name, "%d×%d/%d,%d pad %d,%d %d,%d dilated %d,%d on %d×%d×%d, ceil mode %d,",
           window.y.kernel, window.x.kernel, window.y.stride, window.x.stride, window.y.before, window.x.before,
           window.y.after, window.x.after, window.y.dilation, window.x.dilation, channels, height, width, ceil_mode);
  return s;
}

// The number of kinds of axes: kernels of 1 … 5, strides of 1 … 3, three paddings and two dilations. AXIS_KINDS counts
// each of them twice, without and with ceil mode.
enum { AXES = 5 * 3 * 3 * 2, AXIS_KINDS = AXES * 2 };

static pxa_axis axis_at(int index, bool dilates) {
  int kernel = index % 5 + 1, stride = index / 5 % 3 + 1, padding = index / 15 % 3, dilation = index / 45 + 1;
  int before = padding == 0 ? 0 : kernel / 2, after = padding == 2 && kernel > 1 ? before - kernel % 2 : before;
  return (pxa_axis){kernel, stride, before, after, dilates ? dilation : 1};
}

// Calls `run` with each kind of axis, once for the rows and once for the columns, and with the windows of known
// networks.
static void each_shape(check *c, bool dilates, void (*run)(check *, pool_shape)) {
  for (int index = 0; index < AXIS_KINDS; index++) {
    pxa_axis one = axis_at(index % AXES, dilates), other = axis_at(7 * index % AXES, dilates);
    int reach = one.dilation * (one.kernel - 1) + 1, least = reach - one.before - one.after;
    int size = (least > 0 ? least : 1) + index % 7, other_size = other.dilation * other.kernel + index % 3;
    bool ceil_mode = index >= AXES;
    check_case(c, (uint64_t)index);
    pool_shape tall = shape_of((pxa_window){one, other}, 3, size, other_size, ceil_mode);
    pool_shape wide = shape_of((pxa_window){other, one}, 17, other_size, size, ceil_mode);
    run(c, tall);
    check_case(c, (uint64_t)index);
    run(c, wide);
  }
  static const struct {
    int kernel, stride, padding;
    bool ceil_mode;
  } known[] = {{2, 2, 0, false}, {3, 2, 0, true},  {3, 2, 0, false},
               {3, 2, 1, false}, {3, 1, 1, false}, {2, 2, 0, true}};
  for (size_t n = 0; n < sizeof known / sizeof *known; n++)
    for (int height = 3; height < 7; height++)
      for (int width = 3; width < 9; width++) {
        check_case(c, (uint64_t)(10 * height + width));
        pxa_axis axis = {known[n].kernel, known[n].stride, known[n].padding, known[n].padding, 1};
        run(c, shape_of((pxa_window){axis, axis}, 20, height, width, known[n].ceil_mode));
      }
}

// MARK: - Max pools

// Uses few different values, so that nearly every window has a tie.
static void max_pool_of(check *c, pool_shape s) {
  int count = s.channels * s.height * s.width, pixels = s.out_height * s.out_width, out_count = s.channels * pixels;
  int blocks = pxa_blocks(s.channels);
  pxa_ref_axis rows = check_reference_axis(s.window.y, s.height, s.out_height);
  pxa_ref_axis columns = check_reference_axis(s.window.x, s.width, s.out_width);
  const double *values = check_integers(c, count, 1), *gradients = check_integers(c, out_count, 4);
  double *expected = check_doubles(c, out_count);
  uint8_t *expected_index = check_memory(c, (size_t)out_count, 1);
  if (!pxa_ref_max_pool_forward(expected, expected_index, values, s.channels, rows, columns))
    return;
  pxa_planes x = check_planes(c, s.channels, s.height, s.width, check_extra_halo(c), values);
  pxa_planes y = check_planes(c, s.channels, s.out_height, s.out_width, check_extra_halo(c), NULL);
  uint8_t *index = check_memory(c, (size_t)(blocks * pixels * PXA_BLOCK), 1);
  EACH_PART(p, y, s.width % 2 == 0)
    c->kernels->max_pool_forward(y, index, x, s.window, p.block, p.row);
  check_equal(c, check_planes_values(c, y), expected, out_count, "%s forward", s.name);
  check_zeros_around_planes(c, y, "%s forward", s.name);
  for (int i = 0; i < out_count; i++) {
    int channel = i / pixels, offset = (channel / PXA_BLOCK * pixels + i % pixels) * PXA_BLOCK + channel % PXA_BLOCK;
    check_that(c, index[offset] == expected_index[i], "%s index of %d", s.name, i);
  }

  double *formula = check_doubles(c, count);
  pxa_ref_max_pool_input_grad(formula, gradients, expected_index, s.channels, rows, columns);
  pxa_planes dy = check_planes(c, s.channels, s.out_height, s.out_width, check_extra_halo(c), gradients);
  for (int way = 0; way < EPILOGUE_WAYS; way++) {
    epilogue_case epilogue;
    make_epilogue(c, &epilogue, way, s.channels, s.height, s.width, NULL);
    EACH_PART(p, epilogue.dx, epilogue.cut)
      c->kernels->max_pool_input_grad(epilogue.dx, dy, index, epilogue.epilogue, s.window, p.block, p.row);
    check_epilogue(c, &epilogue, formula, NULL, 0, s.name);
  }
}

static void max_pool(check *c) { each_shape(c, true, max_pool_of); }

// MARK: - Average pools

static void average_pool_of(check *c, pool_shape s) {
  int count = s.channels * s.height * s.width, out_count = s.channels * s.out_height * s.out_width;
  bool count_padding = (s.height + s.width) % 2 == 0;
  pxa_ref_axis rows = check_reference_axis(s.window.y, s.height, s.out_height);
  pxa_ref_axis columns = check_reference_axis(s.window.x, s.width, s.out_width);
  pxa_ref_counting counting = {count_padding, s.window.y.after, s.window.x.after};
  const double *values = check_integers(c, count, 4), *gradients = check_integers(c, out_count, 4);
  double *expected = check_doubles(c, out_count);
  pxa_ref_average_pool_forward(expected, values, s.channels, rows, columns, counting);
  for (int i = 0; i < out_count; i++)
    expected[i] = (float)expected[i]; // the sum is exact, and the division rounds once
  pxa_planes x = check_planes(c, s.channels, s.height, s.width, check_extra_halo(c), values);
  pxa_planes y = check_planes(c, s.channels, s.out_height, s.out_width, check_extra_halo(c), NULL);
  EACH_PART(p, y, s.width % 2 == 0)
    c->kernels->average_pool_forward(y, x, s.window, count_padding, p.block, p.row);
  check_equal(c, check_planes_values(c, y), expected, out_count, "%s counting padding %d, forward", s.name,
              count_padding);
  check_zeros_around_planes(c, y, "%s forward", s.name);

  double *formula = check_doubles(c, count), *magnitude = check_doubles(c, count);
  pxa_ref_average_pool_input_grad(formula, magnitude, gradients, s.channels, rows, columns, counting);
  pxa_planes dy = check_planes(c, s.channels, s.out_height, s.out_width, check_extra_halo(c), gradients);
  for (int way = 0; way < EPILOGUE_WAYS; way++) {
    epilogue_case epilogue;
    make_epilogue(c, &epilogue, way, s.channels, s.height, s.width, NULL);
    EACH_PART(p, epilogue.dx, epilogue.cut)
      c->kernels->average_pool_input_grad(epilogue.dx, dy, epilogue.epilogue, s.window, count_padding, p.block, p.row);
    check_epilogue(c, &epilogue, formula, magnitude, s.window.y.kernel * s.window.x.kernel, s.name);
  }
}

static void average_pool(check *c) { each_shape(c, false, average_pool_of); }

// Expects the means of 60, 120, … that PyTorch 2.15 gives.
static void divisors(check *c) {
  static const struct {
    int kernel, stride, padding, size;
    bool ceil_mode, count_padding;
    double expected[4];
  } cases[] = {
      {3, 2, 1, 6, false, false, {90, 180, 300}},     {3, 2, 1, 6, false, true, {60, 180, 300}},
      {3, 2, 1, 6, true, false, {90, 180, 300, 360}}, {3, 2, 1, 6, true, true, {60, 180, 300, 180}},
      {3, 2, 0, 6, true, true, {120, 240, 330}},      {2, 2, 0, 5, true, true, {90, 210, 300}},
      {2, 3, 1, 7, true, true, {30, 210, 390}},       {5, 3, 2, 6, true, true, {72, 240, 165}},
      {5, 3, 2, 6, true, false, {120, 240, 330}},
  };
  static const double values[] = {60, 120, 180, 240, 300, 360, 420};
  for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
    check_case(c, n);
    pxa_axis along = {cases[n].kernel, cases[n].stride, cases[n].padding, cases[n].padding, 1}, one = {1, 1, 0, 0, 1};
    int width = pxa_output_size(along, cases[n].size, cases[n].ceil_mode);
    check_that(c, cases[n].expected[width - 1] != 0 && (width == 4 || cases[n].expected[width] == 0), "%zu: size", n);
    pxa_planes x = check_planes(c, 1, 1, cases[n].size, 0, values), y = check_planes(c, 1, 1, width, 0, NULL);
    c->kernels->average_pool_forward(y, x, (pxa_window){one, along}, cases[n].count_padding, check_range(0, 1),
                                     check_range(0, 1));
    check_equal(c, check_planes_values(c, y), cases[n].expected, width, "%zu", n);
  }
}

static void adaptive_average(check *c) {
  static const int shapes[][5] = {{1, 1, 1, 1, 1},  {20, 3, 5, 1, 1},  {1000, 13, 13, 1, 1}, {16, 14, 17, 1, 1},
                                  {17, 7, 7, 7, 7}, {3, 13, 9, 6, 6},  {20, 5, 11, 7, 3},    {2, 1, 1, 7, 7},
                                  {5, 2, 3, 7, 2},  {16, 10, 4, 2, 1}, {3, 9, 8, 1, 5}};
  for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) {
    check_case(c, n);
    int channels = shapes[n][0], height = shapes[n][1], width = shapes[n][2];
    int count = channels * height * width, out_count = channels * shapes[n][3] * shapes[n][4];
    pxa_ref_axis rows = {.input = height, .output = shapes[n][3]}, columns = {.input = width, .output = shapes[n][4]};
    char name[80];
    snprintf(name, sizeof name, "%d×%d×%d to %d×%d", channels, height, width, rows.output, columns.output);
    const double *values = check_integers(c, count, 4), *gradients = check_integers(c, out_count, 4);
    double *expected = check_doubles(c, out_count);
    pxa_ref_adaptive_average_forward(expected, values, channels, rows, columns);
    for (int i = 0; i < out_count; i++)
      expected[i] = (float)expected[i];
    int halo = rows.output * columns.output > 1 ? check_extra_halo(c) : 0;
    pxa_planes x = check_planes(c, channels, height, width, check_extra_halo(c), values);
    pxa_planes y = check_planes(c, channels, rows.output, columns.output, halo, NULL);
    EACH_PART(p, y, n % 2 == 0)
      c->kernels->adaptive_average_forward(y, x, p.block, p.row);
    check_equal(c, check_planes_values(c, y), expected, out_count, "%s forward", name);
    check_zeros_around_planes(c, y, "%s forward", name);

    double *formula = check_doubles(c, count), *magnitude = check_doubles(c, count);
    pxa_ref_adaptive_average_input_grad(formula, magnitude, gradients, channels, rows, columns);
    pxa_planes dy = check_planes(c, channels, rows.output, columns.output, halo, gradients);
    for (int way = 0; way < EPILOGUE_WAYS; way++) {
      epilogue_case epilogue;
      make_epilogue(c, &epilogue, way, channels, height, width, NULL);
      EACH_PART(p, epilogue.dx, epilogue.cut)
        c->kernels->adaptive_average_input_grad(epilogue.dx, dy, epilogue.epilogue, p.block, p.row);
      check_epilogue(c, &epilogue, formula, magnitude, rows.output * columns.output, name);
    }
  }
}

static void global_average(check *c) {
  static const int shapes[][3] = {{1, 1, 1}, {20, 3, 5}, {1000, 13, 13}, {16, 14, 17}};
  for (int n = 0; n < 4; n++) {
    check_case(c, 11);
    int channels = shapes[n][0], plane = shapes[n][1] * shapes[n][2], count = channels * plane;
    pxa_ref_axis rows = {.input = shapes[n][1], .output = 1}, columns = {.input = shapes[n][2], .output = 1};
    const double *values = check_reals(c, count);
    double *sizes = check_doubles(c, count);
    for (int i = 0; i < count; i++)
      sizes[i] = fabs(values[i]);
    double *expected = check_doubles(c, channels), *magnitude = check_doubles(c, channels);
    pxa_ref_adaptive_average_forward(expected, values, channels, rows, columns);
    pxa_ref_adaptive_average_forward(magnitude, sizes, channels, rows, columns);
    pxa_planes x = check_planes(c, channels, rows.input, columns.input, check_extra_halo(c), values);
    pxa_planes y = check_planes(c, channels, 1, 1, 0, NULL);
    EACH_PART(p, y, true)
      c->kernels->adaptive_average_forward(y, x, p.block, p.row);
    check_within(c, check_planes_values(c, y), expected, magnitude, channels, plane, "%d×%d×%d", channels, rows.input,
                 columns.input);
  }
}

const check_entry check_pools[] = {
    {"max pools are exact and choose the first of equal maxima", max_pool},
    {"average pools are exact on integers, their gradients within the bound", average_pool},
    {"average pools divide by the same counts as PyTorch", divisors},
    {"adaptive averages are exact on integers, their gradients within the bound", adaptive_average},
    {"the global average is within the bound", global_average},
    {0},
};
