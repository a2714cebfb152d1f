// SPDX-License-Identifier: MIT

#include "layers.h"

#include <math.h>

static const struct {
  bool accumulates, masks, is_in_place;
  pxa_clamp clamp;
} ways[EPILOGUE_WAYS] = {{.accumulates = false},
                         {.accumulates = true},
                         {.masks = true, .clamp = {0, INFINITY}},
                         {.accumulates = true, .masks = true, .clamp = {0, 6}},
                         {.masks = true, .is_in_place = true, .clamp = {0, INFINITY}}};

void make_epilogue(check *c, epilogue_case *epilogue, int way, int channels, int height, int width,
                   const double *values) {
  // Planes of 1×1 have no halo: some kernels take them as a vector.
  int count = channels * height * width, halo = height * width > 1 ? check_extra_halo(c) : 0;
  *epilogue = (epilogue_case){.is_in_place = ways[way].is_in_place,
                              .cut = way % 2 == 0,
                              .values = values ? values : check_integers(c, count, 8),
                              .start = ways[way].accumulates ? check_integers(c, count, 8) : NULL};
  epilogue->x = check_planes(c, channels, height, width, halo, epilogue->values);
  epilogue->dx =
      ways[way].is_in_place ? epilogue->x : check_planes(c, channels, height, width, 2 * halo, epilogue->start);
  epilogue->epilogue = (pxa_epilogue){
      .x = ways[way].masks ? &epilogue->x : NULL, .clamp = ways[way].clamp, .accumulate = ways[way].accumulates};
}

void check_epilogue(check *c, const epilogue_case *epilogue, const double *formula, const double *magnitude, int terms,
                    const char *name) {
  int count = epilogue->dx.channels * epilogue->dx.height * epilogue->dx.width;
  double *expected = check_doubles(c, count), *sizes = check_doubles(c, count);
  pxa_clamp clamp = epilogue->epilogue.clamp;
  for (int i = 0; i < count; i++) {
    double start = epilogue->start ? epilogue->start[i] : 0;
    bool passes = !epilogue->epilogue.x || (clamp.low < epilogue->values[i] && epilogue->values[i] < clamp.high);
    expected[i] = passes ? start + formula[i] : 0;
    sizes[i] = fabs(start) + (magnitude ? magnitude[i] : 0);
  }
  const char *how = epilogue->is_in_place ? "in place" : "in other memory";
  bool accumulates = epilogue->start, masks = epilogue->epilogue.x;
  const double *found = check_planes_values(c, epilogue->dx);
  if (magnitude)
    check_within(c, found, expected, sizes, count, terms, "%s gradient, %s, accumulates %d, masks %d", name, how,
                 accumulates, masks);
  else
    check_equal(c, found, expected, count, "%s gradient, %s, accumulates %d, masks %d", name, how, accumulates, masks);
  check_zeros_around_planes(c, epilogue->dx, "%s gradient, %s, accumulates %d, masks %d", name, how, accumulates,
                            masks);
}
