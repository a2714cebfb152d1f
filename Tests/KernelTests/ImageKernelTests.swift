// SPDX-License-Identifier: MIT

import CPixelKernels
import CPixelReference
import TestSupport
import Testing

@Suite struct ImageKernelTests {
  static let sizes = [(1, 1), (1, 17), (3, 5), (9, 16), (7, 33), (31, 47)]

  @Test("roll is torch's, with halo, adding too", arguments: Table.all)
  func roll(table: Table) {
    for (height, width) in Self.sizes {
      var random = TestRandom(1)
      let x = random.integers(3 * height * width), start = random.integers(3 * height * width)
      for (dy, dx) in [(0, 0), (1, 2), (-1, -3), (height, width), (-16, 16), (5 * height + 1, -7 * width - 1)] {
        var expected = [Double](repeating: 0, count: x.count)
        pxa_ref_roll(&expected, x, 3, Int32(height), Int32(width), Int32(dy), Int32(dx))
        let from = ImageArray(3, height, width, fill: x), to = ImageArray(3, height, width, halo: 1)
        let sum = ImageArray(3, height, width, fill: start)
        for row in (0..<height).reversed() {
          table.kernels.roll(to.image, from.image, Int32(dy), Int32(dx), false, range(row, row + 1))
        }
        table.kernels.roll(sum.image, from.image, Int32(dy), Int32(dx), true, rows(height))
        #expect(to.values == expected && to.isIntactAround, "\(height)×\(width) by \(dy), \(dx)")
        #expect(sum.values == zip(expected, start).map(+) && sum.isIntactAround)
      }
    }
  }

  @Test("step, clamp and un-roll in one, exact on integers", arguments: Table.all)
  func step(table: Table) {
    for (height, width) in Self.sizes {
      for (dy, dx) in [(0, 0), (1, 2), (-1, -3), (height, width), (5 * height + 1, -7 * width - 1)] {
        var random = TestRandom(2)
        let x = random.integers(3 * height * width), g = random.integers(3 * height * width)
        let free = ImageArray(3, height, width, fill: x), boxed = ImageArray(3, height, width, halo: 1, fill: x)
        // A step along G rolled there is one along G here.
        var rolled = [Double](repeating: 0, count: g.count)
        pxa_ref_roll(&rolled, g, 3, Int32(height), Int32(width), Int32(dy), Int32(dx))
        let gradient = ImageArray(3, height, width, fill: rolled)
        var sums = [Double](repeating: .nan, count: 3 * height), boxedSums = sums
        table.kernels.step(
          free.image, &sums, gradient.image, Int32(dy), Int32(dx), 2, 0.5, nil, nil, rows(height))
        for row in (0..<height).reversed() {
          table.kernels.step(
            boxed.image, &boxedSums, gradient.image, Int32(dy), Int32(dx), 2, 0.5, [-3, -2, -1], [1, 2, 3],
            range(row, row + 1))
        }
        let expected = zip(x, g).map { (x: Double, g: Double) -> Double in x + 2 * g - 0.5 * x }
        #expect(free.values == expected && free.isIntactAround, "\(height)×\(width) at \(dy), \(dx)")
        #expect(sums == rowSums(expected, width))
        let plane = height * width
        let clamped = expected.enumerated().map { (index: Int, value: Double) -> Double in
          let channel = Double(index / plane)
          return min(max(value, channel - 3), channel + 1)
        }
        #expect(boxed.values == clamped)
        #expect(boxed.isIntactAround)
        #expect(boxedSums == rowSums(clamped, width))
      }
    }
  }

  /// Of the squares, in rows of `width`.
  private func rowSums(_ values: [Double], _ width: Int) -> [Double] {
    stride(from: 0, to: values.count, by: width).map { (start: Int) -> Double in
      values[start..<start + width].reduce(0) { (sum: Double, value: Double) -> Double in sum + value * value }
    }
  }

  @Test("sums of squares, exact on integers", arguments: Table.all)
  func squares(table: Table) {
    for (height, width) in Self.sizes {
      var random = TestRandom(3)
      let x = random.integers(3 * height * width), g = random.integers(3 * height * width)
      let image = ImageArray(3, height, width, fill: x), gradient = ImageArray(3, height, width, fill: g)
      var sums = [(Double, Double)](repeating: (.nan, .nan), count: 3 * height)
      for row in (0..<height).reversed() {
        table.kernels.row_squares(&sums, gradient.image, image.image, 2, 0.5, range(row, row + 1))
      }
      let terms = zip(x, g).map { (x: Double, g: Double) -> Double in 2 * g - 0.5 * x }
      #expect(sums.map(\.0) == rowSums(g, width))
      #expect(sums.map(\.1) == rowSums(terms, width))
    }
  }

  @Test("RGB8 in and out: all 256 values of every channel come back", arguments: Table.all)
  func rgb(table: Table) {
    let mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]
    let bytes = (0..<256).flatMap { (i: Int) -> [UInt8] in [UInt8(i), UInt8(255 - i), UInt8((i * 7) & 255)] }
    let image = ImageArray(3, 1, 256, halo: 1)
    table.kernels.normalize(
      image.image, bytes, std.map { Float(1 / (255 * $0)) }, zip(mean, std).map { Float(-$0 / $1) }, rows(1))
    for (index, value) in image.values.enumerated() {
      let channel = index / 256, byte = Double(bytes[3 * (index % 256) + channel])
      #expect(abs(value - (byte / 255 - mean[channel]) / std[channel]) < 1e-6)
    }
    #expect(image.isIntactAround)
    var back = [UInt8](repeating: 0, count: 3 * 256)
    table.kernels.unnormalize(
      &back, image.image, std.map { Float(255 * $0) }, mean.map { Float(255 * $0) }, rows(1))
    #expect(back == bytes)
  }

  @Test("un-normalising rounds to even, clips, and makes 0 of NaN", arguments: Table.all)
  func rounding(table: Table) {
    let values = [0.5, 1.5, 2.5, 254.5, 255.4, 300, -0.4, -7, .nan, .infinity, -.infinity, 126.49]
    let image = ImageArray(3, 1, values.count, fill: values + values + values)
    var bytes = [UInt8](repeating: 9, count: 3 * values.count)
    table.kernels.unnormalize(&bytes, image.image, [1, 1, 1], [0, 0, 0], rows(1))
    let red = stride(from: 0, to: bytes.count, by: 3).map { bytes[$0] }
    let expected: [UInt8] = [0, 2, 2, 254, 255, 255, 0, 0, 0, 255, 0, 126]
    #expect(red == expected)
  }

  @Test("blur equals the double reference, any sigma", arguments: Table.all)
  func blur(table: Table) {
    for (height, width) in Self.sizes {
      for sigma in [0.1, 0.5, 1, 1.7, 3] {
        let radius = Int(4 * sigma + 0.5)
        guard radius <= height && radius <= width else { continue }
        var random = TestRandom(4)
        let x = random.reals(3 * height * width)
        var expected = [Double](repeating: 0, count: x.count), magnitude = expected
        pxa_ref_gaussian_blur(&expected, x, 3, Int32(height), Int32(width), sigma)
        pxa_ref_gaussian_blur(&magnitude, x.map(abs), 3, Int32(height), Int32(width), sigma)

        var peak = [Double](repeating: 0, count: 4 * radius + 3)
        peak[2 * radius + 1] = 1
        var column = peak
        pxa_ref_gaussian_blur(&column, peak, 1, Int32(peak.count), 1, sigma)
        let taps = (radius + 1...3 * radius + 1).map { Float(column[$0]) }

        let image = ImageArray(3, height, width, fill: x), down = ImageArray(3, height, width)
        let both = ImageArray(3, height, width)
        table.kernels.blur_vertical(down.image, image.image, taps, Int32(radius), rows(height))
        for row in 0..<height {
          table.kernels.blur_horizontal(both.image, down.image, taps, Int32(radius), range(row, row + 1))
        }
        expectWithinBound(
          both.values, expected, magnitude: magnitude, terms: 2 * (2 * radius + 3), "σ = \(sigma) on \(height)×\(width)"
        )
        #expect(both.isIntactAround)
      }
    }
  }
}
