// SPDX-License-Identifier: MIT
//
// The gradient of a convolution with respect to an image. With channels in the lanes an image would fill 3 of 16, so
// here a block holds the four pixels of four channels that lie in one row of the kernel. Every dY value that is not zero
// adds its weights to the kernel's rows of them; then the window goes on by the stride and leaves pixels behind.

enum {
  MAX_KERNEL = 3,
  STEM_CHANNELS = PXA_STEM_CHANNELS,
  WINDOW_PIXELS = PXA_BLOCK / STEM_CHANNELS,
  SEGMENT = 128, // dX columns at once
  SEGMENT_FLOATS = (SEGMENT + 2 * WINDOW_PIXELS) * STEM_CHANNELS,
};

// What one dY row gives to the dX rows it reaches, `before` being what the dY row above it gave, or NULL: pixels from
// the left end of column `begin`'s window on.
PXA_INLINE void stem_grad_row(float sums[MAX_KERNEL][SEGMENT_FLOATS], const float before[MAX_KERNEL][SEGMENT_FLOATS],
                              pxa_planes dy, int row, int begin, int end, const float *packed, int kernel, int stride) {
  v16 window[MAX_KERNEL];
  UNROLL
  for (int ky = 0; ky < kernel; ky++)
    window[ky] = v16_zero();
  int blocks = pxa_blocks(dy.channels);
  ptrdiff_t plane = plane_floats(dy);
  for (int column = begin; column < end; column++) {
    for (int g = 0; g < blocks; g += GROUP_BLOCKS) {
      const float *value = pixel(dy, g, row, column), *group = packed + (ptrdiff_t)g * PXA_BLOCK * kernel * PXA_BLOCK;
      for (uint64_t left = nonzero_channels(value, plane, blocks - g); left; left &= left - 1) {
        int channel = __builtin_ctzll(left);
        float d = value[channel / PXA_BLOCK * plane + channel % PXA_BLOCK];
        const float *w = group + channel * kernel * PXA_BLOCK;
        UNROLL
        for (int ky = 0; ky < kernel; ky++)
          window[ky] = v16_fma_scalar(window[ky], v16_load(w + ky * PXA_BLOCK), d);
      }
    }
    ptrdiff_t place = (ptrdiff_t)(column - begin) * stride * STEM_CHANNELS;
    UNROLL
    for (int ky = 0; ky < kernel; ky++) {
      v16 sum = window[ky];
      if (before && ky + stride < kernel)
        sum = v16_add(sum, v16_loadu(before[ky + stride] + place));
      v16_storeu(sums[ky] + place, sum); // the pixels that stay in the window are written again
      window[ky] = stride == 1 ? v16_skip4(window[ky]) : v16_skip8(window[ky]);
    }
  }
}

// dX[c0…, rows, x0 … x1): the dY rows that reach them in turn, and a dX row as soon as it is complete.
PXA_INLINE void stem_grad_segment(pxa_image dx, pxa_planes dy, const float *packed, int c0, int x0, int x1,
                                  pxa_range rows, int kernel, int stride, int padding) {
  float sums[2][MAX_KERNEL][SEGMENT_FLOATS];
  int begin = x0 + padding - kernel + 1, end = (x1 - 1 + padding) / stride + 1;
  begin = begin > 0 ? (begin + stride - 1) / stride : 0;
  end = end < dy.width ? end : dy.width;
  // The columns that are reached at all.
  int from = begin * stride - padding, to = (end - 1) * stride - padding + kernel;
  from = from > x0 ? from : x0;
  to = end > begin && to < x1 ? to : end > begin ? x1 : from;
  int next = rows.begin + padding - kernel + 1;
  next = next > 0 ? (next + stride - 1) / stride : 0;
  bool isFirst = true;
  for (int r = rows.begin; r < rows.end; r++) {
    int last = (r + padding) / stride < dy.height ? (r + padding) / stride : dy.height - 1;
    for (; next <= last; next++, isFirst = false)
      stem_grad_row(sums[next & 1], isFirst ? NULL : sums[(next - 1) & 1], dy, next, begin, end, packed, kernel,
                    stride);
    int ky = r + padding - last * stride;
    const float *row = ky < kernel ? sums[last & 1][ky] : NULL;
    for (int c = c0; c < dx.channels && c < c0 + STEM_CHANNELS; c++) {
      float *out = image_row(dx, c, r);
      if (!row || from > x0 || to < x1)
        memset(out + x0, 0, (size_t)(x1 - x0) * sizeof *out);
      for (int x = from; row && x < to; x++)
        out[x] = row[(x + padding - begin * stride) * STEM_CHANNELS + c - c0];
    }
  }
}

static void stem_input_grad(pxa_image dx, pxa_planes dy, const float *packed, pxa_conv conv, pxa_range rows) {
  assert((conv.kernel == 1 || conv.kernel == 3) && (conv.stride == 1 || conv.stride == 2));
  ptrdiff_t chunk = (ptrdiff_t)pxa_blocks(dy.channels) * PXA_BLOCK * conv.kernel * PXA_BLOCK;
  for (int c = 0; c < dx.channels; c += STEM_CHANNELS, packed += chunk)
    for (int x = 0; x < dx.width; x += SEGMENT) {
      int end = dx.width - x < SEGMENT ? dx.width : x + SEGMENT;
      if (conv.kernel == 3 && conv.stride == 2)
        stem_grad_segment(dx, dy, packed, c, x, end, rows, 3, 2, conv.padding);
      else if (conv.kernel == 3)
        stem_grad_segment(dx, dy, packed, c, x, end, rows, 3, 1, conv.padding);
      else if (conv.stride == 2)
        stem_grad_segment(dx, dy, packed, c, x, end, rows, 1, 2, conv.padding);
      else
        stem_grad_segment(dx, dy, packed, c, x, end, rows, 1, 1, conv.padding);
    }
}
