// SPDX-License-Identifier: MIT
//
// The kernels of one instruction set. Included once by each table_<set>.c, after its simd/<set>.h and with TABLE naming
// the table; every kernel is written once, in the vocabulary of simd.h.

#include <assert.h>
#include <math.h>
#include <string.h>

#include "CPixelKernels.h"
#include "../shapes/layout.h"
#include "../shapes/taps.h"
#include "../shapes/windows.h"

#include "../convolution/activation.h"
#include "../convolution/nonzero.h"
#include "../convolution/sparse.h"
#include "../convolution/conv.h"
#include "../convolution/depthwise.h"
#include "../convolution/stem_segment.h"
#include "../convolution/stem_grad_large.h"
#include "../convolution/stem_grad.h"
#include "../elementwise/rows.h"
#include "../pools/max_pool.h"
#include "../pools/average_pool.h"
#include "../elementwise/elementwise.h"
#include "../simd/vector_math.h"
#include "../elementwise/function.h"
#include "../channels/linear.h"
#include "../moves/moves.h"
#include "../channels/lrn.h"
#include "../images/pointwise.h"
#include "../images/blur.h"

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
    .depthwise_forward = depthwise_forward,
    .depthwise_input_grad = depthwise_input_grad,
    .stem_forward = stem_forward,
    .stem_input_grad = stem_input_grad,
    .image_to_planes = image_to_planes,
    .planes_to_image = planes_to_image,
    .linear_forward = linear_forward,
    .linear_input_grad = linear_input_grad,
    .max_pool_forward = max_pool_forward,
    .max_pool_input_grad = max_pool_input_grad,
    .average_pool_forward = average_pool_forward,
    .average_pool_input_grad = average_pool_input_grad,
    .adaptive_average_forward = adaptive_average_forward,
    .adaptive_average_input_grad = adaptive_average_input_grad,
    .add_forward = add_forward,
    .pass_grad = pass_grad,
    .multiply_forward = multiply_forward,
    .multiply_input_grad = multiply_input_grad,
    .multiply_factor_grad = multiply_factor_grad,
    .affine_forward = affine_forward,
    .affine_input_grad = affine_input_grad,
    .function_forward = function_forward,
    .function_input_grad = function_input_grad,
    .select_channels = select_channels,
    .select_channels_grad = select_channels_grad,
    .flatten_forward = flatten_forward,
    .flatten_input_grad = flatten_input_grad,
    .pad_forward = pad_forward,
    .pad_input_grad = pad_input_grad,
    .lrn_forward = lrn_forward,
    .lrn_input_grad = lrn_input_grad,
    .normalize = normalize,
    .unnormalize = unnormalize,
    .roll = roll,
    .step = step,
    .row_squares = row_squares,
    .blur_vertical = blur_vertical,
    .blur_horizontal = blur_horizontal,
};
