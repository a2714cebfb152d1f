// SPDX-License-Identifier: MIT
// The kernels of the instruction set that PXA_SIMD names, and their table.

#ifndef PXA_TABLE_H
#define PXA_TABLE_H

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../simd/simd.h"
#include "CPixelKernels.h"

PXA_BEGIN_SIMD

#include "../channels/group_norm.h"
#include "../channels/layer_norm.h"
#include "../channels/linear.h"
#include "../channels/lrn.h"
#include "../convolution/conv.h"
#include "../convolution/depthwise.h"
#include "../convolution/nonzero.h"
#include "../convolution/stem_grad.h"
#include "../convolution/winograd.h"
#include "../elementwise/elementwise.h"
#include "../elementwise/function.h"
#include "../images/blur.h"
#include "../images/fourier.h"
#include "../images/pointwise.h"
#include "../images/transform.h"
#include "../moves/moves.h"
#include "../moves/resample.h"
#include "../pools/average_pool.h"
#include "../pools/max_pool.h"
#include "../pools/reduce.h"
#include "../pools/region_max.h"

PXA_END_SIMD

const pxa_kernels PXA_JOIN(pxa_kernels_, PXA_SIMD) = {
    .name = PXA_STRING(PXA_SIMD),
    .runs_here = simd_runs_here,
    .tile_blocks = TILE_BLOCKS,
    .make_nonzero_mask = make_nonzero_mask,
    .conv_forward = conv_forward,
    .conv_input_grad = conv_input_grad,
    .winograd_forward = winograd_forward,
    .winograd_input_grad_pays = winograd_input_grad_pays,
    .winograd_input_grad = winograd_input_grad,
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
    .region_max_forward = region_max_forward,
    .region_max_input_grad = region_max_input_grad,
    .reduce_forward = reduce_forward,
    .reduce_input_grad = reduce_input_grad,
    .reduce_channels = reduce_channels,
    .reduce_channels_grad = reduce_channels_grad,
    .add_forward = add_forward,
    .add_input_grad = add_input_grad,
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
    .resample_forward = resample_forward,
    .resample_input_grad = resample_input_grad,
    .lrn_forward = lrn_forward,
    .lrn_input_grad = lrn_input_grad,
    .layer_norm_forward = layer_norm_forward,
    .layer_norm_input_grad = layer_norm_input_grad,
    .group_norm_forward = group_norm_forward,
    .group_norm_input_grad = group_norm_input_grad,
    .normalize = normalize,
    .unnormalize = unnormalize,
    .roll = roll,
    .step = step,
    .row_squares = row_squares,
    .blur_vertical = blur_vertical,
    .blur_horizontal = blur_horizontal,
    .spectrum_columns = spectrum_columns,
    .spectrum_to_image = spectrum_to_image,
    .image_to_spectrum = image_to_spectrum,
    .colours_forward = colours_forward,
    .colours_input_grad = colours_input_grad,
    .reframe = reframe,
    .taps_vertical = taps_vertical,
    .taps_horizontal = taps_horizontal,
    .rotate = rotate,
    .rotate_input_grad = rotate_input_grad,
    .adam = adam,
};

#endif
