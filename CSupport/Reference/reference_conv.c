// SPDX-License-Identifier: MIT

#include "CPixelReference.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// Returns the position at which tap `tap` of output element `output` reads X.
static int input_position(pxa_ref_axis axis, int output, int tap) {
  return axis.stride * output + axis.dilation * tap - axis.before;
}

static bool is_inside(int position, pxa_ref_axis axis) { return position >= 0 && position < axis.input; }

void pxa_ref_conv_forward(double *y, double *magnitude, const double *x, const double *weights, const double *bias,
                          pxa_ref_conv s, double low, double high) {
  int inputs = s.in_channels / s.groups, outputs = s.out_channels / s.groups;
  for (int o = 0; o < s.out_channels; o++)
    for (int v = 0; v < s.y.output; v++)
      for (int u = 0; u < s.x.output; u++) {
        double sum = bias[o], size = fabs(bias[o]);
        for (int ky = 0; ky < s.y.kernel; ky++)
          for (int kx = 0; kx < s.x.kernel; kx++) {
            int r = input_position(s.y, v, ky), c = input_position(s.x, u, kx);
            if (!is_inside(r, s.y) || !is_inside(c, s.x))
              continue;
            for (int i = 0; i < inputs; i++) {
              double product = x[((o / outputs * inputs + i) * s.y.input + r) * s.x.input + c] *
                               weights[((o * inputs + i) * s.y.kernel + ky) * s.x.kernel + kx];
              sum += product;
              size += fabs(product);
            }
          }
        int at = (o * s.y.output + v) * s.x.output + u;
        sum = sum > low ? sum : low;
        y[at] = sum < high ? sum : high;
        if (magnitude)
          magnitude[at] = size;
      }
}

void pxa_ref_conv_input_grad(double *dx, double *magnitude, const double *dy, const double *weights, pxa_ref_conv s) {
  int inputs = s.in_channels / s.groups, outputs = s.out_channels / s.groups;
  size_t count = (size_t)s.in_channels * (size_t)s.y.input * (size_t)s.x.input;
  memset(dx, 0, count * sizeof *dx);
  if (magnitude)
    memset(magnitude, 0, count * sizeof *magnitude);
  for (int o = 0; o < s.out_channels; o++)
    for (int v = 0; v < s.y.output; v++)
      for (int u = 0; u < s.x.output; u++)
        for (int ky = 0; ky < s.y.kernel; ky++)
          for (int kx = 0; kx < s.x.kernel; kx++) {
            int r = input_position(s.y, v, ky), c = input_position(s.x, u, kx);
            if (!is_inside(r, s.y) || !is_inside(c, s.x))
              continue;
            for (int i = 0; i < inputs; i++) {
              double product = dy[(o * s.y.output + v) * s.x.output + u] *
                               weights[((o * inputs + i) * s.y.kernel + ky) * s.x.kernel + kx];
              int at = ((o / outputs * inputs + i) * s.y.input + r) * s.x.input + c;
              dx[at] += product;
              if (magnitude)
                magnitude[at] += fabs(product);
            }
          }
}
