// SPDX-License-Identifier: MIT
#include "codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { BUFFER = 1 << 14 };

struct writer {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr destination;
  jmp_buf escape;
  pxa_codec_status status;
  char *message;
  const uint8_t *pixels;
  uint32_t width, height;
  int quality;
  const char *comment;
  pxa_codec_bytes file;
  size_t capacity;
  uint8_t buffer[BUFFER];
};

static void on_error(j_common_ptr info) {
  struct writer *w = info->client_data;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  pxa_codec_say(w->message, text);
  w->status = info->err->msg_code == JERR_OUT_OF_MEMORY ? PXA_CODEC_NO_MEMORY : PXA_CODEC_BROKEN;
  longjmp(w->escape, 1);
}

static void on_output(j_common_ptr info) { (void)info; }

static void destination_init(j_compress_ptr info) {
  struct writer *w = info->client_data;
  w->destination.next_output_byte = w->buffer;
  w->destination.free_in_buffer = BUFFER;
}

static void keep(struct writer *w, size_t size) {
  if (!pxa_codec_bytes_append(&w->file, &w->capacity, w->buffer, size)) {
    pxa_codec_say(w->message, "no memory for the file");
    w->status = PXA_CODEC_NO_MEMORY;
    longjmp(w->escape, 1);
  }
  destination_init(&w->info);
}

static boolean destination_empty(j_compress_ptr info) {
  keep(info->client_data, BUFFER);
  return TRUE;
}

static void destination_term(j_compress_ptr info) { keep(info->client_data, BUFFER - info->dest->free_in_buffer); }

static void encode(struct writer *w) {
  j_compress_ptr info = &w->info;
  jpeg_create_compress(info);
  info->dest = &w->destination;
  info->image_width = w->width;
  info->image_height = w->height;
  info->input_components = 3;
  info->in_color_space = JCS_RGB;
  jpeg_set_defaults(info);
  jpeg_set_quality(info, w->quality, TRUE);
  if (w->quality >= 90)
    info->comp_info[0].h_samp_factor = info->comp_info[0].v_samp_factor = 1;
  jpeg_start_compress(info, TRUE);
  if (w->comment)
    jpeg_write_marker(info, JPEG_COM, (const JOCTET *)w->comment, (unsigned)strlen(w->comment));
  while (info->next_scanline < info->image_height) {
    // libjpeg only reads the row, although the type JSAMPROW is not const.
    JSAMPROW row = (JSAMPROW)w->pixels + (size_t)info->next_scanline * w->width * 3;
    jpeg_write_scanlines(info, &row, 1);
  }
  jpeg_finish_compress(info);
}

static void run(struct writer *w) {
  if (setjmp(w->escape) == 0)
    encode(w);
  jpeg_destroy_compress(&w->info);
  if (w->status != PXA_CODEC_OK)
    pxa_codec_bytes_free(&w->file);
}

pxa_codec_status pxa_jpeg_encode(pxa_codec_bytes *file, const uint8_t *pixels, uint32_t width, uint32_t height,
                                 int quality, const char *comment, char *message) {
  struct writer w = {
      .message = message, .pixels = pixels, .width = width, .height = height, .quality = quality, .comment = comment};
  w.info.err = jpeg_std_error(&w.errors);
  w.info.client_data = &w;
  w.errors.error_exit = on_error;
  w.errors.output_message = on_output;
  w.destination.init_destination = destination_init;
  w.destination.empty_output_buffer = destination_empty;
  w.destination.term_destination = destination_term;
  run(&w);
  *file = w.file;
  return w.status;
}
