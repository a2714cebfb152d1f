// SPDX-License-Identifier: MIT
// Average pools: the means of windows of a fixed size, and of the parts of an adaptive pool.

#ifndef PXA_AVERAGE_POOL_H
#define PXA_AVERAGE_POOL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../shapes/windows.h"
#include "../simd/simd.h"
#include "pxa_types.h"

// Returns how many elements along an axis a window's mean counts, at least 1.
PXA_INLINE int window_elements(pxa_axis axis, int window, int size, bool count_padding) {
  int start = window * axis.stride - axis.before, end = start + axis.kernel;
  int low = count_padding ? -axis.before : 0, high = count_padding ? size + axis.after : size;
  int count = (end < high ? end : high) - (start > low ? start : low);
  return count > 0 ? count : 1;
}

// Returns those of the `count` windows whose means count all their elements.
PXA_INLINE pxa_range whole_windows(pxa_axis axis, int count, int size, bool count_padding) {
  int low = count_padding ? -axis.before : 0, high = count_padding ? size + axis.after : size;
  return windows_between(axis, count, low, high);
}

static void average_pool_forward(pxa_planes y, pxa_planes x, pxa_window window, bool count_padding, pxa_range blocks,
                                 pxa_range rows) {
  assert(window.y.before < window.y.kernel && window.x.before < window.x.kernel && are_rows(rows, y.height));
  assert(window.y.dilation == 1 && window.x.dilation == 1);
  pxa_range inside = windows_between(window.x, y.width, 0, x.width);
  EACH_ROW(b, r, blocks, rows) {
    float *out = pixel(y, b, r, 0);
    pxa_range ky = taps_inside(window.y, r, x.height);
    int counted_rows = window_elements(window.y, r, x.height, count_padding);
    int top = r * window.y.stride - window.y.before;
    for (int c = 0; c < y.width; c++) {
      bool is_inside = c >= inside.begin && c < inside.end;
      pxa_range kx = is_inside ? (pxa_range){0, window.x.kernel} : taps_inside(window.x, c, x.width);
      int counted_columns = is_inside ? window.x.kernel : window_elements(window.x, c, x.width, count_padding);
      int left = c * window.x.stride - window.x.before;
      v16 sum = v16_zero();
      for (int i = ky.begin; i < ky.end; i++) {
        const float *in = pixel(x, b, top + i, 0);
        for (int j = kx.begin; j < kx.end; j++)
          sum = v16_add(sum, load_pixel(in, left + j));
      }
      store_pixel(out, c, v16_div(sum, v16_set1((float)counted_rows * (float)counted_columns)));
    }
  }
}

// A row of dX, and the rows of windows that cover it.
typedef struct {
  pxa_planes dy;
  pxa_window window;
  int dx_height, dx_width;
  bool count_padding;
  int block;
  pxa_range rows;
} average_job;

// Computes the gradient of pixels begin … end − 1 of a row.
static void average_pixels(const grad_row *out, const average_job *job, int begin, int end) {
  for (int c = begin; c < end; c++) {
    pxa_range columns = windows_over(job->window.x, c, job->dy.width);
    v16 sum = grad_start(out, c);
    for (int v = job->rows.begin; v < job->rows.end; v++) {
      int counted_rows = window_elements(job->window.y, v, job->dx_height, job->count_padding);
      for (int u = columns.begin; u < columns.end; u++) {
        int counted_columns = window_elements(job->window.x, u, job->dx_width, job->count_padding);
        v16 share = v16_set1(1 / ((float)counted_rows * (float)counted_columns));
        sum = v16_fma(sum, v16_load(pixel(job->dy, job->block, v, u)), share);
      }
    }
    grad_end(out, c, sum);
  }
}

// Computes the gradient of the pixels under one tap of each of these windows. All windows that cover these pixels must
// exist, and their means must count all their elements.
static void average_group(const grad_row *out, const average_job *job, int tap, pxa_range windows, v16 share) {
  pxa_axis axis = job->window.x;
  int over = tap < axis.kernel ? (axis.kernel - 1 - tap) / axis.stride + 1 : 0;
  for (int u = windows.begin; u < windows.end; u++) {
    int c = u * axis.stride - axis.before + tap;
    v16 sum = grad_start(out, c);
    for (int v = job->rows.begin; v < job->rows.end; v++) {
      const float *dy = pixel(job->dy, job->block, v, u + 1 - over);
      for (int k = 0; k < over; k++)
        sum = v16_fma(sum, load_pixel(dy, k), share);
    }
    grad_end(out, c, sum);
  }
}

static void average_pool_input_grad(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_window window,
                                    bool count_padding, pxa_range blocks, pxa_range rows) {
  assert(window.y.dilation == 1 && window.x.dilation == 1);
  pxa_axis axis = window.x;
  pxa_range whole_rows = whole_windows(window.y, dy.height, dx.height, count_padding);
  pxa_range whole_columns = whole_windows(axis, dy.width, dx.width, count_padding);
  // `grouped` are the columns for which every window over them exists and counts all its elements.
  pxa_range group = windows_to_group(axis, dy.width, dx.width);
  int first = whole_columns.begin + (axis.kernel - 1) / axis.stride;
  group.begin = group.begin > first ? group.begin : first;
  group.end = group.end < whole_columns.end ? group.end : whole_columns.end;
  pxa_range grouped = group.begin < group.end ? group_pixels(axis, group) : (pxa_range){0, 0};
  v16 share = v16_set1(1 / ((float)window.y.kernel * (float)axis.kernel));
  average_job job = {dy, window, dx.height, dx.width, count_padding, 0, {0, 0}};
  EACH_ROW(b, r, blocks, rows) {
    grad_row out = grad_row_of(dx, epilogue, b, r);
    job.block = b;
    job.rows = windows_over(window.y, r, dy.height);
    bool rows_are_whole = job.rows.begin >= whole_rows.begin && job.rows.end <= whole_rows.end;
    pxa_range fast = rows_are_whole ? grouped : (pxa_range){0, 0};
    average_pixels(&out, &job, 0, fast.begin);
    for (int tap = 0; tap < axis.stride && fast.end > 0; tap++)
      average_group(&out, &job, tap, group, share);
    average_pixels(&out, &job, fast.end, dx.width);
  }
}

PXA_INLINE float part_area(pxa_range rows, pxa_range columns) {
  return (float)(rows.end - rows.begin) * (float)(columns.end - columns.begin);
}

static void adaptive_average_forward(pxa_planes y, pxa_planes x, pxa_range blocks, pxa_range rows) {
  EACH_ROW(b, r, blocks, rows) {
    pxa_range from = part_of(x.height, r, y.height);
    for (int c = 0; c < y.width; c++) {
      pxa_range columns = part_of(x.width, c, y.width);
      v16 sum = v16_zero();
      for (int i = from.begin; i < from.end; i++) {
        const float *in = pixel(x, b, i, 0);
        v16 row = v16_zero();
        for (int j = columns.begin; j < columns.end; j++)
          row = v16_add(row, load_pixel(in, j));
        sum = v16_add(sum, row);
      }
      store_pixel(pixel(y, b, r, 0), c, v16_div(sum, v16_set1(part_area(from, columns))));
    }
  }
}

static void adaptive_average_input_grad(pxa_planes dx, pxa_planes dy, pxa_epilogue epilogue, pxa_range blocks,
                                        pxa_range rows) {
  bool is_global = dy.height == 1 && dy.width == 1;
  v16 area = v16_set1((float)dx.height * (float)dx.width);
  EACH_ROW(b, r, blocks, rows) {
    grad_row out = grad_row_of(dx, epilogue, b, r);
    if (is_global) {
      v16 share = v16_div(v16_load(pixel(dy, b, 0, 0)), area);
      for (int c = 0; c < dx.width; c++)
        grad_end(&out, c, v16_add(grad_start(&out, c), share));
      continue;
    }
    // A window holds an element if they overlap. To find these windows, exchange windows and elements in part_of.
    pxa_range over = part_of(dy.height, r, dx.height);
    for (int c = 0; c < dx.width; c++) {
      pxa_range columns = part_of(dy.width, c, dx.width);
      v16 sum = grad_start(&out, c);
      for (int v = over.begin; v < over.end; v++)
        for (int u = columns.begin; u < columns.end; u++) {
          float n = part_area(part_of(dx.height, v, dy.height), part_of(dx.width, u, dy.width));
          sum = v16_add(sum, v16_div(v16_load(pixel(dy, b, v, u)), v16_set1(n)));
        }
      grad_end(&out, c, sum);
    }
  }
}

#endif
