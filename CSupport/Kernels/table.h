// SPDX-License-Identifier: MIT
//
// The kernels of one instruction set. Included once by each table_<set>.c, after its simd_<set>.h and with TABLE naming
// the table; every kernel is written once, in the vocabulary of simd.h.

#include <assert.h>
#include <string.h>

#include "CPixelKernels.h"
#include "geometry.h"

#include "sparse.h"
#include "conv.h"
#include "stem_grad.h"
#include "pool.h"
#include "pointwise.h"
#include "blur.h"

#define TABLE_NAME_(set) pxa_kernels_##set
#define TABLE_NAME(set) TABLE_NAME_(set)
#define STRING_(set) #set
#define STRING(set) STRING_(set)

const pxa_kernels TABLE_NAME(TABLE) = {
    .name = STRING(TABLE),
    .tile_blocks = TILE_BLOCKS,
    .mark_nonzero = mark_nonzero,
    .conv_forward = conv_forward,
    .conv_input_grad = conv_input_grad,
    .stem_forward = stem_forward,
    .stem_input_grad = stem_input_grad,
    .max_pool_forward = max_pool_forward,
    .max_pool_input_grad = max_pool_input_grad,
    .global_average_forward = global_average_forward,
    .global_average_input_grad = global_average_input_grad,
    .normalize = normalize,
    .unnormalize = unnormalize,
    .roll = roll,
    .step = step,
    .row_squares = row_squares,
    .blur_vertical = blur_vertical,
    .blur_horizontal = blur_horizontal,
};
