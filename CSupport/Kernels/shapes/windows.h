// SPDX-License-Identifier: MIT
// Where the windows of a pool lie along an axis.

#ifndef PXA_WINDOWS_H
#define PXA_WINDOWS_H

#include <stdint.h>

#include "../simd/compiler.h"
#include "pxa_types.h"

// Returns the taps of window `position` that lie in an input of `size` elements.
PXA_INLINE pxa_range taps_inside(pxa_axis axis, int position, int size) {
  int start = position * axis.stride - axis.before, d = axis.dilation;
  int first = start < 0 ? (d - 1 - start) / d : 0, end = (size - start + d - 1) / d;
  return (pxa_range){first, end < axis.kernel ? end : axis.kernel};
}

// Returns those of the `count` windows whose taps all lie in low … high − 1.
PXA_INLINE pxa_range windows_between(pxa_axis axis, int count, int low, int high) {
  int reach = axis.dilation * (axis.kernel - 1) + 1, first_start = low + axis.before;
  int last_start = high - reach + axis.before;
  int first = first_start > 0 ? (first_start + axis.stride - 1) / axis.stride : 0;
  int end = last_start < 0 ? 0 : last_start / axis.stride + 1;
  end = end < count ? end : count;
  return (pxa_range){first < end ? first : end, end};
}

// Returns those of the `count` windows that reach over input `position`. With a dilation some of them have no tap on
// it.
PXA_INLINE pxa_range windows_over(pxa_axis axis, int position, int count) {
  int last = position + axis.before, first = last - axis.dilation * (axis.kernel - 1);
  int end = last / axis.stride + 1;
  return (pxa_range){first > 0 ? (first + axis.stride - 1) / axis.stride : 0, end < count ? end : count};
}

// Returns the tap that lies on input `position`, or −1, for a window that reaches over this position.
PXA_INLINE int tap_on(pxa_axis axis, int window, int position) {
  int distance = position + axis.before - window * axis.stride;
  return axis.dilation == 1 ? distance : distance % axis.dilation == 0 ? distance / axis.dilation : -1;
}

// In a gradient, the pixels under the first `stride` taps of a window are covered by that window and by a fixed number
// of windows before it. Returns those of the `count` windows for which all these pixels and windows exist.
PXA_INLINE pxa_range windows_to_group(pxa_axis axis, int count, int size) {
  pxa_range whole = windows_between((pxa_axis){axis.stride, axis.stride, axis.before, 0, 1}, count, 0, size);
  int before = (axis.kernel - 1) / axis.stride;
  whole.begin = whole.begin > before ? whole.begin : before;
  return whole.begin < whole.end ? whole : (pxa_range){0, 0};
}

// Returns the pixels under the first `stride` taps of these windows.
PXA_INLINE pxa_range group_pixels(pxa_axis axis, pxa_range windows) {
  if (windows.begin == windows.end)
    return (pxa_range){0, 0};
  return (pxa_range){windows.begin * axis.stride - axis.before, windows.end * axis.stride - axis.before};
}

// Cuts the length of `size` elements into `count` equal parts, and returns the elements that part `i` overlaps.
PXA_INLINE pxa_range part_of(int size, int i, int count) {
  int64_t begin = (int64_t)i * size / count, end = ((int64_t)(i + 1) * size + count - 1) / count;
  return (pxa_range){(int)begin, (int)end};
}

#endif
