// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Random transforms of an image before an evaluation, and their gradients.
@Suite struct ImageTransformTests {
  private static func network() throws -> Network {
    try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
  }

  /// Returns a probe's image as colours, for colours `image`.
  private static func colours(_ transforms: [ImageTransform], of image: Tensor) throws -> Tensor {
    let network = try network(), mean = network.preprocessing.mean, std = network.preprocessing.std
    let probe = try TransformProbe(transforms, network, height: image.shape[1], width: image.shape[2])
    var made = probe.apply(network.normalized(image))
    let plane = made.shape[1] * made.shape[2]
    for index in made.values.indices {
      made.values[index] = made.values[index] * std[index / plane] + mean[index / plane]
    }
    return made
  }

  /// `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`.
  @Test(arguments: [0.9, 1.1, 2.5, 0.3]) func scaleEqualsPyTorchs(factor: Double) throws {
    let image = try Resources.goldenTensor("peers/transform-image")
    let expected = try Resources.goldenTensor("peers/transform-scale-\(factor)")
    let found = try Self.colours([.scale([factor])], of: image)
    #expect(found.shape == expected.shape)
    let error = Double(largestError(found.values, expected.values))
    #expect(error < 1e-6)
    PeerTable.note("transform scale:\(factor)", "torch interpolate, bilinear", error: error)
  }

  /// `grid_sample(x − 0.5, affine_grid(…), align_corners=False) + 0.5`.
  @Test(arguments: [7, -10, 90, 133]) func rotationEqualsPyTorchs(degrees: Int) throws {
    let image = try Resources.goldenTensor("peers/transform-image")
    let expected = try Resources.goldenTensor("peers/transform-rotate-\(degrees)")
    let found = try Self.colours([.rotate([Double(degrees)])], of: image)
    let error = Double(largestError(found.values, expected.values))
    #expect(error < 1e-5)
    PeerTable.note("transform rotate:\(degrees)", "torch affine_grid, grid_sample", error: error)
  }

  @Test func padPutsItsColourAround() throws {
    let image = Tensor(shape: [3, 2, 2], repeating: 0.25)
    let made = try Self.colours([.pad(1, colour: 0.75)], of: image)
    let row: [Float] = [0.75, 0.25, 0.25, 0.75], edge = [Float](repeating: 0.75, count: 4)
    #expect(made.shape == [3, 4, 4])
    #expect(
      largestError(made.values, [edge, row, row, edge, edge, row, row, edge, edge, row, row, edge].flatMap(\.self))
        < 1e-6)
  }

  /// Every crop that can be drawn is drawn, and shows a part of the image.
  @Test func cropsArePartsOfTheImage() throws {
    let network = try Self.network()
    let image = Tensor(shape: [3, 4, 5], values: (0..<60).map(Float.init))
    var corners: Set<Float> = []
    for evaluation in 0..<200 {
      let probe = try TransformProbe([.crop(2)], network, height: 4, width: 5, evaluation: UInt64(evaluation))
      let made = probe.apply(image)
      #expect(made.shape == [3, 2, 3])
      let first = made.values[0]
      #expect(made.values[..<6] == [first, first + 1, first + 2, first + 5, first + 6, first + 7])
      corners.insert(first)
    }
    #expect(corners == [0, 1, 2, 5, 6, 7, 10, 11, 12])
  }

  @Test func flipsAreMirrorsHalfOfTheTime() throws {
    let network = try Self.network(), image = Tensor(shape: [3, 1, 3], values: (0..<9).map(Float.init))
    var flips = 0
    for evaluation in 0..<400 {
      let probe = try TransformProbe([.flip], network, height: 1, width: 3, evaluation: UInt64(evaluation))
      let made = probe.apply(image).values
      #expect(made == image.values || made == [2, 1, 0, 5, 4, 3, 8, 7, 6])
      flips += made == image.values ? 0 : 1
    }
    #expect(abs(flips - 200) < 50)
  }

  /// Noise has the standard deviation that its number says, and differs from evaluation to evaluation.
  @Test func noiseHasItsDeviation() throws {
    let network = try Self.network(), image = Tensor(shape: [3, 40, 40], repeating: 0)
    func noise(_ evaluation: UInt64) throws -> [Float] {
      try TransformProbe([.noise(0.1)], network, height: 40, width: 40, evaluation: evaluation).apply(image).values
    }
    let first = try noise(0), second = try noise(1), std = network.preprocessing.std
    #expect(first != second)
    for channel in 0..<3 {
      let values = first[channel * 1600..<(channel + 1) * 1600]
      let deviation = (values.reduce(0) { $0 + $1 * $1 } / 1600).squareRoot()
      #expect(abs(deviation * std[channel] - 0.1) < 0.01)
    }
  }

  @Test func uniformNoiseHasItsBounds() throws {
    let network = try Self.network(), image = Tensor(shape: [3, 40, 40], repeating: 0)
    let made = try TransformProbe([.uniformNoise(0.1)], network, height: 40, width: 40).apply(image).values
    for channel in 0..<3 {
      let std = network.preprocessing.std[channel]
      let values = made[channel * 1600..<(channel + 1) * 1600].map { $0 * std }
      #expect(values.allSatisfy { abs($0) <= 0.1 })
      #expect((values.max() ?? 0) > 0.099 && (values.min() ?? 0) < -0.099)
      // The mean of 1600 numbers has a standard deviation of 0.1 / √(3 · 1600) = 0.0014.
      #expect(abs(values.reduce(0, +) / 1600) < 0.006)
    }
  }

  /// TensorFlow's `crop_and_resize` of a random box, in double precision.
  @Test func zoomResizesABox() throws {
    let network = try Self.network(), input = network.preprocessing.inputSize, (height, width) = (26, 31)
    let image = Tensor(shape: [3, height, width], values: RandomSource(seed: 5).uniforms(3 * height * width))
    var outside = 0
    for evaluation in 0..<40 {
      let probe = try TransformProbe(
        [.zoom(from: 0.4, to: 0.1)], network, height: height, width: width, evaluation: UInt64(evaluation))
      let made = probe.apply(network.normalized(image))
      #expect(made.shape == [3, input.height, input.width])
      let drawn = RandomSource(seed: 0).normals(3, .transform, from: UInt64(evaluation)).map(Double.init)
      let side = min(1, max(0.05, 0.4 + 0.05 * drawn[2]))
      func place(_ centre: Double, _ inputs: Int, _ index: Int, _ outputs: Int) -> Double {
        ((0.5 + 0.15 * centre - side / 2) + Double(index) * side / Double(outputs - 1)) * Double(inputs - 1)
      }
      var worst = 0.0
      for index in made.values.indices {
        let channel = index / (input.height * input.width)
        let y = place(drawn[0], height, index / input.width % input.height, input.height)
        let x = place(drawn[1], width, index % input.width, input.width)
        var colour = 0.0
        if y >= 0, x >= 0, y <= Double(height - 1), x <= Double(width - 1) {
          for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let (top, left) = (y.rounded(.down), x.rounded(.down))
            let weight = (row == 0 ? 1 - (y - top) : y - top) * (column == 0 ? 1 - (x - left) : x - left)
            if weight == 0 { continue }
            colour += weight * Double(image.values[(channel * height + Int(top) + row) * width + Int(left) + column])
          }
        } else {
          outside += 1
        }
        let mean = Double(network.preprocessing.mean[channel]), std = Double(network.preprocessing.std[channel])
        worst = max(worst, abs(Double(made.values[index]) - (colour - mean) / std))
      }
      // Values up to about 4 in normalised space, and sums of four products of float32.
      #expect(worst < 4e-6, "evaluation \(evaluation)")
    }
    #expect(outside > 0)
  }

  /// The boxes shrink from the first iteration to the last.
  @Test func zoomShrinks() throws {
    let network = try Self.network()
    let ramp = Tensor(shape: [3, 64, 64], values: (0..<3 * 64 * 64).map { Float($0 % 64) })
    func width(_ iteration: UInt64) throws -> Float {
      let probe = try TransformProbe(
        [.zoom(from: 0.6, to: 0.1)], network, height: 64, width: 64, evaluation: 2 * iteration + 1, iterations: 11,
        samples: 2)
      let row = probe.apply(ramp).values[..<network.preprocessing.inputSize.width]
      return row[row.count / 2 + 1] - row[row.count / 2]
    }
    let steps = try [0, 5, 10].map { try width($0) }, pixels = Float(network.preprocessing.inputSize.width - 1) / 63
    // Sides of 0.6, 0.35 and 0.1, give or take three standard deviations of 0.05.
    for (step, side) in zip(steps, [0.6, 0.35, 0.1] as [Float]) { #expect(abs(step * pixels - side) < 0.15) }
  }

  private static let chains: [[ImageTransform]] = [
    [.jitter(5)], [.pad(3, colour: 0.2)], [.crop(4)], [.scale([0.7])], [.scale([1.6])], [.rotate([23])], [.flip],
    [.blur(1.3)], [.noise(0.3)], [.uniformNoise(0.3)], [.zoom(from: 0.5, to: 0.05)], [.zoom(from: 1, to: 0.05)],
    [.resizeToNetwork], [.crop(3), .zoom(from: 0.9, to: 0.9), .crop(2)], ImageTransform.lucid,
    [.rotate([5]), .scale([1.2]), .jitter(3), .flip, .blur(0.8)], [],
  ]

  /// ⟨T(x) − T(0), y⟩ = ⟨x, Tᵀ(y)⟩ in sums of double precision; the values are rounded to float32.
  @Test(arguments: chains) func gradientIsTheAdjoint(transforms: [ImageTransform]) throws {
    let network = try Self.network(), shape = [3, 26, 31], count = 3 * 26 * 31
    for evaluation in 0..<4 {
      let probe = try TransformProbe(transforms, network, height: 26, width: 31, evaluation: UInt64(evaluation))
      let x = Tensor(shape: shape, values: RandomSource(seed: 5).normals(count))
      let zero = probe.apply(Tensor(shape: shape, repeating: 0)), made = probe.apply(x)
      let y = Tensor(shape: made.shape, values: RandomSource(seed: 6).normals(made.values.count))
      let back = probe.pullBack(y)
      var forward = 0.0, backward = 0.0, size = 0.0
      for index in y.values.indices {
        forward += (Double(made.values[index]) - Double(zero.values[index])) * Double(y.values[index])
      }
      for index in x.values.indices {
        let term = Double(x.values[index]) * Double(back.values[index])
        backward += term
        size += abs(term)
      }
      #expect(abs(forward - backward) <= 1e-6 * size, "evaluation \(evaluation): \(forward), \(backward)")
    }
  }

  @Test func sameBytesForAnyNumberOfThreads() throws {
    var one = try Self.network(), three = one
    (one.options.threads, three.options.threads) = (1, 3)
    let image = Tensor(shape: [3, 40, 42], values: RandomSource(seed: 5).normals(3 * 40 * 42))
    for evaluation in 0..<10 {
      func probe(_ network: Network) throws -> TransformProbe {
        try TransformProbe(ImageTransform.lucid, network, height: 40, width: 42, evaluation: UInt64(evaluation))
      }
      let first = try probe(one), second = try probe(three)
      let made = first.apply(image)
      #expect(made == second.apply(image))
      #expect(first.pullBack(made) == second.pullBack(made))
    }
  }

  // MARK: Text

  private static let texts = [
    ["jitter:16"], ["pad:12", "crop:8"], ["scale:0.9,1,1.25", "rotate:-5,0,5"], ["flip", "noise:0.5", "blur:1.5"],
    ["pad:3,0.25"], ["zoom:0.5..0.05", "uniform:0.04", "resize-to-net"],
  ]

  @Test(arguments: texts) func textIsReadAndWritten(parts: [String]) throws {
    let list = try ImageTransform.list(" " + parts.joined(separator: "  ") + "\t")
    #expect(list.map(\.description) == parts)
  }

  @Test func rangesAreLists() throws {
    #expect(try ImageTransform("rotate:-1..1/0.5,9") == .rotate([-1, -0.5, 0, 0.5, 1, 9]))
    let scale = try ImageTransform("scale:0.9..1.1/0.02")
    guard case .scale(let factors) = scale, case .scale(let lucid) = ImageTransform.lucid[2] else {
      throw PixelAscentError(.invalidParameter, "not a scale")
    }
    #expect(factors.count == lucid.count && zip(factors, lucid).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  private static let mistakes: [[String]] = [
    [
      "spin:3",
      "transform \"spin:3\": expected jitter, pad, crop, scale, rotate, flip, noise, blur, uniform, zoom or "
        + "resize-to-net",
    ],
    ["pad", "transform \"pad\": expected pad:n or pad:n,colour"],
    ["pad:1,2,3", "transform \"pad:1,2,3\": expected pad:n or pad:n,colour"],
    ["pad:1.5", "transform \"pad:1.5\": expected pad:n with a whole number n of pixels"],
    ["pad:1,x", "transform \"pad:1,x\": expected pad:n,colour with a colour from 0 to 1"],
    ["pad:1,2", "transform pad:1,2: expected a colour from 0 to 1"],
    ["crop:-1", "transform crop:-1: expected a whole number of pixels from 0 to 1000000"],
    ["jitter:", "transform \"jitter:\": expected jitter:n with a whole number n of pixels"],
    [
      "scale:1,,2",
      "transform \"scale:1,,2\": expected scale:list with numbers such as 0.9,1,1.1 or a range such as 0.9..1.1/0.05",
    ],
    [
      "rotate:1..2",
      "transform \"rotate:1..2\": expected rotate:list with numbers such as 0.9,1,1.1 or a range such as 0.9..1.1/0.05",
    ],
    [
      "rotate:0..1/0",
      "transform \"rotate:0..1/0\": expected rotate:list with numbers such as 0.9,1,1.1 or a range such as 0.9..1.1/0.05",
    ],
    [
      "scale:0..1/1e-9",
      "transform \"scale:0..1/1e-9\": expected scale:list with numbers such as 0.9,1,1.1 or a range such as 0.9..1.1/0.05",
    ],
    ["scale:0", "transform scale:0: expected factors from 0.05 to 20"],
    ["rotate:400", "transform rotate:400: expected angles from -360 to 360 degrees"],
    ["flip:1", "transform \"flip:1\": expected flip without a number"],
    ["noise:nan", "transform \"noise:nan\": expected noise:σ with a number σ"],
    ["noise:-1", "transform noise:-1: expected a number from 0 to 1000"],
    ["blur:0", "transform blur:0: expected a number above 0, at most 10000"],
  ]

  @Test(arguments: mistakes) func mistakesAreNamed(mistake: [String]) {
    #expect(errorLine { _ = try ImageTransform(mistake[0]) } == mistake[1])
  }
}
