// SPDX-License-Identifier: MIT
// Separable blur with half-sample reflection.

static int reflect(int i, int size) { return i < 0 ? -1 - i : i < size ? i : 2 * size - 1 - i; }

static void blur_vertical(pxa_image y, pxa_image x, const float *taps, int32_t radius, pxa_range rows) {
  assert(radius <= x.height);
  for (int c = 0; c < x.channels; c++)
    for (int r = rows.begin; r < rows.end; r++)
      ROW_BLOCKS(x.width, i, n) {
        v16 sum = v16_zero();
        for (int k = -radius; k <= radius; k++) {
          v16 value = v16_loadn(image_row(x, c, reflect(r + k, x.height)) + i, n);
          sum = v16_fma(sum, v16_set1(taps[k + radius]), value);
        }
        v16_storen(image_row(y, c, r) + i, sum, n);
      }
}

static void blur_horizontal(pxa_image y, pxa_image x, const float *taps, int32_t radius, float *scratch,
                            pxa_range rows) {
  assert(radius <= x.width);
  int padded = x.width + 2 * radius;
  for (int c = 0; c < x.channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = image_row(x, c, r);
      float *out = image_row(y, c, r);
      for (int i = 0; i < radius; i++) {
        scratch[i] = in[reflect(i - radius, x.width)];
        scratch[radius + x.width + i] = in[reflect(x.width + i, x.width)];
      }
      memcpy(scratch + radius, in, (size_t)x.width * sizeof *in);
      memset(scratch + padded, 0, PXA_BLOCK * sizeof *scratch); // the last block reads past the row
      ROW_BLOCKS(x.width, i, n) {
        v16 sum = v16_zero();
        for (int k = 0; k <= 2 * radius; k++)
          sum = v16_fma(sum, v16_set1(taps[k]), v16_loadu(scratch + i + k));
        v16_storen(out + i, sum, n);
      }
    }
}
