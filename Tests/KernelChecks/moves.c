// SPDX-License-Identifier: MIT
// Checks the kernels that only move elements.

#include "layers.h"

#include <stdio.h>
#include <string.h>

enum { HEIGHT = 3, WIDTH = 5, PLANE = HEIGHT * WIDTH };

// MARK: - Channels

typedef struct {
  const char *name;
  int from, to; // channels
  int (*map)(int channel);
} selection;

static int same(int channel) { return channel; }
static int later(int channel) { return channel + 16; }
static int aside(int channel) { return channel + 7; }
static int after_some(int channel) { return channel < 12 ? -1 : channel - 12; }
static int after_block(int channel) { return channel < 16 ? -1 : channel - 16; }
static int backwards(int channel) { return 36 - channel; }
static int shuffled(int channel) { return channel % 2 * 20 + channel / 2; }
static int some(int channel) { return channel % 5 == 0 ? -1 : channel / 3; }

static const selection selections[] = {{"same", 37, 37, same},
                                       {"later", 40, 20, later},
                                       {"aside", 45, 37, aside},
                                       {"after some", 24, 36, after_some},
                                       {"after a block", 8, 24, after_block},
                                       {"backwards", 37, 37, backwards},
                                       {"shuffled", 40, 40, shuffled},
                                       {"some", 16, 37, some}};

static int32_t *map_of(check *c, selection s) {
  int32_t *map = check_memory(c, (size_t)s.to * sizeof *map, sizeof *map);
  for (int k = 0; k < s.to; k++)
    map[k] = s.map(k);
  return map;
}

static void select_channels(check *c) {
  for (size_t n = 0; n < sizeof selections / sizeof *selections; n++) {
    check_case(c, n);
    selection s = selections[n];
    const double *values = check_integers(c, s.from * PLANE, 4), *before = check_integers(c, s.to * PLANE, 4);
    const int32_t *map = map_of(c, s);
    double *expected = check_doubles(c, s.to * PLANE), *formula = check_doubles(c, s.to * PLANE);
    for (int i = 0; i < s.to * PLANE; i++) {
      int from = map[i / PLANE];
      expected[i] = from < 0 ? before[i] : values[from * PLANE + i % PLANE];
      formula[i] = from < 0 ? 0 : values[from * PLANE + i % PLANE];
    }
    pxa_planes x = check_planes(c, s.from, HEIGHT, WIDTH, check_extra_halo(c), values);
    pxa_planes y = check_planes(c, s.to, HEIGHT, WIDTH, check_extra_halo(c), before);
    EACH_PART(p, y, n % 2 == 0)
      c->kernels->select_channels(y, x, map, p.block, p.row);
    check_equal(c, check_planes_values(c, y), expected, s.to * PLANE, "%s", s.name);
    check_zeros_around_planes(c, y, "%s", s.name);
    // The gradient reads dY as the selection reads X.
    for (int way = 0; way < EPILOGUE_WAYS; way++) {
      epilogue_case epilogue;
      make_epilogue(c, &epilogue, way, s.to, HEIGHT, WIDTH, NULL);
      EACH_PART(p, epilogue.dx, epilogue.cut)
        c->kernels->select_channels_grad(epilogue.dx, x, map, epilogue.epilogue, p.block, p.row);
      check_epilogue(c, &epilogue, formula, NULL, 0, s.name);
    }
  }
}

// The kernel writes 0 to the lanes beyond the channels, whatever they held.
static void lanes_beyond(check *c) {
  check_case(c, 0);
  const double *values = check_integers(c, 20 * PLANE, 4);
  int32_t *map = map_of(c, (selection){"same", 20, 20, same});
  pxa_planes x = check_planes(c, 20, HEIGHT, WIDTH, 0, values), y = check_planes(c, 20, HEIGHT, WIDTH, 0, NULL);
  EACH_PART(p, y, true)
    c->kernels->select_channels(y, x, map, p.block, p.row);
  check_equal(c, check_planes_values(c, y), values, 20 * PLANE, "all of 20 channels");
  check_zeros_around_planes(c, y, "all of 20 channels");
}

// MARK: - Layouts

static void flatten(check *c) {
  static const int shapes[][3] = {{1, 1, 1}, {5, 3, 2}, {16, 1, 1}, {20, 1, 1}, {37, 3, 5}, {32, 7, 7}};
  for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) {
    check_case(c, n);
    int channels = shapes[n][0], height = shapes[n][1], width = shapes[n][2], count = channels * height * width;
    char name[60];
    snprintf(name, sizeof name, "%d×%d×%d", channels, height, width);
    const double *values = check_integers(c, count, 4), *gradients = check_integers(c, count, 4);
    pxa_planes x = check_planes(c, channels, height, width, check_extra_halo(c), values);
    pxa_planes y = check_planes(c, count, 1, 1, 0, NULL), dy = check_planes(c, count, 1, 1, 0, gradients);
    for (int b = pxa_blocks(channels) - 1; b >= 0; b--)
      c->kernels->flatten_forward(y, x, check_range(b, b + 1));
    check_equal(c, check_planes_values(c, y), values, count, "%s", name);
    check_zeros_around_planes(c, y, "%s", name);
    for (int way = 0; way < EPILOGUE_WAYS; way++) {
      epilogue_case epilogue;
      make_epilogue(c, &epilogue, way, channels, height, width, NULL);
      for (int b = pxa_blocks(channels) - 1; b >= 0; b--)
        c->kernels->flatten_input_grad(epilogue.dx, dy, epilogue.epilogue, check_range(b, b + 1));
      check_epilogue(c, &epilogue, gradients, NULL, 0, name);
    }
  }
}

static void images(check *c) {
  static const int channel_counts[] = {1, 3, 16, 20};
  for (int n = 0; n < 4; n++) {
    check_case(c, (uint64_t)n);
    int channels = channel_counts[n], count = channels * PLANE;
    const double *values = check_integers(c, count, 4);
    pxa_image image = check_image(c, channels, HEIGHT, WIDTH, check_extra_halo(c), values);
    pxa_image back = check_image(c, channels, HEIGHT, WIDTH, 2 * check_extra_halo(c), NULL);
    pxa_planes planes = check_planes(c, channels, HEIGHT, WIDTH, check_extra_halo(c), NULL);
    for (int row = HEIGHT - 1; row >= 0; row--)
      c->kernels->image_to_planes(planes, image, check_range(row, row + 1));
    check_equal(c, check_planes_values(c, planes), values, count, "%d channels to planes", channels);
    check_zeros_around_planes(c, planes, "%d channels to planes", channels);
    for (int row = HEIGHT - 1; row >= 0; row--)
      c->kernels->planes_to_image(back, planes, check_range(row, row + 1));
    check_equal(c, check_image_values(c, back), values, count, "%d channels to an image", channels);
    check_zeros_around_image(c, back, "%d channels to an image", channels);
  }
}

// MARK: - Borders

// Returns the element of `values` at (row, column), or `outside` if that lies beyond the edges.
static double element_or(const double *values, int channel, int height, int width, int row, int column,
                         double outside) {
  bool is_inside = row >= 0 && row < height && column >= 0 && column < width;
  return is_inside ? values[(channel * height + row) * width + column] : outside;
}

static void pad(check *c) {
  static const int borders[][4] = {{0, 0, 0, 0}, {1, 2, 3, 4}, {0, 1, 0, 1}, {5, 0, 0, 7}, {-1, 2, -1, -2}};
  for (size_t n = 0; n < sizeof borders / sizeof *borders; n++)
    for (int channels = 3; channels < 40; channels += 17) {
      check_case(c, n);
      int top = borders[n][0], left = borders[n][1];
      int height = HEIGHT + top + borders[n][2], width = WIDTH + left + borders[n][3];
      int count = channels * PLANE, out_count = channels * height * width;
      char name[80];
      snprintf(name, sizeof name, "%d channels, %d above, %d at the left", channels, top, left);
      const double *values = check_integers(c, count, 4), *gradients = check_integers(c, out_count, 4);
      double *expected = check_doubles(c, out_count), *formula = check_doubles(c, count);
      for (int i = 0; i < out_count; i++)
        expected[i] =
            element_or(values, i / (height * width), HEIGHT, WIDTH, i / width % height - top, i % width - left, 2.5);
      for (int i = 0; i < count; i++)
        formula[i] = element_or(gradients, i / PLANE, height, width, i / WIDTH % HEIGHT + top, i % WIDTH + left, 0);
      pxa_planes x = check_planes(c, channels, HEIGHT, WIDTH, check_extra_halo(c), values);
      pxa_planes y = check_planes(c, channels, height, width, check_extra_halo(c), NULL);
      EACH_PART(p, y, n % 2 == 0)
        c->kernels->pad_forward(y, x, top, left, 2.5f, p.block, p.row);
      check_equal(c, check_planes_values(c, y), expected, out_count, "%s", name);
      check_zeros_around_planes(c, y, "%s", name);
      pxa_planes dy = check_planes(c, channels, height, width, check_extra_halo(c), gradients);
      for (int way = 0; way < EPILOGUE_WAYS; way++) {
        epilogue_case epilogue;
        make_epilogue(c, &epilogue, way, channels, HEIGHT, WIDTH, NULL);
        EACH_PART(p, epilogue.dx, epilogue.cut)
          c->kernels->pad_input_grad(epilogue.dx, dy, top, left, epilogue.epilogue, p.block, p.row);
        check_epilogue(c, &epilogue, formula, NULL, 0, name);
      }
    }
}

const check_entry check_moves[] = {
    {"channel selections and their gradients move each channel as the map says", select_channels},
    {"lanes beyond the channels are zero", lanes_beyond},
    {"flattened planes are PyTorch's vector, also in the gradient", flatten},
    {"images become planes, and planes images", images},
    {"a border has its value and no gradient", pad},
    {0},
};
