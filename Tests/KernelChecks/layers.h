// SPDX-License-Identifier: MIT
// Tools that the checks of layers other than convolutions share: the epilogues with which a gradient is written.

#ifndef LAYERS_H
#define LAYERS_H

#include "check.h"

// The ways to write a gradient: 0 as it is; 1 accumulated; 2 masked by ReLU; 3 accumulated, then masked by ReLU6;
// 4 masked by ReLU and in place of X.
enum { EPILOGUE_WAYS = 5 };

typedef struct {
  pxa_planes dx;
  pxa_epilogue epilogue;
  bool is_in_place, cut;
  pxa_planes x;         // the planes that `epilogue` points to
  const double *values; // the values of X
  const double *start;  // the values that the gradient is added to, or NULL
} epilogue_case;

// Makes an epilogue with the memory of dX and X. The values of X are `values`, or small integers if `values` is NULL.
// Do not copy the result: it points into itself.
void make_epilogue(check *c, epilogue_case *epilogue, int way, int channels, int height, int width,
                   const double *values);

// Expects that dX is mask · (start + formula), within (terms + 2)·2⁻²⁴·(|start| + magnitude), or exactly if `magnitude`
// is NULL.
void check_epilogue(check *c, const epilogue_case *epilogue, const double *formula, const double *magnitude, int terms,
                    const char *name);

#endif
