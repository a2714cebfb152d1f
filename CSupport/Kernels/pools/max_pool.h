// SPDX-License-Identifier: MIT
//
// Max pool. Windows of 2×2 and 3×3 inside the input have loops with constant bounds; all others use a general loop. The
// gradients of 2×2 windows of stride 2 and of 3×3 windows of stride 1 and 2 have loops with constant bounds too.

#ifndef PXA_MAX_POOL_H
#define PXA_MAX_POOL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../elementwise/rows.h"
#include "../shapes/layout.h"
#include "../shapes/windows.h"
#include "../simd/simd.h"
#include "pxa_types.h"

// Neighbouring windows of one row that have the same taps.
typedef struct {
  const float *x; // the first tap of the first window
  float *y;
  uint8_t *index;
  int count;
  ptrdiff_t window_step, row_step, tap_step; // floats from a window, a kernel row, a kernel column to the next
} max_job;

PXA_INLINE void max_windows(max_job job, int kernel_width, pxa_range ky, pxa_range kx) {
  for (int n = 0; n < job.count; n++) {
    const float *x = job.x + n * job.window_step;
    v16 best = v16_load(x), at = v16_set1((float)(kernel_width * ky.begin + kx.begin));
    for (int i = ky.begin; i < ky.end; i++)
      for (int j = kx.begin; j < kx.end; j++) {
        v16 value = v16_load(x + (i - ky.begin) * job.row_step + (j - kx.begin) * job.tap_step);
        at = v16_select_gt(value, best, v16_set1((float)(kernel_width * i + j)), at);
        best = v16_select_gt(value, best, value, best);
      }
    store_pixel(job.y, n, best);
    v16_store_u8(job.index + (ptrdiff_t)n * PXA_BLOCK, at);
  }
}

#define MAX_WINDOWS(k)                                                                                                 \
  static __attribute__((noinline)) void max_windows_##k(max_job job) {                                                 \
    max_windows(job, k, (pxa_range){0, k}, (pxa_range){0, k});                                                         \
  }
MAX_WINDOWS(2)
MAX_WINDOWS(3)

static __attribute__((noinline)) void max_windows_any(max_job job, int kernel_width, pxa_range ky, pxa_range kx) {
  max_windows(job, kernel_width, ky, kx);
}

PXA_INLINE bool is_window(pxa_window window, int kernel, int stride) {
  return window.y.kernel == kernel && window.x.kernel == kernel && window.y.stride == stride &&
         window.x.stride == stride && window.y.dilation == 1 && window.x.dilation == 1;
}

static void max_pool_forward(pxa_planes y, uint8_t *index, pxa_planes x, pxa_window window, pxa_range blocks,
                             pxa_range rows) {
  assert(are_rows(rows, y.height));
  assert(window.y.kernel <= PXA_MAX_POOL_KERNEL && window.x.kernel <= PXA_MAX_POOL_KERNEL);
  pxa_range inside = windows_between(window.x, y.width, 0, x.width);
  max_job job = {.window_step = pixel_offset(x, 0, window.x.stride),
                 .row_step = pixel_offset(x, window.y.dilation, 0),
                 .tap_step = pixel_offset(x, 0, window.x.dilation)};
  EACH_ROW(b, r, blocks, rows) {
    pxa_range ky = taps_inside(window.y, r, x.height);
    int row = r * window.y.stride - window.y.before + ky.begin * window.y.dilation;
    float *y_row = pixel(y, b, r, 0);
    uint8_t *index_row = index + ((size_t)b * y.height + r) * y.width * PXA_BLOCK;
    for (int c = 0; c < y.width; c += job.count) {
      pxa_range kx = taps_inside(window.x, c, x.width);
      job.x = pixel(x, b, row, c * window.x.stride - window.x.before + kx.begin * window.x.dilation);
      job.y = y_row + (ptrdiff_t)c * PXA_BLOCK;
      job.index = index_row + (ptrdiff_t)c * PXA_BLOCK;
      job.count = c == inside.begin && c < inside.end ? inside.end - c : 1;
      bool is_whole = kx.end - kx.begin == window.x.kernel && ky.end - ky.begin == window.y.kernel;
      if (is_whole && window.y.kernel == 3 && window.x.kernel == 3)
        max_windows_3(job);
      else if (is_whole && window.y.kernel == 2 && window.x.kernel == 2)
        max_windows_2(job);
      else
        max_windows_any(job, window.x.kernel, ky, kx);
    }
  }
}

// A row of windows that covers a row of dX.
typedef struct {
  const float *dy;
  const uint8_t *index;
  int windows;   // the number of windows; 0 if there is no such row
  int first_tap; // the first tap of the kernel row that lies on the row of dX
} max_row;

PXA_INLINE max_row max_row_of(pxa_planes dy, const uint8_t *index, int block, int row, int first_tap) {
  if (row < 0 || row >= dy.height)
    return (max_row){.first_tap = first_tap};
  const uint8_t *row_index = index + ((size_t)block * dy.height + row) * dy.width * PXA_BLOCK;
  return (max_row){pixel(dy, block, row, 0), row_index, dy.width, first_tap};
}

enum { MAX_ROWS = 3 };

// For each row of windows: the current window, and the windows before it that cover the same pixels.
typedef struct {
  v16 dy[MAX_ROWS][MAX_ROWS], at[MAX_ROWS][MAX_ROWS];
} held_windows;

PXA_INLINE void hold_windows(held_windows *held, const max_row *over, int over_count, int most, ptrdiff_t window) {
  for (int i = 0; i < over_count; i++) {
    for (int k = most; k > 0; k--) {
      held->dy[i][k] = held->dy[i][k - 1];
      held->at[i][k] = held->at[i][k - 1];
    }
    held->dy[i][0] = v16_zero();
    if (window < over[i].windows) {
      held->dy[i][0] = v16_load(over[i].dy + window * PXA_BLOCK);
      held->at[i][0] = v16_load_u8(over[i].index + window * PXA_BLOCK);
    }
  }
}

// Computes the gradient of a row. The pixels under the first `stride` taps of a window are covered by that window and
// by up to `most` windows before it.
PXA_INLINE void max_pixels(grad_row out, const max_row *over, int over_count, int kernel, int stride, int padding,
                           int width) {
  // A copy on the stack: without it the compiler must assume that the stores below change what `over` points to.
  max_row rows[MAX_ROWS];
  for (int i = 0; i < over_count; i++)
    rows[i] = over[i];
  int most = (kernel - 1) / stride;
  held_windows held;
  for (int i = 0; i < over_count; i++)
    for (int k = 0; k <= most; k++)
      held.dy[i][k] = held.at[i][k] = v16_zero();
  for (int u = 0; u * stride - padding < width; u++) {
    hold_windows(&held, rows, over_count, most, u);
    for (int first = 0; first < stride; first++) {
      int column = u * stride - padding + first;
      if ((unsigned)column >= (unsigned)width)
        continue;
      v16 sum = grad_start(&out, column);
      for (int i = 0; i < over_count; i++)
        for (int back = (kernel - 1 - first) / stride; back >= 0; back--) {
          v16 tap = v16_set1((float)(rows[i].first_tap + first + back * stride));
          sum = v16_add(sum, v16_select_eq(held.at[i][back], tap, held.dy[i][back], v16_zero()));
        }
      grad_end(&out, column, sum);
    }
  }
}

// The arguments of max_pool_input_grad.
typedef struct {
  pxa_planes dx, dy;
  const uint8_t *index;
  pxa_epilogue epilogue;
  pxa_window window;
  pxa_range blocks, rows;
} max_grad_job;

PXA_INLINE void max_grad(const max_grad_job *job, int kernel, int stride) {
  bool is_plain = !job->epilogue.x && !job->epilogue.accumulate;
  pxa_planes dx = job->dx, dy = job->dy;
  EACH_ROW(b, r, job->blocks, job->rows) {
    int below = r + job->window.y.before, last = below / stride, tap = below - last * stride;
    max_row over[MAX_ROWS];
    int over_count = 0;
    for (int back = (kernel - 1) / stride; back >= 0; back--)
      if (tap + back * stride < kernel)
        over[over_count++] = max_row_of(dy, job->index, b, last - back, (tap + back * stride) * kernel);
    grad_row out = grad_row_of(dx, job->epilogue, b, r);
    grad_row plain = {.dx = out.dx};
    UNROLL
    for (int count = kernel / stride; count <= (kernel - 1) / stride + 1; count++)
      if (over_count == count && is_plain)
        max_pixels(plain, over, count, kernel, stride, job->window.x.before, dx.width);
      else if (over_count == count)
        max_pixels(out, over, count, kernel, stride, job->window.x.before, dx.width);
  }
}

static __attribute__((noinline)) void max_grad_2_2(const max_grad_job *job) { max_grad(job, 2, 2); }
static __attribute__((noinline)) void max_grad_3_2(const max_grad_job *job) { max_grad(job, 3, 2); }
static __attribute__((noinline)) void max_grad_3_1(const max_grad_job *job) { max_grad(job, 3, 1); }

// Computes the gradient for windows of any size, stride and dilation.
static __attribute__((noinline)) void max_grad_any(const max_grad_job *job) {
  pxa_planes dx = job->dx, dy = job->dy;
  pxa_axis y = job->window.y, x = job->window.x;
  EACH_ROW(b, r, job->blocks, job->rows) {
    max_row over[PXA_MAX_POOL_KERNEL];
    int over_count = 0;
    pxa_range rows = windows_over(y, r, dy.height);
    for (int v = rows.begin; v < rows.end; v++)
      if (tap_on(y, v, r) >= 0)
        over[over_count++] = max_row_of(dy, job->index, b, v, tap_on(y, v, r) * x.kernel);
    grad_row out = grad_row_of(dx, job->epilogue, b, r);
    for (int c = 0; c < dx.width; c++) {
      pxa_range columns = windows_over(x, c, dy.width);
      v16 sum = grad_start(&out, c);
      for (int i = 0; i < over_count; i++)
        for (ptrdiff_t u = columns.begin; u < columns.end; u++) {
          int tap = tap_on(x, (int)u, c);
          if (tap < 0)
            continue;
          v16 at = v16_load_u8(over[i].index + u * PXA_BLOCK), here = v16_set1((float)(over[i].first_tap + tap));
          sum = v16_add(sum, v16_select_eq(at, here, v16_load(over[i].dy + u * PXA_BLOCK), v16_zero()));
        }
      grad_end(&out, c, sum);
    }
  }
}

static void max_pool_input_grad(pxa_planes dx, pxa_planes dy, const uint8_t *index, pxa_epilogue epilogue,
                                pxa_window window, pxa_range blocks, pxa_range rows) {
  assert(window.y.kernel <= PXA_MAX_POOL_KERNEL && window.x.kernel <= PXA_MAX_POOL_KERNEL);
  max_grad_job job = {dx, dy, index, epilogue, window, blocks, rows};
  if (is_window(window, 2, 2))
    max_grad_2_2(&job);
  else if (is_window(window, 3, 2))
    max_grad_3_2(&job);
  else if (is_window(window, 3, 1))
    max_grad_3_1(&job);
  else
    max_grad_any(&job);
}

#endif
