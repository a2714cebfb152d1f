// SPDX-License-Identifier: MIT
// Checks the example at the top of CPixelKernels.h: runs the program unchanged, except that its printf writes to an
// array.

#include "check.h"

#include <stdio.h>
#include <string.h>

// One for each thread: the checks of several kernels run at the same time.
static _Thread_local char printed[100];

#define main example_main
#define printf(...) snprintf(printed, sizeof printed, __VA_ARGS__)
#include "Example/convolution.c"
#undef printf
#undef main

static void example(check *c) {
  printed[0] = 0;
  bool succeeds = example_main() == 0;
  check_that(c, succeeds && strcmp(printed, "Y[2,2,2] = 54, Y[2,0,0] = 24\n") == 0, "the example prints %s", printed);
}

const check_entry check_example[] = {{"the example in CPixelKernels.h prints what its comment says", example}, {0}};
