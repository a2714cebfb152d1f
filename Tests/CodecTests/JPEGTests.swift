// SPDX-License-Identifier: MIT
import Foundation
import PixelAscent
import Testing

@Suite struct JPEGTests {
  @Test("Every kind of JPEG decodes to Pillow's pixels within ±1", arguments: jpegFixtures)
  func decodes(_ fixture: JPEGFixture) throws {
    let image = try RGBImage(decoding: fixture.file, name: "test.jpg")
    let expected = RGBImage(width: JPEGFixture.width, height: JPEGFixture.height, pixels: fixture.pixels)
    #expect(image.largestDifference(from: expected) <= 1)
  }

  @Test("EXIF orientations in both byte orders make the picture upright", arguments: 1...8, [false, true])
  func orientation(_ orientation: Int, _ bigEndian: Bool) throws {
    for name in ["baseline", "progressive", "cmyk"] {
      let file = try JPEGFixture.named(name).file
      let plain = try RGBImage(decoding: file, name: "test.jpg")
      let turned = try RGBImage(
        decoding: inserting(exifBlock(orientation: orientation, bigEndian: bigEndian), into: file), name: "test.jpg")
      #expect(turned == upright(plain, orientation: orientation))
    }
  }

  @Test("A broken EXIF block leaves the picture unchanged")
  func brokenExif() throws {
    let file = try JPEGFixture.named("baseline").file
    let plain = try RGBImage(decoding: file, name: "test.jpg")
    let block = exifBlock(orientation: 6, bigEndian: false)
    var blocks = (0..<30).map { Array(block.prefix($0)) }
    blocks += [0, 9, 255].map { exifBlock(orientation: $0, bigEndian: true) }
    for offset: UInt8 in [0, 7, 30, 200, 255] {
      var moved = block
      moved.replaceSubrange(4..<8, with: [offset, offset == 255 ? 255 : 0, 0, offset == 255 ? 255 : 0])
      blocks.append(moved)
    }
    for block in blocks {
      #expect(try RGBImage(decoding: inserting(block, into: file), name: "test.jpg") == plain)
    }
  }

  @Test(
    "A picture encoded as JPEG and decoded stays close to the original",
    arguments: [(30, 28.0), (80, 33), (90, 36), (95, 40), (100, 48)])
  func roundTrip(_ quality: Int, _ leastPSNR: Double) throws {
    let image = generatedImage(width: 9, height: 7).resized(width: 90, height: 70)
    let file = try image.jpegData(quality: quality)
    let back = try RGBImage(decoding: file, name: "test.jpg")
    #expect((back.width, back.height) == (90, 70))
    let differences = zip(image.pixels, back.pixels).map { Double($0) - Double($1) }
    let meanSquare = differences.reduce(0) { $0 + $1 * $1 } / Double(image.pixels.count)
    #expect(10 * log10(255 * 255 / meanSquare) >= leastPSNR)
    #expect(try image.jpegData(quality: quality) == file)
    #expect(samplingFactors(file) == (quality >= 90 ? 0x11 : 0x22))
  }

  @Test("Qualities and sizes outside the format's range are refused")
  func refusals() {
    let image = RGBImage(width: 1, height: 1, pixels: [1, 2, 3])
    for quality in [-1, 0, 101] {
      #expect(failure { try image.jpegData(quality: quality) }?.kind == .invalidParameter)
    }
    let long = RGBImage(width: 65501, height: 1, pixels: [UInt8](repeating: 0, count: 3 * 65501))
    #expect(failure { try long.jpegData() }?.kind == .sizeLimit)
    #expect(failure { try long.pngData() } == nil)
  }

  @Test("A declared size beyond the limit is refused before memory is allocated")
  func bomb() throws {
    var file = try JPEGFixture.named("baseline").file
    let frame = try #require(frameHeader(file))
    file.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
    let error = failure { try RGBImage(decoding: file, name: "bomb.jpg") }
    #expect(
      error?.description
        == "bomb.jpg: 65500×65500 pixels are 4290.25 megapixels, more than the limit of 100 (maxMegapixels)")
  }

  /// The kinds of JPEG that the byte of a frame's marker declares, and the number of bits.
  private static let unsupported: [(marker: UInt8, bits: UInt8, kind: String)] = [
    (0xC3, 8, "a lossless JPEG"), (0xCB, 8, "a lossless JPEG"), (0xC5, 8, "a hierarchical JPEG"),
    (0xC6, 8, "a hierarchical JPEG"), (0xC7, 8, "a hierarchical JPEG"), (0xCD, 8, "a hierarchical JPEG"),
    (0xCF, 8, "a hierarchical JPEG"), (0xDE, 8, "a hierarchical JPEG"), (0xF7, 8, "a JPEG-LS picture"),
    (0xC1, 12, "a JPEG of 12 bits"), (0xC2, 12, "a JPEG of 12 bits"), (0xC9, 12, "a JPEG of 12 bits"),
  ]

  @Test("A lossless, hierarchical or 12-bit JPEG is called unsupported, not broken", arguments: unsupported.indices)
  func unsupportedKinds(_ index: Int) throws {
    let (marker, bits, kind) = Self.unsupported[index]
    var file = try JPEGFixture.named("baseline").file
    let frame = try #require(frameHeader(file))
    (file[frame + 1], file[frame + 4]) = (marker, bits)
    let advice = "which can't be read; save it as a baseline or progressive JPEG of 8 bits, or as PNG"
    for before: [UInt8] in [[], [0xFF, 0xFF]] {
      let filled = Array(file[..<frame]) + before + Array(file[frame...])
      let error = failure { try RGBImage(decoding: filled, name: "a.jpg") }
      #expect(error == PixelAscentError(.invalidImage, Message("\(kind), \(advice)"), about: "a.jpg"))
    }
  }

  @Test("Line breaks and spaces before a JPEG or PNG are skipped", arguments: ["\n", "\r\n\r\n", " \t\n"])
  func leadingSpace(_ space: String) throws {
    let image = generatedImage(width: 5, height: 4)
    let jpeg = try JPEGFixture.named("progressive").file, png = try image.pngData(comment: "text")
    for file in [jpeg, png] {
      let shifted = Array(space.utf8) + file
      #expect(try RGBImage(decoding: shifted, name: "a") == RGBImage(decoding: file, name: "a"))
    }
    #expect(try RGBImage.comment(inFile: Array(space.utf8) + png, name: "a") == "text")
    let error = failure { try RGBImage(decoding: Array(space.utf8), name: "a") }
    #expect(error?.description.hasPrefix("a: not a JPEG or PNG image") == true)
  }

  @Test("A progressive file with too many scans is refused")
  func scans() throws {
    let file = try JPEGFixture.named("greyProgressive").file
    let start = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
    let end = try #require(((start + 2)..<file.count).first { file[$0] == 0xFF && file[$0 + 1] != 0 })
    // Change the first scan so that it declares final DC values. Then the format allows repeating the scan.
    var scan = Array(file[start..<end])
    #expect(scan[9] == 0x01)
    scan[9] = 0x00
    func repeated(_ count: Int) -> PixelAscentError? {
      let many = file[..<start] + repeatElement(scan, count: count).joined() + [0xFF, 0xD9]
      return failure { try RGBImage(decoding: Array(many), name: "a") }
    }
    #expect(repeated(50) == nil)
    #expect(repeated(300)?.description == "a: JPEG is broken (too many scans)")
  }

  private func inserting(_ exif: [UInt8], into file: [UInt8]) -> [UInt8] {
    let content = Array("Exif\0\0".utf8) + exif
    let length = content.count + 2
    let marker: [UInt8] = [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)]
    return Array(file[0..<2]) + marker + content + Array(file[2...])
  }

  private func frameHeader(_ file: [UInt8]) -> Int? {
    file.indices.dropLast().first { file[$0] == 0xFF && (file[$0 + 1] == 0xC0 || file[$0 + 1] == 0xC2) }
  }

  /// Returns the luma sampling factors that a file declares.
  private func samplingFactors(_ file: [UInt8]) -> UInt8? { frameHeader(file).map { file[$0 + 11] } }
}
