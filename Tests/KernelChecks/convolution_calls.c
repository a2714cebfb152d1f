// SPDX-License-Identifier: MIT
// Calls the kernels of convolutions, and checks what every kind of convolution must do.

#include "convolution.h"

#include <string.h>

// MARK: - Packed weights

static float *packed_array(check *c, size_t floats) { return check_memory(c, floats * sizeof(float), 64); }

static float *packed_forward(check *c, convolution a) {
  conv_shape s = a.shape;
  const float *weights = check_floats(c, a.weights, weight_count(s));
  float *packed = NULL;
  switch (a.kind) {
  case CONV:
    packed = packed_array(c, pxa_conv_packed_floats(s.window, s.groups, s.inputs, s.outputs));
    pxa_conv_pack_forward(packed, weights, s.window, s.groups, s.inputs, s.outputs);
    break;
  case WINOGRAD: {
    convolution direct = a;
    direct.kind = CONV;
    packed = packed_array(c, pxa_winograd_packed_floats(s.inputs, s.outputs));
    pxa_winograd_pack_forward(packed, packed_forward(c, direct), s.inputs, s.outputs);
    break;
  }
  case DEPTHWISE:
    packed = packed_array(c, pxa_depthwise_packed_floats(s.window, s.inputs));
    pxa_depthwise_pack(packed, weights, s.window, s.inputs);
    break;
  case STEM:
    packed = packed_array(c, pxa_stem_packed_floats(s.window, s.inputs, s.outputs));
    pxa_stem_pack_forward(packed, weights, s.window, s.inputs, s.outputs);
    break;
  }
  return packed;
}

static float *packed_gradient(check *c, convolution a) {
  conv_shape s = a.shape;
  if (a.kind == WINOGRAD) {
    a.kind = CONV;
    float *packed = packed_array(c, pxa_winograd_packed_floats(s.outputs, s.inputs));
    pxa_winograd_pack_input_grad(packed, packed_gradient(c, a), s.inputs, s.outputs);
    return packed;
  }
  float *forward = packed_forward(c, a), *packed = forward; // depthwise: forward and gradient share the weights
  switch (a.kind) {
  case CONV:
    packed = packed_array(c, pxa_conv_grad_packed_floats(s.window, s.groups, s.inputs, s.outputs));
    pxa_conv_pack_input_grad(packed, forward, s.window, s.groups, s.inputs, s.outputs);
    break;
  case WINOGRAD:
  case DEPTHWISE:
    break;
  case STEM:
    packed = packed_array(c, pxa_stem_grad_packed_floats(s.window, s.inputs, s.outputs));
    pxa_stem_pack_input_grad(packed, forward, s.window, s.inputs, s.outputs);
    break;
  }
  return packed;
}

// MARK: - Calls

uint64_t *nonzero_mask_of(check *c, pxa_planes planes) {
  size_t count = pxa_nonzero_mask_words(planes.channels, planes.height, planes.width);
  uint64_t *nonzero = check_memory(c, count * sizeof *nonzero, sizeof *nonzero);
  for (int row = 0; row < planes.height; row++)
    c->kernels->make_nonzero_mask(nonzero, planes, check_range(row, row + 1));
  return nonzero;
}

// The parts in which a convolution is computed. Winograd's has rows of tiles of 4×4 pixels.
#define EACH_CONV_PART(p, a, planes, cut)                                                                              \
  for (check_parts p =                                                                                                 \
           check_parts_of((planes).channels, (a).kind == WINOGRAD ? ((planes).height + 3) / 4 : (planes).height, cut); \
       check_next_part(&p);)

// Returns scratch memory that holds NaN: a kernel must not read what it has not written.
static float *scratch_of(check *c, int channels) {
  return check_memory(c, pxa_winograd_scratch_floats(channels) * sizeof(float), 64);
}

double *forward_of(check *c, convolution a, call_options options) {
  conv_shape s = a.shape;
  int halo = pxa_conv_halo(s.window) + check_extra_halo(c);
  pxa_planes y = check_planes(c, s.outputs, s.out_height, s.out_width, check_extra_halo(c), NULL), x = {0};
  pxa_image image = {0};
  if (a.kind == STEM)
    image = check_image(c, s.inputs, s.height, s.width, halo, a.x);
  else
    x = check_planes(c, s.inputs, s.height, s.width, halo, a.x);
  const float *weights = packed_forward(c, a), *bias = check_floats_for_blocks(c, a.bias, s.outputs);
  const uint64_t *nonzero = options.nonzero_mask ? nonzero_mask_of(c, x) : NULL;
  float *scratch = a.kind == WINOGRAD ? scratch_of(c, s.inputs) : NULL;
  EACH_CONV_PART(p, a, y, options.cut)
  switch (a.kind) {
  case CONV:
    c->kernels->conv_forward(y, x, nonzero, weights, bias, s.window, s.groups, options.clamp, p.block, p.row);
    break;
  case WINOGRAD:
    c->kernels->winograd_forward(y, x, weights, bias, s.window, options.clamp, scratch, p.block, p.row);
    break;
  case DEPTHWISE:
    c->kernels->depthwise_forward(y, x, weights, bias, s.window, options.clamp, p.block, p.row);
    break;
  case STEM:
    c->kernels->stem_forward(y, image, weights, bias, s.window, options.clamp, p.block, p.row);
    break;
  }
  check_zeros_around_planes(c, y, "%s forward", name_of(s).text);
  return check_planes_values(c, y);
}

static double *image_gradient(check *c, convolution a, bool cut) {
  conv_shape s = a.shape;
  pxa_image dx = check_image(c, s.inputs, s.height, s.width, check_extra_halo(c), NULL);
  pxa_planes dy = check_planes(c, s.outputs, s.out_height, s.out_width, 0, a.dy);
  const float *weights = packed_gradient(c, a);
  EACH_PART(p, dx, cut)
    c->kernels->stem_input_grad(dx, dy, weights, s.window, p.row);
  check_zeros_around_image(c, dx, "%s gradient", name_of(s).text);
  return check_image_values(c, dx);
}

double *gradient_of(check *c, convolution a, call_options options) {
  if (a.kind == STEM)
    return image_gradient(c, a, options.cut);
  conv_shape s = a.shape;
  int halo = pxa_conv_grad_halo(s.window) + check_extra_halo(c);
  pxa_planes dy = check_planes(c, s.outputs, s.out_height, s.out_width, halo, a.dy), x = {0};
  if (options.x)
    x = check_planes(c, s.inputs, s.height, s.width, 2 * check_extra_halo(c), options.x);
  pxa_planes dx = x;
  if (!options.is_in_place)
    dx = check_planes(c, s.inputs, s.height, s.width, check_extra_halo(c), options.start);
  pxa_epilogue epilogue = {.x = options.x ? &x : NULL, .clamp = options.clamp, .accumulate = options.start != NULL};
  pxa_range from = options.from.end > 0 ? options.from : check_range(0, pxa_blocks(s.outputs));
  const float *weights = packed_gradient(c, a);
  const uint64_t *nonzero = options.nonzero_mask ? nonzero_mask_of(c, dy) : NULL;
  float *scratch = a.kind == WINOGRAD ? scratch_of(c, s.outputs) : NULL;
  EACH_CONV_PART(p, a, dx, options.cut)
  if (a.kind == WINOGRAD)
    c->kernels->winograd_input_grad(dx, dy, weights, epilogue, s.window, from, scratch, p.block, p.row);
  else if (a.kind == CONV)
    c->kernels->conv_input_grad(dx, dy, nonzero, weights, epilogue, s.window, s.groups, from, p.block, p.row);
  else
    c->kernels->depthwise_input_grad(dx, dy, weights, epilogue, s.window, p.block, p.row);
  check_zeros_around_planes(c, dx, "%s gradient", name_of(s).text);
  return check_planes_values(c, dx);
}

// MARK: - Expectations

static bool has_gradient(convolution a) {
  return a.kind != STEM || (a.shape.window.y.dilation == 1 && a.shape.window.x.dilation == 1);
}

void expect_forward(check *c, convolution a, int clamp) {
  check_equal(c, forward_of(c, a, (call_options){.clamp = check_clamps[clamp]}),
              reference_forward(c, a, check_clamps[clamp], NULL), out_count(a.shape), "%s forward, clamp %d",
              name_of(a.shape).text, clamp);
}

void expect_gradient(check *c, convolution a) {
  if (has_gradient(a))
    check_equal(c, gradient_of(c, a, (call_options){0}), reference_gradient(c, a, NULL), in_count(a.shape),
                "%s gradient", name_of(a.shape).text);
}

void expect_gradient_epilogue(check *c, convolution a, const double *x, const double *start) {
  int count = in_count(a.shape);
  const double *plain = reference_gradient(c, a, NULL);
  for (int clamp = 0; clamp < CLAMPS; clamp++)
    for (int way = 1; way < 4; way++) {
      call_options options = {
          .x = way & 1 ? x : NULL, .start = way & 2 ? start : NULL, .clamp = check_clamps[clamp], .cut = clamp == 2};
      check_equal(c, gradient_of(c, a, options), reference_epilogue(c, plain, options, count), count,
                  "%s%s%s, clamp %d", name_of(a.shape).text, way & 1 ? " mask" : "", way & 2 ? " start" : "", clamp);
    }
}

void expect_gradient_in_place(check *c, convolution a, const double *x) {
  int count = in_count(a.shape);
  call_options options = {.x = x, .clamp = check_clamps[2], .is_in_place = true};
  check_equal(c, gradient_of(c, a, options), reference_epilogue(c, reference_gradient(c, a, NULL), options, count),
              count, "%s in place", name_of(a.shape).text);
}

void expect_adjoint(check *c, convolution a) {
  if (!has_gradient(a))
    return;
  conv_shape s = a.shape;
  a.bias = memset(check_doubles(c, s.outputs), 0, (size_t)s.outputs * sizeof(double));
  const double *y = forward_of(c, a, (call_options){.clamp = check_clamps[0]});
  const double *dx = gradient_of(c, a, (call_options){0});
  double forward_product = 0, gradient_product = 0;
  for (int i = 0; i < out_count(s); i++)
    forward_product += y[i] * a.dy[i];
  for (int i = 0; i < in_count(s); i++)
    gradient_product += a.x[i] * dx[i];
  check_equal(c, &forward_product, &gradient_product, 1, "%s", name_of(s).text);
}

void expect_same_in_parts(check *c, convolution a) {
  call_options whole = {.clamp = check_clamps[1]}, parts = {.clamp = check_clamps[1], .cut = true};
  check_equal(c, forward_of(c, a, parts), forward_of(c, a, whole), out_count(a.shape), "%s forward",
              name_of(a.shape).text);
  if (has_gradient(a))
    check_equal(c, gradient_of(c, a, parts), gradient_of(c, a, whole), in_count(a.shape), "%s gradient",
                name_of(a.shape).text);
}

void expect_bound(check *c, convolution a, int clamp) {
  conv_shape s = a.shape;
  double *magnitude = check_doubles(c, out_count(s)), *gradient_magnitude = check_doubles(c, in_count(s));
  const double *y = reference_forward(c, a, check_clamps[clamp], magnitude);
  const double *dx = reference_gradient(c, a, gradient_magnitude);
  check_within(c, forward_of(c, a, (call_options){.clamp = check_clamps[clamp]}), y, magnitude, out_count(s),
               forward_terms(s), "%s forward", name_of(s).text);
  check_within(c, gradient_of(c, a, (call_options){0}), dx, gradient_magnitude, in_count(s), gradient_terms(s),
               "%s gradient", name_of(s).text);
}
