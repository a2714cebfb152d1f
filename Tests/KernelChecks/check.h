// SPDX-License-Identifier: MIT
//
// Tools for writing checks. A check gets memory and random numbers from its `check *`, calls kernels, and compares
// their results with what it expects. Its memory stays valid until it begins the next case.

#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CKernelChecks.h"
#include "CPixelReference.h"

enum { CHECK_ARRAYS = 200 };

// Pages that can be read and written, with unreadable memory before and after them.
typedef struct {
  uint8_t *begin;
  size_t size;
} check_region;

typedef struct check {
  const pxa_kernels *kernels;
  bool at_end; // whether arrays end where their region ends; if not, they begin at its beginning
  uint64_t random;
  check_region regions[CHECK_ARRAYS];
  int used;
  int failures;
  char *message; // of the first failure
  size_t message_size;
} check;

typedef struct {
  const char *title;
  void (*run)(check *c);
} check_entry;

// Lists that end with a NULL title.
extern const check_entry check_sizes[], check_convolutions[], check_nonzero_masks[], check_networks[],
    check_depthwise[], check_winograd[];
extern const check_entry check_stems[], check_pools[], check_linear[], check_elementwise[], check_functions[];
extern const check_entry check_regions[], check_resampling[];
extern const check_entry check_layer_norm[], check_moves[], check_images[], check_fourier[], check_transforms[],
    check_vocabulary[], check_example[];

// Begins a new case: releases the arrays of the case before and seeds the random numbers.
void check_case(check *c, uint64_t seed);

// Returns memory full of NaN at one end of a region. At the region's end, up to `alignment` − 1 bytes may follow it.
void *check_memory(check *c, size_t bytes, size_t alignment);
double *check_doubles(check *c, int count);
// Returns the values as floats, aligned to a float only. check_floats_for_blocks aligns them to a block, and adds zeros
// up to whole blocks.
float *check_floats(check *c, const double *values, int count);
float *check_floats_for_blocks(check *c, const double *values, int count);

// Returns random integers from −range to range, whose sums are exact in float in any order, or reals in [−1, 1).
double *check_integers(check *c, int count, int range);
double *check_reals(check *c, int count);

// Returns an array with `values`, which are in the order [C][H][W], and zeros around them. If `values` is NULL, NaN
// stands for the values, and for the lanes beyond the channels too.
pxa_planes check_planes(check *c, int channels, int height, int width, int halo, const double *values);
pxa_image check_image(check *c, int channels, int height, int width, int halo, const double *values);
// Returns the values of an array in the order [C][H][W].
double *check_planes_values(check *c, pxa_planes planes);
double *check_image_values(check *c, pxa_image image);

// Returns how much wider a halo is than the narrowest that is allowed: 0 in the first round, 1 in the second.
static inline int check_extra_halo(const check *c) { return c->at_end ? 0 : 1; }

static inline pxa_range check_range(int begin, int end) { return (pxa_range){begin, end}; }

// Returns an axis in the reference's form, which includes the sizes of input and output.
static inline pxa_ref_axis check_reference_axis(pxa_axis axis, int input, int output) {
  return (pxa_ref_axis){axis.kernel, axis.stride, axis.before, axis.dilation, input, output};
}

// The parts in which a kernel writes planes: everything at once, or if `cut` one block and one row at a time, the last
// row of each block first.
typedef struct {
  int blocks, height;
  bool cut;
  int next;
  pxa_range block, row;
} check_parts;

check_parts check_parts_of(int channels, int height, bool cut);
bool check_next_part(check_parts *parts);
#define EACH_PART(p, planes, cut)                                                                                      \
  for (check_parts p = check_parts_of((planes).channels, (planes).height, cut); check_next_part(&p);)

// Expectations. `format` and the arguments after it name what was compared, as in printf.
#define CHECK_FORMAT(at) __attribute__((format(printf, at, at + 1)))
void check_that(check *c, bool condition, const char *format, ...) CHECK_FORMAT(3);
// Expects equal values; zeros of either sign are equal.
void check_equal(check *c, const double *found, const double *expected, int count, const char *format, ...)
    CHECK_FORMAT(5);
// Expects |error| ≤ (terms + 2)·2⁻²⁴·magnitude of each element.
void check_within(check *c, const double *found, const double *expected, const double *magnitude, int count, int terms,
                  const char *format, ...) CHECK_FORMAT(7);
// Expects zeros in the halo and in the lanes beyond the channels.
void check_zeros_around_planes(check *c, pxa_planes planes, const char *format, ...) CHECK_FORMAT(3);
void check_zeros_around_image(check *c, pxa_image image, const char *format, ...) CHECK_FORMAT(3);

#endif
