// SPDX-License-Identifier: MIT
//
// Convolution and its gradient with respect to the input: one register tile serves both, every kernel size and stride.
// A tile is up to TILE_PIXELS neighbouring output pixels of up to TILE_BLOCKS blocks of 16 channels; what varies is the
// list of taps, each an offset into the input and one into the packed weights.

typedef struct {
  ptrdiff_t x, w;
} tap;

enum { MAX_TAPS = 9 };

// What the tiles of one output row share.
typedef struct {
  tap taps[MAX_TAPS];
  int tap_count;
  int steps;                // input blocks (planes) or channels (image) to sum over
  ptrdiff_t x_step, w_step; // floats from one of them to the next
  ptrdiff_t w_block;        // floats from an output block's weights to the next one's
  int y_stride;             // floats between output pixels
  ptrdiff_t y_block;        // floats between output blocks
  ptrdiff_t mask_block;     // likewise in the mask
  const float *bias;        // start, or NULL for zero
  bool accumulate;          // start from what Y holds
  bool relu;
} row_job;

// `channels`: 16 where an input pixel is a block, 1 where it is one float of an image.
// The sum runs over groups of GROUP_BLOCKS input blocks, the taps, the blocks of the group, their channels.
PXA_INLINE void conv_tile(float *y, const float *x, const float *w, const float *mask, const row_job *job, int blocks,
                          int pixels, int x_stride, int channels) {
  v16 sum[TILE_BLOCKS][TILE_PIXELS];
  UNROLL
  for (int b = 0; b < blocks; b++) {
    v16 start = job->bias ? v16_load(job->bias + b * PXA_BLOCK) : v16_zero();
    UNROLL
    for (int p = 0; p < pixels; p++)
      sum[b][p] = job->accumulate ? v16_load(y + b * job->y_block + p * job->y_stride) : start;
  }

  for (int left = job->steps; left > 0; left -= GROUP_BLOCKS) {
    int steps = left < GROUP_BLOCKS ? left : GROUP_BLOCKS;
    for (int t = 0; t < job->tap_count; t++) {
      const float *xt = x + job->taps[t].x, *wt = w + job->taps[t].w;
      for (int s = 0; s < steps; s++, xt += job->x_step, wt += job->w_step) {
        if (channels == 1) {
          v16 weights[TILE_BLOCKS];
          UNROLL
          for (int b = 0; b < blocks; b++)
            weights[b] = v16_load(wt + b * job->w_block);
          UNROLL
          for (int p = 0; p < pixels; p++) {
            UNROLL
            for (int b = 0; b < blocks; b++)
              sum[b][p] = v16_fma_scalar(sum[b][p], weights[b], xt[p * x_stride]);
          }
          continue;
        }
#pragma clang loop unroll(disable)
        for (int c = 0; c < channels; c += 4) {
          in4 input[TILE_PIXELS];
          UNROLL
          for (int p = 0; p < pixels; p++)
            input[p] = in4_load(xt + p * x_stride + c);
          UNROLL
          for (int lane = 0; lane < 4; lane++) {
            v16 weights[TILE_BLOCKS];
            UNROLL
            for (int b = 0; b < blocks; b++)
              weights[b] = v16_load(wt + b * job->w_block + (c + lane) * PXA_BLOCK);
            UNROLL
            for (int p = 0; p < pixels; p++) {
              UNROLL
              for (int b = 0; b < blocks; b++)
                sum[b][p] = v16_fma_lane(sum[b][p], weights[b], input[p], lane);
            }
          }
        }
      }
    }
    x += GROUP_BLOCKS * job->x_step;
    w += GROUP_BLOCKS * job->w_step;
  }

  UNROLL
  for (int b = 0; b < blocks; b++) {
    UNROLL
    for (int p = 0; p < pixels; p++) {
      v16 value = sum[b][p];
      if (job->relu)
        value = v16_max(value, v16_zero());
      if (mask)
        value = v16_positive(value, v16_load(mask + b * job->mask_block + p * job->y_stride));
      v16_store(y + b * job->y_block + p * job->y_stride, value);
    }
  }
}

#define TILE_ARGUMENTS float *y, const float *x, const float *w, const float *mask, const row_job *job
#define TILE(name, blocks, pixels, x_stride, channels)                                                                 \
  static __attribute__((noinline)) void name##_##blocks##x##pixels(TILE_ARGUMENTS) {                                   \
    conv_tile(y, x, w, mask, job, blocks, pixels, x_stride, channels);                                                 \
  }
#define TILE_NAME(name, blocks, pixels, x_stride, channels) name##_##blocks##x##pixels,

// ITEM for every number of pixels that a tile of this instruction set may have.
#define UP_TO_4(ITEM, name, b, s, c)                                                                                   \
  ITEM(name, b, 1, s, c) ITEM(name, b, 2, s, c) ITEM(name, b, 3, s, c) ITEM(name, b, 4, s, c)
#define UP_TO_5(ITEM, name, b, s, c) UP_TO_4(ITEM, name, b, s, c) ITEM(name, b, 5, s, c)
#define UP_TO_6(ITEM, name, b, s, c) UP_TO_5(ITEM, name, b, s, c) ITEM(name, b, 6, s, c)
#define UP_TO_14(ITEM, name, b, s, c)                                                                                  \
  UP_TO_6(ITEM, name, b, s, c)                                                                                         \
  ITEM(name, b, 7, s, c)                                                                                               \
  ITEM(name, b, 8, s, c)                                                                                               \
  ITEM(name, b, 9, s, c)                                                                                               \
  ITEM(name, b, 10, s, c)                                                                                              \
  ITEM(name, b, 11, s, c) ITEM(name, b, 12, s, c) ITEM(name, b, 13, s, c) ITEM(name, b, 14, s, c)
#define UP_TO__(pixels) UP_TO_##pixels
#define UP_TO_(pixels) UP_TO__(pixels)
#define UP_TO UP_TO_(TILE_PIXELS)

#if TILE_BLOCKS == 1
#define TILES(name, s, c)                                                                                              \
  UP_TO(TILE, name, 1, s, c)                                                                                           \
  static void (*const name[TILE_BLOCKS][TILE_PIXELS])(TILE_ARGUMENTS) = {{UP_TO(TILE_NAME, name, 1, s, c)}};
#elif TILE_BLOCKS == 2
#define TILES(name, s, c)                                                                                              \
  UP_TO(TILE, name, 1, s, c)                                                                                           \
  UP_TO(TILE, name, 2, s, c)                                                                                           \
  static void (*const name[TILE_BLOCKS][TILE_PIXELS])(TILE_ARGUMENTS) = {{UP_TO(TILE_NAME, name, 1, s, c)},            \
                                                                         {UP_TO(TILE_NAME, name, 2, s, c)}};
#endif

TILES(blocked_stride1, 16, 16)
TILES(blocked_stride2, 32, 16)
TILES(image_stride1, 1, 1)
TILES(image_stride2, 2, 1)

// `count` output pixels, cut into tiles of equal width (±1): a narrow last tile would wait for its own sums.
static void conv_row(void (*const tiles[TILE_PIXELS])(TILE_ARGUMENTS), int x_stride, float *y, const float *x,
                     const float *w, const float *mask, const row_job *job, int count) {
  for (int left = (count + TILE_PIXELS - 1) / TILE_PIXELS; left > 0; left--) {
    int pixels = (count + left - 1) / left;
    tiles[pixels - 1](y, x, w, mask, job);
    count -= pixels;
    y += (ptrdiff_t)pixels * job->y_stride;
    x += (ptrdiff_t)pixels * x_stride;
    if (mask)
      mask += (ptrdiff_t)pixels * job->y_stride;
  }
}

// The blocks from `block` on that one tile computes.
PXA_INLINE int tile_blocks(pxa_range blocks, int block) {
  return blocks.end - block < TILE_BLOCKS ? blocks.end - block : TILE_BLOCKS;
}

static void conv_forward(pxa_planes y, pxa_planes x, const float *packed, const float *bias, pxa_conv conv, bool relu,
                         pxa_range blocks, pxa_range rows) {
  assert(x.halo >= conv.padding && conv.kernel * conv.kernel <= MAX_TAPS);
  int taps = conv.kernel * conv.kernel, in_blocks = pxa_blocks(x.channels);
  row_job job = {.tap_count = taps,
                 .steps = in_blocks,
                 .x_step = plane_floats(x),
                 .w_step = taps * 256,
                 .w_block = (ptrdiff_t)in_blocks * taps * 256,
                 .y_stride = PXA_BLOCK,
                 .y_block = plane_floats(y),
                 .relu = relu};
  for (int t = 0; t < taps; t++)
    job.taps[t] = (tap){pixel_offset(x, t / conv.kernel - conv.padding, t % conv.kernel - conv.padding), t * 256};

  for (int b = blocks.begin; b < blocks.end; b += TILE_BLOCKS) {
    int wide = tile_blocks(blocks, b) - 1;
    job.bias = bias + b * PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++)
      conv_row(conv.stride == 1 ? blocked_stride1[wide] : blocked_stride2[wide], conv.stride * PXA_BLOCK,
               pixel(y, b, r, 0), pixel(x, 0, r * conv.stride, 0), packed + b * job.w_block, NULL, &job, y.width);
  }
}

static void stem_forward(pxa_planes y, pxa_image x, const float *packed, const float *bias, pxa_conv conv, bool relu,
                         pxa_range blocks, pxa_range rows) {
  assert(x.halo >= conv.padding && conv.kernel * conv.kernel <= MAX_TAPS);
  int taps = conv.kernel * conv.kernel;
  row_job job = {.tap_count = taps,
                 .steps = x.channels,
                 .x_step = image_plane_floats(x),
                 .w_step = taps * PXA_BLOCK,
                 .w_block = (ptrdiff_t)x.channels * taps * PXA_BLOCK,
                 .y_stride = PXA_BLOCK,
                 .y_block = plane_floats(y),
                 .relu = relu};
  for (int t = 0; t < taps; t++) {
    ptrdiff_t ky = t / conv.kernel - conv.padding, kx = t % conv.kernel - conv.padding;
    job.taps[t] = (tap){ky * image_row_floats(x) + kx, t * PXA_BLOCK};
  }

  for (int b = blocks.begin; b < blocks.end; b += TILE_BLOCKS) {
    int wide = tile_blocks(blocks, b) - 1;
    job.bias = bias + b * PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++)
      conv_row(conv.stride == 1 ? image_stride1[wide] : image_stride2[wide], conv.stride, pixel(y, b, r, 0),
               image_row(x, 0, r * conv.stride), packed + b * job.w_block, NULL, &job, y.width);
  }
}

// The taps that reach dX pixels (row, phase), (row, phase + S), …: dY pixels relative to the first one's row 0, column
// 0, from left to right in each of their rows.
static int grad_taps(tap taps[MAX_TAPS], pxa_conv conv, pxa_planes dy, int row, int phase) {
  int count = 0;
  for (int ky = 0; ky < conv.kernel; ky++)
    for (int kx = conv.kernel - 1; kx >= 0; kx--) {
      int sy = row + conv.padding - ky, sx = phase + conv.padding - kx;
      if (sy % conv.stride == 0 && sx % conv.stride == 0)
        taps[count++] = (tap){pixel_offset(dy, sy / conv.stride, sx / conv.stride), ky * conv.kernel + kx};
    }
  return count;
}

static void conv_input_grad(pxa_planes dx, pxa_planes dy, const uint64_t *marks, const float *packed,
                            const pxa_planes *x, bool accumulate, pxa_conv conv, pxa_range from, pxa_range blocks,
                            pxa_range rows) {
  assert(dy.halo >= pxa_conv_grad_halo(conv) && conv.kernel * conv.kernel <= MAX_TAPS);
  assert(!marks || (conv.kernel == WINDOW && conv.stride == 1));
  int taps = conv.kernel * conv.kernel, stride = conv.stride;
  row_job job = {.steps = from.end - from.begin,
                 .x_step = plane_floats(dy),
                 .w_step = taps * 256,
                 .w_block = (ptrdiff_t)pxa_blocks(dy.channels) * taps * 256,
                 .y_stride = stride * PXA_BLOCK,
                 .y_block = plane_floats(dx),
                 .mask_block = x ? plane_floats(*x) : 0,
                 .accumulate = accumulate};
  const float *w = packed + from.begin * job.w_step;
  int first = rows.begin + conv.padding - conv.kernel + 1, end = rows.end + conv.padding;
  if (marks && is_sparse(marks, dy, job.steps, first, end)) {
    sparse_input_grad(dx, dy, marks, w, job.w_block, x, accumulate, conv.padding, from, blocks, rows);
    return;
  }

  for (int b = blocks.begin; b < blocks.end; b += TILE_BLOCKS) {
    int wide = tile_blocks(blocks, b) - 1;
    for (int r = rows.begin; r < rows.end; r++)
      for (int phase = 0; phase < stride && phase < dx.width; phase++) {
        job.tap_count = grad_taps(job.taps, conv, dy, r, phase);
        for (int t = 0; t < job.tap_count; t++)
          job.taps[t].w *= 256;
        conv_row(blocked_stride1[wide], PXA_BLOCK, pixel(dx, b, r, phase), pixel(dy, from.begin, 0, 0),
                 w + b * job.w_block, x ? pixel(*x, b, r, phase) : NULL, &job,
                 (dx.width - phase + stride - 1) / stride);
      }
  }
}
