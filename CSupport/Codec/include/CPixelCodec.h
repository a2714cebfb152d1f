// SPDX-License-Identifier: MIT
//
// Decodes JPEG and PNG files in memory to 8-bit RGB, and encodes such pixels, with libjpeg and libpng.
//
// Every function is reentrant and prints nothing. It frees all memory that it took, except the bytes that an encoder
// returns. On failure it returns a status and writes one line of text without a file name. No longjmp of the libraries
// leaves this module. Pixels are interleaved RGB, rows from top to bottom, without padding.
#ifndef CPIXELCODEC_H
#define CPIXELCODEC_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  PXA_CODEC_OK,
  PXA_CODEC_CUT_OFF,     // the bytes end before the picture does
  PXA_CODEC_BROKEN,      // the bytes violate their format
  PXA_CODEC_NO_MEMORY,   // memory could not be allocated
  PXA_CODEC_UNSUPPORTED, // the format has this feature, but it can't be decoded; the message names it
} pxa_codec_status;

// The size of the buffer that every `message` argument points to.
enum { PXA_CODEC_MESSAGE_SIZE = 256 };

// What a file's header says about its picture.
typedef struct {
  uint32_t width;       // of the rows as stored, before orientation; 1 ... 2^31 - 1
  uint32_t height;      // of the stored picture, before orientation; 1 ... 2^31 - 1
  uint32_t orientation; // of EXIF, 1 ... 8; 1 is upright; from 5 on, the upright picture swaps width and height
  uint32_t transparent; // 1 if the pixels may be transparent, else 0
} pxa_image_header;

// Reads the header of a file, without allocating memory for the picture.
// Writes: *header, message[]. Requires: `size` readable bytes.
pxa_codec_status pxa_jpeg_probe(pxa_image_header *header, const uint8_t *bytes, size_t size, char *message);
pxa_codec_status pxa_png_probe(pxa_image_header *header, const uint8_t *bytes, size_t size, char *message);

// Decodes a file to the upright picture. Grey becomes three equal channels; CMYK and YCCK are taken as inverted, as
// every common program writes them, and converted by round(C K / 255); alpha is composited on the colour `background`,
// of three values; 16 bits are rounded to 8. Colour profiles are ignored.
// A chunk of a PNG that no pixel depends on may have a wrong checksum: the first such chunk's name is then the message
// of a successful call, which is empty otherwise.
// Writes: pixels[3 * width * height], undefined after a failure; message[].
// Requires: `header` from the probe of the same bytes, 3 * width * height representable in size_t.
pxa_codec_status pxa_jpeg_decode(uint8_t *pixels, const pxa_image_header *header, const uint8_t *bytes, size_t size,
                                 char *message);
pxa_codec_status pxa_png_decode(uint8_t *pixels, const pxa_image_header *header, const uint8_t *background,
                                const uint8_t *bytes, size_t size, char *message);

// The bytes that an encoder made. pxa_codec_bytes_free releases `data`, which is NULL after a failure.
typedef struct {
  uint8_t *data;
  size_t size;
} pxa_codec_bytes;

// Encodes width x height pixels, and a comment if it is not NULL. PNG: 8-bit RGB, the comment in an international text
// chunk, no other ancillary chunks. JPEG: baseline JFIF, 4:4:4 from quality 90 on, else 4:2:0, the comment in a COM
// segment. The same pixels and comment give the same bytes with the same build of the libraries.
// Writes: *file, message[]. Requires: width and height >= 1, for JPEG <= 65500; quality 1 ... 100; a comment in UTF-8
// that ends with a zero byte, and for JPEG has at most PXA_JPEG_COMMENT_SIZE bytes before that byte.
pxa_codec_status pxa_png_encode(pxa_codec_bytes *file, const uint8_t *pixels, uint32_t width, uint32_t height,
                                const char *comment, char *message);
pxa_codec_status pxa_jpeg_encode(pxa_codec_bytes *file, const uint8_t *pixels, uint32_t width, uint32_t height,
                                 int quality, const char *comment, char *message);

enum { PXA_JPEG_COMMENT_SIZE = 65533 };

// Makes a chunk of a PNG file: its length, type, data and checksum.
// Writes: *chunk, message[]. Requires: four letters in `type`; `size` readable bytes, at most 2^31 - 1.
pxa_codec_status pxa_png_chunk(pxa_codec_bytes *chunk, const char *type, const uint8_t *data, size_t size,
                               char *message);

// A range of a file's bytes.
typedef struct {
  size_t offset, length;
} pxa_codec_range;

// Returns the range of the first comment of the kind that the encoders above write; length 0 if the file has none.
pxa_codec_range pxa_png_comment(const uint8_t *bytes, size_t size);
pxa_codec_range pxa_jpeg_comment(const uint8_t *bytes, size_t size);

// Frees the bytes and sets *file to no bytes.
void pxa_codec_bytes_free(pxa_codec_bytes *file);

#endif
