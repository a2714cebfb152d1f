// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The results of an evaluation, in whatever order they are asked for.
@Suite struct EvaluationTests {
  private static func network(_ set: InstructionSet = .best) throws -> Network {
    let model = try SmallNetworks.random(
      SmallNetworks.squeezed, integers: false, seed: 7, preprocessing: SmallNetworks.halves(inputSize: 32))
    return try Network(model, name: "small", options: ComputeOptions(instructionSet: set))
  }

  private static let picture = RGBImage(
    width: 40, height: 32, pixels: (0..<3 * 40 * 32).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 11) })

  @Test func refusesAnImageWithoutPixels() throws {
    let network = try Self.network()
    #expect(
      errorLine { try Evaluation(network, height: 0, width: 40) } == "an image has at least 1×1 pixels, found 0×40")
  }

  @Test(arguments: NetworkCase.all, InstructionSet.selectable)
  func layersEqualTheReference(_ network: NetworkCase, set: InstructionSet) throws {
    if network.isExact {
      let image = network.image(network.sizes[0], integers: true, seed: 12)
      let comparison = try NetworkComparison(network.file(integers: true, seed: 11), image, maxClasses: 1)
      try #require(comparison.isExact)
      try comparison.checkLayers(set, deviations: nil, network.testDescription)
    }
    let (comparison, seed) = try NetworkComparison.reals(network, network.sizes[0], maxClasses: 1)
    // The bound is four standard deviations, as in `NetworkFuzzTests`: so many numbers include some that differ by more
    // than two.
    try comparison.checkLayers(set, deviations: 4, "\(network.testDescription), seed \(seed)")
  }

  /// The activation of a layer that a sum overwrites is computed and checked without the scores.
  @Test func refusesAnOverwrittenLayerThatIsNotFinite() throws {
    let graph = SmallNetworks.graph([
      SmallNetworks.convolution("a", "image", 1, 1, clamp: .none),
      SmallNetworks.convolution("b", "image", 1, 1, clamp: .none), SmallNetworks.layer("sum", Add(), "a", "b"),
    ])
    let names = ["a.weight", "b.weight"], biases = ["a.bias", "b.bias"]
    let tensors =
      names.map { ($0, Tensor(shape: [1, 3, 1, 1], repeating: 3e38)) }
      + biases.map { ($0, Tensor(shape: [1], repeating: 0)) }
    let model = try SmallNetworks.model(
      graph, tensors: Dictionary(uniqueKeysWithValues: tensors), preprocessing: SmallNetworks.halves(inputSize: 8))
    let evaluation = try Network(model, name: "steep").evaluation(of: Tensor(shape: [3, 4, 4], repeating: 2))
    let lines = ["a", "b"].map { layer in errorLine { try evaluation.activation(of: layer) } }
    #expect(lines.contains { $0.hasSuffix(" is not finite: the image's values are too large") })
  }

  @Test func imageTensorAndBytesGiveTheSameResults() throws {
    let network = try Self.network(), tensor = network.tensor(from: Self.picture)
    let image = try network.evaluation(of: Self.picture)
    let bytes = try network.evaluation(decoding: Self.picture.pngData(), name: "p.png")
    #expect(image.input == tensor)
    #expect(bytes.input == tensor)
    let scores = try network.scores(of: tensor)
    #expect(try image.scores() == scores)
    #expect(try bytes.scores() == scores)
    #expect(try image.gradient(of: .score(class: 1)) == network.gradient(of: .score(class: 1), at: tensor).gradient)
    #expect(try image.activation(of: "image") == tensor)
  }

  @Test func loadReplacesTheImage() throws {
    let network = try Self.network(), evaluation = try network.evaluation(of: Self.picture)
    let first = try evaluation.scores(),
      grey = RGBImage(width: 40, height: 32, pixels: [UInt8](repeating: 9, count: 3840))
    _ = try evaluation.gradient(of: .score(class: 0))
    try evaluation.load(grey)
    #expect(try evaluation.scores() == network.scores(of: network.tensor(from: grey)))
    try evaluation.load(network.tensor(from: Self.picture))
    #expect(try evaluation.scores() == first)
  }

  /// The gradients are exact, because the parameters and pixels are integers, and the scores are averages of 2×2
  /// pixels.
  @Test func gradientOfAWeightedSumIsTheWeightedSumOfGradients() throws {
    let model = try SmallNetworks.random(SmallNetworks.squeezed, integers: true, seed: 3)
    let network = try Network(model, name: "small")
    var random = TestRandom(5)
    let input = Tensor(shape: [3, 17, 17], values: random.integers(3 * 17 * 17, range: 2).map(Float.init))
    let evaluation = try network.evaluation(of: input)
    let best = network.predictions(try evaluation.scores(), top: 2).map(\.classIndex)
    let one = try evaluation.gradient(of: .score(class: best[0]))
    let other = try evaluation.gradient(of: .score(class: best[1]))
    let difference = try evaluation.gradient(of: .weighted([best[0]: 1, best[1]: -2]))
    #expect(one.values.contains { $0 != 0 })
    #expect(other.values.contains { $0 != 0 })
    #expect(difference.values == zip(one.values, other.values).map { $0 - 2 * $1 })
  }

  @Test func takesACustomObjectiveAndChecksIt() throws {
    let evaluation = try Self.network().evaluation(of: Self.picture)
    let own = Objective.custom { scores in
      var gradient = softmax(scores)
      gradient[3] -= 1
      return gradient.map(Float.init)
    }
    #expect(try evaluation.gradient(of: own) == evaluation.gradient(of: .crossEntropy(class: 3)))
    #expect(
      errorLine { try evaluation.gradient(of: .custom { _ in [1] }) }
        == "the objective must have a derivative for each of \(evaluation.network.classCount) scores, found 1")
    #expect(
      errorLine { try evaluation.gradient(of: .weighted([0: .infinity])) }
        == "the objective has a derivative that is not finite")
    #expect(
      errorLine { try evaluation.gradient(of: .weighted([-1: 1]), at: "image") }
        == "class -1 is out of range: the model has classes 0 to \(evaluation.network.classCount - 1)")
  }

  @Test func refusesOtherSizesAndUnknownLayers() throws {
    let network = try Self.network(), evaluation = try network.evaluation(of: Self.picture)
    let small = RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 1, count: 192))
    #expect(
      errorLine { try evaluation.load(small) } == "the evaluation is for images of 32×40 pixels, found 8×8")
    #expect(
      errorLine { try evaluation.load(Tensor(shape: [3, 32, 8], repeating: 0)) }
        == "the evaluation is for inputs of 32×40 pixels, found 32×8")
    #expect(
      errorLine { try evaluation.load(Tensor(shape: [1, 32, 40], repeating: 0)) }
        == "an input image must have the shape (3, H, W), found (1, 32, 40)")
    let names = network.layerNames
    let line = "the network has no layer \"x\"; it has \(names.count): \(names[..<3].joined(separator: ", ")), …"
    #expect(errorLine { try evaluation.activation(of: "x") } == line)
    #expect(errorLine { try evaluation.gradient(of: .score(class: 0), at: "x") } == line)
  }
}
