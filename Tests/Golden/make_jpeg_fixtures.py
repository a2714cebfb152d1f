# SPDX-License-Identifier: MIT
"""Writes Tests/CodecTests/JPEGFixtures.swift: small JPEG files, and the pixels that Pillow decodes from them.

Needs pillow and numpy.
"""

import base64
import io
import pathlib

import numpy as np
import PIL
from PIL import Image

WIDTH, HEIGHT = 21, 13
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
rgb = Image.fromarray(np.dstack([x * 12, y * 19, (x * 7 + y * 5) % 200]).astype("uint8"))


def save(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, optimize=True, **options)
    return out.getvalue()


cmyk = save(rgb.convert("CMYK"))
adobe = cmyk.index(b"Adobe")
files = {
    "baseline": save(rgb),
    "fullChroma": save(rgb, subsampling=0),
    "restarts": save(rgb, restart_marker_blocks=1),
    "progressive": save(rgb, progressive=True),
    "grey": save(rgb.convert("L")),
    "greyProgressive": save(rgb.convert("L"), progressive=True),
    "rgb": save(rgb, keep_rgb=True),
    "cmyk": cmyk,
    # The data of "cmyk" with an Adobe marker that declares YCCK.
    "ycck": cmyk[: adobe + 11] + b"\x02" + cmyk[adobe + 12 :],
    "cmykWithoutAdobe": cmyk[: adobe - 4] + cmyk[adobe + 12 :],
}


def literal(data):
    text = base64.b64encode(data).decode()
    return '"""\n' + "\n".join("      " + text[i : i + 100] + "\\" for i in range(0, len(text), 100))[:-1] + '\n      """'


entries = []
for name, data in files.items():
    assert len(data) < 2048, (name, len(data))
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).tobytes()
    entries.append(
        f'  .init(\n    name: "{name}",\n    file: {literal(data)},\n    pixels: {literal(pixels)}\n  )'
    )

text = f"""// SPDX-License-Identifier: MIT
// Made by Tests/Golden/make_jpeg_fixtures.py with Pillow {PIL.__version__}.

let jpegFixtures: [JPEGFixture] = [
{("," + chr(10)).join(entries)},
]
"""
root = pathlib.Path(__file__).resolve().parents[1]
(root / "CodecTests" / "JPEGFixtures.swift").write_text(text)
