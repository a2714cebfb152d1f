// SPDX-License-Identifier: MIT
// Compares the rounding errors of known networks' convolutions with the derived bound.

#include "convolution.h"

static void check_bound(check *c, conv_shape s) {
  check_case(c, 6);
  expect_bound(c, make_convolution(c, CONV, s, false), 1);
}

// The convolutions of SqueezeNet 1.1 that read blocked planes, for an image of 224×224 pixels.
static const struct {
  int inputs, outputs, kernel, size;
} squeezenet[] = {{64, 16, 1, 55},  {16, 64, 1, 55},   {16, 64, 3, 55},  {128, 16, 1, 55}, {128, 32, 1, 27},
                  {32, 128, 1, 27}, {32, 128, 3, 27},  {256, 32, 1, 27}, {256, 48, 1, 13}, {48, 192, 1, 13},
                  {48, 192, 3, 13}, {384, 48, 1, 13},  {384, 64, 1, 13}, {64, 256, 1, 13}, {64, 256, 3, 13},
                  {512, 64, 1, 13}, {512, 1000, 1, 13}};

// Convolutions of other networks, each on a few rows: the reference takes most of the time, and all rows are alike.
static const struct {
  pxa_window window;
  int groups, inputs, outputs, size, rows;
} others[] = {
    {{{3, 2, 1, 1, 1}, {3, 2, 1, 1, 1}}, 1, 128, 256, 28, 5},  // ResNet-18
    {{{1, 2, 0, 0, 1}, {1, 2, 0, 0, 1}}, 1, 256, 512, 28, 3},  // ResNet-18's shortcuts
    {{{3, 1, 1, 1, 1}, {3, 1, 1, 1, 1}}, 1, 512, 512, 7, 2},   // ResNet-18's last layers
    {{{3, 1, 1, 1, 1}, {3, 1, 1, 1, 1}}, 32, 128, 128, 56, 4}, // ResNeXt-50 32x4d
    {{{3, 2, 1, 1, 1}, {3, 2, 1, 1, 1}}, 32, 512, 512, 28, 3}, // ResNeXt-50 32x4d: a group per block
    {{{3, 2, 1, 1, 1}, {3, 2, 1, 1, 1}}, 13, 104, 104, 56, 5}, // RegNetY-400MF
    {{{3, 1, 1, 1, 1}, {3, 1, 1, 1, 1}}, 55, 440, 440, 7, 7},  // RegNetY-400MF
    {{{5, 1, 2, 2, 1}, {5, 1, 2, 2, 1}}, 1, 64, 192, 27, 2},   // AlexNet
    {{{1, 1, 0, 0, 1}, {7, 1, 3, 3, 1}}, 1, 128, 192, 17, 3},  // Inception v3
    {{{7, 1, 3, 3, 1}, {1, 1, 0, 0, 1}}, 1, 128, 128, 17, 7},  // Inception v3
    {{{1, 1, 0, 0, 1}, {1, 1, 0, 0, 1}}, 1, 576, 96, 14, 4},   // MobileNetV2
    {{{3, 1, 2, 2, 2}, {3, 1, 2, 2, 2}}, 1, 64, 64, 28, 5},    // dilated
};

static void network_shapes(check *c) {
  for (size_t i = 0; i < sizeof squeezenet / sizeof *squeezenet; i++) {
    int kernel = squeezenet[i].kernel, width = squeezenet[i].size;
    check_bound(c, shape_of(square_window(kernel, 1, kernel / 2), 1, squeezenet[i].inputs, squeezenet[i].outputs,
                            c->at_end ? width : 5, width));
  }
}

static void other_networks(check *c) {
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (c->at_end)
      check_bound(c, shape_of(others[i].window, others[i].groups, others[i].inputs, others[i].outputs, others[i].rows,
                              others[i].size));
}

const check_entry check_networks[] = {
    {"SqueezeNet's convolutions are within the derived bound", network_shapes},
    {"other networks' convolutions are within the derived bound", other_networks},
    {0},
};
