// SPDX-License-Identifier: MIT
#include "codec.h"

#include <string.h>

static uint32_t get16(const uint8_t *p, int big) {
  return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const uint8_t *p, int big) {
  return big ? get16(p, big) << 16 | get16(p + 2, big) : get16(p + 2, big) << 16 | get16(p, big);
}

uint32_t pxa_exif_orientation(const uint8_t *tiff, size_t size) {
  enum { ORIENTATION = 0x0112, SHORT = 3, LONG = 4, ENTRY = 12 };
  if (size < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
    return 1;
  int big = tiff[0] == 'M';
  size_t directory = get32(tiff + 4, big);
  if (directory > size - 2)
    return 1;
  size_t count = get16(tiff + directory, big);
  size_t most = (size - directory - 2) / ENTRY;
  for (size_t i = 0; i < count && i < most; i++) {
    const uint8_t *entry = tiff + directory + 2 + i * ENTRY;
    if (get16(entry, big) != ORIENTATION)
      continue;
    uint32_t type = get16(entry + 2, big);
    uint32_t value = type == SHORT ? get16(entry + 8, big) : type == LONG ? get32(entry + 8, big) : 1;
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

// Pixel (x, y) of the stored picture is pixel `first + x * step` of the upright one.
struct placement {
  size_t first;
  ptrdiff_t step;
};

static struct placement row_placement(const pxa_image_header *header, uint32_t y) {
  size_t width = header->width, height = header->height;
  uint32_t o = header->orientation;
  int transposed = o >= 5;
  int flip_x = o == 2 || o == 3 || o == 7 || o == 8;
  int flip_y = o == 3 || o == 4 || o == 6 || o == 7;
  size_t x0 = flip_x ? width - 1 : 0;
  size_t y0 = flip_y ? height - 1 - y : y;
  ptrdiff_t step = transposed ? (ptrdiff_t)height : 1;
  return (struct placement){transposed ? x0 * height + y0 : y0 * width + x0, flip_x ? -step : step};
}

uint8_t *pxa_upright_row(uint8_t *pixels, const pxa_image_header *header, uint32_t y) {
  struct placement p = row_placement(header, y);
  return p.step == 1 ? pixels + 3 * p.first : NULL;
}

void pxa_place_row(uint8_t *pixels, const pxa_image_header *header, uint32_t y, const uint8_t *row) {
  struct placement p = row_placement(header, y);
  for (size_t x = 0; x < header->width; x++) {
    uint8_t *to = pixels + 3 * (ptrdiff_t)p.first + 3 * (ptrdiff_t)x * p.step;
    to[0] = row[3 * x];
    to[1] = row[3 * x + 1];
    to[2] = row[3 * x + 2];
  }
}
