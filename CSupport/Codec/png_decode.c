// SPDX-License-Identifier: MIT
#include "codec.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

enum { SIGNATURE = 8, CHUNK = 12, IHDR_END = SIGNATURE + CHUNK + 13, MAX_SIDE = 0x7FFFFFFF };

// Holds everything that changes between setjmp and longjmp: changed locals of the function that calls setjmp would be
// undefined after the longjmp.
struct reader {
  png_structp png;
  png_infop info;
  jmp_buf escape;
  pxa_codec_status status;
  char *message;
  const uint8_t *bytes;
  size_t size, position;
  uint8_t *scratch;
  const pxa_image_header *header;
  const uint8_t *background;
  uint8_t *pixels;
};

static _Noreturn void fail(struct reader *r, pxa_codec_status status, const char *text) {
  r->status = status;
  pxa_codec_say(r->message, text);
  longjmp(r->escape, 1);
}

static void on_error(png_structp png, png_const_charp text) { fail(png_get_error_ptr(png), PXA_CODEC_BROKEN, text); }

// libpng skips an ancillary chunk whose checksum is wrong, and warns: "iCCP: CRC error". Of the ancillary chunks only two
// change the picture.
static void on_warning(png_structp png, png_const_charp text) {
  struct reader *r = png_get_error_ptr(png);
  const char *colon = strstr(text, ": CRC error");
  if (!colon)
    return;
  if (memcmp(text, "tRNS", 4) == 0 || memcmp(text, "eXIf", 4) == 0)
    fail(r, PXA_CODEC_BROKEN, text);
  if (*r->message == 0) {
    pxa_codec_say(r->message, text);
    r->message[colon - text] = 0;
  }
}

static void on_read(png_structp png, png_bytep to, size_t count) {
  struct reader *r = png_get_io_ptr(png);
  if (count > r->size - r->position)
    fail(r, PXA_CODEC_CUT_OFF, "no end chunk");
  memcpy(to, r->bytes + r->position, count);
  r->position += count;
}

static uint32_t get32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Returns the range of the data of the first chunk that has this type and whose data begins with `start`. Ignores the
// checksums: libpng checks them.
static pxa_codec_range find_chunk(const uint8_t *bytes, size_t size, const char *type, const char *start,
                                  size_t start_size) {
  size_t at = SIGNATURE;
  while (size >= at && size - at >= CHUNK) {
    size_t length = get32(bytes + at);
    if (length > size - at - CHUNK)
      break;
    const uint8_t *data = bytes + at + 8;
    if (memcmp(bytes + at + 4, type, 4) == 0 && length >= start_size && memcmp(data, start, start_size) == 0)
      return (pxa_codec_range){at + 8, length};
    at += CHUNK + length;
  }
  return (pxa_codec_range){0, 0};
}

// Searches the whole file, as the eXIf chunk may follow the picture. libpng would report it only after the last row.
static uint32_t exif_orientation(const uint8_t *bytes, size_t size) {
  pxa_codec_range exif = find_chunk(bytes, size, "eXIf", "", 0);
  return exif.length ? pxa_exif_orientation(bytes + exif.offset, exif.length) : 1;
}

pxa_codec_range pxa_png_comment(const uint8_t *bytes, size_t size) {
  // The keyword and a zero byte, two bytes for no compression, an empty language tag, an empty translated keyword.
  static const char start[] = PXA_PNG_KEYWORD "\0\0\0\0";
  pxa_codec_range text = find_chunk(bytes, size, "iTXt", start, sizeof start);
  return text.length ? (pxa_codec_range){text.offset + sizeof start, text.length - sizeof start} : text;
}

pxa_codec_status pxa_png_probe(pxa_image_header *header, const uint8_t *bytes, size_t size, char *message) {
  if (size < IHDR_END) {
    pxa_codec_say(message, "no header chunk");
    return PXA_CODEC_CUT_OFF;
  }
  if (get32(bytes + SIGNATURE) != 13 || memcmp(bytes + SIGNATURE + 4, "IHDR", 4) != 0) {
    pxa_codec_say(message, "the first chunk is not a header");
    return PXA_CODEC_BROKEN;
  }
  int alpha = bytes[SIGNATURE + 17] & PNG_COLOR_MASK_ALPHA || find_chunk(bytes, size, "tRNS", "", 0).length;
  *header = (pxa_image_header){get32(bytes + SIGNATURE + 8), get32(bytes + SIGNATURE + 12), 1, alpha};
  if (header->width < 1 || header->width > MAX_SIDE || header->height < 1 || header->height > MAX_SIDE) {
    pxa_codec_say(message, "width or height is zero or above 2^31 - 1");
    return PXA_CODEC_BROKEN;
  }
  header->orientation = exif_orientation(bytes, size);
  return PXA_CODEC_OK;
}

// Asks libpng for RGB8, whatever the file holds.
static void transform(png_structp png, png_infop info, const uint8_t *background) {
  int alpha = (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, info, PNG_INFO_tRNS);
  png_set_expand(png);
  png_set_gray_to_rgb(png);
  png_set_scale_16(png);
  if (alpha) {
    // In the output's depth; libpng widens it for 16-bit files. If it is grey, libpng composites grey files as grey.
    png_color_16 colour = {0, background[0], background[1], background[2], background[0]};
    png_set_background(png, &colour, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
  }
}

static void decode(struct reader *r) {
  png_structp png = r->png;
  png_infop info = r->info;
  size_t width = r->header->width, height = r->header->height;

  png_set_read_fn(png, r, on_read);
  png_set_user_limits(png, MAX_SIDE, MAX_SIDE); // the caller has checked the size
  png_set_chunk_malloc_max(png, 8000000);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
  // Checks the checksums of colour spaces, texts and the like, and skips them without decompressing any.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(png, info);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height)
    fail(r, PXA_CODEC_BROKEN, "the picture's size has changed since the header was read");

  transform(png, info, r->background);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != 3 * width)
    fail(r, PXA_CODEC_BROKEN, "the rows can't be read as RGB");

  // Each pass of an interlaced file adds pixels to rows that libpng expects back, so all rows are kept.
  int in_place = pxa_upright_row(r->pixels, r->header, 0) != NULL;
  size_t kept_rows = passes > 1 ? height : 1;
  if (!in_place) {
    r->scratch = malloc(3 * width * kept_rows);
    if (!r->scratch)
      fail(r, PXA_CODEC_NO_MEMORY, "no memory to turn the picture");
  }
  for (int pass = 0; pass < passes; pass++) {
    for (size_t y = 0; y < height; y++) {
      uint8_t *row =
          in_place ? pxa_upright_row(r->pixels, r->header, (uint32_t)y) : r->scratch + 3 * width * (y % kept_rows);
      png_read_row(png, row, NULL);
      if (!in_place && pass == passes - 1)
        pxa_place_row(r->pixels, r->header, (uint32_t)y, row);
    }
  }
  png_read_end(png, NULL);
}

static void run(struct reader *r) {
  if (setjmp(r->escape) == 0) {
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    if (r->png)
      r->info = png_create_info_struct(r->png);
    if (!r->info)
      fail(r, PXA_CODEC_NO_MEMORY, "no memory for libpng");
    decode(r);
  }
  png_destroy_read_struct(&r->png, &r->info, NULL);
  free(r->scratch);
}

pxa_codec_status pxa_png_decode(uint8_t *pixels, const pxa_image_header *header, const uint8_t *background,
                                const uint8_t *bytes, size_t size, char *message) {
  struct reader r = {
      .bytes = bytes, .size = size, .message = message, .header = header, .background = background, .pixels = pixels};
  *message = 0;
  run(&r);
  return r.status;
}
