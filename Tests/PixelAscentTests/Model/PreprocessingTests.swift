// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct PreprocessingTests {
  @Test func boundsOfTheBoxAreBlackAndFullColour() {
    let preprocessing = Preprocessing.imageNet
    for (channel, (low, high)) in [(-2.1179, 2.2489), (-2.0357, 2.4286), (-1.8044, 2.64)].enumerated() {
      #expect(abs(preprocessing.lowerBound(channel) - Float(low)) < 5e-5)
      #expect(abs(preprocessing.upperBound(channel) - Float(high)) < 5e-5)
    }
  }

  /// A square has one number in JSON, as in files that older versions wrote.
  @Test func codesSizes() throws {
    let size = PixelSize(height: 48, width: 32)
    for (json, inputSize) in [("224", PixelSize(square: 224)), ("[48,32]", size)] {
      let text = "{\"inputSize\":\(json),\"mean\":[0],\"std\":[1]}"
      let found = try JSONText.decode(Preprocessing.self, from: text.utf8)
      #expect(found.inputSize == inputSize)
      #expect(try JSONText.encode(found) == text)
    }
    for json in ["[48,32,3]", "[48]", "[0,32]", "[48,65537]", "-1"] {
      let text = "{\"inputSize\":\(json),\"mean\":[0],\"std\":[1]}"
      #expect(throws: (any Error).self, "\(json)") { try JSONText.decode(Preprocessing.self, from: text.utf8) }
    }
    #expect(
      errorLine { try Preprocessing(mean: [0], std: [1], inputSize: PixelSize(height: 5, width: 0)) }
        == "preprocessing: the input size must be from 1 to 65536, found 0")
  }

  /// For a size that is no square, "short" makes the smallest image that covers the size; "crop" covers 256/224 of the
  /// size and takes the middle. timm resizes in the latter way, too.
  @Test(arguments: [
    (480, 640, PixelSize(height: 48, width: 64), PixelSize(height: 54, width: 72)),
    (640, 480, PixelSize(height: 48, width: 36), PixelSize(height: 54, width: 40)),
    (100, 400, PixelSize(height: 48, width: 192), PixelSize(height: 54, width: 216)),
    (400, 100, PixelSize(height: 128, width: 32), PixelSize(height: 144, width: 36)),
    (48, 32, PixelSize(height: 48, width: 32), PixelSize(height: 54, width: 36)),
  ])
  func coversSizesThatAreNoSquares(height: Int, width: Int, short: PixelSize, crop: PixelSize) throws {
    func network(_ resize: Preprocessing.Resize) throws -> Network {
      let half: [Float] = [0.5, 0.5, 0.5]
      let preprocessing = try Preprocessing(
        mean: half, std: half, inputSize: PixelSize(height: 48, width: 32), resize: resize)
      return try Network(
        SmallNetworks.random(SmallNetworks.squeezed, integers: true, seed: 3, preprocessing: preprocessing),
        name: "small")
    }
    let pixels = (0..<3 * height * width).map { (i: Int) -> UInt8 in UInt8(truncatingIfNeeded: i &* 7919 >> 3) }
    let photo = RGBImage(width: width, height: height, pixels: pixels)
    #expect(try network(.short).resized(photo) == photo.resized(width: short.width, height: short.height))
    #expect(
      try network(.crop).resized(photo)
        == photo.resized(width: crop.width, height: crop.height).cropped(width: 32, height: 48))
    #expect(try network(.stretch).resized(photo) == photo.resized(width: 32, height: 48))
    let overlay = try network(.crop).overlay(of: Tensor(shape: [48, 32], repeating: 0), on: photo)
    #expect((overlay.width, overlay.height) == (width, height))
  }
}
