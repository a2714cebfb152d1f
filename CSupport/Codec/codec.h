// SPDX-License-Identifier: MIT
//
// What the codecs of this module share.
#ifndef PXA_CODEC_H
#define PXA_CODEC_H

#include "CPixelCodec.h"

// Longest legal progressions have a few dozen scans; hundreds of them in a small file only burn time.
enum { PXA_CODEC_MAX_SCANS = 100 };

// The keyword of the text chunk that holds a comment.
#define PXA_PNG_KEYWORD "pixelascent"

// The orientation (1 ... 8) that a TIFF-structured EXIF block declares; 1 if it declares none or makes no sense.
uint32_t pxa_exif_orientation(const uint8_t *tiff, size_t size);

// Where row y of the stored picture lies in the upright one, if it lies there in one piece; else NULL.
uint8_t *pxa_upright_row(uint8_t *pixels, const pxa_image_header *header, uint32_t y);

// Copies row y of the stored picture to its place in the upright one.
void pxa_place_row(uint8_t *pixels, const pxa_image_header *header, uint32_t y, const uint8_t *row);

// Appends to a growing block of memory; 0 if there is no memory for it.
int pxa_codec_bytes_append(pxa_codec_bytes *file, size_t *capacity, const uint8_t *data, size_t size);

// Writes one line of text to a message buffer.
void pxa_codec_say(char *message, const char *text);

#endif
