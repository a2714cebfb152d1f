// SPDX-License-Identifier: MIT
//
// JPEG and PNG files in memory to 8-bit RGB and back, with libjpeg and libpng.
//
// Every function is reentrant, prints nothing, frees what it took, and on failure returns a status and one line of
// text without a file name. Neither library's longjmp leaves this module. Pixels are interleaved RGB, rows from the
// top, without padding.
#ifndef CPIXELCODEC_H
#define CPIXELCODEC_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  PXA_CODEC_OK,
  PXA_CODEC_CUT_OFF,   // the bytes end before the picture does
  PXA_CODEC_BROKEN,    // the bytes contradict their format, or use a part of it that is not supported
  PXA_CODEC_NO_MEMORY, // memory for the work could not be had
} pxa_codec_status;

// The size of the buffer every `message` argument points to.
enum { PXA_CODEC_MESSAGE_SIZE = 256 };

// What a file declares about its picture.
typedef struct {
  uint32_t width;       // of the rows as stored, before orientation; 1 ... 2^31 - 1
  uint32_t height;      // likewise
  uint32_t orientation; // EXIF: 1 upright ... 8; from 5 on the upright picture is height x width
} pxa_image_header;

// The header of a file, read without taking memory for the picture.
// Writes: *header, message[]. Requires: `size` readable bytes.
pxa_codec_status pxa_jpeg_probe(pxa_image_header *header, const uint8_t *bytes, size_t size, char *message);
pxa_codec_status pxa_png_probe(pxa_image_header *header, const uint8_t *bytes, size_t size, char *message);

// The upright picture. Grey is replicated; CMYK and YCCK are taken as inverted, as every common program writes them,
// and converted by round(C K / 255); alpha is composited on white; 16 bits are rounded to 8. No colour management.
// Writes: pixels[3 * width * height], which after a failure hold nothing of use; message[].
// Requires: `header` from the probe of the same bytes, 3 * width * height representable in size_t.
pxa_codec_status pxa_jpeg_decode(uint8_t *pixels, const pxa_image_header *header, const uint8_t *bytes, size_t size,
                                 char *message);
pxa_codec_status pxa_png_decode(uint8_t *pixels, const pxa_image_header *header, const uint8_t *bytes, size_t size,
                                char *message);

// Bytes that an encoder made. `data` is released with pxa_codec_bytes_free; NULL after a failure.
typedef struct {
  uint8_t *data;
  size_t size;
} pxa_codec_bytes;

// A file that holds width x height pixels, and a comment if that is not NULL. PNG: 8-bit RGB, the comment as an
// international text chunk, no other ancillary chunks. JPEG: baseline JFIF, 4:4:4 from quality 90 on, else 4:2:0, the
// comment as a COM segment. The same pixels and comment give the same bytes with the same build of the libraries.
// Writes: *file, message[]. Requires: width and height >= 1, for JPEG <= 65500; quality 1 ... 100; the comment UTF-8
// that ends with a zero byte, for JPEG of at most PXA_JPEG_COMMENT_SIZE bytes before that.
pxa_codec_status pxa_png_encode(pxa_codec_bytes *file, const uint8_t *pixels, uint32_t width, uint32_t height,
                                const char *comment, char *message);
pxa_codec_status pxa_jpeg_encode(pxa_codec_bytes *file, const uint8_t *pixels, uint32_t width, uint32_t height,
                                 int quality, const char *comment, char *message);

enum { PXA_JPEG_COMMENT_SIZE = 65533 };

// Where in a file the comment that its encoder above wrote stands, the first if there are several; length 0 if nowhere.
typedef struct {
  size_t offset, length;
} pxa_codec_range;

pxa_codec_range pxa_png_comment(const uint8_t *bytes, size_t size);
pxa_codec_range pxa_jpeg_comment(const uint8_t *bytes, size_t size);

void pxa_codec_bytes_free(pxa_codec_bytes *file);

#endif
