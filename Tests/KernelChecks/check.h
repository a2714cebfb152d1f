// SPDX-License-Identifier: MIT
//
// What checks are made of. A check gets memory and random numbers from its `check`, calls kernels, and says what it
// expects; what it gets is its own until it begins the next case.

#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CKernelChecks.h"
#include "CPixelReference.h"

enum { CHECK_ARRAYS = 80 };

// Pages that can be read and written, between one that can't and another.
typedef struct {
  uint8_t *begin;
  size_t size;
} check_region;

typedef struct check {
  const pxa_kernels *kernels;
  bool at_end; // arrays end where their region ends, else begin where it begins
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
    check_depthwise[];
extern const check_entry check_stems[], check_pools[], check_linear[], check_elementwise[], check_functions[];
extern const check_entry check_layer_norm[], check_moves[], check_images[], check_vocabulary[], check_example[];

// Ends the case before, whose arrays are gone, and begins one whose random numbers follow from `seed`.
void check_case(check *c, uint64_t seed);

// Memory full of NaN. It ends at a region's end but for what `alignment` takes.
void *check_memory(check *c, size_t bytes, size_t alignment);
double *check_doubles(check *c, int count);
// The values as floats, at no more than a float's alignment; for_blocks: at a block's, and zeros up to a whole block.
float *check_floats(check *c, const double *values, int count);
float *check_floats_for_blocks(check *c, const double *values, int count);

// Integers from −range to range: their sums are exact in float in any order. Reals: in [−1, 1).
double *check_integers(check *c, int count, int range);
double *check_reals(check *c, int count);

// Arrays with these values in the order [C][H][W], zeros around them; NaN for values if NULL.
pxa_planes check_planes(check *c, int channels, int height, int width, int halo, const double *values);
pxa_image check_image(check *c, int channels, int height, int width, int halo, const double *values);
// The values again.
double *check_planes_values(check *c, pxa_planes planes);
double *check_image_values(check *c, pxa_image image);

// A halo is as narrow as is allowed in one round, wider by this in the other.
static inline int check_wider(const check *c) { return c->at_end ? 0 : 1; }

static inline pxa_range check_range(int begin, int end) { return (pxa_range){begin, end}; }

// An axis as the reference takes it, with the sizes around it.
static inline pxa_ref_axis check_reference_axis(pxa_axis axis, int input, int output) {
  return (pxa_ref_axis){axis.kernel, axis.stride, axis.before, axis.dilation, input, output};
}

// What a kernel writes of planes: all of them at once, or block by block and row by row from the last row on.
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

// Expectations. The text after them says of what, as printf does.
#define CHECK_FORMAT(at) __attribute__((format(printf, at, at + 1)))
void check_that(check *c, bool condition, const char *format, ...) CHECK_FORMAT(3);
// Bit by bit, but for the sign of a zero.
void check_equal(check *c, const double *found, const double *expected, int count, const char *format, ...)
    CHECK_FORMAT(5);
// |error| ≤ (terms + 2)·2⁻²⁴·magnitude, element by element.
void check_within(check *c, const double *found, const double *expected, const double *magnitude, int count, int terms,
                  const char *format, ...) CHECK_FORMAT(7);
// The halo, and the lanes beyond the channels, hold zeros.
void check_zeros_around_planes(check *c, pxa_planes planes, const char *format, ...) CHECK_FORMAT(3);
void check_zeros_around_image(check *c, pxa_image image, const char *format, ...) CHECK_FORMAT(3);

#endif
