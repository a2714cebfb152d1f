// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct CaptionFontTests {
  private let font = CaptionFont.shared

  @Test("Advances are those of DejaVu Sans")
  func advances() {
    let expected: [(Character, Int)] = [
      (" ", 651), ("i", 569), ("m", 1995), ("A", 1401), ("·", 651), ("×", 1716), ("…", 2048), ("é", 1260), ("‖", 1024),
      ("∂", 1059),
    ]
    for (character, advance) in expected { #expect(font[character].advance == advance, "\(character)") }
  }

  @Test("A width is the sum of the advances, rounded up to whole pixels")
  func widths() {
    #expect(CaptionFont.width(font.glyphs(of: "mi A"), size: 2048) == 1995 + 569 + 651 + 1401)
    #expect(CaptionFont.width(font.glyphs(of: "m"), size: 13) == 13)
    #expect(CaptionFont.width(font.glyphs(of: "mm"), size: 13) == 26)
    #expect(CaptionFont.width(font.glyphs(of: ""), size: 13) == 0)
  }

  @Test("The font has the letters of Western European languages and the signs that captions need")
  func characters() {
    func outline(_ character: Character) -> [[Int]] {
      font[character].contours.map { contour in contour.flatMap { [$0.x, $0.y] } }
    }
    let box = outline("犬")
    let latin = (0xA1...0xFF).filter { $0 != 0xAD }.compactMap { Unicode.Scalar($0) }.map { Character($0) }
    let ascii = (0x21...0x7E).compactMap { Unicode.Scalar($0) }.map { Character($0) }
    for character in ascii + latin + Array("·×–—…−÷°→‖∂σλ²") {
      #expect(!font[character].contours.isEmpty, "\(character)")
      #expect(outline(character) != box, "\(character)")
    }
  }

  @Test(
    "An unknown character is a box, a character that can't be seen a space, and an accent may be a scalar of its own")
  func unknownCharacters() {
    func advances(_ text: String) -> [Int] { font.glyphs(of: text).map(\.advance) }
    #expect(!font["犬"].contours.isEmpty)
    #expect(advances("犬👩‍👩‍👧") == [font["犬"].advance, font["犬"].advance])
    #expect(advances("a\n\u{7}\r\n\u{202E}b") == advances("a    b"))
    #expect(advances("e\u{301}") == [font["é"].advance])
    #expect(font.glyphs(of: "e\u{301}")[0].contours.count == font["é"].contours.count)
    #expect(font.glyphs(of: "e" + String(repeating: "\u{301}", count: 10_000)).count == 1)
  }

  @Test("Texts have the same bytes on every machine")
  func bytes() {
    let drawn = CaptionFont.coverage(font.glyphs(of: "goose 0.94 · difference × 10 … Åéß‖∂"), size: 13)
    #expect((drawn.left, drawn.top, drawn.width, drawn.height) == (-2, -13, 250, 17))
    #expect(SHA256.digest(of: drawn.values) == "18cca195bd9e63502132f267ecf8a51dfb59ac7b40e4d58fdd50730e81e3bc1c")
    let large = CaptionFont.coverage(font.glyphs(of: "gorilla · iteration 25/100"), size: 208)
    #expect(SHA256.digest(of: large.values) == "7b7e1f8470b626abe1372782c5d973a6e2f98f00cf03a4dd762339b8eb8e2875")
  }

  @Test("The edges of small letters and capitals lie between rows of pixels", arguments: 8...24)
  func edges(_ size: Int) {
    for character in ["x", "H", "z", "E"] {
      let drawn = CaptionFont.coverage(font.glyphs(of: character), size: size)
      func row(_ number: Int) -> ArraySlice<UInt8> {
        drawn.values[(number - drawn.top) * drawn.width..<(number - drawn.top + 1) * drawn.width]
      }
      let units = character == "x" || character == "z" ? 1120 : 1493
      let height = (units * size + 1024) / 2048
      #expect(row(0).allSatisfy { $0 == 0 })
      #expect(row(-height - 1).allSatisfy { $0 == 0 })
      #expect(row(-1).contains { $0 > 100 })
      #expect(row(-height).contains { $0 > 100 })
    }
  }
}
