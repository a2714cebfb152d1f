# SPDX-License-Identifier: MIT
"""Writes Tests/CodecTests/ResizeGoldens.swift: checksums of generated pictures that Pillow's BILINEAR has resized.

Needs pillow and numpy. Pillow may resize the two axes in either order. The script resizes the width first, then the
height, and checks that resizing both in one call differs by at most 1.
"""

import pathlib

import numpy as np
import PIL
from PIL import Image

SIZES = [
    (1, 1, 224, 224), (16, 300, 224, 4200), (300, 16, 420, 22), (640, 457, 313, 224), (375, 500, 224, 298),
    (500, 375, 298, 224), (97, 33, 224, 1), (17, 333, 2, 50), (3, 7, 7, 1), (33, 29, 33, 7), (29, 33, 7, 33),
    (2000, 3, 5, 3), (64, 64, 32, 32), (31, 37, 61, 73), (5, 4, 5, 4), (1, 9000, 2, 3), (2, 1, 301, 299),
]


def picture(width, height):
    state, values = 12345, bytearray()
    for _ in range(3 * width * height):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(state >> 24)
    return Image.frombytes("RGB", (width, height), bytes(values))


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


lines = []
for w, h, new_w, new_h in SIZES:
    source = picture(w, h)
    result = source.resize((new_w, h), Image.BILINEAR).resize((new_w, new_h), Image.BILINEAR)
    at_once = source.resize((new_w, new_h), Image.BILINEAR)
    assert np.abs(np.asarray(result, dtype=int) - np.asarray(at_once)).max() <= 1, (w, h, new_w, new_h)
    lines.append(f"  .init(from: ({w}, {h}), to: ({new_w}, {new_h}), checksum: 0x{fnv1a(result.tobytes()):016X}),")

text = f"""// SPDX-License-Identifier: MIT
// Made by Tests/Golden/make_resize_goldens.py with Pillow {PIL.__version__}.

struct ResizeGolden: Sendable {{
  let from, to: (width: Int, height: Int)
  /// The 64-bit FNV-1a hash of the resized picture's interleaved bytes.
  let checksum: UInt64

  init(from: (Int, Int), to: (Int, Int), checksum: UInt64) {{
    (self.from, self.to, self.checksum) = (from, to, checksum)
  }}
}}

let resizeGoldens: [ResizeGolden] = [
{chr(10).join(lines)}
]
"""
root = pathlib.Path(__file__).resolve().parents[1]
(root / "CodecTests" / "ResizeGoldens.swift").write_text(text)
