// SPDX-License-Identifier: MIT
// What the checks of layers other than convolutions share: the ways a gradient is written.

#ifndef LAYERS_H
#define LAYERS_H

#include "check.h"

// The ways: as it is; added; masked as by ReLU; added, then masked as by ReLU6; masked, dX in X's place.
enum { INTO_WAYS = 5 };

typedef struct {
  pxa_planes dx;
  pxa_into into;
  bool is_in_place, cut;
  pxa_planes x;         // what `into` points to
  const double *values; // of X
  const double *start;  // or NULL
} into_way;

// dX's and X's memory. X's values are `values`, or small integers. Keep it where it is: it points into itself.
void make_into(check *c, into_way *into, int way, int channels, int height, int width, const double *values);

// dX is mask · (start + formula), within (terms + 2)·2⁻²⁴·(|start| + magnitude), or exactly without magnitude.
void check_into(check *c, const into_way *into, const double *formula, const double *magnitude, int terms,
                const char *name);

#endif
