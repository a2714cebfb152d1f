// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct RenderingTests {
  private static let renderings: [Rendering] = [
    .clip, .stretch, .percentileStretch(low: 0.5, high: 99.5), .percentileStretch(low: 0, high: 100),
    .percentileStretch(low: 30, high: 60),
  ]

  private let network: Network

  init() throws {
    network = try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: true, seed: 1), name: "small")
  }

  /// Returns the picture computed in double, neither clamped nor rounded to integers.
  private func expected(_ image: Tensor, _ rendering: Rendering) -> [Double] {
    let (height, width) = (image.shape[1], image.shape[2]), plane = height * width
    let pixels = image.values.enumerated().map { index, value in
      Double(network.preprocessing.std[index / plane]) * Double(value)
        + Double(network.preprocessing.mean[index / plane])
    }
    let sorted = pixels.sorted()
    func percentile(_ percent: Double) -> Double {
      let position = percent / 100 * Double(sorted.count - 1), below = Int(position)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] * (1 - position + Double(below)) + sorted[above] * (position - Double(below))
    }
    let (low, high) =
      switch rendering {
      case .clip: (0.0, 1.0)
      case .stretch: (percentile(0), percentile(100))
      case .percentileStretch(let low, let high): (percentile(low), percentile(high))
      }
    return (0..<3 * plane).map { (index: Int) -> Double in
      let value = pixels[index % 3 * plane + index / 3]
      return 255 * (value - low) / (high - low)
    }
  }

  /// A pixel may differ by 1 only if the exact value lies within 1e-4 of the middle between two integers.
  @Test(arguments: renderings, [(1, 2), (5, 7), (31, 33), (64, 64)])
  func pictureEqualsOneComputedInDouble(rendering: Rendering, size: (Int, Int)) {
    var random = TestRandom(UInt64(size.0))
    let image = Tensor(
      shape: [3, size.0, size.1], values: random.reals(3 * size.0 * size.1).map { Float(3.5 * $0) })
    let picture = network.render(image, rendering)
    #expect(picture.width == size.1)
    #expect(picture.height == size.0)
    for (found, exact) in zip(picture.pixels, expected(image, rendering)) {
      let clipped = min(max(exact, 0), 255), rounded = clipped.rounded(.toNearestOrEven)
      let isTie = abs(abs(clipped - clipped.rounded(.down)) - 0.5) < 1e-4
      #expect(abs(Double(found) - rounded) <= (isTie ? 1 : 0), "\(exact)")
    }
  }

  @Test func clipReturnsThePictureOfATensor() {
    let picture = RGBImage(
      width: 16, height: 16, pixels: (0..<768).map { UInt8(truncatingIfNeeded: 37 * $0 + $0 / 256) })
    #expect(network.render(network.tensor(from: picture), .clip) == picture)
  }

  @Test(arguments: [Rendering.stretch, .percentileStretch(low: 0.5, high: 99.5)])
  func flatImageIsMidGrey(rendering: Rendering) {
    for grey in UInt8.min...UInt8.max {
      let picture = RGBImage(width: 3, height: 5, pixels: Array(repeating: grey, count: 45))
      #expect(network.render(network.tensor(from: picture), rendering).pixels == Array(repeating: 128, count: 45))
    }
    // An image whose values differ by 1/255 is not flat.
    let almost = RGBImage(width: 1, height: 2, pixels: [7, 7, 7, 8, 8, 8])
    #expect(network.render(network.tensor(from: almost), .stretch).pixels == [0, 0, 0, 255, 255, 255])
  }

  @Test(arguments: [1, 10]) func differenceIsAroundMidGrey(gain: Int) {
    let a = RGBImage(width: 256, height: 1, pixels: (0..<768).map { UInt8($0 / 3) })
    for other in [UInt8(0), 100, 128, 255] {
      let b = RGBImage(width: 256, height: 1, pixels: Array(repeating: other, count: 768))
      let expected = a.pixels.map { UInt8(clamping: (Int($0) - Int(other)) * gain + 128) }
      #expect(a.difference(from: b, gain: gain).pixels == expected)
    }
    #expect(a.difference(from: a, gain: gain).pixels.allSatisfy { $0 == 128 })
  }

  @Test func changesMapHoldsEachPixelsGreatestChange() {
    let a = RGBImage(width: 4, height: 1, pixels: [9, 9, 9, 0, 50, 0, 0, 7, 100, 200, 0, 0])
    let b = RGBImage(width: 4, height: 1, pixels: [9, 9, 9, 0, 0, 20, 0, 7, 0, 0, 10, 200])
    let expected = RGBImage(map: Tensor(shape: [1, 4], values: [0, 50, 100, 200]))
    #expect(a.changes(from: b) == expected)
    #expect(b.changes(from: a) == expected)
    #expect(a.changes(from: a) == RGBImage(map: Tensor(shape: [1, 4], repeating: 0)))
  }

  @Test func rowPutsPicturesSideBySideOnWhite() {
    func plain(_ width: Int, _ height: Int, _ value: UInt8) -> RGBImage {
      RGBImage(width: width, height: height, pixels: Array(repeating: value, count: 3 * width * height))
    }
    let row = RGBImage(row: [plain(2, 3, 10), plain(1, 1, 20), plain(3, 2, 30)])
    #expect(row.width == 2 + 4 + 1 + 4 + 3)
    #expect(row.height == 3)
    let reds = stride(from: 0, to: row.pixels.count, by: 3).map { row.pixels[$0] }
    let expected: [UInt8] = [
      10, 10, 255, 255, 255, 255, 20, 255, 255, 255, 255, 30, 30, 30,
      10, 10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 30, 30, 30,
      10, 10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ]
    #expect(reds == expected)
    #expect(RGBImage(row: [plain(5, 4, 1)]) == plain(5, 4, 1))
  }
}
