# SPDX-License-Identifier: MIT
"""Writes Sources/PixelAscent/Images/CaptionFontData.swift: the outlines of the characters that captions are drawn with.

The outlines are those of DejaVu Sans 2.37, which matplotlib's wheel contains; LICENSES/DejaVu-Sans.txt is its licence.
Scripts/make-caption-font downloads the pinned wheels and runs this script.

The data are a list of glyphs. A number is a varint: 7 bits per byte, the lowest first, and the highest bit of a byte says
that another follows. A signed number n is stored as 2n, or as −2n − 1 if it is negative.

    glyph:    the Unicode scalar minus that of the glyph before (0 for the first glyph, the box .notdef), the advance,
              the number of contours, the contours
    contour:  the number of points, the points
    point:    2 · (signed x minus that of the point before) + (1 if the point is off the curve), signed y minus that of
              the point before

Coordinates are in font units, y upwards; the first point of a glyph is relative to (0, 0).
"""

import base64
import hashlib
import io
import pathlib
import sys
import textwrap
import zipfile

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

FONT = "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf"
LICENCE = "matplotlib/mpl-data/fonts/ttf/LICENSE_DEJAVU"
SHA256 = "3fdf69cabf06049ea70a00b5919340e2ce1e6d02b0cc3c4b44fb6801bd1e0d22"
SCALARS = [*range(0x20, 0x7F), *range(0xA0, 0x100), *map(ord, "‐–—‘’“”•…→−‖∂∞≈≤≥σλ·×÷°²εμ∑√")]


def varint(number):
    """Returns the bytes of a number that is not negative."""
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def signed(number):
    """Returns the number that stands for a signed number."""
    return 2 * number if number >= 0 else -2 * number - 1


def outline(font, name):
    """Returns the advance and the outline of a glyph as bytes, with composite glyphs taken apart."""
    glyphs, pen = font.getGlyphSet(), TTGlyphPen(None)
    recording = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(recording)
    recording.replay(pen)
    coordinates, ends, flags = pen.glyph().getCoordinates(None)
    result = varint(font["hmtx"][name][0]) + varint(len(ends))
    begin, last = 0, (0, 0)
    for end in ends:
        result += varint(end + 1 - begin)
        for (x, y), flag in zip(coordinates[begin : end + 1], flags[begin : end + 1]):
            result += varint(2 * signed(x - last[0]) + (0 if flag & 1 else 1)) + varint(signed(y - last[1]))
            last = (x, y)
        begin = end + 1
    return result


def main():
    root = pathlib.Path(__file__).parent.parent
    wheel = zipfile.ZipFile(sys.argv[1])
    content = wheel.read(FONT)
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        sys.exit(f"{FONT}: expected the SHA-256 {SHA256}, found {found}")
    font = TTFont(io.BytesIO(content))
    names, data, last = font.getBestCmap(), outline(font, ".notdef"), 0
    data = varint(0) + data
    for scalar in sorted(set(SCALARS)):
        data += varint(scalar - last) + outline(font, names[scalar])
        last = scalar
    lines = "\n".join("    " + line for line in textwrap.wrap(base64.b64encode(data).decode(), 112))
    hhea, glyf = font["hhea"], font["glyf"]
    (root / "Sources/PixelAscent/Images/CaptionFontData.swift").write_text(f'''\
// SPDX-License-Identifier: MIT AND Bitstream-Vera

// Scripts/make_caption_font.py has written this file, and says what the data mean. The outlines are those of DejaVu Sans
// 2.37; LICENSES/DejaVu-Sans.txt is its licence.

extension CaptionFont {{
  /// The font's units per em; the height of its lower-case x and of its capitals, and the extent of its lines above and
  /// below the baseline, in these units.
  package static let unitsPerEm = {font["head"].unitsPerEm}, xHeight = {glyf["x"].yMax}, capHeight = {glyf["H"].yMax}
  static let ascent = {hhea.ascent}, descent = {-hhea.descent}

  /// The glyphs in base64.
  static let data = """
{lines}
    """
}}
''')
    (root / "LICENSES/DejaVu-Sans.txt").write_bytes(wheel.read(LICENCE).replace(b"\r\n", b"\n"))


if __name__ == "__main__":
    main()
