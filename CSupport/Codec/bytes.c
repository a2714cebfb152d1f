// SPDX-License-Identifier: MIT
#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int pxa_codec_bytes_append(pxa_codec_bytes *file, size_t *capacity, const uint8_t *data, size_t size) {
  if (size == 0)
    return 1; // memcpy must not get a null pointer, even for zero bytes
  if (size > *capacity - file->size) {
    if (size > SIZE_MAX / 2 - file->size)
      return 0;
    size_t wanted = file->size + size;
    size_t grown = *capacity < SIZE_MAX / 2 ? 2 * *capacity : *capacity;
    if (grown < wanted)
      grown = wanted;
    uint8_t *moved = realloc(file->data, grown);
    if (!moved)
      return 0;
    file->data = moved;
    *capacity = grown;
  }
  memcpy(file->data + file->size, data, size);
  file->size += size;
  return 1;
}

void pxa_codec_bytes_free(pxa_codec_bytes *file) {
  free(file->data);
  *file = (pxa_codec_bytes){NULL, 0};
}

void pxa_codec_say(char *message, const char *text) { snprintf(message, PXA_CODEC_MESSAGE_SIZE, "%s", text); }
