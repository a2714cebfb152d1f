// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Ascents on Fourier coefficients, with transforms and other optimizers.
@Suite struct FourierRecipeTests {
  private static func network(threads: Int = 1) throws -> Network {
    var network = try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
    network.options.threads = threads
    return network
  }

  private static func small(_ recipe: ClassVisualization.Recipe = .lucid) -> ClassVisualization {
    var visualization = ClassVisualization(recipe)
    (visualization.height, visualization.width, visualization.iterations) = (32, 40, 6)
    return visualization
  }

  /// The recipe without transforms, compared with Lucent's image, PyTorch's SqueezeNet and PyTorch's Adam in float64
  /// (`Tests/Peers/make_goldens.py`). The error is that of the whole image: Adam divides each coefficient's gradient by its
  /// own size, so a gradient near 0 can have the other sign.
  @Test(.enabled(if: Resources.hasModel, Resources.needsModel), arguments: InstructionSet.selectable)
  func stepsEqualLucentsWithPyTorch(set: InstructionSet) throws {
    var visualization = ClassVisualization(.lucid)
    visualization.transforms = []
    let network = try Resources.network(set), start = try Resources.goldenTensor("strict-64x64-input")
    for steps in 1...3 {
      visualization.iterations = steps
      let image = try visualization.run(network, class: 187, image: start).image
      let expected = try Resources.goldenTensor("peers/lucid-image-\(steps)")
      let error = relativeError(image.values, expected.values)
      #expect(error < 1e-5, "\(steps) steps")
      let count = "\(steps) step\(steps == 1 ? "" : "s"), \(set.name)"
      PeerTable.note(
        "recipe lucid without transforms, \(count)", "lucent's image, torch Adam, SqueezeNet", error: error)
    }
  }

  /// The image of the first evaluation is the start image, but for colours of 0 and 1.
  @Test func startsFromAnImage() throws {
    var visualization = Self.small()
    (visualization.iterations, visualization.learningRate) = (1, 1e-12)
    let network = try Self.network()
    let colours = RandomSource(seed: 3).uniforms(3 * 32 * 40).map { 0.05 + 0.9 * $0 }
    let start = network.normalized(Tensor(shape: [3, 32, 40], values: colours))
    let image = try visualization.run(network, class: 1, image: start).image
    #expect(largestError(image.values, start.values) < 1e-4)
  }

  @Test func startsFromGrey() throws {
    var visualization = Self.small()
    (visualization.start, visualization.iterations, visualization.learningRate) = (.zero, 1, 1e-12)
    let network = try Self.network(), picture = try visualization.run(network, class: 1).picture
    #expect(Set(picture.pixels).isSubset(of: [127, 128]))
  }

  /// Several threads make the bytes that one makes, also when the sizes of the inputs change from step to step.
  @Test(arguments: [ClassVisualization.Recipe.lucid, .soft, .simonyan])
  func threadsDoNotChangeTheImage(recipe: ClassVisualization.Recipe) throws {
    var visualization = Self.small(recipe)
    visualization.samples = 2
    let one = try visualization.run(Self.network(), class: 1)
    for threads in [2, 3] {
      let other = try visualization.run(Self.network(threads: threads), class: 1)
      #expect(other.image == one.image && other.scoreHistory == one.scoreHistory)
    }
  }

  /// An evaluation in memory that other sizes have used gives the same bits as one in new memory.
  @Test func memoryOfOtherSizesLeavesNoTrace() throws {
    var scaled = Self.small()
    scaled.transforms = [.scale([0.8, 1, 1.3])]
    scaled.iterations = 12
    let network = try Self.network(), ascent = try scaled.begin(network, class: 1)
    while let step = try ascent.next() {
      let image = step.image
      _ = try ascent.result()
      // `result()` evaluates the image itself after an input of another size.
      let scores = try ascent.result().scores
      let expected = try network.evaluation(of: image).scores()
      #expect(scores == expected)
    }
  }

  @Test(arguments: Optimizer.allCases) func everyOptimizerClimbs(optimizer: Optimizer) throws {
    var visualization = Self.small()
    visualization.transforms = []
    visualization.optimizer = optimizer
    visualization.iterations = 20
    visualization.learningRate = [.sgd, .momentum, .nesterov].contains(optimizer) ? 100 : 0.02
    if optimizer == .normalized { visualization.learningRate = 0.5 }
    let history = try visualization.run(Self.network(), class: 1).scoreHistory
    #expect(history[19] > history[0], "\(history)")
  }

  /// Pixels with an optimizer that has moments take the general way; `sgd` on the general way equals the plain one.
  @Test func generalWayEqualsThePlainWay() throws {
    var plain = Self.small(.cs231nPyTorch), general = plain
    (plain.maxJitter, plain.samples, plain.iterations, plain.learningRate) = (0, 1, 3, 2)
    general = plain
    // A transform that changes nothing takes the general way.
    general.transforms = [.pad(0)]
    let network = try Self.network()
    let one = try plain.run(network, class: 1), other = try general.run(network, class: 1)
    #expect(largestError(one.image.values, other.image.values) < 1e-5)
  }

  /// Both ways draw the same jitter, whose range the recipe decides, and average the same copies.
  @Test(arguments: [ClassVisualization.Recipe.cs231nPyTorch, .cs231nTensorFlow, .soft])
  func generalWayRollsAsThePlainWay(recipe: ClassVisualization.Recipe) throws {
    var plain = Self.small(recipe)
    (plain.samples, plain.iterations, plain.learningRate, plain.l2) = (2, 4, 2, 0.01)
    var general = plain
    general.transforms = [.pad(0)]
    let network = try Self.network()
    let one = try plain.run(network, class: 1), other = try general.run(network, class: 1)
    // The optimizer rounds a product that the plain way's kernel does not round: 2⁻²⁴ of a value per step, and the next
    // gradients differ by more.
    #expect(largestError(one.image.values, other.image.values) < 1e-4)
    #expect(largestError(one.scoreHistory, other.scoreHistory) < 1e-4)
  }

  /// A step's gradient is that of the score alone, without the L2 term and the regularizers, and the mean of the copies.
  @Test func gradientOfAStepIsThatOfTheScore() throws {
    var visualization = Self.small(.cs231nPyTorch)
    (visualization.optimizer, visualization.maxJitter, visualization.samples) = (.momentum, 0, 3)
    (visualization.l2, visualization.totalVariation) = (0.1, 0.1)
    let network = try Self.network(), ascent = try visualization.begin(network, class: 1)
    let start = Tensor(shape: [3, 32, 40], values: RandomSource(seed: 0).normals(3 * 32 * 40))
    let step = try #require(try ascent.next())
    let expected = try network.evaluation(of: start).gradient(of: .score(class: 1))
    // Three equal copies are added and divided by 3.
    #expect(relativeError(step.gradient.values, expected.values) < 1e-6)
  }

  @Test func regularizersSmoothTheImage() throws {
    var rough = Self.small(.cs231nPyTorch)
    (rough.iterations, rough.learningRate, rough.blurEvery) = (20, 0.1, 0)
    var smooth = rough
    smooth.totalVariation = 0.2
    let network = try Self.network()
    let measure = Regularizer.totalVariation(weight: 1)
    let before = measure.value(of: try rough.run(network, class: 1).image)
    #expect(measure.value(of: try smooth.run(network, class: 1).image) < 0.9 * before)
  }

  @Test func stepRuleNeedsPixels() throws {
    let ascent = try Self.small().begin(Self.network(), class: 1)
    #expect(
      errorLine { try ascent.next(update: { _, _ in }) }
        == "a step rule of one's own changes pixels, so the parametrization must be pixels")
  }

  // MARK: Parameters

  @Test func parametersOfEarlierVersionsAreDecoded() throws {
    let text = """
      {"blur_every":10,"blur_sigma":0.5,"clamp":true,"height":8,"iterations":3,"l2":0.001,"learning_rate":25,\
      "max_jitter":16,"recipe":"cs231n-pytorch-normalized","samples":1,"seed":4,"show_every":0,"start":"noise","width":9}
      """
    let decoded = try JSONText.decode(ClassVisualization.self, from: text.utf8)
    #expect(decoded.optimizer == .normalized && decoded.parametrization == .pixels && decoded.transforms.isEmpty)
    #expect(try JSONText.encode(decoded) == text)
  }

  @Test func newParametersAreEncoded() throws {
    var visualization = ClassVisualization(.lucid)
    (visualization.optimizer, visualization.transforms) = (.kerasNadam, [.flip, .scale([0.5, 1])])
    (visualization.totalVariation, visualization.l1, visualization.alphaNorm) = (1, 2, 3)
    visualization.use(.pixels)
    let decoded = try JSONText.decode(ClassVisualization.self, from: JSONText.encode(visualization).utf8)
    #expect(decoded == visualization)
    visualization.transforms = []
    #expect(try JSONText.decode(ClassVisualization.self, from: JSONText.encode(visualization).utf8) == visualization)
  }

  @Test func parametersAreChecked() throws {
    let network = try Self.network()
    func line(_ change: (inout ClassVisualization) -> Void) -> String {
      var visualization = Self.small()
      change(&visualization)
      return errorLine { _ = try visualization.begin(network, class: 1) }
    }
    #expect(line { $0.width = 41 } == "Fourier coefficients need an even width, found 32×41")
    #expect(line { $0.clamp = true }.hasPrefix("clamp and blurEvery change pixels"))
    #expect(line { $0.blurEvery = 1 }.hasPrefix("clamp and blurEvery change pixels"))
    #expect(line { $0.totalVariation = -1 } == "tv must be a number of 0 or more, found -1.0")
    #expect(line { $0.l1 = .nan } == "l1 must be a number of 0 or more, found nan")
    #expect(line { $0.alphaNorm = .infinity } == "alphaNorm must be a number of 0 or more, found inf")
    #expect(line { $0.transforms = [.crop(40)] } == "transform crop:40 leaves no pixels of an image of 32×40")
    #expect(line { $0.transforms = [.scale([0])] } == "transform scale:0: expected factors from 0.05 to 20")
    #expect(
      line { $0.transforms = Array(repeating: .scale([20]), count: 40) }
        == "transform scale:20 makes a side of an image of 32×40 longer than 16777216 pixels")
    #expect(
      line { $0.transforms = Array(repeating: .pad(100_000), count: 100) }
        == "transform pad:100000 makes a side of an image of 32×40 longer than 16777216 pixels")
    #expect(
      line { $0.transforms = Array(repeating: .flip, count: 101) } == "transforms must be at most 100, found 101")
  }
}
