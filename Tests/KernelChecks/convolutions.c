// SPDX-License-Identifier: MIT
// Checks of convolutions and their gradients.

#include "check.h"

#include <stdio.h>
#include <string.h>

// MARK: - Geometry

static const pxa_conv kinds[] = {{1, 1, 0}, {1, 1, 1}, {1, 2, 0}, {1, 2, 1},
                                 {3, 1, 0}, {3, 1, 1}, {3, 2, 0}, {3, 2, 1}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static pxa_ref_conv shape(pxa_conv conv, int inputs, int outputs, int height, int width) {
  return (pxa_ref_conv){.kernel = conv.kernel,
                        .stride = conv.stride,
                        .padding = conv.padding,
                        .in_channels = inputs,
                        .in_height = height,
                        .in_width = width,
                        .out_channels = outputs,
                        .out_height = pxa_conv_output_size(conv, height),
                        .out_width = pxa_conv_output_size(conv, width)};
}

static pxa_conv conv_of(pxa_ref_conv s) { return (pxa_conv){s.kernel, s.stride, s.padding}; }
static int in_count(pxa_ref_conv s) { return s.in_channels * s.in_height * s.in_width; }
static int out_count(pxa_ref_conv s) { return s.out_channels * s.out_height * s.out_width; }
static int weight_count(pxa_ref_conv s) { return s.out_channels * s.in_channels * s.kernel * s.kernel; }

typedef struct {
  char text[80];
} name;

static name name_of(pxa_ref_conv s) {
  name name;
  snprintf(name.text, sizeof name.text, "%d→%d %d×%d/%d pad %d on %d×%d", s.in_channels, s.out_channels, s.kernel,
           s.kernel, s.stride, s.padding, s.in_height, s.in_width);
  return name;
}

// Widths to 2·tile + 1 for tiles of 6 pixels and fewer, and more than one row.
enum { SMALL_WIDTHS = 13, SMALL_HEIGHTS = 4 };
static pxa_ref_conv small_shape(pxa_conv conv, int inputs, int outputs, int index) {
  static const int heights[SMALL_HEIGHTS] = {1, 2, 3, 6};
  return shape(conv, inputs, outputs, heights[index % SMALL_HEIGHTS], index / SMALL_HEIGHTS + 1);
}

// The convolutions of SqueezeNet 1.1 on 224×224 pixels that read blocked planes.
static const struct {
  int inputs, outputs, kernel, size;
} squeezenet[] = {{64, 16, 1, 55},  {16, 64, 1, 55},   {16, 64, 3, 55},  {128, 16, 1, 55}, {128, 32, 1, 27},
                  {32, 128, 1, 27}, {32, 128, 3, 27},  {256, 32, 1, 27}, {256, 48, 1, 13}, {48, 192, 1, 13},
                  {48, 192, 3, 13}, {384, 48, 1, 13},  {384, 64, 1, 13}, {64, 256, 1, 13}, {64, 256, 3, 13},
                  {512, 64, 1, 13}, {512, 1000, 1, 13}};

// MARK: - A convolution's data, and both implementations of it

typedef struct {
  pxa_ref_conv shape;
  const double *x, *dy, *weights, *bias;
} convolution;

static convolution make(check *c, pxa_ref_conv s, bool integers) {
  enum { RANGE = 4 };
  convolution made = {.shape = s};
  made.x = integers ? check_integers(c, in_count(s), RANGE) : check_reals(c, in_count(s));
  made.dy = integers ? check_integers(c, out_count(s), RANGE) : check_reals(c, out_count(s));
  made.weights = integers ? check_integers(c, weight_count(s), RANGE) : check_reals(c, weight_count(s));
  made.bias = integers ? check_integers(c, s.out_channels, RANGE) : check_reals(c, s.out_channels);
  return made;
}

static double *reference_forward(check *c, convolution a, bool relu, double *magnitude) {
  double *y = check_doubles(c, out_count(a.shape));
  pxa_ref_conv_forward(y, magnitude, a.x, a.weights, a.bias, a.shape, relu);
  return y;
}

static double *reference_gradient(check *c, convolution a, double *magnitude) {
  double *dx = check_doubles(c, in_count(a.shape));
  pxa_ref_conv_input_grad(dx, magnitude, a.dy, a.weights, a.shape);
  return dx;
}

// What a kernel computes: everything at once, or block by block and row by row from the last one on.
typedef struct {
  int blocks, rows;
  bool cut;
  int next;
  pxa_range part_blocks, part_rows;
} parts;

static parts parts_of(int channels, int rows, bool cut) {
  return (parts){.blocks = pxa_blocks(channels), .rows = rows, .cut = cut};
}

static bool next_part(parts *p) {
  if (p->next == (p->cut ? p->blocks * p->rows : 1))
    return false;
  int block = p->next / p->rows, row = p->rows - 1 - p->next % p->rows;
  p->part_blocks = p->cut ? check_range(block, block + 1) : check_range(0, p->blocks);
  p->part_rows = p->cut ? check_range(row, row + 1) : check_range(0, p->rows);
  p->next++;
  return true;
}

typedef size_t packed_count(pxa_conv, int32_t, int32_t);
typedef void pack(float *, const float *, pxa_conv, int32_t, int32_t);

static float *packed(check *c, convolution a, packed_count count, pack pack, const float *from) {
  pxa_conv conv = conv_of(a.shape);
  float *made = check_memory(c, count(conv, a.shape.in_channels, a.shape.out_channels) * sizeof *made, 64);
  pack(made, from, conv, a.shape.in_channels, a.shape.out_channels);
  return made;
}

static float *packed_forward(check *c, convolution a, packed_count count, pack pack) {
  return packed(c, a, count, pack, check_floats(c, a.weights, weight_count(a.shape)));
}

static pxa_planes forward(check *c, convolution a, bool relu, bool cut) {
  pxa_ref_conv s = a.shape;
  int halo = s.padding + check_wider(c);
  pxa_planes y = check_planes(c, s.out_channels, s.out_height, s.out_width, check_wider(c), NULL);
  pxa_planes x = check_planes(c, s.in_channels, s.in_height, s.in_width, halo, a.x);
  const float *weights = packed_forward(c, a, pxa_conv_packed_floats, pxa_conv_pack_forward);
  const float *bias = check_floats_for_blocks(c, a.bias, s.out_channels);
  for (parts p = parts_of(s.out_channels, s.out_height, cut); next_part(&p);)
    c->kernels->conv_forward(y, x, weights, bias, conv_of(s), relu, p.part_blocks, p.part_rows);
  return y;
}

static float *packed_gradient(check *c, convolution a) {
  return packed(c, a, pxa_conv_packed_floats, pxa_conv_pack_input_grad,
                packed_forward(c, a, pxa_conv_packed_floats, pxa_conv_pack_forward));
}

static uint64_t *marks_of(check *c, pxa_planes planes) {
  size_t count = pxa_mark_count(planes.channels, planes.height, planes.width);
  uint64_t *marks = check_memory(c, count * sizeof *marks, sizeof *marks);
  for (int row = 0; row < planes.height; row++)
    c->kernels->mark_nonzero(marks, planes, check_range(row, row + 1));
  return marks;
}

typedef struct {
  const double *mask, *start; // or NULL
  bool cut, marked;
} gradient_options;

static pxa_planes gradient(check *c, convolution a, gradient_options options) {
  pxa_ref_conv s = a.shape;
  int halo = pxa_conv_grad_halo(conv_of(s)) + check_wider(c);
  pxa_planes dx = check_planes(c, s.in_channels, s.in_height, s.in_width, check_wider(c), options.start);
  pxa_planes dy = check_planes(c, s.out_channels, s.out_height, s.out_width, halo, a.dy);
  pxa_planes x = {0};
  if (options.mask)
    x = check_planes(c, s.in_channels, s.in_height, s.in_width, 2 * check_wider(c), options.mask);
  const float *weights = packed_gradient(c, a);
  const uint64_t *marks = options.marked ? marks_of(c, dy) : NULL;
  for (parts p = parts_of(s.in_channels, s.in_height, options.cut); next_part(&p);)
    c->kernels->conv_input_grad(dx, dy, marks, weights, options.mask ? &x : NULL, options.start != NULL, conv_of(s),
                                check_range(0, pxa_blocks(s.out_channels)), p.part_blocks, p.part_rows);
  return dx;
}

static double *gradient_values(check *c, convolution a, gradient_options options) {
  return check_planes_values(c, gradient(c, a, options));
}

static pxa_planes stem_forward(check *c, convolution a, bool relu, bool cut) {
  pxa_ref_conv s = a.shape;
  pxa_planes y = check_planes(c, s.out_channels, s.out_height, s.out_width, check_wider(c), NULL);
  pxa_image x = check_image(c, s.in_channels, s.in_height, s.in_width, s.padding + check_wider(c), a.x);
  const float *weights = packed_forward(c, a, pxa_stem_packed_floats, pxa_stem_pack_forward);
  const float *bias = check_floats_for_blocks(c, a.bias, s.out_channels);
  for (parts p = parts_of(s.out_channels, s.out_height, cut); next_part(&p);)
    c->kernels->stem_forward(y, x, weights, bias, conv_of(s), relu, p.part_blocks, p.part_rows);
  return y;
}

static pxa_image stem_gradient(check *c, convolution a, bool cut) {
  pxa_ref_conv s = a.shape;
  pxa_image dx = check_image(c, s.in_channels, s.in_height, s.in_width, 0, NULL);
  pxa_planes dy = check_planes(c, s.out_channels, s.out_height, s.out_width, 0, a.dy);
  const float *weights = packed(c, a, pxa_stem_grad_packed_floats, pxa_stem_pack_input_grad,
                                packed_forward(c, a, pxa_stem_packed_floats, pxa_stem_pack_forward));
  for (parts p = parts_of(1, s.in_height, cut); next_part(&p);)
    c->kernels->stem_input_grad(dx, dy, weights, conv_of(s), p.part_rows);
  return dx;
}

// MARK: - Exact on integers

static void small_shapes(check *c) {
  static const int channels[][2] = {{16, 16}, {3, 20}, {17, 5}, {33, 49}};
  for (int k = 0; k < KINDS; k++)
    for (size_t n = 0; n < sizeof channels / sizeof *channels; n++)
      for (int i = 0; i < SMALL_WIDTHS * SMALL_HEIGHTS; i++) {
        pxa_ref_conv s = small_shape(kinds[k], channels[n][0], channels[n][1], i);
        if (s.out_height == 0 || s.out_width == 0)
          continue;
        check_case(c, 1);
        name name = name_of(s);
        convolution a = make(c, s, true);
        for (int relu = 0; relu < 2; relu++) {
          pxa_planes y = forward(c, a, relu, false);
          check_equal(c, check_planes_values(c, y), reference_forward(c, a, relu, NULL), out_count(s), "%s forward",
                      name.text);
          check_zeros_around_planes(c, y, "%s forward", name.text);
        }
        pxa_planes dx = gradient(c, a, (gradient_options){0});
        check_equal(c, check_planes_values(c, dx), reference_gradient(c, a, NULL), in_count(s), "%s gradient",
                    name.text);
        check_zeros_around_planes(c, dx, "%s gradient", name.text);
      }
}

static void stem_shape(check *c, pxa_ref_conv s) {
  if (s.out_height == 0 || s.out_width == 0)
    return;
  check_case(c, 2);
  name name = name_of(s);
  convolution a = make(c, s, true);
  pxa_planes y = stem_forward(c, a, true, false);
  check_equal(c, check_planes_values(c, y), reference_forward(c, a, true, NULL), out_count(s), "%s forward", name.text);
  check_zeros_around_planes(c, y, "%s forward", name.text);
  pxa_image dx = stem_gradient(c, a, false);
  check_equal(c, check_image_values(c, dx), reference_gradient(c, a, NULL), in_count(s), "%s gradient", name.text);
}

static void stem_shapes(check *c) {
  static const int channels[][2] = {{1, 16}, {2, 17}, {3, 40}, {4, 16}, {5, 3}};
  static const int wide[] = {127, 128, 129, 130, 257}; // the gradient is cut after 128 columns
  for (int k = 0; k < KINDS; k++)
    for (size_t n = 0; n < sizeof channels / sizeof *channels; n++) {
      for (int i = 0; i < SMALL_WIDTHS * SMALL_HEIGHTS; i++)
        stem_shape(c, small_shape(kinds[k], channels[n][0], channels[n][1], i));
      for (size_t w = 0; w < sizeof wide / sizeof *wide; w++)
        stem_shape(c, shape(kinds[k], channels[n][0], channels[n][1], 4, wide[w]));
    }
}

static void mask_and_start(check *c) {
  for (int k = 0; k < KINDS; k++) {
    check_case(c, 3);
    pxa_ref_conv s = shape(kinds[k], 18, 33, 9, 11);
    convolution a = make(c, s, true);
    int count = in_count(s);
    const double *mask = check_integers(c, count, 1), *start = check_integers(c, count, 4);
    const double *plain = reference_gradient(c, a, NULL);
    double *masked = check_doubles(c, count), *both = check_doubles(c, count), *sum = check_doubles(c, count);
    for (int i = 0; i < count; i++) {
      masked[i] = mask[i] > 0 ? plain[i] : 0;
      both[i] = mask[i] > 0 ? plain[i] + start[i] : 0;
      sum[i] = plain[i] + start[i];
    }
    name name = name_of(s);
    check_equal(c, gradient_values(c, a, (gradient_options){.mask = mask}), masked, count, "%s mask", name.text);
    check_equal(c, gradient_values(c, a, (gradient_options){.mask = mask, .start = start}), both, count,
                "%s mask and start", name.text);
    check_equal(c, gradient_values(c, a, (gradient_options){.start = start}), sum, count, "%s start", name.text);
  }
}

static void some_blocks(check *c) {
  check_case(c, 5);
  pxa_ref_conv s = shape((pxa_conv){1, 1, 0}, 32, 48, 5, 7);
  convolution a = make(c, s, true);
  pxa_planes dy = check_planes(c, s.out_channels, s.out_height, s.out_width, 0, a.dy);
  pxa_planes dx = check_planes(c, s.in_channels, s.in_height, s.in_width, 0, NULL);
  c->kernels->conv_input_grad(dx, dy, NULL, packed_gradient(c, a), NULL, false, conv_of(s), check_range(1, 2),
                              check_range(0, 2), check_range(0, s.in_height));
  double *block = check_doubles(c, out_count(s));
  for (int i = 0; i < out_count(s); i++)
    block[i] = i / (s.out_height * s.out_width) / PXA_BLOCK == 1 ? a.dy[i] : 0;
  a.dy = block;
  check_equal(c, check_planes_values(c, dx), reference_gradient(c, a, NULL), in_count(s), "block 1 of 3");
}

static void marks(check *c) {
  enum { CHANNELS = 100, HEIGHT = 3, WIDTH = 5, PLANE = HEIGHT * WIDTH };
  check_case(c, 12);
  double *values = check_integers(c, CHANNELS * PLANE, 4);
  for (int i = 0; i < CHANNELS * PLANE; i++)
    if (values[i] >= -1 && values[i] <= 1)
      values[i] = 0;
  const uint64_t *marks = marks_of(c, check_planes(c, CHANNELS, HEIGHT, WIDTH, 1, values));
  for (int pixel = 0; pixel < PLANE; pixel++)
    for (int group = 0; group < 2; group++) {
      uint64_t expected = 0;
      for (int channel = 64 * group; channel < 64 * group + 64 && channel < CHANNELS; channel++)
        expected |= (uint64_t)(values[channel * PLANE + pixel] != 0) << channel % 64;
      check_that(c, marks[group * PLANE + pixel] == expected, "mark of pixel %d, group %d", pixel, group);
    }
}

// ⟨conv x, y⟩ = ⟨x, conv_input_grad y⟩.
static void adjoint(check *c) {
  for (int k = 0; k < KINDS; k++) {
    check_case(c, 8);
    pxa_ref_conv s = shape(kinds[k], 3, 35, 10, 12);
    convolution a = make(c, s, true);
    a.bias = memset(check_doubles(c, s.out_channels), 0, (size_t)s.out_channels * sizeof(double));
    const double *y[] = {check_planes_values(c, forward(c, a, false, false)),
                         check_planes_values(c, stem_forward(c, a, false, false))};
    const double *dx[] = {gradient_values(c, a, (gradient_options){0}),
                          check_image_values(c, stem_gradient(c, a, false))};
    for (int way = 0; way < 2; way++) {
      double there = 0, back = 0;
      for (int i = 0; i < out_count(s); i++)
        there += y[way][i] * a.dy[i];
      for (int i = 0; i < in_count(s); i++)
        back += a.x[i] * dx[way][i];
      check_equal(c, &there, &back, 1, "%s%s", name_of(s).text, way == 0 ? "" : " on an image");
    }
  }
}

// MARK: - The same bits

// Both ways add in one order, and a product with an exact zero changes no sum: not even on reals is there a difference.
static void sparse_gradient(check *c) {
  static const int channels[][2] = {{16, 64}, {35, 50}, {48, 144}, {64, 20}}, widths[] = {1, 2, 3, 4, 7, 14};
  static const double densities[] = {0, 0.2, 0.45, 1};
  for (size_t n = 0; n < sizeof channels / sizeof *channels; n++)
    for (int padding = 0; padding < 2; padding++)
      for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (size_t d = 0; d < sizeof densities / sizeof *densities; d++) {
          if (widths[w] + 2 * padding < 3)
            continue;
          check_case(c, 14);
          pxa_ref_conv s =
              shape((pxa_conv){3, 1, padding}, channels[n][0], channels[n][1], widths[w] % 5 + 3, widths[w]);
          convolution a = make(c, s, false);
          double *dy = check_reals(c, out_count(s));
          for (int i = 0; i < out_count(s); i++)
            if ((dy[i] + 1) / 2 >= densities[d])
              dy[i] = 0;
          a.dy = dy;
          int count = in_count(s);
          gradient_options dense = {.mask = check_integers(c, count, 1), .start = check_reals(c, count)};
          gradient_options sparse = {.mask = dense.mask, .start = dense.start, .marked = true};
          gradient_options cut = {.mask = dense.mask, .start = dense.start, .marked = true, .cut = true};
          name name = name_of(s);
          const double *expected = gradient_values(c, a, dense);
          pxa_planes found = gradient(c, a, sparse);
          check_equal(c, check_planes_values(c, found), expected, count, "%s, density %g", name.text, densities[d]);
          check_zeros_around_planes(c, found, "%s, density %g", name.text, densities[d]);
          check_equal(c, gradient_values(c, a, cut), expected, count, "%s, density %g, cut", name.text, densities[d]);
          check_equal(c, gradient_values(c, a, (gradient_options){.marked = true}),
                      gradient_values(c, a, (gradient_options){0}), count, "%s, density %g, no mask, no start",
                      name.text, densities[d]);
        }
}

static void cut_in_parts(check *c) {
  for (int k = 0; k < KINDS; k++) {
    check_case(c, 9);
    pxa_ref_conv s = shape(kinds[k], 35, 50, 8, 15);
    convolution a = make(c, s, false);
    name name = name_of(s);
    check_equal(c, check_planes_values(c, forward(c, a, true, true)),
                check_planes_values(c, forward(c, a, true, false)), out_count(s), "%s forward", name.text);
    check_equal(c, gradient_values(c, a, (gradient_options){.cut = true}), gradient_values(c, a, (gradient_options){0}),
                in_count(s), "%s gradient", name.text);
    check_equal(c, check_planes_values(c, stem_forward(c, a, true, true)),
                check_planes_values(c, stem_forward(c, a, true, false)), out_count(s), "%s on an image, forward",
                name.text);
    check_equal(c, check_image_values(c, stem_gradient(c, a, true)), check_image_values(c, stem_gradient(c, a, false)),
                in_count(s), "%s on an image, gradient", name.text);
  }
}

// MARK: - Within the derived bound

static void network_shapes(check *c) {
  for (size_t i = 0; i < sizeof squeezenet / sizeof *squeezenet; i++) {
    check_case(c, 6);
    int kernel = squeezenet[i].kernel, taps = kernel * kernel, width = squeezenet[i].size;
    int height = c->at_end ? width : 5; // the reference takes most of the time, and rows are alike
    pxa_ref_conv s =
        shape((pxa_conv){kernel, 1, kernel / 2}, squeezenet[i].inputs, squeezenet[i].outputs, height, width);
    convolution a = make(c, s, false);
    name name = name_of(s);
    double *magnitude = check_doubles(c, out_count(s)), *gradient_magnitude = check_doubles(c, in_count(s));
    const double *y = reference_forward(c, a, true, magnitude), *dx = reference_gradient(c, a, gradient_magnitude);
    check_within(c, check_planes_values(c, forward(c, a, true, false)), y, magnitude, out_count(s),
                 s.in_channels * taps, "%s forward", name.text);
    check_within(c, gradient_values(c, a, (gradient_options){0}), dx, gradient_magnitude, in_count(s),
                 s.out_channels * taps, "%s gradient", name.text);
  }
}

static void first_layer(check *c) {
  check_case(c, 7);
  pxa_ref_conv s = shape((pxa_conv){3, 2, 0}, 3, 64, 61, 224);
  convolution a = make(c, s, false);
  double *magnitude = check_doubles(c, out_count(s)), *gradient_magnitude = check_doubles(c, in_count(s));
  const double *y = reference_forward(c, a, false, magnitude), *dx = reference_gradient(c, a, gradient_magnitude);
  check_within(c, check_planes_values(c, stem_forward(c, a, false, false)), y, magnitude, out_count(s), 27, "forward");
  check_within(c, check_image_values(c, stem_gradient(c, a, false)), dx, gradient_magnitude, in_count(s), 64 * 9,
               "gradient");
}

const check_entry check_convolutions[] = {
    {"convolutions of small shapes are exact on integers", small_shapes},
    {"convolutions of an image are exact on integers", stem_shapes},
    {"mask and start of a gradient are exact on integers", mask_and_start},
    {"a gradient from some blocks is exact on integers", some_blocks},
    {"marks have a bit for every channel that is not zero", marks},
    {"the gradient is the adjoint of the convolution", adjoint},
    {"the gradient from marks has the bits of the dense one", sparse_gradient},
    {"convolutions cut in any parts have the same bits", cut_in_parts},
    {"the network's convolutions are within the derived bound", network_shapes},
    {"the first layer is within the derived bound", first_layer},
    {0},
};
