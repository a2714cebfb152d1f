// SPDX-License-Identifier: MIT
//
// What the JPEG and the PNG codec share.
#ifndef PXA_CODEC_H
#define PXA_CODEC_H

#include "CPixelCodec.h"

// Encoders write about ten scans into a progressive JPEG. A small file with hundreds of scans only burns time.
enum { PXA_CODEC_MAX_SCANS = 100 };

// The keyword of the text chunk that holds a comment.
#define PXA_PNG_KEYWORD "pixelascent"

// Returns the orientation (1 ... 8) in an EXIF block, which has the structure of a TIFF file; 1 if the block has no
// valid orientation.
uint32_t pxa_exif_orientation(const uint8_t *tiff, size_t size);

// Returns where row y of the stored picture begins in the upright picture if the row's pixels lie there side by side
// and in order, else NULL.
uint8_t *pxa_upright_row(uint8_t *pixels, const pxa_image_header *header, uint32_t y);

// Copies row y of the stored picture into the upright picture.
void pxa_place_row(uint8_t *pixels, const pxa_image_header *header, uint32_t y, const uint8_t *row);

// Appends bytes to a block of memory that grows as needed. Returns 1, or 0 if there is not enough memory.
int pxa_codec_bytes_append(pxa_codec_bytes *file, size_t *capacity, const uint8_t *data, size_t size);

// Writes one line of text to a message buffer.
void pxa_codec_say(char *message, const char *text);

#endif
