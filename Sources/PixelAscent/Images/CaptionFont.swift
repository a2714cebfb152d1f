// SPDX-License-Identifier: MIT

/// The font of captions: the outlines of DejaVu Sans for the characters of Western European languages and some signs.
package struct CaptionFont: Sendable {
  /// A point of an outline in font units, with y upwards.
  package struct Point {
    package let x, y: Int
    /// Whether the outline goes through the point, rather than being a quadratic curve that the point pulls to itself.
    package let isOnCurve: Bool

    package init(x: Int, y: Int, isOnCurve: Bool) { (self.x, self.y, self.isOnCurve) = (x, y, isOnCurve) }

    static func middle(_ one: Point, _ other: Point) -> Point {
      Point(x: (one.x + other.x) >> 1, y: (one.y + other.y) >> 1, isOnCurve: true)
    }
  }

  /// The picture of a character.
  package struct Glyph {
    /// The distance from the character's origin to that of the next one, in font units.
    package let advance: Int
    /// The closed outlines.
    package let contours: [[Point]]
  }

  /// The font whose outlines the program holds.
  package static let shared = CaptionFont(base64: data)

  private var glyphs: [Character: Glyph] = [:]
  /// The picture of every character that the font does not have: a box.
  private var box = Glyph(advance: 0, contours: [])

  /// Reads glyphs in the form that `Scripts/make_caption_font.py` describes.
  private init(base64 text: String) {
    var numbers = VariableIntegers(base64: text), scalar: UInt32 = 0
    while let step = numbers.next() {
      let advance = numbers.required(), contourCount = numbers.required()
      var x = 0, y = 0
      let contours = (0..<contourCount).map { (_: Int) -> [Point] in
        (0..<numbers.required()).map { (_: Int) -> Point in
          let first = numbers.required()
          x += VariableIntegers.signed(first >> 1)
          y += VariableIntegers.signed(numbers.required())
          return Point(x: x, y: y, isOnCurve: first & 1 == 0)
        }
      }
      let glyph = Glyph(advance: advance, contours: contours)
      scalar += UInt32(step)
      if step == 0 { box = glyph } else if let known = Unicode.Scalar(scalar) { glyphs[Character(known)] = glyph }
    }
  }

  /// Returns a character's glyph; a box if the font does not have the character.
  package subscript(character: Character) -> Glyph { glyphs[character] ?? box }

  /// Returns the glyphs of a text. A character that can't be seen, such as a line break, becomes a space, and a character
  /// that the font does not have becomes a box.
  package func glyphs(of text: String) -> [Glyph] {
    text.map { self[$0.unicodeScalars.contains(where: \.isInvisible) ? " " : $0] }
  }

  /// Returns the width of glyphs in pixels, rounded up, if the em has `size` pixels.
  package static func width(_ glyphs: some Sequence<Glyph>, size: Int) -> Int {
    (glyphs.reduce(0) { $0 + $1.advance } * size + unitsPerEm - 1) / unitsPerEm
  }

  /// Returns the coverage of the pixels by glyphs that stand side by side on a baseline.
  ///
  /// - Parameters:
  ///   - glyphs: the glyphs, from left to right
  ///   - size: the number of pixels of the em, at least 1
  package static func coverage(_ glyphs: some Sequence<Glyph>, size: Int) -> TextCoverage {
    let grid = PixelGrid(size: size), one = OutlineRaster.one
    let above = (ascent * size + unitsPerEm - 1) / unitsPerEm, below = (descent * size + unitsPerEm - 1) / unitsPerEm
    let border = (size + 7) / 8, width = width(glyphs, size: size) + 2 * border
    var raster = OutlineRaster(width: width, height: above + below), origin = 0
    for glyph in glyphs {
      for contour in glyph.contours {
        raster.add(
          contour.map {
            Point(x: border * one + grid.x($0.x + origin), y: above * one - grid.y($0.y), isOnCurve: $0.isOnCurve)
          }, linesPerCurve: size < 40 ? 4 : 8)
      }
      origin += glyph.advance
    }
    return TextCoverage(left: -border, top: -above, width: width, height: above + below, values: raster.coverage)
  }
}

/// How much of each pixel a text covers.
package struct TextCoverage {
  /// The first column and the first row, relative to the text's origin on the baseline.
  package let left, top: Int
  /// The number of columns and rows.
  package let width, height: Int
  /// The covered part of each pixel, from 0 to 255, row by row.
  package let values: [UInt8]
}

/// The places of font units in a grid of pixels, in 256ths of a pixel.
///
/// The upper edges of small letters, capitals and ascenders lie between two rows of pixels, so that they are sharp. Where
/// curves reach beyond these edges by less than half a pixel, they are flattened.
private struct PixelGrid {
  private let size: Int
  /// Heights in font units with their places, from the lowest to the highest.
  private var knots: [(height: Int, place: Int)] = []

  private static let overshoot = 40, ascender = 1556

  init(size: Int) {
    self.size = size
    let isFlat = 2 * Self.overshoot * size < CaptionFont.unitsPerEm * 3 / 2
    for edge in [0, CaptionFont.xHeight, CaptionFont.capHeight, Self.ascender] {
      let place = (x(edge) + OutlineRaster.one / 2) / OutlineRaster.one * OutlineRaster.one
      if edge == 0 && isFlat { knots.append((-Self.overshoot, place)) }
      knots.append((edge, place))
      if edge == CaptionFont.xHeight || edge == CaptionFont.capHeight, isFlat {
        knots.append((edge + Self.overshoot, place))
      }
    }
  }

  /// Returns the place of a horizontal distance.
  func x(_ units: Int) -> Int {
    (units * size * OutlineRaster.one + CaptionFont.unitsPerEm / 2) / CaptionFont.unitsPerEm
  }

  /// Returns the place of a height above the baseline.
  func y(_ units: Int) -> Int {
    let first = knots[0], last = knots[knots.count - 1]
    if units <= first.height { return first.place + x(units - first.height) }
    if units >= last.height { return last.place + x(units - last.height) }
    let upper = knots.firstIndex { units < $0.height } ?? knots.count - 1
    let (low, high) = (knots[upper - 1], knots[upper])
    return low.place + (units - low.height) * (high.place - low.place) / (high.height - low.height)
  }
}

/// Numbers of any length in bytes: 7 bits per byte, the lowest first, and the highest bit says that another byte follows.
private struct VariableIntegers {
  private let bytes: [UInt8]
  private var position = 0

  /// Decodes base64; characters that do not belong to it, such as line breaks, are skipped.
  init(base64 text: String) {
    var bytes: [UInt8] = [], bits: UInt32 = 0, count = 0
    for character in text.utf8 {
      let value: UInt8
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      default: continue
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    self.bytes = bytes
  }

  /// Returns the next number; nil at the end.
  mutating func next() -> Int? { position < bytes.count ? required() : nil }

  /// Returns the next number.
  mutating func required() -> Int {
    var number = 0, shift = 0
    while true {
      let byte = bytes[position]
      position += 1
      number |= Int(byte & 127) << shift
      if byte < 128 { return number }
      shift += 7
    }
  }

  /// Returns the signed number that a number stands for: 0, −1, 1, −2, 2 and so on.
  static func signed(_ number: Int) -> Int { number & 1 == 0 ? number >> 1 : -(number >> 1) - 1 }
}
