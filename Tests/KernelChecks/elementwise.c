// SPDX-License-Identifier: MIT
// Checks sums, products and affine maps.

#include "layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const int shapes[][3] = {{1, 1, 1}, {16, 2, 3}, {20, 3, 1}, {37, 4, 5}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef struct {
  int channels, height, width, plane, count;
  char text[60];
} layer;

static layer layer_at(check *c, int n) {
  check_case(c, (uint64_t)n);
  layer l = {shapes[n][0], shapes[n][1], shapes[n][2], shapes[n][1] * shapes[n][2], 0, ""};
  l.count = l.channels * l.plane;
  snprintf(l.text, sizeof l.text, "%d×%d×%d", l.channels, l.height, l.width);
  return l;
}

static pxa_planes planes(check *c, layer l, const double *values) {
  return check_planes(c, l.channels, l.height, l.width, check_extra_halo(c), values);
}

// The last clamp turns zeros into ones. The lanes beyond the channels must stay zero all the same.
static const pxa_clamp clamps[] = {{-INFINITY, INFINITY}, {0, INFINITY}, {0, 6}, {1, 3}};
enum { CLAMPS = sizeof clamps / sizeof *clamps };

static double *clamped(check *c, const double *values, int count, pxa_clamp clamp) {
  double *made = check_doubles(c, count);
  for (int i = 0; i < count; i++)
    made[i] = fmin(clamp.high, fmax(clamp.low, values[i]));
  return made;
}

static void add(check *c) {
  for (int n = 0; n < SHAPES; n++) {
    layer l = layer_at(c, n);
    const double *a = check_integers(c, l.count, 4), *b = check_integers(c, l.count, 4);
    double *sum = check_doubles(c, l.count);
    for (int i = 0; i < l.count; i++)
      sum[i] = a[i] + b[i];
    for (int clamp = 0; clamp < CLAMPS; clamp++) {
      pxa_planes x = planes(c, l, a), z = planes(c, l, b), y = clamp == 1 ? x : clamp == 2 ? z : planes(c, l, NULL);
      EACH_PART(p, y, clamp % 2 == 0)
        c->kernels->add_forward(y, x, z, clamps[clamp], p.block, p.row);
      check_equal(c, check_planes_values(c, y), clamped(c, sum, l.count, clamps[clamp]), l.count, "%s clamp %d", l.text,
                  clamp);
      check_zeros_around_planes(c, y, "%s clamp %d", l.text, clamp);
    }
    pxa_planes dy = planes(c, l, b);
    for (int way = 0; way < EPILOGUE_WAYS; way++) {
      epilogue_case epilogue;
      make_epilogue(c, &epilogue, way, l.channels, l.height, l.width, NULL);
      EACH_PART(p, epilogue.dx, epilogue.cut)
        c->kernels->add_input_grad(epilogue.dx, dy, epilogue.epilogue, p.block, p.row);
      check_epilogue(c, &epilogue, b, NULL, 0, l.text);
    }
  }
}

// NaN is the sign of an overflow in an earlier layer. No clamp may turn it into a number.
static void not_a_number(check *c) {
  layer l = layer_at(c, 3);
  double *a = check_integers(c, l.count, 4);
  for (int i = 0; i < l.count; i += 3)
    a[i] = NAN;
  pxa_planes x = planes(c, l, a), z = planes(c, l, check_integers(c, l.count, 4));
  for (int clamp = 0; clamp < CLAMPS; clamp++) {
    pxa_planes y = planes(c, l, NULL);
    EACH_PART(p, y, false)
      c->kernels->add_forward(y, x, z, clamps[clamp], p.block, p.row);
    const double *found = check_planes_values(c, y);
    for (int i = 0; i < l.count; i += 3)
      check_that(c, isnan(found[i]), "a sum with NaN is %g, clamp %d", found[i], clamp);
  }
}

// Checks products. If `is_one`, b has one factor per channel instead of one per element.
static void multiply_of(check *c, layer l, bool is_one) {
  int factor_count = is_one ? l.channels : l.count, per_factor = is_one ? l.plane : 1;
  const double *a = check_integers(c, l.count, 4), *factors = check_integers(c, factor_count, 4);
  const double *gradients = check_integers(c, l.count, 4);
  double *product = check_doubles(c, l.count), *formula = check_doubles(c, l.count);
  double *factor_formula = memset(check_doubles(c, factor_count), 0, (size_t)factor_count * sizeof(double));
  for (int i = 0; i < l.count; i++) {
    product[i] = a[i] * factors[i / per_factor];
    formula[i] = gradients[i] * factors[i / per_factor];
    factor_formula[i / per_factor] += gradients[i] * a[i];
  }
  pxa_planes x = planes(c, l, a), y = planes(c, l, NULL), dy = planes(c, l, gradients);
  pxa_planes b = is_one ? check_planes(c, l.channels, 1, 1, 0, factors) : planes(c, l, factors);
  EACH_PART(p, y, is_one)
    c->kernels->multiply_forward(y, x, b, p.block, p.row);
  check_equal(c, check_planes_values(c, y), product, l.count, "%s, one factor per channel %d", l.text, is_one);
  check_zeros_around_planes(c, y, "%s, one factor per channel %d", l.text, is_one);
  for (int way = 0; way < EPILOGUE_WAYS; way++) {
    epilogue_case epilogue, factor_epilogue;
    make_epilogue(c, &epilogue, way, l.channels, l.height, l.width, NULL);
    EACH_PART(p, epilogue.dx, epilogue.cut)
      c->kernels->multiply_input_grad(epilogue.dx, dy, b, epilogue.epilogue, p.block, p.row);
    check_epilogue(c, &epilogue, formula, NULL, 0, l.text);
    if (!is_one)
      continue;
    make_epilogue(c, &factor_epilogue, way, l.channels, 1, 1, NULL);
    EACH_PART(p, factor_epilogue.dx, epilogue.cut)
      c->kernels->multiply_factor_grad(factor_epilogue.dx, dy, x, factor_epilogue.epilogue, p.block);
    check_epilogue(c, &factor_epilogue, factor_formula, NULL, 0, l.text);
  }
}

static void multiply(check *c) {
  for (int n = 0; n < SHAPES; n++)
    for (int is_one = 0; is_one < 2; is_one++)
      multiply_of(c, layer_at(c, n), is_one);
}

static void affine(check *c) {
  for (int n = 0; n < SHAPES; n++) {
    layer l = layer_at(c, n);
    const double *values = check_integers(c, l.count, 4), *gradients = check_integers(c, l.count, 4);
    const double *scale = check_integers(c, l.channels, 4), *shift = check_integers(c, l.channels, 4);
    double *mapped = check_doubles(c, l.count), *formula = check_doubles(c, l.count);
    for (int i = 0; i < l.count; i++) {
      mapped[i] = scale[i / l.plane] * values[i] + shift[i / l.plane];
      formula[i] = scale[i / l.plane] * gradients[i];
    }
    const float *factors = check_floats_for_blocks(c, scale, l.channels);
    const float *start = check_floats_for_blocks(c, shift, l.channels);
    pxa_planes x = planes(c, l, values), dy = planes(c, l, gradients);
    for (int clamp = 0; clamp < CLAMPS; clamp++) {
      pxa_planes y = planes(c, l, NULL);
      EACH_PART(p, y, clamp % 2 == 0)
        c->kernels->affine_forward(y, x, factors, start, clamps[clamp], p.block, p.row);
      check_equal(c, check_planes_values(c, y), clamped(c, mapped, l.count, clamps[clamp]), l.count, "%s clamp %d",
                  l.text, clamp);
      check_zeros_around_planes(c, y, "%s clamp %d", l.text, clamp);
    }
    for (int way = 0; way < EPILOGUE_WAYS; way++) {
      epilogue_case epilogue;
      make_epilogue(c, &epilogue, way, l.channels, l.height, l.width, NULL);
      EACH_PART(p, epilogue.dx, epilogue.cut)
        c->kernels->affine_input_grad(epilogue.dx, dy, factors, epilogue.epilogue, p.block, p.row);
      check_epilogue(c, &epilogue, formula, NULL, 0, l.text);
    }
  }
}

const check_entry check_elementwise[] = {
    {"sums and their gradients are exact, also in place", add},
    {"sums with NaN are NaN, whatever the clamp", not_a_number},
    {"products and both their gradients are exact, also with one factor per channel", multiply},
    {"affine maps and their gradients are exact", affine},
    {0},
};
