// SPDX-License-Identifier: MIT
// Checks linear layers and their gradients.

#include "layers.h"

#include <math.h>
#include <stdio.h>

static void forward_of(check *c, int inputs, int outputs, bool integers) {
  static const pxa_clamp clamps[] = {{-INFINITY, INFINITY}, {0, INFINITY}, {0, 6}, {1, 3}};
  check_case(c, (uint64_t)(inputs * 50 + outputs));
  int weight_count = inputs * outputs;
  const double *x = integers ? check_integers(c, inputs, 4) : check_reals(c, inputs);
  const double *weights = integers ? check_integers(c, weight_count, 4) : check_reals(c, weight_count);
  const double *bias = integers ? check_integers(c, outputs, 4) : check_reals(c, outputs);
  double *expected = check_doubles(c, outputs), *magnitude = check_doubles(c, outputs);
  pxa_ref_linear_forward(expected, magnitude, x, weights, bias, inputs, outputs);
  pxa_planes in = check_planes(c, inputs, 1, 1, 0, x);
  const float *packed = check_floats(c, weights, weight_count), *start = check_floats_for_blocks(c, bias, outputs);
  for (int clamp = 0; clamp < (integers ? 4 : 1); clamp++) {
    pxa_planes y = check_planes(c, outputs, 1, 1, 0, NULL);
    EACH_PART(p, y, clamp % 2 == 0)
      c->kernels->linear_forward(y, in, packed, start, clamps[clamp], p.block);
    double *clamped = check_doubles(c, outputs);
    for (int o = 0; o < outputs; o++)
      clamped[o] = fmin(clamps[clamp].high, fmax(clamps[clamp].low, expected[o]));
    const double *found = check_planes_values(c, y);
    if (integers)
      check_equal(c, found, clamped, outputs, "%d→%d clamp %d", inputs, outputs, clamp);
    else
      check_within(c, found, clamped, magnitude, outputs, inputs, "%d→%d", inputs, outputs);
    check_zeros_around_planes(c, y, "%d→%d clamp %d", inputs, outputs, clamp);
  }
}

static void input_grad_of(check *c, int inputs, int outputs, bool integers) {
  check_case(c, (uint64_t)(inputs * 50 + outputs));
  int weight_count = inputs * outputs, blocks = pxa_blocks(outputs);
  double *dy = integers ? check_integers(c, outputs, 2) : check_reals(c, outputs); // a fifth of these integers is 0
  const double *weights = integers ? check_integers(c, weight_count, 4) : check_reals(c, weight_count);
  const float *packed = check_floats(c, weights, weight_count);
  pxa_planes in = check_planes(c, outputs, 1, 1, 0, dy);
  for (int way = 0; way < EPILOGUE_WAYS; way++) {
    pxa_range from = way < 2 ? check_range(0, blocks) : check_range((blocks - 1) / 2, (blocks + 1) / 2);
    int end = from.end * PXA_BLOCK < outputs ? from.end * PXA_BLOCK : outputs;
    char name[80];
    snprintf(name, sizeof name, "%d→%d from blocks %d to %d", inputs, outputs, from.begin, from.end);
    double *formula = check_doubles(c, inputs), *magnitude = check_doubles(c, inputs);
    pxa_ref_linear_input_grad(formula, magnitude, dy, weights, inputs, from.begin * PXA_BLOCK, end);
    epilogue_case epilogue;
    make_epilogue(c, &epilogue, way, inputs, 1, 1, NULL);
    EACH_PART(p, epilogue.dx, epilogue.cut)
      c->kernels->linear_input_grad(epilogue.dx, in, packed, epilogue.epilogue, from, p.block);
    check_epilogue(c, &epilogue, formula, integers ? NULL : magnitude, outputs + 1, name);
  }
}

static const int input_counts[] = {1, 15, 16, 17, 40, 100}, output_counts[] = {1, 3, 4, 5, 16, 21, 40};

static void exact(check *c) {
  for (int i = 0; i < 6; i++)
    for (int o = 0; o < 7; o++) {
      forward_of(c, input_counts[i], output_counts[o], true);
      input_grad_of(c, input_counts[i], output_counts[o], true);
    }
}

// Compares the kernels with the reference for more inputs than the gradient's kernel sums at once, and for exactly as
// many as it sums at once.
static void within_bounds(check *c) {
  forward_of(c, 8300, 37, false);
  input_grad_of(c, 8300, 37, false);
  input_grad_of(c, 8192, 5, false);
}

const check_entry check_linear[] = {
    {"linear layers and their gradients are exact on integers", exact},
    {"linear layers of many inputs are within the bound", within_bounds},
    {0},
};
