// SPDX-License-Identifier: MIT
// Kernels on images: RGB8 in and out, roll, step, sums of squares.

static void normalize(pxa_image x, const uint8_t *rgb, const float *scale, const float *offset, pxa_range rows) {
  assert(x.channels == 3);
  for (int c = 0; c < 3; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      float *out = image_row(x, c, r);
      const uint8_t *in = rgb + (size_t)r * x.width * 3 + c;
      for (int i = 0; i < x.width; i++)
        out[i] = in[3 * i] * scale[c] + offset[c];
    }
}

static void unnormalize(uint8_t *rgb, pxa_image x, const float *scale, const float *offset, pxa_range rows) {
  assert(x.channels == 3);
  const float round = 12582912.f; // 1.5·2²³: adding it leaves no bits for a fraction
  for (int c = 0; c < 3; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = image_row(x, c, r);
      uint8_t *out = rgb + (size_t)r * x.width * 3 + c;
      for (int i = 0; i < x.width; i++) {
        float value = in[i] * scale[c] + offset[c];
        value = value > 0 ? value : 0;
        value = value < 255 ? value : 255;
        out[3 * i] = (uint8_t)(value + round - round);
      }
    }
}

// y[i] (+)= x[i]
static void copy_or_add(float *y, const float *x, int count, bool add) {
  if (!add) {
    memcpy(y, x, (size_t)count * sizeof *y);
    return;
  }
  int i = 0;
  for (; i + PXA_BLOCK <= count; i += PXA_BLOCK)
    v16_storeu(y + i, v16_add(v16_loadu(y + i), v16_loadu(x + i)));
  for (; i < count; i++)
    y[i] += x[i];
}

static void roll(pxa_image y, pxa_image x, int32_t dy, int32_t dx, bool accumulate, pxa_range rows) {
  int down = (dy % x.height + x.height) % x.height, right = (dx % x.width + x.width) % x.width;
  for (int c = 0; c < x.channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *in = image_row(x, c, r < down ? r - down + x.height : r - down);
      float *out = image_row(y, c, r);
      copy_or_add(out + right, in, x.width - right, accumulate);
      copy_or_add(out, in + x.width - right, right, accumulate);
    }
}

// Calls body(offset, lanes) for each 16 floats of a row, the last time with fewer lanes.
#define ROW_BLOCKS(width, i, n)                                                                                        \
  for (int i = 0, n; n = width - i < PXA_BLOCK ? width - i : PXA_BLOCK, i < width; i += PXA_BLOCK)

static void step(pxa_image x, pxa_image g, float a, float b, const float *low, const float *high, pxa_range rows) {
  v16 up = v16_set1(a), down = v16_set1(-b);
  for (int c = 0; c < x.channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      float *value = image_row(x, c, r);
      const float *gradient = image_row(g, c, r);
      ROW_BLOCKS(x.width, i, n) {
        v16 old = v16_loadn(value + i, n);
        v16 new = v16_fma(v16_fma(old, up, v16_loadn(gradient + i, n)), down, old);
        if (low)
          new = v16_min(v16_max(new, v16_set1(low[c])), v16_set1(high[c]));
        v16_storen(value + i, new, n);
      }
    }
}

static void row_squares(double *sums, pxa_image g, pxa_image x, float a, float b, pxa_range rows) {
  v16 up = v16_set1(a), down = v16_set1(-b);
  for (int c = 0; c < g.channels; c++)
    for (int r = rows.begin; r < rows.end; r++) {
      const float *value = image_row(x, c, r), *gradient = image_row(g, c, r);
      v16 sum = v16_zero();
      ROW_BLOCKS(g.width, i, n) {
        v16 term = v16_fma(v16_zero(), up, v16_loadn(gradient + i, n));
        term = v16_fma(term, down, v16_loadn(value + i, n));
        sum = v16_fma(sum, term, term);
      }
      sums[(size_t)c * g.height + r] = v16_sum(sum);
    }
}
