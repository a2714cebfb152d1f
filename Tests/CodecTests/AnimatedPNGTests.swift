// SPDX-License-Identifier: MIT
import PixelAscent
import TestSupport
import Testing

/// Tests of animated PNG files, chunk by chunk.
@Suite struct AnimatedPNGTests {
  private struct Chunk {
    let type: String
    let data: [UInt8]
    /// The whole chunk.
    let bytes: [UInt8]
  }

  /// Returns the chunks of a file, after its signature.
  private func chunks(_ file: [UInt8]) throws -> [Chunk] {
    #expect(file.starts(with: PNGWriter.signature))
    var chunks: [Chunk] = [], start = 8
    while start < file.count {
      let length = number(file[start..<start + 4]), end = start + 12 + length
      try #require(end <= file.count)
      let type = String(decoding: file[start + 4..<start + 8], as: UTF8.self)
      chunks.append(Chunk(type: type, data: Array(file[start + 8..<end - 4]), bytes: Array(file[start..<end])))
      start = end
    }
    return chunks
  }

  private func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  private func number(_ chunk: Chunk, at offset: Int, size: Int = 4) -> Int {
    number(chunk.data[offset..<offset + size])
  }

  /// Pictures of noise, so that the large ones have more than one IDAT chunk each.
  private func noise(_ width: Int, _ height: Int, count: Int) -> [RGBImage] {
    var random = TestRandom(3)
    return (0..<count).map { _ in
      let pixels = (0..<3 * width * height).map { (_: Int) -> UInt8 in UInt8(truncatingIfNeeded: random.next()) }
      return RGBImage(width: width, height: height, pixels: pixels)
    }
  }

  /// Returns the numerator and the denominator of each frame's delay.
  private func delays(_ animation: Animation) throws -> [[Int]] {
    try chunks(animation.apng()).filter { $0.type == "fcTL" }.map {
      [number($0, at: 20, size: 2), number($0, at: 22, size: 2)]
    }
  }

  @Test("Every frame's compressed data, made a PNG again, decodes to the frame", arguments: [(1, 1), (7, 5), (90, 70)])
  func framesAreExact(_ size: (width: Int, height: Int)) throws {
    let frames = noise(size.width, size.height, count: 4)
    let all = try chunks(Animation(frames: frames).apng())
    let header = try #require(all.first)
    var data: [[UInt8]] = []
    for chunk in all {
      if chunk.type == "fcTL" { data.append([]) }
      if chunk.type == "fdAT" { data[data.count - 1] += chunk.data.dropFirst(4) }
    }
    #expect(data.count == 4)
    for (frame, data) in zip(frames, data) {
      let file = PNGWriter.signature + header.bytes + PNGWriter.chunk("IDAT", data) + PNGWriter.chunk("IEND", [])
      let isExact = try RGBImage(decoding: file, name: "frame") == frame
      #expect(isExact)
    }
  }

  @Test("The chunks have the order that the specification asks for, numbers in sequence, and right checksums")
  func structure() throws {
    let all = try chunks(Animation(frames: noise(90, 70, count: 3)).apng(comment: "x"))
    var kinds: [String] = []
    for chunk in all where chunk.type != kinds.last { kinds.append(chunk.type) }
    #expect(kinds == ["IHDR", "acTL", "iTXt", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND"])
    #expect(all[1].data == [0, 0, 0, 3, 0, 0, 0, 0])
    let numbered = all.filter { ["fcTL", "fdAT"].contains($0.type) }
    #expect(numbered.map { number($0, at: 0) } == Array(0..<numbered.count))
    // The noise takes several chunks a frame.
    #expect(numbered.count > 6)
    for chunk in all { #expect(chunk.bytes == PNGWriter.chunk(chunk.type, chunk.data), "\(chunk.type)") }
  }

  @Test("Every frame covers the whole picture, replaces the one before, and is not blended")
  func frameControls() throws {
    let animation = Animation(frames: noise(6, 4, count: 2), scale: 3)
    let controls = try chunks(animation.apng()).filter { $0.type == "fcTL" }
    for control in controls {
      #expect(control.data.count == 26)
      #expect(control.data[4..<20] == [0, 0, 0, 18, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0])
      #expect(control.data[24..<26] == [0, 0])
    }
  }

  @Test("Delays are exact fractions of a second, and the last frame is held longer")
  func delaysAreExact() throws {
    let frames = noise(1, 1, count: 2)
    #expect(try delays(Animation(frames: frames)) == [[1, 12], [25, 12]])
    #expect(try delays(Animation(frames: frames, framesPerSecond: 0.5, hold: 0)) == [[2, 1], [2, 1]])
    #expect(try delays(Animation(frames: frames, framesPerSecond: 100, hold: 0.3)) == [[1, 100], [31, 100]])
    #expect(try delays(Animation(frames: frames, framesPerSecond: 29.97, hold: 1)) == [[100, 2997], [3097, 2997]])
    #expect(try delays(Animation(frames: frames, framesPerSecond: 0.1, hold: 600)) == [[10, 1], [610, 1]])
  }

  @Test("A delay whose fraction needs more than 16 bits is off by less than 1/100 second")
  func delaysAreClose() throws {
    for (rate, hold) in [(7.123456789, 599.987654321), (99.99, 0.00123), (0.1, 590.005)] {
      let delays = try delays(Animation(frames: noise(1, 1, count: 2), framesPerSecond: rate, hold: hold))
      #expect(abs(Double(delays[0][0]) / Double(delays[0][1]) - 1 / rate) < 0.01)
      #expect(abs(Double(delays[1][0]) / Double(delays[1][1]) - 1 / rate - hold) < 0.01)
    }
  }

  @Test("Programs that know no animation read the last frame and the comment")
  func isAPNGOfTheLastFrame() throws {
    let frames = noise(90, 70, count: 3)
    let file = try Animation(frames: frames).apng(comment: "{\"ü\":1}")
    let isLast = try RGBImage(decoding: file, name: "file") == frames[2]
    #expect(isLast)
    #expect(try RGBImage.comment(inFile: file, name: "file") == "{\"ü\":1}")
    #expect(try RGBImage.comment(inFile: Animation(frames: frames).apng(), name: "file") == nil)
  }

  @Test("The scale makes each pixel a square")
  func enlarges() throws {
    let file = try Animation(frames: noise(3, 2, count: 1), scale: 3).apng()
    let image = try RGBImage(decoding: file, name: "file"), small = noise(3, 2, count: 1)[0]
    #expect((image.width, image.height) == (9, 6))
    for pixel in 0..<54 {
      let from = 3 * (pixel / 9 / 3 * 3 + pixel % 9 / 3)
      #expect(image.pixels[3 * pixel..<3 * pixel + 3] == small.pixels[from..<from + 3], "pixel \(pixel)")
    }
  }
}
