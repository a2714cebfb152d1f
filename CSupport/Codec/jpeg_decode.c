// SPDX-License-Identifier: MIT
#include "codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// Holds everything that changes between setjmp and longjmp: changed locals of the function that calls setjmp would be
// undefined after the longjmp.
struct reader {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  pxa_codec_status status;
  char *message;
  int ran_out;
  const uint8_t *bytes;
  size_t size;
  uint8_t *scratch;
  pxa_image_header header;
  uint8_t *pixels;
};

static _Noreturn void fail(struct reader *r, pxa_codec_status status, const char *text) {
  r->status = r->ran_out && status == PXA_CODEC_BROKEN ? PXA_CODEC_CUT_OFF : status;
  pxa_codec_say(r->message, text);
  longjmp(r->escape, 1);
}

static void on_error(j_common_ptr info) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  switch (info->err->msg_code) {
  case JERR_OUT_OF_MEMORY:
    fail(info->client_data, PXA_CODEC_NO_MEMORY, text);
  case JERR_ARITH_NOTIMPL:
    fail(info->client_data, PXA_CODEC_UNSUPPORTED, "a JPEG with arithmetic coding");
  default:
    fail(info->client_data, PXA_CODEC_BROKEN, text);
  }
}

// After a warning libjpeg continues and fills missing parts with grey. So all warnings are errors, except those that
// leave the picture intact.
static void on_warning(j_common_ptr info, int level) {
  if (level >= 0)
    return;
  switch (info->err->msg_code) {
  case JWRN_EXTRANEOUS_DATA:
  case JWRN_ADOBE_XFORM:
  case JWRN_JFIF_MAJOR:
  case JWRN_NOT_SEQUENTIAL:
    return;
  default:
    on_error(info);
  }
}

static void on_output(j_common_ptr info) { (void)info; }

static void on_progress(j_common_ptr info) {
  if (((j_decompress_ptr)info)->input_scan_number > PXA_CODEC_MAX_SCANS)
    fail(info->client_data, PXA_CODEC_BROKEN, "too many scans");
}

static void source_nothing(j_decompress_ptr info) { (void)info; }

// Gives libjpeg an end marker when the bytes run out. libjpeg then stops: with a warning if picture data is missing,
// silently if only the end marker is missing.
static boolean source_fill(j_decompress_ptr info) {
  static const JOCTET end_marker[] = {0xFF, JPEG_EOI};
  struct reader *r = info->client_data;
  r->ran_out = 1;
  info->src->next_input_byte = end_marker;
  info->src->bytes_in_buffer = sizeof end_marker;
  return TRUE;
}

static void source_skip(j_decompress_ptr info, long count) {
  if (count <= 0)
    return;
  if ((size_t)count > info->src->bytes_in_buffer) {
    (void)source_fill(info);
  } else {
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= (size_t)count;
  }
}

static uint32_t exif_orientation(j_decompress_ptr info) {
  enum { PREFIX = 6 };
  for (jpeg_saved_marker_ptr m = info->marker_list; m; m = m->next) {
    if (m->marker == JPEG_APP0 + 1 && m->data_length > PREFIX && memcmp(m->data, "Exif\0\0", PREFIX) == 0)
      return pxa_exif_orientation(m->data + PREFIX, m->data_length - PREFIX);
  }
  return 1;
}

static void read_header(struct reader *r) {
  jpeg_create_decompress(&r->info);
  r->info.src = &r->source;
  r->info.progress = &r->progress;
  jpeg_save_markers(&r->info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&r->info, TRUE);
  if (r->ran_out)
    fail(r, PXA_CODEC_CUT_OFF, "no picture data");
}

// Returns what kind of JPEG this is if libjpeg can't decode that kind, or only some versions of it can; else NULL. The
// kind is in the marker that begins the frame (ITU T.81, table B.1), and the number of bits in its first byte.
static const char *unsupported_kind(const uint8_t *bytes, size_t size) {
  enum { SOF = 0xC0, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, SOS = 0xDA, DHP = 0xDE, JPEG_LS = 0xF7, PROCESSES = 16 };
  static const char *const kinds[PROCESSES] = {
      [3] = "a lossless JPEG",      [5] = "a hierarchical JPEG",  [6] = "a hierarchical JPEG",
      [7] = "a hierarchical JPEG",  [11] = "a lossless JPEG",     [13] = "a hierarchical JPEG",
      [14] = "a hierarchical JPEG", [15] = "a hierarchical JPEG",
  };
  size_t at = 2;
  while (size >= 5 && at <= size - 5 && bytes[at] == 0xFF && bytes[at + 1] != SOS) {
    unsigned marker = bytes[at + 1];
    if (marker == 0xFF) { // a fill byte
      at += 1;
      continue;
    }
    if (marker == DHP)
      return "a hierarchical JPEG";
    if (marker == JPEG_LS)
      return "a JPEG-LS picture";
    if (marker >= SOF && marker < SOF + PROCESSES && marker != DHT && marker != JPG && marker != DAC) {
      const char *kind = kinds[marker - SOF];
      return kind ? kind : bytes[at + 4] == 12 ? "a JPEG of 12 bits" : NULL;
    }
    size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
    if (length < 2 || length > size - at - 2)
      break;
    at += 2 + length;
  }
  return NULL;
}

static void probe(struct reader *r) {
  const char *kind = unsupported_kind(r->bytes, r->size);
  if (kind)
    fail(r, PXA_CODEC_UNSUPPORTED, kind);
  read_header(r);
  r->header = (pxa_image_header){r->info.image_width, r->info.image_height, exif_orientation(&r->info), 0};
}

// Inverted CMYK: 255 means no ink.
static void rgb_from_cmyk(uint8_t *rgb, const uint8_t *cmyk, size_t width) {
  for (size_t x = 0; x < width; x++) {
    unsigned k = cmyk[4 * x + 3];
    for (size_t c = 0; c < 3; c++)
      rgb[3 * x + c] = (uint8_t)((2 * cmyk[4 * x + c] * k + 255) / 510);
  }
}

static void decode(struct reader *r) {
  j_decompress_ptr info = &r->info;
  read_header(r);
  if (info->image_width != r->header.width || info->image_height != r->header.height)
    fail(r, PXA_CODEC_BROKEN, "the picture's size has changed since the header was read");

  int cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(info);
  // With several scans libjpeg reads up to the end marker before it returns the first row. If that marker is missing,
  // scans may be missing too.
  if (r->ran_out && jpeg_has_multiple_scans(info))
    fail(r, PXA_CODEC_CUT_OFF, "no end marker");

  r->scratch = malloc((size_t)info->image_width * (3 + 4));
  if (!r->scratch)
    fail(r, PXA_CODEC_NO_MEMORY, "no memory for a row");
  uint8_t *ink = r->scratch + (size_t)info->image_width * 3;
  while (info->output_scanline < info->output_height) {
    uint32_t y = info->output_scanline;
    uint8_t *in_place = pxa_upright_row(r->pixels, &r->header, y);
    uint8_t *rgb = in_place ? in_place : r->scratch;
    uint8_t *row = cmyk ? ink : rgb;
    if (jpeg_read_scanlines(info, &row, 1) != 1)
      fail(r, PXA_CODEC_BROKEN, "no row came out");
    if (cmyk)
      rgb_from_cmyk(rgb, ink, info->image_width);
    if (!in_place)
      pxa_place_row(r->pixels, &r->header, y, rgb);
  }
  // No jpeg_finish_decompress: nothing after the last row can change the picture.
}

static pxa_codec_status run(struct reader *r, void (*work)(struct reader *)) {
  r->info.err = jpeg_std_error(&r->errors);
  r->info.client_data = r;
  r->errors.error_exit = on_error;
  r->errors.emit_message = on_warning;
  r->errors.output_message = on_output;
  r->progress.progress_monitor = on_progress;
  r->source.next_input_byte = r->bytes;
  r->source.bytes_in_buffer = r->size;
  r->source.init_source = source_nothing;
  r->source.fill_input_buffer = source_fill;
  r->source.skip_input_data = source_skip;
  r->source.resync_to_restart = jpeg_resync_to_restart;
  r->source.term_source = source_nothing;
  if (setjmp(r->escape) == 0)
    work(r);
  jpeg_destroy_decompress(&r->info);
  free(r->scratch);
  return r->status;
}

pxa_codec_status pxa_jpeg_probe(pxa_image_header *header, const uint8_t *bytes, size_t size, char *message) {
  struct reader r = {.bytes = bytes, .size = size, .message = message};
  pxa_codec_status status = run(&r, probe);
  *header = r.header;
  return status;
}

pxa_codec_status pxa_jpeg_decode(uint8_t *pixels, const pxa_image_header *header, const uint8_t *bytes, size_t size,
                                 char *message) {
  struct reader r = {.bytes = bytes, .size = size, .message = message, .pixels = pixels, .header = *header};
  *message = 0;
  return run(&r, decode);
}

pxa_codec_range pxa_jpeg_comment(const uint8_t *bytes, size_t size) {
  enum { SOS = 0xDA };
  // A segment is a marker, a length that includes its own two bytes, and data. The first scan ends the segments.
  size_t at = 2;
  while (size >= 4 && at <= size - 4 && bytes[at] == 0xFF && bytes[at + 1] != SOS) {
    size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
    if (length < 2 || length > size - at - 2)
      break;
    if (bytes[at + 1] == JPEG_COM)
      return (pxa_codec_range){at + 4, length - 2};
    at += 2 + length;
  }
  return (pxa_codec_range){0, 0};
}
