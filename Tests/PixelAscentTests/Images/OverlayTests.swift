// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Tests of the picture that shows a saliency map over its photo.
@Suite struct OverlayTests {
  private func network(_ resize: Preprocessing.Resize, _ inputSize: PixelSize) throws -> Network {
    let half: [Float] = [0.5, 0.5, 0.5]
    let preprocessing = try Preprocessing(mean: half, std: half, inputSize: inputSize, resize: resize)
    return try Network(
      SmallNetworks.random(SmallNetworks.squeezed, integers: true, seed: 3, preprocessing: preprocessing), name: "small"
    )
  }

  private func noise(_ width: Int, _ height: Int) -> RGBImage {
    var random = TestRandom(9)
    let pixels = (0..<3 * width * height).map { (_: Int) -> UInt8 in UInt8(truncatingIfNeeded: random.next()) }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  private func grey(_ photo: RGBImage, _ pixel: Int) -> Double {
    let (red, green, blue) = (photo.pixels[3 * pixel], photo.pixels[3 * pixel + 1], photo.pixels[3 * pixel + 2])
    return (0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)).rounded()
  }

  @Test("A pixel is √h · colour + (1 − √h) · grey / 2", arguments: Colormap.allCases)
  func blendsTheColoursAndTheGreyPhoto(colormap: Colormap) throws {
    let photo = noise(32, 32)
    var random = TestRandom(4)
    let map = Tensor(shape: [32, 32], values: random.reals(1024).map { Float(abs($0)) })
    let over = try network(.stretch, 32).overlay(of: map, on: photo, colormap: colormap)
    let (low, high) = (map.values.min() ?? 0, map.values.max() ?? 0)
    let colors = RGBImage(map: map, colormap: colormap).pixels
    for pixel in 0..<1024 {
      let weight = (Double(map.values[pixel] - low) / Double(high - low)).squareRoot()
      for channel in 0..<3 {
        let exact = weight * Double(colors[3 * pixel + channel]) + (1 - weight) * grey(photo, pixel) / 2
        // The map is rounded to 256 levels, and the root makes a step near zero large.
        #expect(abs(Double(over.pixels[3 * pixel + channel]) - exact) < 6, "pixel \(pixel)")
      }
    }
  }

  @Test("A flat map leaves the photo grey and half as bright")
  func flatMapLeavesTheGreyPhoto() throws {
    let photo = noise(40, 30), network = try network(.short, 32)
    let over = network.overlay(of: Tensor(shape: [32, 42], repeating: 0), on: photo)
    #expect((over.width, over.height) == (40, 30))
    for pixel in 0..<1200 {
      let expected = UInt8((grey(photo, pixel) / 2).rounded())
      #expect(over.pixels[3 * pixel..<3 * pixel + 3] == [expected, expected, expected])
    }
  }

  @Test("The overlay's colours depend on the percentile")
  func percentileReachesTheOverlay() throws {
    let network = try network(.stretch, 32), map = Tensor(shape: [32, 32], values: (0..<1024).map { Float($0) })
    let white = network.overlay(of: map, on: noise(32, 32), percentile: 25).pixels.suffix(3 * 760)
    #expect(white.allSatisfy { $0 == 255 })
  }

  /// The map is the network's input itself, so that the map and the photo have the same bright spot.
  @Test(
    "The map lies over the part of the photo that the network saw",
    arguments: Preprocessing.Resize.allCases, [(90, 60), (60, 90), (31, 200), (28, 28)])
  func mapLiesOverWhatTheNetworkSaw(_ resize: Preprocessing.Resize, _ size: (width: Int, height: Int)) throws {
    let (width, height) = size, network = try network(resize, 28)
    for (x, y) in [(width / 2, height / 2), (width / 2 - 5, height / 2 + 7)] {
      var photo = RGBImage(width: width, height: height, pixels: [UInt8](repeating: 0, count: 3 * width * height))
      for row in y - 2...y + 2 {
        for column in x - 2...x + 2 { photo.pixels[3 * (row * width + column)] = 255 }
      }
      let input = try network.input(for: photo)
      let map = Tensor(
        shape: Array(input.shape.dropFirst()), values: Array(input.values.prefix(input.values.count / 3)))
      let over = network.overlay(of: map, on: photo, colormap: .grey)
      #expect((over.width, over.height) == size)
      var (sum, column, row) = (0.0, 0.0, 0.0)
      for pixel in 0..<width * height {
        // The values are squared, because the root makes the faint pixels that the enlargement adds too bright.
        let light = Double(over.pixels[3 * pixel + 1]) * Double(over.pixels[3 * pixel + 1])
        (sum, column, row) = (
          sum + light, column + light * Double(pixel % width), row + light * Double(pixel / width)
        )
      }
      #expect(abs(column / sum - Double(x)) < 1)
      #expect(abs(row / sum - Double(y)) < 1)
    }
  }

  @Test("On a cropped photo the map covers the middle square, and the rest is darker")
  func mapCoversTheMiddleOfACroppedPhoto() throws {
    // 90 × 60 pixels become 48 × 32. The network takes 28 × 28 of them, from column 10 and row 2 on.
    let photo = RGBImage(width: 90, height: 60, pixels: [UInt8](repeating: 200, count: 3 * 90 * 60))
    let over = try network(.crop, 28).overlay(of: Tensor(shape: [28, 28], repeating: 0), on: photo)
    let expected = (0..<90 * 60).flatMap { (pixel: Int) -> [UInt8] in
      let isSeen = (19..<71).contains(pixel % 90) && (4..<56).contains(pixel / 90)
      return [UInt8](repeating: isSeen ? 100 : 50, count: 3)
    }
    // `#expect` gets only the result: given both arrays, a failure would list the differences of 16,200 numbers.
    let isExpected = over.pixels == expected
    #expect(isExpected)
  }

  @Test("A photo may be so small that the network sees less than one of its pixels", arguments: [(300, 1), (1, 1)])
  func tinyPhotosHaveOverlays(_ size: (width: Int, height: Int)) throws {
    let network = try network(.crop, 28)
    let over = network.overlay(of: Tensor(shape: [28, 28], repeating: 1), on: noise(size.width, size.height))
    #expect((over.width, over.height) == size)
  }
}
