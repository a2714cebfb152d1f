// SPDX-License-Identifier: MIT
//
// The gradient of a 3×3 convolution of stride 1 from what is not zero in dY: behind a ReLU that is a small part. A window
// of three dX pixels slides along a dY row; every value that is not zero adds its row of the weights to all three. Each
// sum has the order of conv_tile and leaves out products with zero, so the bits are the same.

enum { WINDOW = 3 };

// A bit for each channel of up to GROUP_BLOCKS blocks that is not zero in a pixel, given in the first of them.
PXA_INLINE uint64_t nonzero_channels(const float *pixel, ptrdiff_t plane, int blocks) {
  uint64_t mark = 0;
  for (int b = 0; b < GROUP_BLOCKS && b < blocks; b++)
    mark |= (uint64_t)v16_nonzero(v16_load(pixel + b * plane)) << b * PXA_BLOCK;
  return mark;
}

static void mark_nonzero(uint64_t *marks, pxa_planes dy, pxa_range rows) {
  int blocks = pxa_blocks(dy.channels);
  for (int g = 0; g < blocks; g += GROUP_BLOCKS, marks += (ptrdiff_t)dy.height * dy.width)
    for (int r = rows.begin; r < rows.end; r++)
      for (int c = 0; c < dy.width; c++)
        marks[(ptrdiff_t)r * dy.width + c] = nonzero_channels(pixel(dy, g, r, c), plane_floats(dy), blocks - g);
}

// Whether skipping the zeros of some rows of dY pays.
static bool is_sparse(const uint64_t *marks, pxa_planes dy, pxa_range from, int before, pxa_range rows) {
  int first_row = rows.begin + before - WINDOW + 1, end_row = rows.end + before, blocks = from.end - from.begin;
  ptrdiff_t begin = (ptrdiff_t)(first_row > 0 ? first_row : 0) * dy.width;
  ptrdiff_t end = (ptrdiff_t)(end_row < dy.height ? end_row : dy.height) * dy.width, marked = 0;
  for (int g = 0; g < blocks; g += GROUP_BLOCKS, marks += (ptrdiff_t)dy.height * dy.width)
    for (ptrdiff_t i = begin; i < end; i++)
      marked += __builtin_popcountll(marks[i]);
  return 100 * marked < (ptrdiff_t)SPARSE_PERCENT * (end - begin) * blocks * PXA_BLOCK;
}

// A dY row's part in a dX row.
typedef struct {
  float *dx;
  const float *mask; // or NULL
  bool continues;    // start from what dX holds
  ptrdiff_t dx_block, mask_block, w_block;
  int dx_width, dy_width, before;
  act_kind act;   // of the mask
  const float *w; // of a row of the kernel, its right end first
  const float *dy;
  ptrdiff_t dy_block;
  const uint64_t *marks;
} sparse_job;

PXA_INLINE void sparse_row(const sparse_job *job, int blocks) {
  v16 sum[WINDOW][PXA_MARKED_BLOCKS]; // of dX pixels u − before … u − before + 2
  UNROLL
  for (int k = 0; k < WINDOW; k++) {
    UNROLL
    for (int b = 0; b < blocks; b++)
      sum[k][b] = v16_zero();
  }
  for (int u = 1 - WINDOW; u < job->dx_width + job->before; u++) {
    ptrdiff_t leaves = u - job->before, enters = leaves + WINDOW - 1;
    bool loads = job->continues && enters >= 0 && enters < job->dx_width;
    UNROLL
    for (int b = 0; b < blocks; b++)
      sum[WINDOW - 1][b] = loads ? v16_load(job->dx + b * job->dx_block + enters * PXA_BLOCK) : v16_zero();

    if (u >= 0 && u < job->dy_width) {
      const float *values = job->dy + (ptrdiff_t)u * PXA_BLOCK;
      for (uint64_t left = job->marks[u]; left; left &= left - 1) {
        int channel = __builtin_ctzll(left), block = channel / PXA_BLOCK, lane = channel % PXA_BLOCK;
        float value = values[block * job->dy_block + lane];
        const float *w = job->w + block * WINDOW * WINDOW * BLOCK_WEIGHTS + lane * PXA_BLOCK;
        UNROLL
        for (int k = 0; k < WINDOW; k++) {
          UNROLL
          for (int b = 0; b < blocks; b++)
            sum[k][b] =
                v16_fma_scalar(sum[k][b], v16_load(w + b * job->w_block + (WINDOW - 1 - k) * BLOCK_WEIGHTS), value);
        }
      }
    }

    if (leaves >= 0) {
      UNROLL
      for (int b = 0; b < blocks; b++) {
        v16 value = sum[0][b];
        if (job->mask)
          value = act_masked(value, v16_load(job->mask + b * job->mask_block + leaves * PXA_BLOCK), job->act);
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
static __attribute__((noinline)) void sparse_row_all(const sparse_job *job) { sparse_row(job, PXA_MARKED_BLOCKS); }

// conv_input_grad from the blocks `from` of dY, which are marked, and whose weights begin at `w`.
static void sparse_input_grad(pxa_planes dx, pxa_planes dy, const uint64_t *marks, const float *w, ptrdiff_t w_block,
                              const pxa_planes *x, pxa_into into, pxa_window window, pxa_range from, pxa_range blocks,
                              pxa_range rows) {
  assert(window.y.kernel == WINDOW && window.y.stride == 1 && window.y.dilation == 1);
  assert(window.x.kernel == WINDOW && window.x.stride == 1 && window.x.dilation == 1);
  int from_blocks = from.end - from.begin, before = window.y.before;
  sparse_job job = {.dx_block = plane_floats(dx),
                    .mask_block = x ? plane_floats(*x) : 0,
                    .w_block = w_block,
                    .dx_width = dx.width,
                    .dy_width = dy.width,
                    .dy_block = plane_floats(dy),
                    .before = window.x.before,
                    .act = act_of(into.act)};
  for (int b = blocks.begin; b < blocks.end; b += PXA_MARKED_BLOCKS)
    for (int g = 0; g < from_blocks; g += GROUP_BLOCKS)
      for (int ky = 0; ky < WINDOW; ky++)
        for (int r = rows.begin; r < rows.end; r++) {
          int lowest = r + before - dy.height + 1, first = lowest > 0 ? lowest : 0;
          int last = r + before < WINDOW - 1 ? r + before : WINDOW - 1;
          if (ky < first || ky > last)
            continue;
          bool ends = g + GROUP_BLOCKS >= from_blocks && ky == last;
          int row = r + before - ky;
          job.dx = pixel(dx, b, r, 0);
          job.continues = into.accumulate || g > 0 || ky > first;
          job.mask = x && ends ? pixel(*x, b, r, 0) : NULL;
          job.w = w + b * w_block + ((ptrdiff_t)g * WINDOW + ky) * WINDOW * BLOCK_WEIGHTS;
          job.dy = pixel(dy, from.begin + g, row, 0);
          job.marks = marks + ((ptrdiff_t)(g / GROUP_BLOCKS) * dy.height + row) * dy.width;
          if (blocks.end - b < PXA_MARKED_BLOCKS)
            sparse_row_1(&job);
          else
            sparse_row_all(&job);
        }
}
