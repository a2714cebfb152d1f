// SPDX-License-Identifier: MIT

#include "CPixelReference.h"

#include <math.h>
#include <string.h>

// Returns the input position on which tap `k` of window `i` lies, or −1 if it lies outside.
static int input_of(pxa_ref_axis axis, int i, int k) {
  int position = axis.stride * i + axis.dilation * k - axis.before;
  return position >= 0 && position < axis.input ? position : -1;
}

bool pxa_ref_max_pool_forward(double *y, uint8_t *index, const double *x, int32_t channels, pxa_ref_axis rows,
                              pxa_ref_axis columns) {
  bool all_hold = true;
  for (int c = 0; c < channels; c++)
    for (int v = 0; v < rows.output; v++)
      for (int u = 0; u < columns.output; u++) {
        double best = -INFINITY;
        int at = (c * rows.output + v) * columns.output + u;
        for (int ky = 0; ky < rows.kernel; ky++)
          for (int kx = 0; kx < columns.kernel; kx++) {
            int r = input_of(rows, v, ky), q = input_of(columns, u, kx);
            if (r < 0 || q < 0 || x[(c * rows.input + r) * columns.input + q] <= best)
              continue;
            best = x[(c * rows.input + r) * columns.input + q];
            index[at] = (uint8_t)(columns.kernel * ky + kx);
          }
        y[at] = best;
        all_hold = all_hold && best > -INFINITY;
      }
  return all_hold;
}

void pxa_ref_max_pool_input_grad(double *dx, const double *dy, const uint8_t *index, int32_t channels,
                                 pxa_ref_axis rows, pxa_ref_axis columns) {
  memset(dx, 0, (size_t)channels * (size_t)rows.input * (size_t)columns.input * sizeof *dx);
  for (int c = 0; c < channels; c++)
    for (int v = 0; v < rows.output; v++)
      for (int u = 0; u < columns.output; u++) {
        int at = (c * rows.output + v) * columns.output + u;
        int r = input_of(rows, v, index[at] / columns.kernel), q = input_of(columns, u, index[at] % columns.kernel);
        dx[(c * rows.input + r) * columns.input + q] += dy[at];
      }
}

// Returns how many elements of window `i` count: those in the input or, with `padding`, also those before it and up to
// `after` elements after it.
static int counted(pxa_ref_axis axis, int i, bool padding, int after) {
  int count = 0;
  for (int k = 0; k < axis.kernel; k++) {
    int position = axis.stride * i + k - axis.before;
    count += padding ? position < axis.input + after : position >= 0 && position < axis.input;
  }
  return count;
}

static double elements(pxa_ref_axis rows, pxa_ref_axis columns, int v, int u, pxa_ref_counting counting) {
  return counted(rows, v, counting.padding, counting.after_rows) *
         counted(columns, u, counting.padding, counting.after_columns);
}

void pxa_ref_average_pool_forward(double *y, const double *x, int32_t channels, pxa_ref_axis rows, pxa_ref_axis columns,
                                  pxa_ref_counting counting) {
  for (int c = 0; c < channels; c++)
    for (int v = 0; v < rows.output; v++)
      for (int u = 0; u < columns.output; u++) {
        double sum = 0;
        for (int ky = 0; ky < rows.kernel; ky++)
          for (int kx = 0; kx < columns.kernel; kx++) {
            int r = input_of(rows, v, ky), q = input_of(columns, u, kx);
            sum += r < 0 || q < 0 ? 0 : x[(c * rows.input + r) * columns.input + q];
          }
        y[(c * rows.output + v) * columns.output + u] = sum / elements(rows, columns, v, u, counting);
      }
}

void pxa_ref_average_pool_input_grad(double *dx, double *magnitude, const double *dy, int32_t channels,
                                     pxa_ref_axis rows, pxa_ref_axis columns, pxa_ref_counting counting) {
  size_t count = (size_t)channels * (size_t)rows.input * (size_t)columns.input;
  memset(dx, 0, count * sizeof *dx);
  memset(magnitude, 0, count * sizeof *dx);
  for (int c = 0; c < channels; c++)
    for (int v = 0; v < rows.output; v++)
      for (int u = 0; u < columns.output; u++) {
        double share = dy[(c * rows.output + v) * columns.output + u] / elements(rows, columns, v, u, counting);
        for (int ky = 0; ky < rows.kernel; ky++)
          for (int kx = 0; kx < columns.kernel; kx++) {
            int r = input_of(rows, v, ky), q = input_of(columns, u, kx);
            if (r < 0 || q < 0)
              continue;
            dx[(c * rows.input + r) * columns.input + q] += share;
            magnitude[(c * rows.input + r) * columns.input + q] += fabs(share);
          }
      }
}

static int part_begin(pxa_ref_axis axis, int i) { return i * axis.input / axis.output; }
static int part_end(pxa_ref_axis axis, int i) { return ((i + 1) * axis.input + axis.output - 1) / axis.output; }

static double part_elements(pxa_ref_axis rows, pxa_ref_axis columns, int v, int u) {
  return (part_end(rows, v) - part_begin(rows, v)) * (part_end(columns, u) - part_begin(columns, u));
}

void pxa_ref_adaptive_average_forward(double *y, const double *x, int32_t channels, pxa_ref_axis rows,
                                      pxa_ref_axis columns) {
  for (int c = 0; c < channels; c++)
    for (int v = 0; v < rows.output; v++)
      for (int u = 0; u < columns.output; u++) {
        double sum = 0;
        for (int r = part_begin(rows, v); r < part_end(rows, v); r++)
          for (int q = part_begin(columns, u); q < part_end(columns, u); q++)
            sum += x[(c * rows.input + r) * columns.input + q];
        y[(c * rows.output + v) * columns.output + u] = sum / part_elements(rows, columns, v, u);
      }
}

void pxa_ref_adaptive_average_input_grad(double *dx, double *magnitude, const double *dy, int32_t channels,
                                         pxa_ref_axis rows, pxa_ref_axis columns) {
  size_t count = (size_t)channels * (size_t)rows.input * (size_t)columns.input;
  memset(dx, 0, count * sizeof *dx);
  memset(magnitude, 0, count * sizeof *dx);
  for (int c = 0; c < channels; c++)
    for (int v = 0; v < rows.output; v++)
      for (int u = 0; u < columns.output; u++) {
        double share = dy[(c * rows.output + v) * columns.output + u] / part_elements(rows, columns, v, u);
        for (int r = part_begin(rows, v); r < part_end(rows, v); r++)
          for (int q = part_begin(columns, u); q < part_end(columns, u); q++) {
            dx[(c * rows.input + r) * columns.input + q] += share;
            magnitude[(c * rows.input + r) * columns.input + q] += fabs(share);
          }
      }
}
