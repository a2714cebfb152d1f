// SPDX-License-Identifier: MIT
import Foundation
import PixelAscent
import Testing

/// A JPEG file and the pixels that it must decode to.
struct JPEGFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let file: [UInt8]
  let pixels: [UInt8]
  static let (width, height) = (21, 13)

  /// Makes a fixture from base64.
  init(name: String, file: String, pixels: String) {
    self.name = name
    self.file = Self.bytes(file)
    self.pixels = Self.bytes(pixels)
  }

  var testDescription: String { name }

  static func named(_ name: String) throws -> JPEGFixture {
    try #require(jpegFixtures.first { $0.name == name }, "no fixture \(name)")
  }

  private static func bytes(_ base64: String) -> [UInt8] {
    guard let data = Data(base64Encoded: base64) else { fatalError("a fixture is not base64") }
    return Array(data)
  }
}

/// Returns the `PixelAscentError` that `work` throws; nil if `work` throws none.
func failure<Value>(_ work: () throws -> Value) -> PixelAscentError? {
  do {
    _ = try work()
    return nil
  } catch {
    return error as? PixelAscentError
  }
}

/// Returns the picture of pseudo-random values that Tests/Golden/make_resize_goldens.py makes.
func generatedImage(width: Int, height: Int) -> RGBImage {
  var state: UInt32 = 12345
  let pixels = (0..<3 * width * height).map { _ in
    state = state &* 1_664_525 &+ 1_013_904_223
    return UInt8(state >> 24)
  }
  return RGBImage(width: width, height: height, pixels: pixels)
}

/// Returns an EXIF block that declares an orientation, in either byte order.
func exifBlock(orientation: Int, bigEndian: Bool) -> [UInt8] {
  func two(_ value: Int) -> [UInt8] { [8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
  func four(_ value: Int) -> [UInt8] { two(value >> 16) + two(value & 0xFFFF) }
  let parts: [[UInt8]] = [
    two(42), four(8), two(2),
    two(0x0100), two(4), four(1), four(21),
    two(0x0112), two(3), four(1), two(orientation), two(0),
    four(0),
  ]
  return Array((bigEndian ? "MM" : "II").utf8) + parts.flatMap { bigEndian ? $0 : $0.reversed() }
}

/// Returns the upright form of a picture that was stored with an EXIF orientation.
func upright(_ image: RGBImage, orientation: Int) -> RGBImage {
  let (w, h) = (image.width, image.height)
  let isTransposed = orientation >= 5
  let (width, height) = isTransposed ? (h, w) : (w, h)
  var pixels: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width {
      let (fromX, fromY) =
        switch orientation {
        case 2: (w - 1 - x, y)
        case 3: (w - 1 - x, h - 1 - y)
        case 4: (x, h - 1 - y)
        case 5: (y, x)
        case 6: (y, h - 1 - x)
        case 7: (w - 1 - y, h - 1 - x)
        case 8: (w - 1 - y, x)
        default: (x, y)
        }
      pixels += image.pixels[(3 * (fromY * w + fromX))..<(3 * (fromY * w + fromX) + 3)]
    }
  }
  return RGBImage(width: width, height: height, pixels: pixels)
}

extension RGBImage {
  func largestDifference(from other: RGBImage) -> Int {
    guard (width, height) == (other.width, other.height) else { return .max }
    return zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }
}
