// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct NetworkTests {
  private static let sizes = [(17, 17), (17, 40), (33, 18), (31, 23)]

  /// Sums of small integers are exact in float. Integers also make many ties: zeros before a ReLU and equal maxima in a
  /// max pool. The averages are of 1, 2, 4 … pixels, so that they are exact, too.
  @Test(arguments: NetworkCase.all.filter(\.isExact)) func integersEqualTheReference(_ network: NetworkCase) throws {
    var nonzero = 0
    for (number, size) in network.sizes.enumerated() {
      let file = try network.file(integers: true, seed: 7)
      let image = network.image(size, integers: true, seed: UInt64(number))
      let comparison = try NetworkComparison(file, image, maxClasses: 8, beforeLastReLU: network.endsWithReLU)
      try #require(comparison.isExact, "\(comparison.trace.greatest)")
      for set in InstructionSet.selectable {
        try comparison.check(set, deviations: nil, network.testDescription)
      }
      if comparison.hasNonzeroGradient { nonzero += 1 }
    }
    #expect(nonzero > 0, "all gradients are zero")
  }

  /// The bound is twice the standard deviation that `ReferenceNetwork` adds up over all layers. All values are so far
  /// from ties that rounding can't change what a ReLU or a max pool passes.
  @Test(arguments: NetworkCase.all) func realsEqualTheReferenceWithinTheBound(_ network: NetworkCase) throws {
    for size in network.sizes {
      let (comparison, seed) = try NetworkComparison.reals(network, size, maxClasses: 3)
      #expect(comparison.hasNonzeroGradient)
      for set in InstructionSet.selectable {
        try comparison.check(set, deviations: 2, "\(network.testDescription), seed \(seed)")
      }
    }
  }

  @Test(arguments: NetworkCase.all, InstructionSet.selectable)
  func everyNumberOfThreadsGivesTheSameBytes(_ network: NetworkCase, set: InstructionSet) throws {
    let file = try network.file(integers: false, seed: 3)
    for size in network.sizes {
      let image = network.image(size, integers: false, seed: 5)
      let results = try [1, 2, 3, 5, 64].map { (threads: Int) in
        let network = try Network(file, name: "small", options: ComputeOptions(threads: threads, instructionSet: set))
        let loss = try network.gradient(of: .crossEntropy(class: 2), at: image)
        return (loss.scores, loss.gradient, try network.gradient(of: .score(class: 17), at: image).gradient)
      }
      let areEqual = results.allSatisfy { $0 == results[0] }
      #expect(areEqual)
    }
  }

  /// An ascent runs its four iterations in one evaluation. In iterations that show no picture it computes the score of
  /// one class only. Four ascents of one iteration, each with its own evaluation, must lead to the same image.
  @Test(arguments: NetworkCase.all) func stepsInOneEvaluationEqualSeparateSteps(_ network: NetworkCase) throws {
    let image = network.image(network.sizes[0], integers: false, seed: 5)
    let file = try network.file(integers: false, seed: 3)
    var ascent = ClassVisualization(.cs231nPyTorch)
    (ascent.learningRate, ascent.l2, ascent.clamp) = (0.01, 0, false)
    (ascent.maxJitter, ascent.blurEvery, ascent.showEvery) = (0, 0, 0)
    for set in InstructionSet.selectable {
      let network = try Network(file, name: "small", options: ComputeOptions(instructionSet: set))
      for index in [0, network.classCount / 2, network.classCount - 1] {
        ascent.iterations = 4
        guard let whole = try? ascent.run(network, class: index, image: image) else { continue }
        ascent.iterations = 1
        var stepped = image
        for _ in 0..<4 { stepped = try ascent.run(network, class: index, image: stepped).image }
        #expect(whole.image == stepped, "class \(index), \(set.name)")
        #expect(stepped != image, "class \(index), \(set.name)")
      }
    }
  }

  /// One network gets images of several sizes, then these images again.
  @Test func earlierImagesOfOtherSizesChangeNothing() throws {
    let file = try SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 4)
    let network = try Network(file, name: "small")
    var random = TestRandom(6)
    let images = (Self.sizes + [(64, 17), (17, 17)]).map { height, width in
      Tensor(shape: [3, height, width], values: random.reals(3 * height * width).map(Float.init))
    }
    let alone = try images.map { try Network(file, name: "small").gradient(of: .score(class: 1), at: $0) }
    for _ in 0..<2 {
      for (image, expected) in zip(images, alone) {
        let found = try network.gradient(of: .score(class: 1), at: image)
        #expect(found.gradient == expected.gradient)
        #expect(found.scores == expected.scores)
      }
    }
  }
}
