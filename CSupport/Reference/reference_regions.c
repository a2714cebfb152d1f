// SPDX-License-Identifier: MIT

#include "CPixelReference.h"

#include <math.h>

// Returns whether region `i` holds the input position: a tap of a window or, if the kernel is 0, an adaptive pool's
// part.
static bool holds(pxa_ref_axis axis, int i, int position) {
  if (axis.kernel == 0)
    return position >= i * axis.input / axis.output && position * axis.output < (i + 1) * axis.input;
  int distance = position + axis.before - axis.stride * i;
  return distance >= 0 && distance % axis.dilation == 0 && distance / axis.dilation < axis.kernel;
}

void pxa_ref_region_max_forward(double *y, int32_t *at, const double *x, int32_t channels, pxa_ref_axis rows,
                                pxa_ref_axis columns) {
  int plane = rows.input * columns.input, out_plane = rows.output * columns.output;
  for (int i = 0; i < channels * out_plane; i++) {
    y[i] = -INFINITY;
    for (int k = 0; k < plane; k++) {
      double value = x[i / out_plane * plane + k];
      if (value <= y[i] || !holds(rows, i % out_plane / columns.output, k / columns.input) ||
          !holds(columns, i % columns.output, k % columns.input))
        continue;
      y[i] = value;
      at[i] = k;
    }
  }
}

enum { SUM, NORM, MAXIMUM };

double pxa_ref_reduce(double *shares, const double *x, int32_t kind, int32_t count, int32_t step) {
  double result = kind == MAXIMUM ? -INFINITY : 0, ties = 0;
  for (int i = 0; i < count; i++) {
    double value = x[i * step];
    result = kind == SUM ? result + value : kind == NORM ? result + value * value : fmax(result, value);
  }
  if (kind == NORM)
    result = sqrt(result);
  for (int i = 0; i < count; i++)
    ties += x[i * step] == result;
  for (int i = 0; i < count; i++) {
    double value = x[i * step];
    shares[i * step] = kind == SUM    ? 1
                       : kind == NORM ? (result > 0 ? value / result : 0)
                                      : (value == result ? 1 / ties : 0);
  }
  return result;
}

enum { REFLECT, EDGE, WRAP, NEAREST, LINEAR };
enum { FLOOR, CEIL, ROUND_DOWN, ROUND_UP };

static double clamped(double x, double low, double high) { return fmin(high, fmax(low, x)); }

// Returns the index inside 0 … size − 1 that an index of a repeated or mirrored signal has.
static int folded(int sampling, int index, int size) {
  while (index < 0 || index >= size)
    if (sampling == WRAP)
      index += index < 0 ? size : -size;
    else if (size == 1)
      index = 0;
    else
      index = index < 0 ? -index : 2 * (size - 1) - index;
  return index;
}

double pxa_ref_resampling_weight(pxa_ref_resampling axis, int32_t position, int32_t element) {
  double last = axis.input - 1;
  if (axis.sampling == EDGE)
    return element == clamped(position - axis.shift, 0, last);
  if (axis.sampling == REFLECT || axis.sampling == WRAP)
    return element == folded(axis.sampling, position - axis.shift, axis.input);
  double at = isinf(axis.scale) ? 0 : (position + axis.offset) * axis.step / axis.scale - axis.offset;
  if (axis.sampling == LINEAR)
    return fmax(0, 1 - fabs(clamped(at, 0, last) - element));
  double rounded = axis.rounding == FLOOR        ? floor(at)
                   : axis.rounding == CEIL       ? ceil(at)
                   : axis.rounding == ROUND_DOWN ? ceil(at - 0.5)
                                                 : floor(at + 0.5);
  return element == clamped(rounded, 0, last);
}
