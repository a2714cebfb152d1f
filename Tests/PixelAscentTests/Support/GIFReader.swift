// SPDX-License-Identifier: MIT

import PixelAscent
import Testing

/// A GIF file, read without any code of the writer. Every frame must cover the whole picture and stay (disposal 1).
struct GIFReader {
  /// The pictures that a viewer shows.
  private(set) var frames: [RGBImage] = []
  /// The hundredths of a second for which each frame is shown.
  private(set) var delays: [Int] = []
  /// The bytes of the comment extension.
  private(set) var comment: [UInt8]?
  /// The number of repetitions; 0 is without end, and nil if the file does not say.
  private(set) var repetitions: Int?
  /// The number of transparent pixels of each frame.
  private(set) var transparentCounts: [Int] = []

  private let bytes: [UInt8]
  private var position = 0
  private var transparent: UInt8?

  init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    #expect(try take(6) == Array("GIF89a".utf8))
    let width = try takeNumber(), height = try takeNumber(), flags = try take(3)[0]
    #expect(flags & 0x80 != 0, "no palette for all frames")
    let palette = try take(3 << (Int(flags & 7) + 1))
    var canvas = [UInt8](repeating: 0, count: 3 * width * height)
    while true {
      switch try take(1)[0] {
      case 0x21: try takeExtension()
      case 0x2C:
        let place = [try takeNumber(), try takeNumber(), try takeNumber(), try takeNumber()]
        #expect(place == [0, 0, width, height])
        #expect(try take(1) == [0], "a palette of the frame's own, or interlaced")
        let indices = try Self.decompressed(codeBits: Int(take(1)[0]), takeBlocks())
        try #require(indices.count == width * height)
        for (pixel, index) in indices.enumerated() where index != transparent {
          for channel in 0..<3 { canvas[3 * pixel + channel] = palette[3 * Int(index) + channel] }
        }
        transparentCounts.append(indices.count { $0 == transparent })
        frames.append(RGBImage(width: width, height: height, pixels: canvas))
      case 0x3B:
        #expect(position == bytes.count, "bytes after the end")
        return
      case let other: throw Unreadable("a block of the kind \(other)")
      }
    }
  }

  private struct Unreadable: Error {
    let what: String
    init(_ what: String) { self.what = what }
  }

  private mutating func takeExtension() throws {
    switch try take(1)[0] {
    case 0xF9:
      let data = try takeBlocks()
      try #require(data.count == 4)
      #expect(data[0] >> 2 == 1, "the frame does not stay")
      delays.append(Int(data[1]) + 256 * Int(data[2]))
      transparent = data[0] & 1 == 1 ? data[3] : nil
    case 0xFE: comment = try takeBlocks()
    case 0xFF:
      #expect(try take(12) == [11] + Array("NETSCAPE2.0".utf8))
      let data = try takeBlocks()
      try #require(data.count == 3 && data[0] == 1)
      repetitions = Int(data[1]) + 256 * Int(data[2])
    case let other: throw Unreadable("an extension of the kind \(other)")
    }
  }

  private mutating func take(_ count: Int) throws -> [UInt8] {
    guard position + count <= bytes.count else { throw Unreadable("the file ends early") }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  private mutating func takeNumber() throws -> Int {
    let pair = try take(2)
    return Int(pair[0]) + 256 * Int(pair[1])
  }

  private mutating func takeBlocks() throws -> [UInt8] {
    var data: [UInt8] = []
    while case let length = Int(try take(1)[0]), length > 0 { data += try take(length) }
    return data
  }

  /// Returns the values that LZW codes stand for. The codes must end with an end code in the last byte.
  private static func decompressed(codeBits: Int, _ data: [UInt8]) throws -> [UInt8] {
    let clear = 1 << codeBits
    var sequences: [[UInt8]] = [], width = 0, previous: [UInt8]?
    var output: [UInt8] = [], bit = 0
    func start() -> [[UInt8]] { (0..<clear).map { [UInt8($0)] } + [[], []] }
    (sequences, width) = (start(), codeBits + 1)
    while true {
      guard bit + width <= 8 * data.count else { throw Unreadable("the codes have no end") }
      var code = 0
      for offset in 0..<width where data[(bit + offset) / 8] >> ((bit + offset) % 8) & 1 == 1 { code |= 1 << offset }
      bit += width
      if code == clear {
        (sequences, width, previous) = (start(), codeBits + 1, nil)
        continue
      }
      if code == clear + 1 {
        #expect((bit + 7) / 8 == data.count, "bytes after the end code")
        return output
      }
      guard code < sequences.count || (code == sequences.count && previous != nil) else {
        throw Unreadable("code \(code) of \(sequences.count)")
      }
      if let previous, sequences.count < 4096 {
        let next = code < sequences.count ? sequences[code][0] : previous[0]
        sequences.append(previous + [next])
        if sequences.count == 1 << width && width < 12 { width += 1 }
      }
      guard code < sequences.count else { throw Unreadable("code \(code) is not known") }
      output += sequences[code]
      previous = sequences[code]
    }
  }
}
