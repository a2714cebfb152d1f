// SPDX-License-Identifier: MIT
//
// The gradient of a 3×3 convolution of stride 1 from what is not zero in dY: behind a ReLU that is a small part. A window
// of three dX pixels slides along a dY row; every listed value adds its row of the weights to all three. Each sum has
// the order of conv_tile and leaves out products with zero, so the bits are the same.

enum { LIST_CHANNELS = GROUP_BLOCKS * PXA_BLOCK, WINDOW = 3 };

static void list_nonzero(pxa_lists lists, pxa_planes x, pxa_range rows) {
  int blocks = pxa_blocks(x.channels);
  for (int g = 0; g < blocks; g += GROUP_BLOCKS)
    for (int r = rows.begin; r < rows.end; r++)
      for (int c = 0; c < x.width; c++) {
        size_t slot = ((size_t)(g / GROUP_BLOCKS) * (size_t)x.height + (size_t)r) * (size_t)x.width + (size_t)c;
        float *values = lists.values + slot * LIST_CHANNELS;
        uint16_t *places = lists.rows + slot * LIST_CHANNELS;
        int count = 0;
        for (int b = g; b < blocks && b < g + GROUP_BLOCKS; b++)
          count += v16_pack(values + count, places + count, v16_load(pixel(x, b, r, c)),
                            (b - g) * WINDOW * WINDOW * PXA_BLOCK);
        lists.counts[slot] = (uint8_t)count;
      }
}

// Whether skipping the zeros of some rows of dY pays: what surrounds a listed value takes about as long as the value.
static bool is_sparse(const pxa_lists *lists, pxa_planes dy, int blocks, int first_row, int end_row) {
  size_t begin = (size_t)(first_row > 0 ? first_row : 0) * (size_t)dy.width;
  size_t end = (size_t)(end_row < dy.height ? end_row : dy.height) * (size_t)dy.width, listed = 0;
  for (int g = 0; g < blocks; g += GROUP_BLOCKS) {
    const uint8_t *counts = lists->counts + (size_t)(g / GROUP_BLOCKS) * (size_t)dy.height * (size_t)dy.width;
    for (size_t i = begin; i < end; i++)
      listed += counts[i];
  }
  return 2 * listed < (end - begin) * (size_t)blocks * PXA_BLOCK;
}

// A dY row's part in a dX row.
typedef struct {
  float *dx;
  const float *mask; // or NULL
  bool continues;    // start from what dX holds
  ptrdiff_t dx_block, mask_block, w_block;
  int dx_width, dy_width, padding;
  const float *w; // of the tap at the left end of the kernel's row
  const float *values;
  const uint16_t *rows;
  const uint8_t *counts;
} sparse_job;

PXA_INLINE void sparse_row(const sparse_job *job, int blocks) {
  v16 sum[WINDOW][PXA_LIST_BLOCKS]; // of dX pixels u − padding … u − padding + 2
  UNROLL
  for (int k = 0; k < WINDOW; k++) {
    UNROLL
    for (int b = 0; b < blocks; b++)
      sum[k][b] = v16_zero();
  }
  for (int u = 1 - WINDOW; u < job->dx_width + job->padding; u++) {
    ptrdiff_t leaves = u - job->padding, enters = leaves + WINDOW - 1;
    bool loads = job->continues && enters >= 0 && enters < job->dx_width;
    UNROLL
    for (int b = 0; b < blocks; b++)
      sum[WINDOW - 1][b] = loads ? v16_load(job->dx + b * job->dx_block + enters * PXA_BLOCK) : v16_zero();

    if (u >= 0 && u < job->dy_width) {
      const float *values = job->values + (ptrdiff_t)u * LIST_CHANNELS;
      const uint16_t *rows = job->rows + (ptrdiff_t)u * LIST_CHANNELS;
      for (int i = 0, count = job->counts[u]; i < count; i++) {
        const float *w = job->w + rows[i] * PXA_BLOCK;
        UNROLL
        for (int k = 0; k < WINDOW; k++) {
          UNROLL
          for (int b = 0; b < blocks; b++)
            sum[k][b] = v16_fma_scalar(sum[k][b], v16_load(w + b * job->w_block + k * 256), values[i]);
        }
      }
    }

    if (leaves >= 0) {
      UNROLL
      for (int b = 0; b < blocks; b++) {
        v16 value = sum[0][b];
        if (job->mask)
          value = v16_positive(value, v16_load(job->mask + b * job->mask_block + leaves * PXA_BLOCK));
        v16_store(job->dx + b * job->dx_block + leaves * PXA_BLOCK, value);
      }
    }
    UNROLL
    for (int k = 0; k + 1 < WINDOW; k++) {
      UNROLL
      for (int b = 0; b < blocks; b++)
        sum[k][b] = sum[k + 1][b];
    }
  }
}

static __attribute__((noinline)) void sparse_row_1(const sparse_job *job) { sparse_row(job, 1); }
static __attribute__((noinline)) void sparse_row_2(const sparse_job *job) { sparse_row(job, PXA_LIST_BLOCKS); }

// conv_input_grad from lists of `from_blocks` blocks of dY, whose weights begin at `w`.
static void sparse_input_grad(pxa_planes dx, pxa_planes dy, const pxa_lists *lists, const float *w, ptrdiff_t w_block,
                              const pxa_planes *x, bool accumulate, int padding, int from_blocks, pxa_range blocks,
                              pxa_range rows) {
  sparse_job job = {.dx_block = plane_floats(dx),
                    .mask_block = x ? plane_floats(*x) : 0,
                    .w_block = w_block,
                    .dx_width = dx.width,
                    .dy_width = dy.width,
                    .padding = padding};
  for (int b = blocks.begin; b < blocks.end; b += PXA_LIST_BLOCKS)
    for (int g = 0; g < from_blocks; g += GROUP_BLOCKS)
      for (int ky = 0; ky < WINDOW; ky++)
        for (int r = rows.begin; r < rows.end; r++) {
          int lowest = r + padding - dy.height + 1, first = lowest > 0 ? lowest : 0;
          int last = r + padding < WINDOW - 1 ? r + padding : WINDOW - 1;
          if (ky < first || ky > last)
            continue;
          bool ends = g + GROUP_BLOCKS >= from_blocks && ky == last;
          size_t slot =
              ((size_t)(g / GROUP_BLOCKS) * (size_t)dy.height + (size_t)(r + padding - ky)) * (size_t)dy.width;
          job.dx = pixel(dx, b, r, 0);
          job.continues = accumulate || g > 0 || ky > first;
          job.mask = x && ends ? pixel(*x, b, r, 0) : NULL;
          job.w = w + b * w_block + ((ptrdiff_t)g * WINDOW + ky) * WINDOW * 256;
          job.values = lists->values + slot * LIST_CHANNELS;
          job.rows = lists->rows + slot * LIST_CHANNELS;
          job.counts = lists->counts + slot;
          if (blocks.end - b < PXA_LIST_BLOCKS)
            sparse_row_1(&job);
          else
            sparse_row_2(&job);
        }
}
