// SPDX-License-Identifier: MIT
//
// Convolution and its gradient with respect to the input: one register tile serves both, every kernel size and stride.
// A tile is up to TILE_PIXELS neighbouring output pixels of one block of 16 channels; what varies is the list of taps,
// each an offset into the input and one into the packed weights.

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
  int y_stride;             // floats between output pixels
  const float *bias;        // start, or NULL for zero
  bool accumulate;          // start from what Y holds
  bool relu;
} row_job;

// `channels`: 16 where an input pixel is a block, 1 where it is one float of an image.
PXA_INLINE void conv_tile(float *y, const float *x, const float *w, const float *mask, const row_job *job, int pixels,
                          int x_stride, int channels) {
  v16 sum[TILE_PIXELS];
  v16 start = job->bias ? v16_load(job->bias) : v16_zero();
  for (int p = 0; p < pixels; p++)
    sum[p] = start;
  if (job->accumulate)
    for (int p = 0; p < pixels; p++)
      sum[p] = v16_load(y + p * job->y_stride);

  for (int s = 0; s < job->steps; s++, x += job->x_step, w += job->w_step)
    for (int t = 0; t < job->tap_count; t++) {
      const float *xt = x + job->taps[t].x, *wt = w + job->taps[t].w;
      if (channels == 1) {
        v16 weights = v16_load(wt);
        for (int p = 0; p < pixels; p++)
          sum[p] = v16_fma_scalar(sum[p], weights, xt[p * x_stride]);
        continue;
      }
#pragma clang loop unroll(disable)
      for (int c = 0; c < channels; c += 4) {
        in4 input[TILE_PIXELS];
        for (int p = 0; p < pixels; p++)
          input[p] = in4_load(xt + p * x_stride + c);
#pragma clang loop unroll(full)
        for (int lane = 0; lane < 4; lane++) {
          v16 weights = v16_load(wt + (c + lane) * PXA_BLOCK);
          for (int p = 0; p < pixels; p++)
            sum[p] = v16_fma_lane(sum[p], weights, input[p], lane);
        }
      }
    }

  if (job->relu)
    for (int p = 0; p < pixels; p++)
      sum[p] = v16_max(sum[p], v16_zero());
  if (mask)
    for (int p = 0; p < pixels; p++)
      sum[p] = v16_positive(sum[p], v16_load(mask + p * job->y_stride));
  for (int p = 0; p < pixels; p++)
    v16_store(y + p * job->y_stride, sum[p]);
}

#define TILE_ARGUMENTS float *y, const float *x, const float *w, const float *mask, const row_job *job
#define TILE(name, pixels, x_stride, channels)                                                                         \
  static __attribute__((noinline)) void name##_##pixels(TILE_ARGUMENTS) {                                              \
    conv_tile(y, x, w, mask, job, pixels, x_stride, channels);                                                         \
  }
// clang-format off
#if TILE_PIXELS == 6
#define TILES(name, s, c) TILE(name, 1, s, c) TILE(name, 2, s, c) TILE(name, 3, s, c) TILE(name, 4, s, c)              \
  TILE(name, 5, s, c) TILE(name, 6, s, c)                                                                              \
  static void (*const name[])(TILE_ARGUMENTS) = {name##_1, name##_2, name##_3, name##_4, name##_5, name##_6};
#elif TILE_PIXELS == 5
#define TILES(name, s, c) TILE(name, 1, s, c) TILE(name, 2, s, c) TILE(name, 3, s, c) TILE(name, 4, s, c)              \
  TILE(name, 5, s, c)                                                                                                  \
  static void (*const name[])(TILE_ARGUMENTS) = {name##_1, name##_2, name##_3, name##_4, name##_5};
#else
#define TILES(name, s, c) TILE(name, 1, s, c) TILE(name, 2, s, c) TILE(name, 3, s, c) TILE(name, 4, s, c)              \
  static void (*const name[])(TILE_ARGUMENTS) = {name##_1, name##_2, name##_3, name##_4};
#endif
// clang-format on

TILES(blocked_stride1, 16, 16)
TILES(blocked_stride2, 32, 16)
TILES(image_stride1, 1, 1)
TILES(image_stride2, 2, 1)

// `count` output pixels, cut into tiles of equal width (±1): a narrow last tile would wait for its own sums.
static void conv_row(void (*const tiles[])(TILE_ARGUMENTS), int x_stride, float *y, const float *x, const float *w,
                     const float *mask, const row_job *job, int count) {
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

static void conv_forward(pxa_planes y, pxa_planes x, const float *packed, const float *bias, pxa_conv conv, bool relu,
                         pxa_range blocks, pxa_range rows) {
  assert(x.halo >= conv.padding && conv.kernel * conv.kernel <= MAX_TAPS);
  int taps = conv.kernel * conv.kernel, in_blocks = pxa_blocks(x.channels);
  row_job job = {.tap_count = taps,
                 .steps = in_blocks,
                 .x_step = plane_floats(x),
                 .w_step = taps * 256,
                 .y_stride = PXA_BLOCK,
                 .relu = relu};
  for (int t = 0; t < taps; t++)
    job.taps[t] = (tap){pixel_offset(x, t / conv.kernel - conv.padding, t % conv.kernel - conv.padding), t * 256};

  for (int b = blocks.begin; b < blocks.end; b++) {
    const float *w = packed + (size_t)b * in_blocks * taps * 256;
    job.bias = bias + b * PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++)
      conv_row(conv.stride == 1 ? blocked_stride1 : blocked_stride2, conv.stride * PXA_BLOCK, pixel(y, b, r, 0),
               pixel(x, 0, r * conv.stride, 0), w, NULL, &job, y.width);
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
                 .y_stride = PXA_BLOCK,
                 .relu = relu};
  for (int t = 0; t < taps; t++) {
    ptrdiff_t ky = t / conv.kernel - conv.padding, kx = t % conv.kernel - conv.padding;
    job.taps[t] = (tap){ky * image_row_floats(x) + kx, t * PXA_BLOCK};
  }

  for (int b = blocks.begin; b < blocks.end; b++) {
    const float *w = packed + (size_t)b * x.channels * taps * PXA_BLOCK;
    job.bias = bias + b * PXA_BLOCK;
    for (int r = rows.begin; r < rows.end; r++)
      conv_row(conv.stride == 1 ? image_stride1 : image_stride2, conv.stride, pixel(y, b, r, 0),
               image_row(x, 0, r * conv.stride), w, NULL, &job, y.width);
  }
}

// The taps that reach dX pixels (row, phase), (row, phase + S), …: dY pixels relative to the first one's row 0, column 0.
static int grad_taps(tap taps[MAX_TAPS], pxa_conv conv, pxa_planes dy, int row, int phase) {
  int count = 0;
  for (int t = 0; t < conv.kernel * conv.kernel; t++) {
    int sy = row + conv.padding - t / conv.kernel, sx = phase + conv.padding - t % conv.kernel;
    if (sy % conv.stride == 0 && sx % conv.stride == 0)
      taps[count++] = (tap){pixel_offset(dy, sy / conv.stride, sx / conv.stride), t};
  }
  return count;
}

static void conv_input_grad(pxa_planes dx, pxa_planes dy, const float *packed, const pxa_planes *x, bool accumulate,
                            pxa_conv conv, pxa_range from, pxa_range blocks, pxa_range rows) {
  assert(dy.halo >= pxa_conv_grad_halo(conv) && conv.kernel * conv.kernel <= MAX_TAPS);
  int taps = conv.kernel * conv.kernel, out_blocks = pxa_blocks(dy.channels), stride = conv.stride;
  row_job job = {.steps = from.end - from.begin,
                 .x_step = plane_floats(dy),
                 .w_step = taps * 256,
                 .y_stride = stride * PXA_BLOCK,
                 .accumulate = accumulate};

  for (int b = blocks.begin; b < blocks.end; b++) {
    const float *w = packed + ((size_t)b * out_blocks + from.begin) * taps * 256;
    for (int r = rows.begin; r < rows.end; r++)
      for (int phase = 0; phase < stride && phase < dx.width; phase++) {
        job.tap_count = grad_taps(job.taps, conv, dy, r, phase);
        for (int t = 0; t < job.tap_count; t++)
          job.taps[t].w *= 256;
        conv_row(blocked_stride1, PXA_BLOCK, pixel(dx, b, r, phase), pixel(dy, from.begin, 0, 0), w,
                 x ? pixel(*x, b, r, phase) : NULL, &job, (dx.width - phase + stride - 1) / stride);
      }
  }
}

enum { STEM_PIXELS = 2, STEM_CHANNELS = 3 };

// Sums over the output channels in the lanes, so the three input channels waste none.
PXA_INLINE void stem_grad_tile(float *dx, ptrdiff_t channel_floats, const pxa_planes *dy, const float *origin,
                               const float *w, const tap *taps, int tap_count, int all_taps, int stride, int pixels,
                               int channels) {
  v16 sum[STEM_PIXELS][STEM_CHANNELS];
  for (int p = 0; p < pixels; p++)
    for (int c = 0; c < channels; c++)
      sum[p][c] = v16_zero();

  int blocks = pxa_blocks(dy->channels);
  for (int t = 0; t < tap_count; t++)
    for (int b = 0; b < blocks; b++) {
      const float *d = origin + taps[t].x + b * plane_floats(*dy), *wt = w + (taps[t].w * blocks + b) * PXA_BLOCK;
      for (int c = 0; c < channels; c++) {
        v16 weights = v16_load(wt + (ptrdiff_t)c * all_taps * blocks * PXA_BLOCK);
        for (int p = 0; p < pixels; p++)
          sum[p][c] = v16_fma(sum[p][c], v16_load(d + p * PXA_BLOCK), weights);
      }
    }

  for (int p = 0; p < pixels; p++)
    for (int c = 0; c < channels; c++)
      dx[c * channel_floats + p * stride] = v16_sum(sum[p][c]);
}

static void stem_input_grad(pxa_image dx, pxa_planes dy, const float *packed, pxa_conv conv, pxa_range rows) {
  assert(dy.halo >= pxa_conv_grad_halo(conv) && conv.kernel * conv.kernel <= MAX_TAPS);
  int all_taps = conv.kernel * conv.kernel, blocks = pxa_blocks(dy.channels), stride = conv.stride;
  ptrdiff_t channel_floats = image_plane_floats(dx);
  tap taps[MAX_TAPS];
  for (int r = rows.begin; r < rows.end; r++)
    for (int phase = 0; phase < stride && phase < dx.width; phase++) {
      int tap_count = grad_taps(taps, conv, dy, r, phase), count = (dx.width - phase + stride - 1) / stride;
      for (int c = 0; c < dx.channels; c += STEM_CHANNELS) {
        const float *w = packed + (size_t)c * all_taps * blocks * PXA_BLOCK;
        bool full = dx.channels - c >= STEM_CHANNELS;
        for (int p = 0; p < count; p += STEM_PIXELS) {
          float *out = image_row(dx, c, r) + phase + (ptrdiff_t)p * stride;
          const float *origin = pixel(dy, 0, 0, p);
          if (full && count - p >= STEM_PIXELS)
            stem_grad_tile(out, channel_floats, &dy, origin, w, taps, tap_count, all_taps, stride, STEM_PIXELS,
                           STEM_CHANNELS);
          else
            stem_grad_tile(out, channel_floats, &dy, origin, w, taps, tap_count, all_taps, stride,
                           count - p < STEM_PIXELS ? count - p : STEM_PIXELS, full ? STEM_CHANNELS : dx.channels - c);
        }
      }
    }
}
