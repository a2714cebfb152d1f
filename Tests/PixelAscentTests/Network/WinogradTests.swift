// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The choice between Winograd's method and the direct one for a layer, and what both give.
@Suite struct WinogradTests {
  private typealias S = SmallNetworks

  /// Two layers of 40×40 pixels, whose weights take as much memory as any, and one of 20×20 pixels.
  private static func model() throws -> Model {
    try S.random(
      S.graph([
        S.convolution("a", "image", 3, 32, padding: 1), S.convolution("b", "a", 3, 32, padding: 1),
        S.convolution("c", "b", 3, 32, padding: 1, clamp: .none), S.pool("pool", "c"),
        S.convolution("d", "pool", 3, 32, padding: 1),
      ]), integers: false, seed: 1, preprocessing: S.halves(inputSize: 40))
  }

  /// The bytes of the transformed weights of one layer and one pass: 36 positions of 32×32 floats.
  private static let each = 36 * 32 * 32 * 4

  private static func inspect(maxMemory: Int = 2 << 30) throws -> ModelInspection {
    let folder = try TemporaryFolder(), path = folder.path + "/m.safetensors"
    try model().safetensors().write(to: path)
    return try ModelInspection(contentsOf: path, options: ComputeOptions(maxMemory: maxMemory))
  }

  private static func gradient(maxMemory: Int, threads: Int, _ image: Tensor) throws -> (scores: [Float], Tensor) {
    let options = ComputeOptions(threads: threads, maxMemory: maxMemory)
    let sum = Objective.weighted(Dictionary(uniqueKeysWithValues: (0..<32).map { ($0, 1) }))
    let result = try Network(model(), name: "m", options: options).gradient(of: sum, at: image)
    return (result.scores, result.gradient)
  }

  @Test func layersWithMostPixelsComeFirstUntilTheMemoryIsFull() throws {
    let whole = try Self.inspect()
    #expect((whole.winogradConvolutions, whole.directConvolutions, whole.directGradients) == (3, 0, 0))
    #expect(whole.winogradBytes == 6 * Self.each)
    for weights in 0...6 {
      let found = try Self.inspect(maxMemory: whole.gradientBytes + weights * Self.each)
      // The output of a layer comes before its gradient.
      let outputs = (weights + 1) / 2, gradients = weights / 2
      #expect((found.winogradConvolutions, found.directConvolutions) == (outputs, 3 - outputs))
      #expect(found.directGradients == 3 - gradients)
      #expect(found.winogradBytes == weights * Self.each)
    }
  }

  /// An evaluation without a gradient takes less memory, but must give the same bits.
  @Test func scoresAreTheSameWithAndWithoutAGradient() throws {
    let bytes = try Self.inspect().gradientBytes, image = Tensor(shape: [3, 40, 40], repeating: 0.5)
    for weights in 0...6 {
      let options = ComputeOptions(maxMemory: bytes + weights * Self.each)
      let network = try Network(Self.model(), name: "m", options: options)
      #expect(try network.scores(of: image) == network.gradient(of: .score(class: 1), at: image).scores)
    }
  }

  /// Where the inputs of a layer without biases are zero, its outputs are zero, and its ReLU passes no gradient.
  @Test(arguments: InstructionSet.selectable) func zerosStayExactly(_ set: InstructionSet) throws {
    var random = TestRandom(5)
    let graph = S.graph([
      S.convolution("a", "image", 3, 32, padding: 1), S.convolution("b", "a", 3, 32, padding: 1),
      S.convolution("c", "b", 3, 32, padding: 1),
    ])
    var tensors = try S.random(graph, integers: false, seed: 2).tensors
    for name in ["a.bias", "b.bias", "c.bias"] { tensors[name] = Tensor(shape: [32], repeating: 0) }
    let model = try S.model(graph, tensors: tensors, preprocessing: S.halves(inputSize: 40))
    let image = Tensor(
      shape: [3, 40, 40], values: (0..<3 * 40 * 40).map { $0 % 7 == 0 && $0 % 40 < 20 ? Float(random.reals(1)[0]) : 0 })
    try NetworkComparison(model, image, maxClasses: 3).check(set, deviations: 2, "no biases")
  }

  @Test func aTinyBiasBeforeAReLUIsComputedDirectly() throws {
    for (bias, clamp, expected) in [(1e-7, Clamp.relu, 0), (1e-7, .none, 1), (0.1, .relu, 1)] as [(Float, Clamp, Int)] {
      let graph = S.graph([
        S.convolution("a", "image", 3, 32, padding: 1), S.convolution("b", "a", 3, 32, padding: 1, clamp: clamp),
      ])
      var tensors = try S.random(graph, integers: false, seed: 2).tensors
      tensors["b.bias"] = Tensor(shape: [32], repeating: bias)
      let folder = try TemporaryFolder(), path = folder.path + "/m.safetensors"
      try S.model(graph, tensors: tensors, preprocessing: S.halves(inputSize: 40)).safetensors().write(to: path)
      #expect(try ModelInspection(contentsOf: path).winogradConvolutions == expected)
    }
  }

  /// Several threads make the first evaluations of a network at the same time.
  @Test func evaluationsMadeAtTheSameTimeShareTheWeights() throws {
    let network = try Network(Self.model(), name: "m", options: ComputeOptions(threads: 1))
    let image = Tensor(shape: [3, 40, 40], repeating: 0.5)
    let scores = sideBySide(Array(0..<8), threads: 8) { (_: Int) in try? network.scores(of: image) }
    #expect(scores.count == 8 && scores.allSatisfy { $0 == scores[0] && $0 != nil })
  }

  /// With less memory some layers are computed directly. Then the results have other bits, but the same value.
  @Test func theMemoryChangesResultsByRoundingErrorsOnly() throws {
    let bytes = try Self.inspect().gradientBytes
    var random = TestRandom(3)
    let image = Tensor(shape: [3, 40, 40], values: random.reals(3 * 40 * 40).map(Float.init))
    let direct = try Self.gradient(maxMemory: bytes, threads: 1, image)
    var found: Set = [direct.scores + direct.1.values]
    for weights in 1...6 {
      let results = try [1, 2, 5].map {
        try Self.gradient(maxMemory: bytes + weights * Self.each, threads: $0, image)
      }
      for result in results {
        #expect(result.scores == results[0].scores && result.1 == results[0].1)
        #expect(distance(result.scores, direct.scores) < 2e-6)
        #expect(distance(result.1.values, direct.1.values) < 1e-5)
      }
      found.insert(results[0].scores + results[0].1.values)
    }
    #expect(found.count >= 5, "\(found.count) of 7 ways have bits of their own")
  }

  /// Returns the L2 distance of two vectors relative to the length of the second.
  private func distance(_ a: [Float], _ b: [Float]) -> Double {
    var error = 0.0, length = 0.0
    for (x, y) in zip(a, b) {
      error += Double(x - y) * Double(x - y)
      length += Double(y) * Double(y)
    }
    return (error / length).squareRoot()
  }
}
