// SPDX-License-Identifier: MIT

#define _DEFAULT_SOURCE 1 // declare mmap and MAP_ANONYMOUS too, which -std=c11 hides

#include "check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// MARK: - The list

static const check_entry *const lists[] = {check_example,       check_vocabulary, check_sizes,    check_convolutions,
                                           check_nonzero_masks, check_networks,   check_winograd, check_depthwise,
                                           check_stems,         check_pools,      check_linear,   check_elementwise,
                                           check_functions,     check_layer_norm, check_moves,    check_images,
                                           check_regions,       check_resampling, check_fourier,  check_transforms};

static const check_entry *entry_at(int32_t index) {
  for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
    for (const check_entry *entry = lists[list]; entry->title; entry++)
      if (index-- == 0)
        return entry;
  return NULL;
}

int32_t pxa_checks_count(void) {
  int32_t count = 0;
  while (entry_at(count))
    count++;
  return count;
}

const char *pxa_check_title(int32_t index) { return entry_at(index)->title; }

// MARK: - Memory

// The byte that fills new memory: NaN as float and as double, and not a valid index of a max pool.
enum { UNWRITTEN = 0xFF };

// The bytes of unreadable memory before and after a region: a multiple of every page size.
enum { GUARD = 1 << 20 };

void check_case(check *c, uint64_t seed) {
  c->used = 0;
  c->random = seed;
}

static void out_of_memory(void) {
  fputs("kernel checks: out of memory, or CHECK_ARRAYS is too small\n", stderr);
  abort();
}

static check_region make_region(size_t size) {
  uint8_t *all = mmap(NULL, size + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED || mprotect(all + GUARD, size, PROT_READ | PROT_WRITE) != 0)
    out_of_memory();
  return (check_region){all + GUARD, size};
}

static void drop_region(check_region *region) {
  if (region->begin)
    munmap(region->begin - GUARD, region->size + 2 * GUARD);
}

void *check_memory(check *c, size_t bytes, size_t alignment) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), needed = (bytes + alignment + page) / page * page;
  if (c->used == CHECK_ARRAYS)
    out_of_memory();
  check_region *region = &c->regions[c->used++];
  if (region->size < needed) {
    drop_region(region);
    *region = make_region(needed);
  }
  uint8_t *memory = region->begin + (c->at_end ? (region->size - bytes) / alignment * alignment : 0);
  memset(memory, UNWRITTEN, bytes);
  return memory;
}

double *check_doubles(check *c, int count) { return check_memory(c, (size_t)count * sizeof(double), sizeof(double)); }

float *check_floats(check *c, const double *values, int count) {
  float *floats = check_memory(c, (size_t)count * sizeof *floats, sizeof *floats);
  for (int i = 0; i < count; i++)
    floats[i] = (float)values[i];
  return floats;
}

float *check_floats_for_blocks(check *c, const double *values, int count) {
  int padded = pxa_blocks(count) * PXA_BLOCK;
  float *floats = check_memory(c, (size_t)padded * sizeof *floats, 64);
  for (int i = 0; i < padded; i++)
    floats[i] = values && i < count ? (float)values[i] : 0;
  return floats;
}

// MARK: - A run

bool pxa_check_run(int32_t index, const pxa_kernels *kernels, char *message, size_t message_size) {
  check c = {.kernels = kernels, .message = message, .message_size = message_size};
  for (int side = 0; side < 2; side++) {
    c.at_end = side == 0;
    entry_at(index)->run(&c);
  }
  for (int i = 0; i < CHECK_ARRAYS; i++)
    drop_region(&c.regions[i]);
  if (c.failures > 1 && message_size > 0) {
    size_t length = strlen(message);
    snprintf(message + length, message_size - length, " (and %d more)", c.failures - 1);
  }
  return c.failures == 0;
}

// MARK: - Random numbers

double *check_integers(check *c, int count, int range) {
  double *values = check_doubles(c, count);
  for (int i = 0; i < count; i++)
    values[i] = (double)(int)(pxa_ref_random(&c->random) % (uint64_t)(2 * range + 1)) - range;
  return values;
}

double *check_reals(check *c, int count) {
  double *values = check_doubles(c, count);
  for (int i = 0; i < count; i++)
    values[i] = (double)((int64_t)pxa_ref_random(&c->random) >> 40) * 0x1p-23;
  return values;
}

// MARK: - Arrays

// Blocked planes or an image. An image has the layout of planes whose blocks have one channel.
typedef struct {
  float *data;
  int channels, height, width, halo, block;
} array;

static array of_planes(pxa_planes a) { return (array){a.data, a.channels, a.height, a.width, a.halo, PXA_BLOCK}; }
static array of_image(pxa_image a) { return (array){a.data, a.channels, a.height, a.width, a.halo, 1}; }

// The number of channels, rounded up to whole blocks.
static int padded_channels(array a) { return (a.channels + a.block - 1) / a.block * a.block; }

static float *element(array a, int channel, int row, int column) {
  ptrdiff_t width = a.width + 2 * a.halo, height = a.height + 2 * a.halo;
  ptrdiff_t pixel = (channel / a.block * height + row + a.halo) * width + column + a.halo;
  return a.data + pixel * a.block + channel % a.block;
}

// Returns memory for an array, with `values` in it. If `values` is NULL, NaN stands for them, and for the lanes beyond
// the channels too, because a kernel has to write these lanes.
static float *fill(check *c, array a, const double *values) {
  size_t area = (size_t)(a.height + 2 * a.halo) * (size_t)(a.width + 2 * a.halo);
  size_t bytes = (size_t)padded_channels(a) * area * sizeof(float);
  a.data = memset(check_memory(c, bytes, a.block * sizeof(float)), 0, bytes);
  for (int k = 0; k < (values ? a.channels : padded_channels(a)); k++)
    for (int y = 0; y < a.height; y++)
      for (int x = 0; x < a.width; x++)
        *element(a, k, y, x) = values ? (float)*values++ : NAN;
  return a.data;
}

static double *values_of(check *c, array a) {
  double *values = check_doubles(c, a.channels * a.height * a.width), *next = values;
  for (int k = 0; k < a.channels; k++)
    for (int y = 0; y < a.height; y++)
      for (int x = 0; x < a.width; x++)
        *next++ = *element(a, k, y, x);
  return values;
}

static bool is_inside(int position, int size) { return position >= 0 && position < size; }

static bool has_zeros_around(array a) {
  for (int k = 0; k < padded_channels(a); k++)
    for (int y = -a.halo; y < a.height + a.halo; y++)
      for (int x = -a.halo; x < a.width + a.halo; x++) {
        bool inside = k < a.channels && is_inside(y, a.height) && is_inside(x, a.width);
        if (!inside && !(*element(a, k, y, x) == 0))
          return false;
      }
  return true;
}

pxa_planes check_planes(check *c, int channels, int height, int width, int halo, const double *values) {
  pxa_planes planes = {NULL, channels, height, width, halo};
  planes.data = fill(c, of_planes(planes), values);
  return planes;
}

pxa_image check_image(check *c, int channels, int height, int width, int halo, const double *values) {
  pxa_image image = {NULL, channels, height, width, halo};
  image.data = fill(c, of_image(image), values);
  return image;
}

double *check_planes_values(check *c, pxa_planes planes) { return values_of(c, of_planes(planes)); }
double *check_image_values(check *c, pxa_image image) { return values_of(c, of_image(image)); }

check_parts check_parts_of(int channels, int height, bool cut) {
  return (check_parts){.blocks = pxa_blocks(channels), .height = height, .cut = cut};
}

bool check_next_part(check_parts *parts) {
  if (parts->next == (parts->cut ? parts->blocks * parts->height : 1))
    return false;
  int block = parts->next / parts->height, row = parts->height - 1 - parts->next % parts->height;
  parts->block = parts->cut ? check_range(block, block + 1) : check_range(0, parts->blocks);
  parts->row = parts->cut ? check_range(row, row + 1) : check_range(0, parts->height);
  parts->next++;
  return true;
}

// MARK: - Expectations

// Counts a failure, and writes the first one's text to the message: what was compared, and what was wrong.
static void fail(check *c, const char *wrong, const char *format, va_list arguments) {
  if (c->failures++ > 0 || c->message_size == 0)
    return;
  int length = vsnprintf(c->message, c->message_size, format, arguments);
  if (length >= 0 && (size_t)length < c->message_size)
    snprintf(c->message + length, c->message_size - (size_t)length, "%s", wrong);
}

#define FAIL(wrong)                                                                                                    \
  do {                                                                                                                 \
    va_list arguments;                                                                                                 \
    va_start(arguments, format);                                                                                       \
    fail(c, wrong, format, arguments);                                                                                 \
    va_end(arguments);                                                                                                 \
  } while (0)

void check_that(check *c, bool condition, const char *format, ...) {
  if (!condition)
    FAIL("");
}

void check_equal(check *c, const double *found, const double *expected, int count, const char *format, ...) {
  for (int i = 0; i < count; i++)
    if (!(found[i] == expected[i])) {
      char wrong[100];
      snprintf(wrong, sizeof wrong, ": element %d is %.9g instead of %.9g", i, found[i], expected[i]);
      FAIL(wrong);
      return;
    }
}

void check_within(check *c, const double *found, const double *expected, const double *magnitude, int count, int terms,
                  const char *format, ...) {
  double worst = 0;
  int worst_index = 0;
  for (int i = 0; i < count; i++) {
    double error = fabs(found[i] - expected[i]), bound = (terms + 2) * 0x1p-24 * magnitude[i];
    double ratio = error == 0 ? 0 : isnan(error) ? INFINITY : error / bound;
    if (ratio > worst) {
      worst = ratio;
      worst_index = i;
    }
  }
  if (worst > 1) {
    char wrong[100];
    snprintf(wrong, sizeof wrong, ": the greatest error is %.3g %% of the bound, at element %d", 100 * worst,
             worst_index);
    FAIL(wrong);
  }
}

void check_zeros_around_planes(check *c, pxa_planes planes, const char *format, ...) {
  if (!has_zeros_around(of_planes(planes)))
    FAIL(": expected zeros in the halo and beyond the channels");
}

void check_zeros_around_image(check *c, pxa_image image, const char *format, ...) {
  if (!has_zeros_around(of_image(image)))
    FAIL(": expected zeros in the halo and beyond the channels");
}
