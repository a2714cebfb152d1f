// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct FigureTests {
  private static func noise(_ width: Int, _ height: Int, _ seed: UInt64) -> RGBImage {
    var random = TestRandom(seed)
    return RGBImage(
      width: width, height: height, pixels: (0..<3 * width * height).map { _ in UInt8(random.next() >> 56) })
  }

  private static func pixel(_ image: RGBImage, _ column: Int, _ row: Int) -> [UInt8] {
    Array(image.pixels[3 * (row * image.width + column)..<3 * (row * image.width + column) + 3])
  }

  /// Returns the part of a picture that begins at a column and a row.
  private static func part(_ image: RGBImage, _ left: Int, _ top: Int, _ width: Int, _ height: Int) -> RGBImage {
    let rows = (top..<top + height).flatMap { (row: Int) -> ArraySlice<UInt8> in
      image.pixels[3 * (row * image.width + left)..<3 * (row * image.width + left + width)]
    }
    return RGBImage(width: width, height: height, pixels: rows)
  }

  private static func enlarged(_ image: RGBImage, _ scale: Int) -> RGBImage {
    var pixels: [UInt8] = []
    for row in 0..<image.height * scale {
      for column in 0..<image.width * scale {
        let start = 3 * (row / scale * image.width + column / scale)
        pixels += image.pixels[start..<start + 3]
      }
    }
    return RGBImage(width: image.width * scale, height: image.height * scale, pixels: pixels)
  }

  private let pictures = [
    FigureTests.noise(40, 30, 1), FigureTests.noise(25, 50, 2), FigureTests.noise(40, 30, 3),
  ]

  @Test("Without captions, one row is the row that RGBImage makes")
  func row() throws {
    let row = RGBImage(row: pictures), panels = pictures.map { Figure.Panel($0) }
    #expect(try Figure(panels, style: .row).image() == row)
    #expect(try Figure(panels).image() == row)
    let captioned = pictures.map { Figure.Panel($0, caption: "goose") }
    #expect(try Figure(captioned, style: Figure.Style(hasCaptions: false)).image() == row)
    #expect(try Figure(captioned).image() != row)
  }

  @Test("Captions stand centred above the pictures, which stay as they are")
  func captions() throws {
    let figure = try Figure(pictures.map { Figure.Panel($0, caption: "ix") }).image()
    #expect((figure.width, figure.height) == (10 + 40 + 10 + 25 + 10 + 40 + 10, 10 + 16 + 50 + 10))
    for (left, picture) in zip([10, 60, 95], pictures) {
      #expect(Self.part(figure, left, 26, picture.width, picture.height) == picture)
      let band = Self.part(figure, left, 8, picture.width, 18)
      let columns = (0..<band.width).filter { (column: Int) -> Bool in
        (0..<band.height).contains { Self.pixel(band, column, $0)[0] < 128 }
      }
      let first = try #require(columns.first), last = try #require(columns.last)
      #expect(abs(first + last - (band.width - 1)) <= 2)
      // Three rows below the baseline are free of this text.
      let below = Self.part(figure, left, 20, picture.width, 6)
      #expect(below.pixels.allSatisfy { $0 == 255 })
    }
  }

  @Test("Rows wrap after the given number of columns, or before the usual width")
  func wrapping() throws {
    let figure = try Figure(pictures.map { Figure.Panel($0) }, style: Figure.Style(columns: 2)).image()
    #expect((figure.width, figure.height) == (40 + 4 + 25, 50 + 4 + 30))
    #expect(Self.part(figure, 0, 0, 40, 30) == pictures[0])
    #expect(Self.part(figure, 44, 0, 25, 50) == pictures[1])
    #expect(Self.part(figure, 0, 54, 40, 30) == pictures[2])
    // 5 pictures of 224 pixels have 1180 pixels with their spaces.
    let wide = [Figure.Panel](repeating: Figure.Panel(Self.noise(224, 2, 1), caption: "a"), count: 6)
    let usual = try Figure(wide).image()
    #expect((usual.width, usual.height) == (1180, 10 + 18 + 10 + 18 + 10))
    let single = try Figure([Figure.Panel(Self.noise(1300, 1, 1)), Figure.Panel(Self.noise(1300, 1, 2))]).image()
    #expect((single.width, single.height) == (1300, 6))
  }

  @Test("The size of a figure is known before its pictures are", arguments: [1, 2, 5, 9])
  func sizes(_ count: Int) throws {
    var styles = [Figure.Style.row]
    for scale in [1, 3] {
      for hasCaptions in [false, true] {
        styles.append(Figure.Style(hasCaptions: hasCaptions, scale: scale))
        styles.append(Figure.Style(hasCaptions: hasCaptions, columns: 3, scale: scale))
      }
    }
    let panels = [Figure.Panel](repeating: Figure.Panel(Self.noise(270, 3, 1), caption: "a"), count: count)
    for style in styles {
      let figure = Figure(panels, style: style), image = try figure.image()
      let size = Figure.size(count, of: PixelSize(height: 3, width: 270), style)
      #expect((size.width, size.height) == (image.width, image.height))
      #expect(figure.byteCount == image.pixels.count)
    }
  }

  @Test("A scale enlarges every pixel of the pictures, and draws texts at their final size", arguments: [2, 5])
  func scales(_ scale: Int) throws {
    let panels = pictures.map { Figure.Panel($0, caption: "fox") }
    let plain = try Figure(panels, style: Figure.Style(hasCaptions: false)).image()
    let large = try Figure(panels, style: Figure.Style(hasCaptions: false, scale: scale)).image()
    #expect(large == Self.enlarged(plain, scale))
    let small = try Figure(panels).image(), sharp = try Figure(panels, style: Figure.Style(scale: scale)).image()
    #expect((sharp.width, sharp.height) == (scale * small.width, scale * small.height))
    let top = scale * 26
    #expect(
      Self.part(sharp, 0, top, sharp.width, sharp.height - top)
        == Self.enlarged(Self.part(small, 0, 26, small.width, small.height - 26), scale))
    // Of an enlarged text, every square of scale × scale pixels has one colour.
    let band = Self.part(sharp, 0, 0, sharp.width, top), row = 3 * scale * band.width
    let corners = stride(from: 0, to: band.pixels.count, by: row).flatMap { (start: Int) -> [UInt8] in
      stride(from: start, to: start + 3 * band.width, by: 3 * scale).flatMap { band.pixels[$0..<$0 + 3] }
    }
    let isEnlarged =
      band == Self.enlarged(RGBImage(width: small.width, height: 26, pixels: corners), scale)
    #expect(!isEnlarged)
    // The edges of the letters move by less than half a pixel, which is less than a tenth of the ink.
    func ink(_ picture: RGBImage) -> Double { picture.pixels.reduce(0) { $0 + 255 - Double($1) } }
    let ratio = ink(band) / ink(Self.part(small, 0, 0, small.width, 26))
    #expect(abs(ratio / Double(scale * scale) - 1) < 0.1)
  }

  @Test("Captions that are too wide get smaller together, and then lose the end of their text, but not their ending")
  func shortening() throws {
    let picture = Self.noise(100, 5, 1), long = String(repeating: "terrier ", count: 40)
    func drawn(_ text: String, _ ending: String = "") throws -> RGBImage {
      let caption = Figure.Caption(text, ending: ending)
      // The second caption is always too wide, so both have the smallest size.
      let panels = [Figure.Panel(picture, caption: caption), Figure.Panel(picture, caption: Figure.Caption(long))]
      return Self.part(try Figure(panels).image(), 0, 0, 115, 31)
    }
    let withEnding = try drawn(long, " 0.94"), withoutEnding = try drawn("", long)
    var kept: [Int] = [], cut: [Int] = []
    for count in 1...40 {
      let start = String(long.prefix(count))
      if try drawn(start + "… 0.94") == withEnding { kept.append(count) }
      if try drawn(start + "…") == withoutEnding { cut.append(count) }
    }
    // The most characters that 100 pixels hold at the smallest size.
    func most(_ end: String) -> Int? {
      (1...40).last {
        CaptionFont.width(CaptionFont.shared.glyphs(of: String(long.prefix($0)) + end), size: 9) <= 100
      }
    }
    let longest = try #require(most("… 0.94"))
    #expect(kept == [longest])
    #expect(cut.first == most("…"))
  }

  @Test("No caption does harm")
  func hostileCaptions() throws {
    let captions = [
      "", " ", "\u{0}\u{1}\n\r\t\u{7F}\u{85}\u{2028}\u{202E}", String(repeating: "x", count: 10_000),
      String(repeating: "\n", count: 10_000), "e" + String(repeating: "\u{301}", count: 10_000), "\u{FEFF}", "犬🦊",
    ]
    for size in [1, 8, 9, 10, 64] {
      for caption in captions {
        let picture = Self.noise(size, size, 1)
        let caption = Figure.Caption(caption, ending: caption)
        let figure = try Figure([Figure.Panel(picture, caption: caption)]).image()
        #expect((figure.width, figure.height) == (size + 20, size + 36))
        #expect(Self.part(figure, 10, 26, size, size) == picture)
        // The text stays above its picture, but for the antialiasing.
        #expect(Self.part(figure, 0, 0, 9, 26).pixels.allSatisfy { $0 == 255 })
        #expect(Self.part(figure, size + 11, 0, 9, 26).pixels.allSatisfy { $0 == 255 })
      }
    }
  }

  @Test("A figure without pictures, and a style out of range, is refused")
  func errors() {
    let panel = Figure.Panel(pictures[0])
    func line(_ panels: [Figure.Panel], _ style: Figure.Style) -> String {
      errorLine { try Figure(panels, style: style).image() }
    }
    #expect(line([], Figure.Style()) == "a figure must have 1 picture or more, found 0")
    #expect(line([panel], Figure.Style(columns: 0)) == "a figure must have 1 column or more, found 0")
    #expect(line([panel], Figure.Style(scale: 0)) == "scale must be from 1 to 16, found 0")
    #expect(line([panel], Figure.Style(scale: 17)) == "scale must be from 1 to 16, found 17")
  }

  @Test("A figure has the same bytes on every machine")
  func bytes() throws {
    let panels = [
      Figure.Panel(pictures[0], caption: "goose 0.94"), Figure.Panel(pictures[1]),
      Figure.Panel(pictures[2], caption: Figure.Caption("American Staffordshire terrier", ending: " 0.87")),
    ]
    let figure = try Figure(panels, style: Figure.Style(columns: 2, scale: 2)).image()
    #expect(SHA256.digest(of: figure.pixels) == "84c9db6730827caf35126f3e82735642e3e0154ac0c4dfc3d24d395e8e98cedd")
  }
}
