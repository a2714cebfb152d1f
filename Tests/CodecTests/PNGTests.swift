// SPDX-License-Identifier: MIT
import PixelAscent
import Testing

@Suite struct PNGTests {
  struct Kind: Sendable, CustomTestStringConvertible {
    let colorType: PNGWriter.ColorType
    let bitDepth: Int
    let isInterlaced: Bool
    let isTransparent: Bool

    var testDescription: String {
      "\(colorType) \(bitDepth)\(isInterlaced ? " interlaced" : "")\(isTransparent ? " tRNS" : "")"
    }

    static let all: [Kind] = {
      var kinds: [Kind] = []
      for colorType in PNGWriter.ColorType.allCases {
        for bitDepth in colorType.bitDepths {
          for isInterlaced in [false, true] {
            for isTransparent in [false, true] where !isTransparent || colorType.rawValue < 4 {
              kinds.append(
                Kind(
                  colorType: colorType, bitDepth: bitDepth, isInterlaced: isInterlaced, isTransparent: isTransparent))
            }
          }
        }
      }
      return kinds
    }()
  }

  /// Returns the test picture as a PNG, and the expected RGB values from 0 to 1, composited on a background.
  private func picture(
    _ kind: Kind, width: Int, height: Int, over background: RGBColor = .white
  ) -> (png: PNGWriter, rgb: [Double]) {
    let behind = [background.red, background.green, background.blue].map { Double($0) / 255 }
    let (channels, top) = (kind.colorType.channelCount, (1 << kind.bitDepth) - 1)
    var state: UInt32 = 7
    let values = (0..<width * height).map { _ in
      (0..<channels).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Int(state >> 12) & top
      }
    }
    var png = PNGWriter(
      width: width, height: height, bitDepth: kind.bitDepth, colorType: kind.colorType,
      isInterlaced: kind.isInterlaced, samples: { values[$1 * width + $0] })
    let palette = (0..<min(top + 1, 200)).map { (entry: Int) -> [UInt8] in
      let red = entry * 255 / min(top, 199)
      return [UInt8(red), UInt8(200 - entry), UInt8(entry / 2)]
    }
    // In a transparent picture, all pixels with the samples of the first pixel are transparent. With a palette, each
    // entry has its own alpha instead.
    let key = values[0]
    if kind.colorType == .palette {
      png.palette = palette
      png.samples = { values[$1 * width + $0].map { $0 % palette.count } }
      if kind.isTransparent { png.transparency = palette.indices.map { UInt8($0 * 37 & 255) } }
    } else if kind.isTransparent {
      png.transparency = key.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    }
    let rgb = (0..<width * height).flatMap { at -> [Double] in
      let pixel = values[at].map { Double($0) / Double(top) }
      var (color, alpha) = ([pixel[0], pixel[0], pixel[0]], 1.0)
      switch kind.colorType {
      case .grey: alpha = kind.isTransparent && values[at] == key ? 0 : 1
      case .greyAlpha: alpha = pixel[1]
      case .rgb: (color, alpha) = (pixel, kind.isTransparent && values[at] == key ? 0 : 1)
      case .rgbAlpha: (color, alpha) = (Array(pixel[0..<3]), pixel[3])
      case .palette:
        let index = values[at][0] % palette.count
        color = palette[index].map { Double($0) / 255 }
        if kind.isTransparent { alpha = Double(index * 37 & 255) / 255 }
      }
      return zip(color, behind).map { $0 * alpha + $1 * (1 - alpha) }
    }
    return (png, rgb)
  }

  private static let backgrounds = ["white", "black", "grey", "200,30,7"].compactMap { RGBColor($0) }

  @Test(
    "Every bit depth, colour type, transparency and interlacing is decoded, over every background",
    arguments: Kind.all, backgrounds)
  func decodes(_ kind: Kind, _ background: RGBColor) throws {
    for (width, height) in [(1, 1), (3, 2), (21, 13)] {
      let (png, rgb) = picture(kind, width: width, height: height, over: background)
      let image = try RGBImage(decoding: png.file(), name: "test.png", background: background)
      #expect((image.width, image.height) == (width, height))
      let worst = zip(image.pixels, rgb).map { abs(Double($0) - 255 * $1) }.max() ?? 1
      // Rounding once gives an error of at most half a step. 16 bits with alpha are rounded twice.
      #expect(worst <= (kind.bitDepth == 16 ? 0.504 : 0.5 + 1e-9), "\(width)×\(height)")
    }
  }

  @Test("EXIF orientations before or after the pixels make a picture upright, interlaced or not", arguments: 1...8)
  func orientation(_ orientation: Int) throws {
    for (isLast, isInterlaced) in [(false, false), (true, false), (false, true)] {
      var png = picture(
        Kind(colorType: .rgb, bitDepth: 8, isInterlaced: isInterlaced, isTransparent: false), width: 7, height: 4
      ).png
      let plain = try RGBImage(decoding: png.file(), name: "test.png")
      png.exif = exifBlock(orientation: orientation, bigEndian: isLast)
      png.exifComesLast = isLast
      let turned = try RGBImage(decoding: png.file(), name: "test.png")
      #expect(turned == upright(plain, orientation: orientation))
    }
  }

  @Test(
    "A picture encoded as PNG and decoded is unchanged, and encoding it again gives the same bytes",
    arguments: [(1, 1), (1, 300), (300, 1), (67, 45)])
  func roundTrip(_ width: Int, _ height: Int) throws {
    let image = generatedImage(width: width, height: height)
    let file = try image.pngData()
    #expect(try RGBImage(decoding: file, name: "test.png") == image)
    #expect(try image.pngData() == file)
  }

  @Test("A long text chunk is skipped")
  func longComment() throws {
    let image = generatedImage(width: 5, height: 4)
    var file = try image.pngData()
    file.insert(contentsOf: PNGWriter.chunk("tEXt", [UInt8](repeating: 65, count: 12_000_000)), at: 33)
    #expect(try RGBImage(decoding: file, name: "test.png") == image)
  }

  @Test("A declared size beyond the limit is refused before memory is allocated")
  func bomb() throws {
    let header = PNGWriter.signature + PNGWriter.header(100_000, 100_000, 8, 2, false)
    let error = failure { try RGBImage(decoding: header, name: "bomb.png") }
    #expect(error?.kind == .sizeLimit)
    let text = "bomb.png: 100000×100000 pixels are 10000 megapixels, more than the limit of 100 (maxMegapixels)"
    #expect(error?.description == text)

    let image = try generatedImage(width: 100, height: 100).pngData()
    #expect(failure { try RGBImage(decoding: image, name: "a", maxMegapixels: 0.01) } == nil)
    #expect(failure { try RGBImage(decoding: image, name: "a", maxMegapixels: 0.0099) }?.kind == .sizeLimit)
    #expect(failure { try RGBImage(decoding: image, name: "a", maxMegapixels: .nan) }?.kind == .sizeLimit)
    let most = PNGWriter.signature + PNGWriter.header(0x7FFF_FFFF, 0x7FFF_FFFF, 16, 6, true)
    #expect(failure { try RGBImage(decoding: most, name: "a", maxMegapixels: .infinity) }?.kind == .sizeLimit)
    for (width, height) in [(0, 5), (5, 0), (0x8000_0000, 1), (1, 0xFFFF_FFFF)] {
      let wrong = PNGWriter.signature + PNGWriter.header(width, height, 8, 2, false)
      #expect(failure { try RGBImage(decoding: wrong, name: "a") }?.kind == .invalidImage)
    }
  }

  @Test("A wrong checksum of a chunk that no pixel depends on gives a note, and the picture", arguments: [0, 1])
  func harmlessChecksums(_ position: Int) throws {
    let image = generatedImage(width: 5, height: 4)
    var file = try image.pngData()
    for (type, content) in [("tEXt", "a\0b"), ("iCCP", "a\0\0not compressed"), ("iTXt", "a"), ("gAMA", "abcd")] {
      var chunk = PNGWriter.chunk(type, Array(content.utf8))
      chunk[chunk.count - 1] ^= 1
      file.insert(contentsOf: chunk, at: position == 0 ? 33 : file.count - 12)
      let decoded = try EncodedImage(file, name: "a", maxMegapixels: 1).decoded(over: .white)
      #expect(decoded.image == image)
      // The first one in the file is named.
      let first = position == 0 ? type : "tEXt"
      #expect(decoded.note == "the checksum of its \(first) chunk is wrong, but no pixel depends on it")
    }
    #expect(try EncodedImage(image.pngData(), name: "a", maxMegapixels: 1).decoded(over: .white).note == nil)
  }

  @Test("A wrong checksum of a chunk that decides pixels is an error")
  func checksums() throws {
    let kind = Kind(colorType: .palette, bitDepth: 4, isInterlaced: false, isTransparent: true)
    var png = picture(kind, width: 5, height: 4).png
    png.exif = exifBlock(orientation: 1, bigEndian: true)
    let file = png.file()
    var at = PNGWriter.signature.count
    var chunkCount = 0
    while at < file.count {
      let length = file[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
      var broken = file
      broken[at + 8 + length] ^= 1
      #expect(failure { try RGBImage(decoding: broken, name: "a") }?.kind == .invalidImage)
      at += 12 + length
      chunkCount += 1
    }
    #expect(chunkCount == 6)
  }
}
