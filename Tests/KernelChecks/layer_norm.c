// SPDX-License-Identifier: MIT
// Checks layer and group normalisation and their gradients.

#include "layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int channels, height, width, plane, count;
  int groups; // 0 for a normalisation of each pixel
  float epsilon;
  pxa_ref_layer_norm reference;
  char text[80];
} layer;

static layer layer_of(int channels, int height, int width, float epsilon, int groups) {
  int plane = height * width;
  layer l = {.channels = channels,
             .height = height,
             .width = width,
             .plane = plane,
             .count = channels * plane,
             .groups = groups,
             .epsilon = epsilon,
             .reference = {channels, plane, groups, (double)epsilon}};
  snprintf(l.text, sizeof l.text, "%d groups of %d×%d×%d, epsilon %g", groups, channels, height, width,
           (double)epsilon);
  return l;
}

// The inputs of a layer, in double and in the form that the kernels take.
typedef struct {
  const double *x, *dy, *scale, *shift;
  pxa_planes x_planes, dy_planes;
  const float *scale_floats, *shift_floats;
} norm_inputs;

static void make_arrays(check *c, layer l, norm_inputs *g) {
  g->x_planes = check_planes(c, l.channels, l.height, l.width, check_extra_halo(c), g->x);
  g->dy_planes = check_planes(c, l.channels, l.height, l.width, 2 * check_extra_halo(c), g->dy);
  g->scale_floats = check_floats_for_blocks(c, g->scale, l.channels);
  g->shift_floats = check_floats_for_blocks(c, g->shift, l.channels);
}

// Returns the Y that the kernel writes in one call, or if `cut` in parts.
static const double *normalized(check *c, layer l, const norm_inputs *g, bool cut) {
  pxa_planes y = check_planes(c, l.channels, l.height, l.width, 3 * check_extra_halo(c), NULL);
  EACH_PART(p, y, cut)
    if (l.groups == 0)
      c->kernels->layer_norm_forward(y, g->x_planes, g->scale_floats, g->shift_floats, l.epsilon, p.block, p.row);
    else
      c->kernels->group_norm_forward(y, g->x_planes, g->scale_floats, g->shift_floats, l.groups, l.epsilon, p.block,
                                     p.row);
  check_zeros_around_planes(c, y, "%s", l.text);
  return check_planes_values(c, y);
}

static void input_grad(check *c, layer l, const norm_inputs *g, pxa_planes dx, pxa_planes n_input,
                       pxa_epilogue epilogue, check_parts p) {
  if (l.groups == 0)
    c->kernels->layer_norm_input_grad(dx, g->dy_planes, n_input, g->scale_floats, l.epsilon, epilogue, p.block, p.row);
  else
    c->kernels->group_norm_input_grad(dx, g->dy_planes, n_input, g->scale_floats, l.groups, l.epsilon, epilogue,
                                      p.block, p.row);
}

// Returns the dX that the kernel writes in one call, or if `cut` in parts. It is neither accumulated nor masked.
static const double *gradient(check *c, layer l, const norm_inputs *g, bool cut) {
  pxa_planes dx = check_planes(c, l.channels, l.height, l.width, 3 * check_extra_halo(c), NULL);
  EACH_PART(p, dx, cut)
    input_grad(c, l, g, dx, g->x_planes, (pxa_epilogue){0}, p);
  check_zeros_around_planes(c, dx, "%s gradient", l.text);
  return check_planes_values(c, dx);
}

// The error bounds that pxa_kernels.h promises, derived by counting roundings. Errors are in units of u = 2⁻²⁴.
// Products of two errors are neglected. n is the length of a chain of additions in float: the number of blocks, or the
// width of a row. An element of a sum goes through n − 1 additions of a chain and 4 of the tree, and a mean takes one
// rounding more. The roundings of sums in double are far below u.
// A = mean |X|, r = 1/√(variance + epsilon), Z = (X − mean)·r, g = scale·dY, G = mean |g|, P = mean |g·Z|.
//
//   mean                (n + 4)·A
//   X − mean            (n + 4)·A + |X − mean|. The first term is the same for all elements of a sum, so only its
//                       square adds to the variance: 1 relative to variance + epsilon if (n + 4)·A·r ≤ 2¹².
//   variance + epsilon  relative: 2 from both factors, n + 4 from the sum, 1 if the product is rounded before it is
//                       added, 1 from adding epsilon, and 1 from the square above: n + 9
//   r                   relative: half of that, 1 from the root, 1 from the quotient: n/2 + 7
//   Z                   (n + 4)·r·A + (n/2 + 9)·|Z|
//   Y                   |scale|·((n + 4)·r·A + (n/2 + 10)·|Z|) and another |scale·Z| + |shift|, so at most
//                       (n + 12)·(|scale|·(r·A + |Z|) + |shift|)
//
//   mean(g)             1 from the product and n + 4 from the mean: (n + 5)·G
//   mean(g·Z)           relative to P: 1 from g, 1 from X − mean, 1 from their product, n + 4 from the sum and n/2 + 8
//                       from multiplying by r: 3n/2 + 15; and (n + 4)·r·A·G from the first term of X − mean's error
//   Z·mean(g·Z)         (2n + 25)·|Z|·P + (n + 4)·r·A·(|Z|·G + P), which includes the rounding of this product
//   dX / r              3·|g| + (n + 7)·G + (2n + 26)·|Z|·P + (n + 4)·r·A·(|Z|·G + P)
//   dX                  another (n/2 + 9)·(|g| + G + |Z|·P) from r, from the product with r and from adding start, so
//                       at most (3n + 36)·r·(|g| + G + |Z|·P + r·A·(|Z|·G + P)), and another |start|
//
// check_within adds 2 to its `terms`.
static int chain(layer l) { return l.groups > 0 ? l.width : pxa_blocks(l.channels); }
static int forward_terms(layer l) { return chain(l) + 10; }
static int gradient_terms(layer l) { return 3 * chain(l) + 34; }

// Compares forward and gradient with the reference, exactly or within the bound, and calls in parts with whole calls,
// exactly.
static void compare(check *c, layer l, norm_inputs *g, bool is_exact) {
  make_arrays(c, l, g);
  double *expected = check_doubles(c, l.count), *magnitude = check_doubles(c, l.count);
  pxa_ref_layer_norm_forward(expected, magnitude, g->x, g->scale, g->shift, l.reference);
  const double *found = normalized(c, l, g, false);
  if (is_exact)
    check_equal(c, found, expected, l.count, "%s", l.text);
  else
    check_within(c, found, expected, magnitude, l.count, forward_terms(l), "%s", l.text);
  check_equal(c, normalized(c, l, g, true), found, l.count, "%s in parts", l.text);

  pxa_ref_layer_norm_input_grad(expected, magnitude, g->dy, g->x, g->scale, l.reference);
  check_equal(c, gradient(c, l, g, true), gradient(c, l, g, false), l.count, "%s gradient in parts", l.text);
  for (int way = 0; way < EPILOGUE_WAYS - 1; way++) { // the last way, in place, is not allowed
    epilogue_case epilogue;
    make_epilogue(c, &epilogue, way, l.channels, l.height, l.width, g->x);
    pxa_planes n_input = epilogue.epilogue.x ? epilogue.x : g->x_planes;
    EACH_PART(p, epilogue.dx, epilogue.cut)
      input_grad(c, l, g, epilogue.dx, n_input, epilogue.epilogue, p);
    check_epilogue(c, &epilogue, expected, is_exact ? NULL : magnitude, gradient_terms(l), l.text);
  }
}

// MARK: - Exact

static int random_below(check *c, int end) { return (int)(pxa_ref_random(&c->random) % (uint64_t)end); }

// Makes `count` integers in random order. They add up to 0 and their squares to 4·count. If `count` is odd and below
// 11, all are 0.
static void make_deviations(check *c, int *made, int count) {
  // The integers are pairs a, −a with a = 2, except that from 8 integers on four pairs have other values with the same
  // sum of squares. An odd count begins with 2, −1, −1, whose squares add up to 6 instead of 12. Its four pairs add the
  // missing 6.
  static const int even[] = {4, 0, 0, 0}, odd[] = {3, 3, 1, 0};
  int used = 0;
  memset(made, 0, (size_t)count * sizeof *made);
  if (count % 2 == 1 && count < 11)
    return;
  if (count % 2 == 1) {
    made[used++] = 2;
    made[used++] = -1;
    made[used++] = -1;
  }
  const int *first = count % 2 == 1 ? odd : even;
  for (int pair = 0; used < count; pair++) {
    int size = pair < 4 && count >= 8 ? first[pair] : 2;
    made[used++] = size;
    made[used++] = -size;
  }
  for (int i = count - 1; i > 0; i--) {
    int j = random_below(c, i + 1), held = made[i];
    made[i] = made[j];
    made[j] = held;
  }
}

// Makes X = mean + deviation, and dY such that g = a + b·deviation + a part that is orthogonal to 1 and to the
// deviation. Then the mean, the variance + epsilon and the means of g and g·Z need no rounding, and r is a power of
// two.
static void make_exact(check *c, layer l, double *x, double *dy, const double *scale) {
  int groups = l.groups > 0 ? l.groups : l.plane, count = l.count / groups, step = l.groups > 0 ? 1 : l.plane;
  int *deviations = check_memory(c, (size_t)count * sizeof(int), sizeof(int));
  for (int k = 0; k < groups; k++) {
    make_deviations(c, deviations, count);
    int mean = random_below(c, 9) - 4, a = random_below(c, 9) - 4, b = random_below(c, 5) - 2;
    // The orthogonal part is t and −t at two elements with the same deviation. For each deviation from −4 to 4, `open`
    // holds the t that has no −t yet, and `at_open` the index of the element with that t.
    int open[9] = {0}, at_open[9] = {0};
    for (int i = 0; i < count; i++) {
      int at = (l.groups > 0 ? k * count : k) + i * step, deviation = deviations[i], *unpaired = &open[deviation + 4];
      x[at] = mean + deviation;
      dy[at] = a + b * deviation - *unpaired;
      if (*unpaired != 0) {
        *unpaired = 0;
      } else {
        *unpaired = random_below(c, 2) == 0 ? 1 + random_below(c, 6) : -1 - random_below(c, 6);
        dy[at] += *unpaired;
        at_open[deviation + 4] = at;
      }
    }
    for (int i = 0; i < 9; i++)
      dy[at_open[i]] -= open[i];
  }
  for (int i = 0; i < l.count; i++)
    dy[i] /= scale[i / l.plane];
}

static void exact_of(check *c, int channels, int height, int width, int groups) {
  // The variance plus epsilon is first 16, then 64.
  for (int n = 0; n < 2; n++) {
    int count = groups > 0 ? channels / groups * height * width : channels;
    float variance = count % 2 == 1 && count < 11 ? 0 : 4;
    layer l = layer_of(channels, height, width, (n == 0 ? 16 : 64) - variance, groups);
    check_case(c, (((uint64_t)channels * 40 + (uint64_t)height) * 40 + (uint64_t)width) * 2000 +
                      (uint64_t)(n * 1000 + groups));
    double *x = check_doubles(c, l.count), *dy = check_doubles(c, l.count), *scale = check_doubles(c, channels);
    for (int i = 0; i < channels; i++)
      scale[i] = (random_below(c, 2) + 1) * (random_below(c, 2) * 2 - 1);
    make_exact(c, l, x, dy, scale);
    compare(c, l, &(norm_inputs){.x = x, .dy = dy, .scale = scale, .shift = check_integers(c, channels, 4)}, true);
  }
}

static const int channel_counts[] = {1, 2, 15, 16, 17, 33, 96, 768};
enum { CHANNEL_COUNTS = sizeof channel_counts / sizeof *channel_counts };

// The normalisations of a number of channels: of each pixel, with one group, with a group for each channel, and with
// groups of sizes between.
enum { NORM_KINDS = 5 };
static int groups_at(int channels, int kind) {
  const int counts[NORM_KINDS] = {0, 1, channels, channels % 3 == 0 ? channels / 3 : 1, channels % 32 == 0 ? 32 : 1};
  return counts[kind];
}

static void exact(check *c) {
  for (int kind = 0; kind < NORM_KINDS; kind++) {
    for (int i = 0; i < CHANNEL_COUNTS; i++) {
      exact_of(c, channel_counts[i], 1, 1, groups_at(channel_counts[i], kind));
      exact_of(c, channel_counts[i], 5, 7, groups_at(channel_counts[i], kind));
    }
    // Some of these rows have more pixels than the kernel sums at once, some have fewer.
    for (int width = 2; width <= 30; width++)
      exact_of(c, 17, 2, width, groups_at(17, kind));
  }
}

// MARK: - Reals

static norm_inputs make_reals(check *c, layer l, double offset, double spread) {
  double *x = check_reals(c, l.count);
  for (int i = 0; i < l.count; i++)
    x[i] = (float)(offset + spread * x[i]);
  return (norm_inputs){
      .x = x, .dy = check_reals(c, l.count), .scale = check_reals(c, l.channels), .shift = check_reals(c, l.channels)};
}

// The kinds of values: around 0, around 1, with a variance below epsilon, and with a mean far above the deviations.
static const struct {
  double offset, spread;
  float epsilon;
} spreads[] = {{0, 1, 1e-5f}, {1, 2, 1e-6f}, {0, 1e-3, 1e-5f}, {8, 0.25, 1e-6f}};
enum { SPREADS = sizeof spreads / sizeof *spreads };

static void within_bounds(check *c) {
  static const int sizes[][2] = {{1, 1}, {5, 7}, {2, 16}};
  for (int n = 0; n < SPREADS; n++)
    for (int i = 0; i < CHANNEL_COUNTS; i++)
      for (int size = 0; size < 3; size++)
        for (int kind = 0; kind < NORM_KINDS; kind++) {
          int groups = groups_at(channel_counts[i], kind);
          layer l = layer_of(channel_counts[i], sizes[size][0], sizes[size][1], spreads[n].epsilon, groups);
          check_case(c, (uint64_t)(n * 1000 + i * 10 + size));
          norm_inputs g = make_reals(c, l, spreads[n].offset, spreads[n].spread);
          compare(c, l, &g, false);
        }
}

// Σ dX·v is the derivative of Σ dY·Y along v. The expected derivative is a difference quotient of the reference's Y in
// double, at X ± v/2¹⁴. Its error is 2⁻²⁸·(the third derivative)/6, here below 2⁻²² of the magnitudes of dX's terms.
static void derivative(check *c) {
  const double step = 0x1p-14;
  for (int i = 0; i < CHANNEL_COUNTS; i++)
    for (int kind = 0; kind < NORM_KINDS; kind++) {
      layer l = layer_of(channel_counts[i], 5, 7, 0.25f, groups_at(channel_counts[i], kind));
      check_case(c, (uint64_t)i);
      norm_inputs g = make_reals(c, l, 0.5, 2);
      make_arrays(c, l, &g);
      const double *along = check_reals(c, l.count), *found = gradient(c, l, &g, false);
      double *x = check_doubles(c, l.count), *y = check_doubles(c, l.count), *magnitude = check_doubles(c, l.count);
      double slope = 0, expected = 0, size = 0;
      for (int side = -1; side <= 1; side += 2) {
        for (int k = 0; k < l.count; k++)
          x[k] = g.x[k] + side * step * along[k];
        pxa_ref_layer_norm_forward(y, magnitude, x, g.scale, g.shift, l.reference);
        for (int k = 0; k < l.count; k++)
          expected += g.dy[k] * y[k] * side / (2 * step);
      }
      pxa_ref_layer_norm_input_grad(y, magnitude, g.dy, g.x, g.scale, l.reference);
      for (int k = 0; k < l.count; k++) {
        slope += found[k] * along[k];
        size += magnitude[k] * fabs(along[k]);
      }
      check_within(c, &slope, &expected, &size, 1, gradient_terms(l) + 4, "%s derivative", l.text);
    }
}

// If all values are equal and epsilon is 0, Y and dX are NaN. The lanes beyond the channels must still be 0.
static void without_variance(check *c) {
  for (int kind = 0; kind < NORM_KINDS; kind++) {
    check_case(c, 0);
    layer l = layer_of(19, 2, 3, 0, groups_at(19, kind));
    norm_inputs g = make_reals(c, l, 1, 0);
    make_arrays(c, l, &g);
    const double *y = normalized(c, l, &g, false), *dx = gradient(c, l, &g, false);
    for (int i = 0; i < l.count; i++)
      check_that(c, isnan(y[i]) && isnan(dx[i]), "%s of equal values: expected NaN, found %g and %g", l.text, y[i],
                 dx[i]);
  }
}

const check_entry check_layer_norm[] = {
    {"layer and group normalisation and their gradients are exact where mean and variance are", exact},
    {"layer and group normalisation and their gradients are within the bound", within_bounds},
    {"the gradient of layer and group normalisation is the derivative of the forward pass", derivative},
    {"layer and group normalisation keep the lanes beyond the channels zero, even when Y is NaN", without_variance},
    {0},
};
