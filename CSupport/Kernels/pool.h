// SPDX-License-Identifier: MIT
// Max pool 3×3/2 in ceil mode, and the global average.

static void max_pool_forward(pxa_planes y, uint8_t *index, pxa_planes x, pxa_range blocks, pxa_range rows) {
  for (int b = blocks.begin; b < blocks.end; b++)
    for (int r = rows.begin; r < rows.end; r++) {
      float *out = pixel(y, b, r, 0);
      uint8_t *place = index + ((size_t)b * y.height + r) * y.width * PXA_BLOCK;
      int window_rows = x.height - 2 * r < 3 ? x.height - 2 * r : 3;
      for (int c = 0; c < y.width; c++, out += PXA_BLOCK, place += PXA_BLOCK) {
        const float *in = pixel(x, b, 2 * r, 2 * c);
        int window_columns = x.width - 2 * c < 3 ? x.width - 2 * c : 3;
        v16 best = v16_load(in), at = v16_zero();
        for (int ky = 0; ky < window_rows; ky++)
          for (int kx = 0; kx < window_columns; kx++) {
            v16 value = v16_load(in + pixel_offset(x, ky, kx));
            at = v16_select_gt(value, best, v16_set1((float)(3 * ky + kx)), at);
            best = v16_select_gt(value, best, value, best);
          }
        v16_store(out, best);
        v16_store_u8(place, at);
      }
    }
}

// A row of windows, gone through from left to right: the one at a column and the one before it.
typedef struct {
  const float *dy;
  const uint8_t *index;
  int columns;
  v16 value, at, last_value, last_at;
} window_row;

PXA_INLINE window_row windows(pxa_planes dy, const uint8_t *index, int block, int row) {
  bool there = row >= 0 && row < dy.height;
  return (window_row){.dy = there ? pixel(dy, block, row, 0) : NULL,
                      .index = there ? index + ((size_t)block * dy.height + row) * dy.width * PXA_BLOCK : NULL,
                      .columns = there ? dy.width : 0,
                      .value = v16_zero(),
                      .at = v16_zero()};
}

PXA_INLINE void next_window(window_row *row, int column) {
  row->last_value = row->value;
  row->last_at = row->at;
  row->value = v16_zero();
  if (column < row->columns) {
    row->value = v16_load(row->dy + (ptrdiff_t)column * PXA_BLOCK);
    row->at = v16_load_u8(row->index + (ptrdiff_t)column * PXA_BLOCK);
  }
}

// Adds what the windows give to the pixels 2·column and 2·column + 1 of a row that is their row `ky`.
PXA_INLINE void add_windows(v16 *even, v16 *odd, window_row *row, int column, int ky) {
  next_window(row, column);
  v16 left = v16_set1((float)(3 * ky)), middle = v16_set1((float)(3 * ky + 1)), right = v16_set1((float)(3 * ky + 2));
  *even = v16_add(*even, v16_select_eq(row->last_at, right, row->last_value, v16_zero()));
  *even = v16_add(*even, v16_select_eq(row->at, left, row->value, v16_zero()));
  *odd = v16_add(*odd, v16_select_eq(row->at, middle, row->value, v16_zero()));
}

static void max_pool_input_grad(pxa_planes dx, pxa_planes dy, const uint8_t *index, pxa_range blocks, pxa_range rows) {
  for (int b = blocks.begin; b < blocks.end; b++)
    for (int r = rows.begin; r < rows.end; r++) {
      window_row above = windows(dy, index, b, r / 2 - 1), here = windows(dy, index, b, r / 2);
      float *out = pixel(dx, b, r, 0);
      for (int c = 0; 2 * c < dx.width; c++, out += 2 * PXA_BLOCK) {
        v16 even = v16_zero(), odd = v16_zero();
        if (r % 2 == 0)
          add_windows(&even, &odd, &above, c, 2);
        add_windows(&even, &odd, &here, c, r % 2);
        v16_store(out, even);
        if (2 * c + 1 < dx.width)
          v16_store(out + PXA_BLOCK, odd);
      }
    }
}

static void global_average_forward(float *mean, pxa_planes x, pxa_range blocks) {
  float area = (float)x.height * (float)x.width;
  for (int b = blocks.begin; b < blocks.end; b++) {
    v16 sum = v16_zero();
    for (int r = 0; r < x.height; r++) {
      v16 row = v16_zero();
      const float *in = pixel(x, b, r, 0);
      for (int c = 0; c < x.width; c++)
        row = v16_add(row, v16_load(in + (ptrdiff_t)c * PXA_BLOCK));
      sum = v16_add(sum, row);
    }
    float lanes[PXA_BLOCK];
    v16_storeu(lanes, sum);
    for (int i = 0; i < PXA_BLOCK; i++)
      mean[b * PXA_BLOCK + i] = lanes[i] / area;
  }
}

static void global_average_input_grad(pxa_planes dx, const float *dmean, const pxa_planes *x, pxa_range blocks) {
  float area = (float)dx.height * (float)dx.width;
  for (int b = blocks.begin; b < blocks.end; b++) {
    float lanes[PXA_BLOCK];
    for (int i = 0; i < PXA_BLOCK; i++)
      lanes[i] = dmean[b * PXA_BLOCK + i] / area;
    v16 share = v16_loadu(lanes);
    for (int r = 0; r < dx.height; r++)
      for (int c = 0; c < dx.width; c++)
        v16_store(pixel(dx, b, r, c), x ? v16_positive(share, v16_load(pixel(*x, b, r, c))) : share);
  }
}
