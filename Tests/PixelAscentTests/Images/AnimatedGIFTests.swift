// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Tests of GIF files, read by a reader of the tests.
@Suite struct AnimatedGIFTests {
  /// Returns pictures whose pixels are drawn from `colorCount` random colours.
  private func pictures(_ width: Int, _ height: Int, colorCount: Int, count: Int) -> [RGBImage] {
    var random = TestRandom(UInt64(colorCount))
    let colors = (0..<colorCount).map { (_: Int) -> [UInt8] in
      let bits = random.next()
      return [
        UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8), UInt8(truncatingIfNeeded: bits >> 16),
      ]
    }
    return (0..<count).map { _ in
      var pixels: [UInt8] = []
      for _ in 0..<width * height { pixels += colors[Int(random.next() % UInt64(colorCount))] }
      return RGBImage(width: width, height: height, pixels: pixels)
    }
  }

  /// Returns pictures of smooth colours that move, which have far more than 255 colours.
  private func gradients(_ side: Int, count: Int) -> [RGBImage] {
    (0..<count).map { frame in
      var pixels: [UInt8] = []
      for y in 0..<side {
        for x in 0..<side {
          pixels += [UInt8(255 * x / (side - 1)), UInt8(255 * y / (side - 1)), UInt8(60 * frame + 40 * x / side)]
        }
      }
      return RGBImage(width: side, height: side, pixels: pixels)
    }
  }

  /// Checks that a GIF of the frames shows exactly the frames.
  private func expectExact(_ frames: [RGBImage], _ comment: Comment) throws {
    let read = try GIFReader(Animation(frames: frames).gif())
    // `#expect` gets only the result: given both arrays, a failure would list all pixels.
    let isExact = read.frames == frames
    #expect(isExact, comment)
  }

  @Test("Frames of at most 255 colours are exact", arguments: [1, 2, 3, 4, 7, 8, 16, 100, 127, 128, 200, 255])
  func fewColoursAreExact(_ colorCount: Int) throws {
    try expectExact(pictures(60, 50, colorCount: colorCount, count: 3), "\(colorCount) colours")
  }

  @Test("255 colours are exact even if they are similar")
  func similarColoursAreExact() throws {
    let greys = (0..<255).flatMap { (grey: Int) -> [UInt8] in [UInt8](repeating: UInt8(grey), count: 3) }
    try expectExact([RGBImage(width: 15, height: 17, pixels: greys)], "greys")
  }

  @Test("Every number of pixels is exact, wherever the codes end: also where they get longer or the table starts anew")
  func everyLengthIsExact() throws {
    for length in 1...300 { try expectExact(pictures(length, 1, colorCount: 3, count: 1), "\(length) pixels") }
    for length in 3830...3850 { try expectExact(pictures(length, 1, colorCount: 250, count: 1), "\(length) pixels") }
  }

  @Test("Long rows of one colour are exact")
  func rowsOfOneColourAreExact() throws {
    try expectExact([RGBImage(width: 3000, height: 5, pixels: [UInt8](repeating: 9, count: 45_000))], "one colour")
  }

  @Test("Equal frames are written too, as transparent pixels")
  func equalFramesStay() throws {
    let picture = pictures(20, 10, colorCount: 9, count: 1)[0]
    let read = try GIFReader(Animation(frames: [picture, picture, picture]).gif())
    #expect(read.frames == [picture, picture, picture])
    #expect(read.transparentCounts == [0, 200, 200])
  }

  @Test("Only the pixels that change are written")
  func unchangedPixelsAreTransparent() throws {
    let first = pictures(20, 10, colorCount: 9, count: 1)[0]
    var second = first
    for pixel in [0, 77, 199] { second.pixels[3 * pixel] ^= 1 }
    let read = try GIFReader(Animation(frames: [first, second, first]).gif())
    #expect(read.frames == [first, second, first])
    #expect(read.transparentCounts == [0, 197, 197])
  }

  /// Returns the largest difference of a value from the frame, and the mean difference of blocks of 4 × 4 pixels.
  private func differences(_ shown: RGBImage, _ frame: RGBImage) -> (pixel: Int, block: Double) {
    var largest = 0, blocks = 0, count = 0
    for top in stride(from: 0, to: frame.height, by: 4) {
      for left in stride(from: 0, to: frame.width, by: 4) {
        for channel in 0..<3 {
          var sum = 0
          for pixel in 0..<16 {
            let place = 3 * ((top + pixel / 4) * frame.width + left + pixel % 4) + channel
            let difference = Int(shown.pixels[place]) - Int(frame.pixels[place])
            largest = max(largest, abs(difference))
            sum += difference
          }
          blocks += abs(sum)
          count += 16
        }
      }
    }
    return (largest, Double(blocks) / Double(count))
  }

  // The differences were 50 and 1.83. Without the dither the second is 5.8.
  @Test("Of more than 255 colours, the means of 4 × 4 pixels are close, and no pixel is far off")
  func manyColoursAreClose() throws {
    let frames = gradients(64, count: 4), read = try GIFReader(Animation(frames: frames).gif())
    #expect(read.frames.count == 4)
    for (shown, frame) in zip(read.frames, frames) {
      let found = differences(shown, frame)
      #expect(found.pixel <= 64)
      #expect(found.block <= 2.5)
    }
  }

  @Test("A part of the picture that stays does not flicker, whatever moves beside it")
  func dithersWithoutFlicker() throws {
    let still = gradients(32, count: 1)[0]
    let frames = (0..<4).map { frame in
      RGBImage(width: 64, height: 32, showing: [(still, 0, 0), (gradients(32, count: 4)[frame], 32, 0)])
    }
    let read = try GIFReader(Animation(frames: frames).gif())
    let left = read.frames.map { frame in
      (0..<32).flatMap { Array(frame.pixels[192 * $0..<192 * $0 + 96]) }
    }
    let isStill = left.allSatisfy { $0 == left[0] }
    #expect(isStill)
    #expect(read.transparentCounts.dropFirst().allSatisfy { $0 >= 1024 })
  }

  @Test("A colour that most pixels have is exact and has no pattern")
  func flatColoursStayFlat() throws {
    var picture = gradients(64, count: 1)[0]
    for value in 0..<3 * 64 * 60 { picture.pixels[value] = [200, 30, 90][value % 3] }
    let read = try GIFReader(Animation(frames: [picture]).gif())
    let flat = Set((0..<64 * 60).map { Array(read.frames[0].pixels[3 * $0..<3 * $0 + 3]) })
    #expect(flat == [[200, 30, 90]])
  }

  @Test("Delays are whole hundredths of a second whose sum is exact, and the last frame is held longer")
  func delays() throws {
    let frames = pictures(2, 2, colorCount: 3, count: 12)
    let twelve = try GIFReader(Animation(frames: frames).gif()).delays
    #expect(twelve == [8, 9, 8, 8, 9, 8, 8, 9, 8, 8, 9, 208])
    let odd = try GIFReader(Animation(frames: frames, framesPerSecond: 29.97, hold: 0.5).gif()).delays
    #expect(odd.reduce(0, +) == 90)
    let longest = try GIFReader(Animation(frames: frames, framesPerSecond: 0.1, hold: 600).gif()).delays
    #expect(longest == [Int](repeating: 1000, count: 11) + [61000])
  }

  @Test("A GIF is repeated without end")
  func repeats() throws {
    #expect(try GIFReader(Animation(frames: pictures(2, 2, colorCount: 3, count: 2)).gif()).repetitions == 0)
  }

  @Test("The comment is kept, also if it is longer than a block, and ends before a null character")
  func comments() throws {
    let animation = Animation(frames: pictures(2, 2, colorCount: 3, count: 1))
    let long = String(repeating: "crâne ", count: 200)
    #expect(try GIFReader(animation.gif(comment: long)).comment == Array(long.utf8))
    #expect(try GIFReader(animation.gif(comment: "a\0b")).comment == Array("a".utf8))
    #expect(try GIFReader(animation.gif()).comment == nil)
  }

  @Test("The scale makes each pixel a square")
  func enlarges() throws {
    let small = pictures(3, 2, colorCount: 6, count: 1)[0]
    let large = try GIFReader(Animation(frames: [small], scale: 3).gif()).frames[0]
    #expect((large.width, large.height) == (9, 6))
    for pixel in 0..<54 {
      let from = 3 * (pixel / 9 / 3 * 3 + pixel % 9 / 3)
      #expect(large.pixels[3 * pixel..<3 * pixel + 3] == small.pixels[from..<from + 3], "pixel \(pixel)")
    }
  }
}
