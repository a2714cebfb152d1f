// SPDX-License-Identifier: MIT
import PixelAscent

/// A picture of raw samples, and a writer that makes a PNG file of the picture, without compression and without libpng.
struct PNGWriter {
  var width: Int
  var height: Int
  var bitDepth: Int
  var colorType: ColorType
  var isInterlaced = false
  /// The palette's RGB entries.
  var palette: [[UInt8]] = []
  /// The content of a tRNS chunk.
  var transparency: [UInt8]?
  /// The content of an eXIf chunk.
  var exif: [UInt8]?
  /// Whether the eXIf chunk follows the picture.
  var exifComesLast = false
  /// Returns the samples of pixel (x, y).
  var samples: (Int, Int) -> [Int]

  enum ColorType: UInt8, CaseIterable, Sendable {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgbAlpha = 6

    var channelCount: Int { [.grey: 1, .rgb: 3, .palette: 1, .greyAlpha: 2, .rgbAlpha: 4][self] ?? 0 }
    var bitDepths: [Int] {
      switch self {
      case .grey: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      default: [8, 16]
      }
    }
  }

  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  func file() -> [UInt8] {
    var data: [UInt8] = []
    let passes: [(x: Int, y: Int, stepX: Int, stepY: Int)] =
      isInterlaced
      ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
      : [(0, 0, 1, 1)]
    for pass in passes where pass.x < width {
      for y in stride(from: pass.y, to: height, by: pass.stepY) {
        data.append(0)
        data += Self.packed(stride(from: pass.x, to: width, by: pass.stepX).flatMap { samples($0, y) }, bitDepth)
      }
    }
    var file = Self.signature + Self.header(width, height, bitDepth, colorType.rawValue, isInterlaced)
    if !palette.isEmpty { file += Self.chunk("PLTE", palette.flatMap { $0 }) }
    if let transparency { file += Self.chunk("tRNS", transparency) }
    let exifChunk = exif.map { Self.chunk("eXIf", $0) } ?? []
    if !exifComesLast { file += exifChunk }
    file += Self.chunk("IDAT", Self.stored(data))
    if exifComesLast { file += exifChunk }
    return file + Self.chunk("IEND", [])
  }

  static func header(_ width: Int, _ height: Int, _ bitDepth: Int, _ colorType: UInt8, _ isInterlaced: Bool) -> [UInt8]
  {
    chunk("IHDR", big32(width) + big32(height) + [UInt8(bitDepth), colorType, 0, 0, isInterlaced ? 1 : 0])
  }

  static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let checked = Array(type.utf8) + content
    return big32(content.count) + checked + big32(Int(crc32(checked)))
  }

  static func big32(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

  private static func packed(_ samples: [Int], _ bitDepth: Int) -> [UInt8] {
    if bitDepth == 16 { return samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
    let inByte = 8 / bitDepth
    return stride(from: 0, to: samples.count, by: inByte).map { first in
      (0..<inByte).reduce(0) { byte, i in
        let sample = first + i < samples.count ? samples[first + i] : 0
        return byte << UInt8(bitDepth) | UInt8(sample)
      }
    }
  }

  /// Returns a zlib stream that holds `data` in uncompressed blocks.
  private static func stored(_ data: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var rest = data[...]
    repeat {
      let block = rest.prefix(0xFFFF)
      rest = rest.dropFirst(0xFFFF)
      let (low, high) = (UInt8(block.count & 255), UInt8(block.count >> 8))
      stream += [rest.isEmpty ? 1 : 0, low, high, ~low, ~high] + block
    } while !rest.isEmpty
    var (a, b) = (1, 0)
    for byte in data {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    return stream + big32(b << 16 | a)
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
