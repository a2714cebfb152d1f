// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The scores and gradients of the real network, compared with PyTorch's in float64; see Tests/Golden/README.md.
@Suite(.enabled(if: Resources.hasModel, Resources.needsModel)) struct NetworkGoldenTests {
  /// An input with which float rounding can't flip a ReLU or a max pool.
  private struct Strict: Decodable {
    let height, width, best, other: Int
    let dead: Int?

    var name: String { "strict-\(height)x\(width)" }
  }

  private static func strict() throws -> [Strict] {
    let all = try Resources.goldenIndex("strict", of: Strict.self)
    try #require(all.count == 3)
    try #require(all.contains { $0.height != $0.width })
    try #require(all.contains { $0.dead != nil })
    return all
  }

  @Test(arguments: InstructionSet.selectable) func scoresOfStrictInputsEqualPyTorchs(set: InstructionSet) throws {
    let network = try Resources.network(set)
    for strict in try Self.strict() {
      let input = try Resources.goldenTensor("\(strict.name)-input")
      let expected = try Resources.goldenTensor("\(strict.name)-scores").values
      let error = largestError(try network.scores(of: input), expected)
      #expect(error <= 1e-4, "\(strict.name): \(error)")
      #expect(try Saliency().run(network, onInput: input).classIndex == strict.best)
    }
  }

  @Test(arguments: InstructionSet.selectable) func gradientsOfStrictInputsEqualPyTorchs(set: InstructionSet) throws {
    let network = try Resources.network(set)
    for strict in try Self.strict() {
      let input = try Resources.goldenTensor("\(strict.name)-input")
      func error(
        _ kind: Objective.Kind = .score, class index: Int, throughLastReLU: Bool = true, golden: String
      ) throws -> Double {
        let objective = Objective(kind, class: index)
        let found = try network.gradient(of: objective, at: input, throughLastReLU: throughLastReLU)
        return relativeError(
          found.gradient.values,
          try Resources.goldenTensor("\(strict.name)-\(golden)-class\(index)").values)
      }
      #expect(try error(class: strict.best, golden: "score-gradient") <= 1e-5, "\(strict.name)")
      #expect(try error(class: strict.other, golden: "score-gradient") <= 1e-5, "\(strict.name)")
      #expect(try error(.crossEntropy, class: strict.best, golden: "cross-entropy-gradient") <= 1e-5, "\(strict.name)")
      if let dead = strict.dead {
        let through = try network.gradient(of: .score(class: dead), at: input)
        #expect(through.scores[dead] == 0, "\(strict.name)")
        #expect(through.gradient.values.allSatisfy { $0 == 0 }, "\(strict.name)")
        #expect(
          try error(class: dead, throughLastReLU: false, golden: "pre-relu-gradient") <= 1e-5, "\(strict.name)")
      }
    }
  }

  /// An image of noise that is as large as photographs.
  private struct Noise: Decodable {
    struct Score: Decodable {
      let `class`: Int
      let score: Double
    }

    let seed: UInt64
    let height, width, `class`: Int
    let norm: Double
    let top: [Score]

    var image: RGBImage {
      RGBImage(
        width: width, height: height,
        pixels: (0..<UInt64(3 * height * width)).map { index in
          var random = TestRandom((seed << 32) + index)
          return UInt8(random.next() >> 56)
        })
    }

    /// The indices of the gradient's elements that the golden file holds.
    var positions: [Int] {
      (0..<UInt64(4096)).map { index in
        var random = TestRandom((seed + 65536) << 32 + index)
        return Int(random.next() % UInt64(3 * height * width))
      }
    }
  }

  /// Float rounding flips a near tie on some inputs, so the strict bound holds for the median only.
  @Test(arguments: InstructionSet.selectable) func resultsOfNoiseEqualPyTorchsInTheMedian(set: InstructionSet) throws {
    let network = try Resources.network(set)
    let all = try Resources.goldenIndex("median", of: Noise.self)
    try #require(all.count == 9)
    var errors: [Double] = []
    for noise in all {
      let found = try network.gradient(of: .score(class: noise.class), at: network.tensor(from: noise.image))
      for (prediction, expected) in zip(network.predictions(found.scores), noise.top) {
        #expect(prediction.classIndex == expected.class, "seed \(noise.seed)")
        #expect(abs(Double(prediction.score) - expected.score) <= 1e-4, "seed \(noise.seed)")
      }
      let norm = found.gradient.values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(norm / noise.norm - 1) <= 5e-2, "seed \(noise.seed)")
      errors.append(
        relativeError(
          noise.positions.map { found.gradient.values[$0] },
          try Resources.goldenTensor("median-\(noise.seed)-gradient").values))
    }
    #expect(errors.median <= 1e-5, "\(errors)")
    #expect(errors.allSatisfy { $0 <= 5e-2 }, "\(errors)")
  }
}
