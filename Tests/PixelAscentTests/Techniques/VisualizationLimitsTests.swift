// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Class visualization at its limits, and on the real network.
@Suite struct VisualizationLimitsTests {
  private static let divergence = "the ascent's values are too large for a float: use a smaller learningRate or l2"

  private static let refused: [(change: @Sendable (inout ClassVisualization) -> Void, line: String)] = [
    ({ $0.learningRate = 0 }, "learningRate must be a positive number, found 0.0"),
    ({ $0.learningRate = -.infinity }, "learningRate must be a positive number, found -inf"),
    ({ $0.learningRate = .nan }, "learningRate must be a positive number, found nan"),
    ({ $0.iterations = 0 }, "iterations must be 1 or more, found 0"),
    ({ $0.iterations = -7 }, "iterations must be 1 or more, found -7"),
    ({ $0.l2 = -1e-9 }, "l2 must be a number of 0 or more, found -1e-09"),
    ({ $0.l2 = .infinity }, "l2 must be a number of 0 or more, found inf"),
    ({ $0.l2 = .nan }, "l2 must be a number of 0 or more, found nan"),
    ({ $0.blurEvery = -1 }, "blurEvery must be 0 or more, found -1"),
    ({ $0.blurSigma = 0 }, "blurSigma must be above 0 and at most 10000, found 0.0"),
    ({ $0.blurSigma = 10_001 }, "blurSigma must be above 0 and at most 10000, found 10001.0"),
    ({ $0.blurSigma = .nan }, "blurSigma must be above 0 and at most 10000, found nan"),
    ({ $0.maxJitter = -1 }, "maxJitter must be 0 or more, found -1"),
    ({ $0.maxJitter = 1_000_001 }, "maxJitter must be at most 1000000, found 1000001"),
    ({ $0.samples = 0 }, "samples must be 1 or more, found 0"),
    ({ $0.samples = 10_001 }, "samples must be at most 10000, found 10001"),
    ({ $0.showEvery = -1 }, "showEvery must be 0 or more, found -1"),
    ({ $0.height = 0 }, "the size must be from 1 to 1048576 pixels, found 0×224"),
    ({ $0.width = .max }, "the size must be from 1 to 1048576 pixels, found 224×9223372036854775807"),
  ]

  private static func small() throws -> Network {
    try PixelwiseNetwork.make([.init(weight: [1, 2, 3], bias: 0.5), .init(weight: [0, 0, 0], bias: 1)])
  }

  @Test(arguments: refused.indices) func refusesParametersOutOfRange(index: Int) throws {
    var visualization = ClassVisualization()
    Self.refused[index].change(&visualization)
    let network = try Self.small()
    #expect(errorLine { try visualization.run(network, class: 0) } == Self.refused[index].line)
    #expect(errorLine { try visualization.validate() } == Self.refused[index].line)
  }

  @Test func refusesStartsAndClasses() throws {
    let network = try Self.small()
    var visualization = ClassVisualization()
    #expect(
      errorLine { try visualization.run(network, class: 2) } == "class 2 is out of range: the model has classes 0 to 1")
    func line(_ image: Tensor) -> String { errorLine { try visualization.run(network, class: 0, image: image) } }
    #expect(
      line(Tensor(shape: [4, 2, 2], repeating: 0)) == "an input image must have the shape (3, H, W), found (4, 2, 2)")
    #expect(line(Tensor(shape: [3, 2, 2], repeating: .nan)) == "an input image must be finite, found nan")
    visualization.start = .image
    #expect(errorLine { try visualization.run(network, class: 0) } == "the subject has no image to start from")
    let other = Tensor(shape: [3, 2, 2], repeating: 0)
    #expect(
      errorLine { try visualization.run(network, class: 0, from: other) }
        == "the image to start from must have 224×224 pixels, found 2×2")
    visualization.start = .zero
    do {
      _ = try visualization.run(network, class: 1)
      Issue.record("no error")
    } catch {
      #expect(error.kind == .zeroGradient)
      #expect(error.description.hasPrefix("the gradient of class 1's score is exactly zero"))
    }
  }

  @Test(arguments: ClassVisualization.Recipe.ofPixels)
  func saysThatItDiverges(recipe: ClassVisualization.Recipe) throws {
    var visualization = ClassVisualization(recipe)
    (visualization.height, visualization.width) = (8, 8)
    visualization.iterations = 40
    visualization.clamp = false
    visualization.l2 = 0
    for rate in [1e22, 1e38, 1e39, 1e300] {
      visualization.learningRate = rate
      // Without weight decay, only the learning rate can be too large.
      #expect(
        errorLine { try visualization.run(Self.small(), class: 0) }
          == Self.divergence.replacing(" or l2", with: ""))
    }
    // The norm of the step exceeds the largest float.
    (visualization.learningRate, visualization.l2, visualization.start) = (1, 1e25, .noise)
    if visualization.optimizer == .normalized {
      #expect(errorLine { try visualization.run(Self.small(), class: 0) } == Self.divergence)
    }
    // The L2 term alone makes the values larger with every step.
    (visualization.learningRate, visualization.l2) = (1e3, 1e3)
    if visualization.optimizer != .normalized {
      #expect(errorLine { try visualization.run(Self.small(), class: 0) } == Self.divergence)
    }
  }

  /// At the mean image the score of these classes is 0, so that the first step takes the gradient before the last ReLU.
  @Test(
    .enabled(if: Resources.hasModel, Resources.needsModel), arguments: [90, 105, 400, 439, 560, 661, 703, 800])
  func deadClassesClimbFromTheMeanImage(target: Int) throws {
    let network = try Resources.network()
    let zero = Tensor(shape: [3, 224, 224], repeating: 0)
    let start = try network.gradient(of: .score(class: target), at: zero)
    #expect(start.scores[target] == 0)
    #expect(start.gradient.values.allSatisfy { $0 == 0 })
    #expect(try Saliency().run(network, onInput: zero, class: target).isZero)

    var visualization = ClassVisualization()
    visualization.start = .zero
    visualization.maxJitter = 0
    visualization.iterations = 3
    let result = try visualization.run(network, class: target)
    #expect((1...2).contains(result.gradientsBeforeLastReLU))
    #expect(result.image.isFinite)
    #expect(result.scores[target] > 0)
  }

  @Test(.enabled(if: Resources.hasModel, Resources.needsModel)) func everySampleOfADeadScoreIsCounted() throws {
    var visualization = ClassVisualization(.simonyan)
    visualization.maxJitter = 0
    visualization.iterations = 1
    #expect(try visualization.run(Resources.network(), class: 90).gradientsBeforeLastReLU == 4)
  }

  @Test(.enabled(if: Resources.hasModel, Resources.needsModel)) func defaultsReachTheClass() throws {
    let network = try Resources.network()
    let ascent = try ClassVisualization().begin(network, class: 76)
    var shown: [Int] = [], last: RGBImage?
    while let step = try ascent.next() {
      if !step.isShown { continue }
      shown.append(step.iteration)
      last = step.picture
    }
    let result = try ascent.result()
    #expect(shown == [0, 24, 49, 74, 99])
    #expect(result.image.shape == [3, 224, 224])
    #expect(result.gradientsBeforeLastReLU == 0)
    #expect(result.seconds > 0)
    #expect(try result.scores == network.scores(of: result.image))
    let top = network.predictions(result.scores, top: 1)[0]
    #expect(top.classIndex == 76)
    #expect(try #require(top.probability) >= 0.9)
    #expect(top.probability == result.probability)
    #expect(last == result.picture)
    #expect(result.picture == network.render(result.image, .stretch))
  }
}
