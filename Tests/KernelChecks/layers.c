// SPDX-License-Identifier: MIT

#include "layers.h"

#include <math.h>

static const struct {
  bool adds, masks, is_in_place;
  pxa_clamp act;
} ways[INTO_WAYS] = {{.adds = false},
                     {.adds = true},
                     {.masks = true, .act = {0, INFINITY}},
                     {.adds = true, .masks = true, .act = {0, 6}},
                     {.masks = true, .is_in_place = true, .act = {0, INFINITY}}};

void make_into(check *c, into_way *into, int way, int channels, int height, int width, const double *values) {
  // A vector has no halo.
  int count = channels * height * width, halo = height * width > 1 ? check_wider(c) : 0;
  *into = (into_way){.is_in_place = ways[way].is_in_place,
                     .cut = way % 2 == 0,
                     .values = values ? values : check_integers(c, count, 8),
                     .start = ways[way].adds ? check_integers(c, count, 8) : NULL};
  into->x = check_planes(c, channels, height, width, halo, into->values);
  into->dx = ways[way].is_in_place ? into->x : check_planes(c, channels, height, width, 2 * halo, into->start);
  into->into = (pxa_into){.x = ways[way].masks ? &into->x : NULL, .act = ways[way].act, .accumulate = ways[way].adds};
}

void check_into(check *c, const into_way *into, const double *formula, const double *magnitude, int terms,
                const char *name) {
  int count = into->dx.channels * into->dx.height * into->dx.width;
  double *expected = check_doubles(c, count), *sizes = check_doubles(c, count);
  pxa_clamp act = into->into.act;
  for (int i = 0; i < count; i++) {
    double start = into->start ? into->start[i] : 0;
    bool passes = !into->into.x || (act.low < into->values[i] && into->values[i] < act.high);
    expected[i] = passes ? start + formula[i] : 0;
    sizes[i] = fabs(start) + (magnitude ? magnitude[i] : 0);
  }
  const char *how = into->is_in_place ? "in place" : "into another";
  bool adds = into->start, masks = into->into.x;
  const double *found = check_planes_values(c, into->dx);
  if (magnitude)
    check_within(c, found, expected, sizes, count, terms, "%s gradient, %s, adds %d, masks %d", name, how, adds, masks);
  else
    check_equal(c, found, expected, count, "%s gradient, %s, adds %d, masks %d", name, how, adds, masks);
  check_zeros_around_planes(c, into->dx, "%s gradient, %s, adds %d, masks %d", name, how, adds, masks);
}
