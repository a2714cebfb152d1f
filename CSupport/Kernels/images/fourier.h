// SPDX-License-Identifier: MIT
// Fourier transforms of images, 16 columns or 32 rows at a time.

#ifndef PXA_FOURIER_H
#define PXA_FOURIER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shapes/layout.h"
#include "../simd/simd.h"
#include "pxa_types.h"

// A complex number in each of 16 lanes.
typedef struct {
  v16 re, im;
} c16;

// `count` complex numbers in each of 16 lanes: the real parts, then the imaginary parts.
typedef struct {
  float *re, *im;
} c16_array;

PXA_INLINE c16_array array_at(float *scratch, int count) {
  return (c16_array){scratch, scratch + (ptrdiff_t)count * PXA_BLOCK};
}
PXA_INLINE c16 c16_load(c16_array a, int i) {
  return (c16){v16_loadu(a.re + (ptrdiff_t)i * PXA_BLOCK), v16_loadu(a.im + (ptrdiff_t)i * PXA_BLOCK)};
}
PXA_INLINE void c16_store(c16_array a, int i, c16 z) {
  v16_storeu(a.re + (ptrdiff_t)i * PXA_BLOCK, z.re);
  v16_storeu(a.im + (ptrdiff_t)i * PXA_BLOCK, z.im);
}
PXA_INLINE c16 c16_add(c16 a, c16 b) { return (c16){v16_add(a.re, b.re), v16_add(a.im, b.im)}; }
PXA_INLINE c16 c16_sub(c16 a, c16 b) { return (c16){v16_sub(a.re, b.re), v16_sub(a.im, b.im)}; }
// Returns i·a.
PXA_INLINE c16 c16_turn(c16 a) { return (c16){v16_sub(v16_zero(), a.im), a.re}; }
PXA_INLINE c16 c16_scaled(c16 a, float factor) {
  return (c16){v16_mul(a.re, v16_set1(factor)), v16_mul(a.im, v16_set1(factor))};
}
// Returns s + factor·a.
PXA_INLINE c16 c16_fma(c16 s, float factor, c16 a) {
  return (c16){v16_fma(s.re, v16_set1(factor), a.re), v16_fma(s.im, v16_set1(factor), a.im)};
}

// One transform of 16 lanes: its table, and the sign of i in its exponent.
typedef struct {
  pxa_fourier table;
  float sign;
} fourier_job;

// Returns a · exp(sign · 2πi · k/n).
PXA_INLINE c16 twiddled(fourier_job job, c16 a, int k) {
  v16 c = v16_set1(job.table.cosines[k]), s = v16_set1(job.sign * job.table.sines[k]);
  return (c16){v16_sub(v16_mul(a.re, c), v16_mul(a.im, s)), v16_fma(v16_mul(a.re, s), a.im, c)};
}

// A step of the transform (Stockham): y[stride·(p·q + j) + k] for j < p is the transform of p points of
// x[stride·(q + m·j) + k], turned by exp(sign · 2πi · j·q/(m·p)). Here n = m·p·stride.
typedef struct {
  int p, m, stride;
} fourier_step;

PXA_INLINE void transform_2(c16 a[2]) {
  c16 sum = c16_add(a[0], a[1]);
  a[1] = c16_sub(a[0], a[1]);
  a[0] = sum;
}

PXA_INLINE void transform_4(c16 a[4], float sign) {
  c16 even[2] = {a[0], a[2]}, odd[2] = {a[1], a[3]};
  transform_2(even);
  transform_2(odd);
  c16 turned = c16_scaled(c16_turn(odd[1]), sign);
  a[0] = c16_add(even[0], odd[0]);
  a[1] = c16_add(even[1], turned);
  a[2] = c16_sub(even[0], odd[0]);
  a[3] = c16_sub(even[1], turned);
}

// Transforms an odd number p of points: outputs j and p − j are A ± iB, where A is a sum over the inputs' even parts and
// B one over their odd parts.
PXA_INLINE void transform_odd(fourier_job job, int p, c16 *out, const c16 *a) {
  int n = job.table.size, half = p / 2;
  c16 first = a[0];
  for (int i = 1; i < p; i++)
    first = c16_add(first, a[i]);
  out[0] = first;
  for (int j = 1; j <= half; j++) {
    c16 even = a[0], odd = {v16_zero(), v16_zero()};
    for (int i = 1; i <= half; i++) {
      int k = (int)((int64_t)i * j % p * (n / p));
      even = c16_fma(even, job.table.cosines[k], c16_add(a[i], a[p - i]));
      odd = c16_fma(odd, job.sign * job.table.sines[k], c16_sub(a[i], a[p - i]));
    }
    out[j] = c16_add(even, c16_turn(odd));
    out[p - j] = c16_sub(even, c16_turn(odd));
  }
}

// Every caller passes a constant for `p`.
PXA_INLINE void small_step(fourier_job job, c16_array y, c16_array x, fourier_step step, int p) {
  for (int q = 0; q < step.m; q++)
    for (int k = 0; k < step.stride; k++) {
      c16 a[7], b[7];
      UNROLL
      for (int j = 0; j < p; j++)
        a[j] = c16_load(x, step.stride * (q + step.m * j) + k);
      if (p == 2)
        transform_2(a);
      else if (p == 4)
        transform_4(a, job.sign);
      else
        transform_odd(job, p, b, a);
      const c16 *z = p == 2 || p == 4 ? a : b;
      c16_store(y, step.stride * p * q + k, z[0]);
      UNROLL
      for (int j = 1; j < p; j++)
        c16_store(y, step.stride * (p * q + j) + k, twiddled(job, z[j], j * q * step.stride));
    }
}

// A step for any odd p. `points` has room for 2·p complex numbers in 16 lanes.
static void large_step(fourier_job job, c16_array y, c16_array x, fourier_step step, c16 *points) {
  int p = step.p;
  c16 *out = points + p;
  for (int q = 0; q < step.m; q++)
    for (int k = 0; k < step.stride; k++) {
      for (int j = 0; j < p; j++)
        points[j] = c16_load(x, step.stride * (q + step.m * j) + k);
      transform_odd(job, p, out, points);
      for (int j = 0; j < p; j++)
        c16_store(y, step.stride * (p * q + j) + k, twiddled(job, out[j], j * q * step.stride));
    }
}

static int smallest_factor(int n) {
  if (n % 4 == 0)
    return 4;
  for (int p = 2; p * p <= n; p++)
    if (n % p == 0)
      return p;
  return n;
}

// Transforms the first of two arrays and returns the one that holds the result. `points` has room for 2·n complex
// numbers in 16 lanes.
static c16_array transform(fourier_job job, c16_array x, c16_array other, float *points) {
  int left = job.table.size, stride = 1;
  while (left > 1) {
    int p = smallest_factor(left);
    fourier_step step = {p, left / p, stride};
    switch (p) {
    case 2:
      small_step(job, other, x, step, 2);
      break;
    case 3:
      small_step(job, other, x, step, 3);
      break;
    case 4:
      small_step(job, other, x, step, 4);
      break;
    case 5:
      small_step(job, other, x, step, 5);
      break;
    case 7:
      small_step(job, other, x, step, 7);
      break;
    default:
      large_step(job, other, x, step, (c16 *)(void *)points);
      break;
    }
    c16_array result = other;
    other = x;
    x = result;
    left /= p;
    stride *= p;
  }
  return x;
}

PXA_INLINE ptrdiff_t spectrum_offset(pxa_spectrum a, int channel, int row) {
  return ((ptrdiff_t)channel * a.height + row) * a.stride;
}

// The scratch memory of one call: two arrays, and the points of a large step.
typedef struct {
  c16_array first, second;
  float *points;
} fourier_scratch;

static fourier_scratch scratch_of(float *scratch, int n) {
  ptrdiff_t array = 2 * (ptrdiff_t)n * PXA_BLOCK;
  return (fourier_scratch){array_at(scratch, n), array_at(scratch + array, n), scratch + 2 * array};
}

static void spectrum_columns(pxa_spectrum y, pxa_spectrum x, const float *factor, pxa_fourier table, bool inverse,
                             float *scratch, pxa_range groups) {
  assert(table.size == x.height && x.stride % PXA_BLOCK == 0 && x.stride == y.stride && x.height == y.height);
  int blocks = x.stride / PXA_BLOCK;
  fourier_job job = {table, inverse ? 1.f : -1.f};
  fourier_scratch memory = scratch_of(scratch, table.size);
  for (int group = groups.begin; group < groups.end; group++) {
    ptrdiff_t offset = spectrum_offset(x, group / blocks, 0) + group % blocks * PXA_BLOCK;
    const float *factors = factor + group % blocks * PXA_BLOCK;
    for (int row = 0; row < x.height; row++) {
      ptrdiff_t at = offset + (ptrdiff_t)row * x.stride;
      v16 by = inverse ? v16_loadu(factors + (ptrdiff_t)row * x.stride) : v16_set1(1);
      c16_store(memory.first, row, (c16){v16_mul(by, v16_loadu(x.re + at)), v16_mul(by, v16_loadu(x.im + at))});
    }
    c16_array result = transform(job, memory.first, memory.second, memory.points);
    for (int row = 0; row < x.height; row++) {
      ptrdiff_t at = offset + (ptrdiff_t)row * x.stride;
      v16 by = inverse ? v16_set1(1) : v16_loadu(factors + (ptrdiff_t)row * x.stride);
      c16 z = c16_load(result, row);
      v16_storeu(y.re + at, v16_mul(by, z.re));
      v16_storeu(y.im + at, v16_mul(by, z.im));
    }
  }
}

// The rows that one transform computes: lane l has row `first` + l as its real part and row `first` + 16 + l as its
// imaginary part.
typedef struct {
  int channel, first, count;
} row_group;

static row_group rows_of_group(int group, int height) {
  int groups = (height + 2 * PXA_BLOCK - 1) / (2 * PXA_BLOCK), first = group % groups * 2 * PXA_BLOCK;
  int left = height - first;
  return (row_group){group / groups, first, left < 2 * PXA_BLOCK ? left : 2 * PXA_BLOCK};
}

// A spectrum of real rows a and b makes one of a + ib: Z[k] = A[k] + i·B[k] and Z[W − k] = conj(A[k]) + i·conj(B[k]).
static void spectrum_to_image(pxa_image t, pxa_spectrum x, pxa_fourier table, float *scratch, pxa_range groups) {
  assert(table.size == t.width && x.columns == t.width / 2 + 1 && x.height == t.height);
  int width = t.width;
  fourier_scratch memory = scratch_of(scratch, width);
  for (int index = groups.begin; index < groups.end; index++) {
    row_group group = rows_of_group(index, t.height);
    for (int lane = 0; lane < PXA_BLOCK; lane++) {
      bool has_a = lane < group.count, has_b = lane + PXA_BLOCK < group.count;
      ptrdiff_t a = spectrum_offset(x, group.channel, group.first + (has_a ? lane : 0));
      ptrdiff_t b = spectrum_offset(x, group.channel, group.first + (has_b ? lane + PXA_BLOCK : 0));
      const float *a_re = x.re + a, *a_im = x.im + a, *b_re = x.re + b, *b_im = x.im + b;
      float *re = memory.first.re + lane, *im = memory.first.im + lane;
      re[0] = a_re[0];
      im[0] = b_re[0];
      for (int k = 1; 2 * k < width; k++) {
        re[k * PXA_BLOCK] = a_re[k] - b_im[k];
        im[k * PXA_BLOCK] = a_im[k] + b_re[k];
        re[(width - k) * PXA_BLOCK] = a_re[k] + b_im[k];
        im[(width - k) * PXA_BLOCK] = b_re[k] - a_im[k];
      }
      if (width % 2 == 0) {
        re[width / 2 * PXA_BLOCK] = a_re[width / 2];
        im[width / 2 * PXA_BLOCK] = b_re[width / 2];
      }
    }
    c16_array z = transform((fourier_job){table, 1}, memory.first, memory.second, memory.points);
    for (int row = 0; row < group.count; row++) {
      const float *lane = row < PXA_BLOCK ? z.re + row : z.im + row - PXA_BLOCK;
      float *out = image_row(t, group.channel, group.first + row);
      for (int i = 0; i < width; i++)
        out[i] = lane[i * PXA_BLOCK];
    }
  }
}

static void image_to_spectrum(pxa_spectrum x, pxa_image t, pxa_fourier table, float *scratch, pxa_range groups) {
  assert(table.size == t.width && x.columns == t.width / 2 + 1 && x.height == t.height);
  int width = t.width;
  fourier_scratch memory = scratch_of(scratch, width);
  for (int index = groups.begin; index < groups.end; index++) {
    row_group group = rows_of_group(index, t.height);
    for (int row = 0; row < 2 * PXA_BLOCK; row++) {
      float *lane = row < PXA_BLOCK ? memory.first.re + row : memory.first.im + row - PXA_BLOCK;
      const float *in = image_row(t, group.channel, group.first + (row < group.count ? row : 0));
      for (int i = 0; i < width; i++)
        lane[i * PXA_BLOCK] = in[i];
    }
    c16_array z = transform((fourier_job){table, -1}, memory.first, memory.second, memory.points);
    for (int row = 0; row < group.count; row++) {
      bool is_a = row < PXA_BLOCK;
      const float *re = z.re + row % PXA_BLOCK, *im = z.im + row % PXA_BLOCK;
      float *out_re = x.re + spectrum_offset(x, group.channel, group.first + row);
      float *out_im = x.im + spectrum_offset(x, group.channel, group.first + row);
      for (int k = 0; k < x.columns; k++) {
        int mirror = k == 0 ? 0 : width - k;
        float u = re[k * PXA_BLOCK], v = im[k * PXA_BLOCK];
        float mirror_u = re[mirror * PXA_BLOCK], mirror_v = im[mirror * PXA_BLOCK];
        out_re[k] = 0.5f * (is_a ? u + mirror_u : v + mirror_v);
        out_im[k] = 0.5f * (is_a ? v - mirror_v : mirror_u - u);
      }
      for (int k = x.columns; k < x.stride; k++)
        out_re[k] = out_im[k] = 0;
    }
  }
}

#endif
