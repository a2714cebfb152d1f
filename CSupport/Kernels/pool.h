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

static void max_pool_input_grad(pxa_planes dx, pxa_planes dy, const uint8_t *index, const pxa_planes *x,
                                pxa_range blocks, pxa_range rows) {
  for (int b = blocks.begin; b < blocks.end; b++)
    for (int r = rows.begin; r < rows.end; r++) {
      int first_row = r < 2 ? 0 : (r - 1) / 2, last_row = r / 2 < dy.height ? r / 2 : dy.height - 1;
      for (int c = 0; c < dx.width; c++) {
        int first_column = c < 2 ? 0 : (c - 1) / 2, last_column = c / 2 < dy.width ? c / 2 : dy.width - 1;
        v16 sum = v16_zero();
        for (int wy = first_row; wy <= last_row; wy++)
          for (int wx = first_column; wx <= last_column; wx++) {
            v16 here = v16_set1((float)(3 * (r - 2 * wy) + c - 2 * wx));
            v16 at = v16_load_u8(index + (((size_t)b * dy.height + wy) * dy.width + wx) * PXA_BLOCK);
            sum = v16_add(sum, v16_select_eq(at, here, v16_load(pixel(dy, b, wy, wx)), v16_zero()));
          }
        if (x)
          sum = v16_positive(sum, v16_load(pixel(*x, b, r, c)));
        v16_store(pixel(dx, b, r, c), sum);
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
