// SPDX-License-Identifier: MIT
// What the checks of layers other than convolutions share: the ways a gradient is written.

#ifndef LAYERS_H
#define LAYERS_H

#include "check.h"

// The ways: as it is; added; masked as by ReLU; added, then masked as by ReLU6; masked, dX in X's place.
enum { INTO_WAYS = 5 };

typedef struct {
  pxa_planes dx;
  pxa_epilogue epilogue;
  bool is_in_place, cut;
  pxa_planes x;         // what `epilogue` points to
  const double *values; // of X
  const double *start;  // or NULL
} epilogue_case;

// dX's and X's memory. X's values are `values`, or small integers. Keep it where it is: it points into itself.
void make_epilogue(check *c, epilogue_case *epilogue, int way, int channels, int height, int width,
                   const double *values);

// dX is mask · (start + formula), within (terms + 2)·2⁻²⁴·(|start| + magnitude), or exactly without magnitude.
void check_epilogue(check *c, const epilogue_case *epilogue, const double *formula, const double *magnitude, int terms,
                    const char *name);

#endif
