// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Ascents whose callers take one step after the other.
@Suite struct AscentSequenceTests {
  private static func network() throws -> Network {
    try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
  }

  private static func visualization(_ recipe: ClassVisualization.Recipe = .cs231nPyTorch) -> ClassVisualization {
    var visualization = ClassVisualization(recipe)
    (visualization.height, visualization.width, visualization.iterations) = (32, 40, 5)
    (visualization.learningRate, visualization.clamp) = (0.5, false)
    return visualization
  }

  /// A custom step rule gets the image and the gradient, and changes the image into the next one.
  @Test(arguments: [1, 3]) func stepRuleMakesTheNextImage(samples: Int) throws {
    var visualization = Self.visualization()
    (visualization.blurEvery, visualization.samples) = (0, samples)
    let network = try Self.network(), ascent = try visualization.begin(network, class: 1)
    let usual = try visualization.begin(network, class: 1)
    while let step = try ascent.next(update: { image, gradient in
      for index in image.values.indices { image.values[index] += 0.5 * gradient.values[index] }
    }) {
      let other = try #require(try usual.next())
      #expect(step.iteration == other.iteration)
      #expect(step.gradient.shape == [3, 32, 40])
      let greatest = other.image.values.map(abs).max() ?? 0
      // The kernel does not round the product that is rounded here. The difference is 2⁻²⁴ of a value per step, but the
      // next gradient differs by more.
      for (found, expected) in zip(step.image.values, other.image.values) {
        #expect(abs(found - expected) <= 0x1p-18 * greatest)
      }
    }
    #expect(try usual.next() == nil)
  }

  @Test func imageOfAStepRuleIsChecked() throws {
    let ascent = try Self.visualization().begin(Self.network(), class: 1)
    #expect(
      errorLine { try ascent.next(update: { image, _ in image.values[0] = .nan }) }
        == "the step rule left a value that is not finite in the image")
    #expect(
      errorLine { try ascent.next(update: { image, _ in image = Tensor(shape: [1], repeating: 0) }) }
        == "the step rule must keep the image's shape (3, 32, 40), found (1)")
  }

  /// With `clamp` the image stays in the box, whatever the step rule does.
  @Test func imageOfAStepRuleIsClamped() throws {
    var visualization = Self.visualization()
    visualization.clamp = true
    let network = try Self.network(), ascent = try visualization.begin(network, class: 1)
    let step = try #require(
      try ascent.next(update: { image, _ in image = Tensor(shape: image.shape, repeating: 100) }))
    for channel in 0..<3 {
      let plane = step.image.values[(channel * 1280)..<((channel + 1) * 1280)]
      #expect(plane.allSatisfy { $0 == network.preprocessing.upperBound(channel) })
    }
  }

  @Test func foolingTakesAStepRule() throws {
    let network = try PixelwiseNetwork.make([
      .init(weight: [1, 0, 0], bias: 0.3), .init(weight: [0, 1, 0], bias: 0),
    ])
    let photo = RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 140, count: 192))
    let ascent = try Fooling().begin(network, on: photo, target: 1)
    while let step = try ascent.next(update: { image, gradient in
      for index in image.values.indices where gradient.values[index] > 0 { image.values[index] += 0.25 }
    }) {
      if !step.isTarget { #expect(try step.gradient().values.max() == 1 / 64) }
    }
    let result = try ascent.result()
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    #expect(result.iterations == 2)
    // The photo's 140/255 is rounded, and so are the sums with 0.25.
    #expect(abs(result.l2 - 0.5 * 8) < 1e-5)
  }

  @Test func recordedProbabilitiesEqualThoseOfTheSteps() throws {
    var visualization = Self.visualization()
    visualization.showEvery = 0
    let network = try Self.network()
    let asked = try visualization.begin(network, class: 2), silent = try visualization.begin(network, class: 2)
    let recorded = try visualization.begin(network, class: 2, recordsProbabilities: true)
    var probabilities: [Double] = []
    while let step = try asked.next() { probabilities.append(try #require(try step.probability())) }
    let result = try recorded.finish()
    #expect(probabilities == result.probabilityHistory)
    #expect(probabilities.count == 5)
    #expect(try asked.result().image == result.image)
    #expect(try silent.finish().image == result.image)
  }

  /// A result in the middle of an ascent changes neither the gradient of the step before it nor the steps after it.
  @Test func resultInTheMiddleChangesNothing() throws {
    var visualization = Self.visualization()
    visualization.maxJitter = 7
    let network = try Self.network()
    let ascent = try visualization.begin(network, class: 1)
    while let step = try ascent.next() {
      let gradient = step.gradient
      #expect(try ascent.result().iterations == step.iteration + 1)
      #expect(step.gradient == gradient)
    }
    #expect(try ascent.result().image == visualization.run(network, class: 1).image)

    let photo = RGBImage(width: 40, height: 32, pixels: (0..<3840).map { UInt8($0 * 7 % 256) })
    let scores = try network.evaluation(of: photo).scores()
    let target = try #require(scores.indices.min { scores[$0] < scores[$1] })
    var fooling = Fooling()
    fooling.maxIterations = 30
    let alone = try fooling.run(network, on: photo, target: target)
    #expect(alone.iterations > 1)
    let watched = try fooling.begin(network, on: photo, target: target)
    while let step = try watched.next() {
      let gradient = step.isTarget ? nil : try step.gradient()
      _ = try watched.result()
      if let gradient { #expect(try step.gradient() == gradient) }
    }
    let result = try watched.result()
    #expect(result.unrounded == alone.unrounded)
    #expect(result.image == alone.image)
    #expect(result.iterations == alone.iterations)
    #expect(result.gradientsBeforeLastReLU == alone.gradientsBeforeLastReLU)
  }

  /// An image to start from is ignored unless `start` is `.image`.
  @Test func startsFromAnImageOnlyIfToldTo() throws {
    let network = try Self.network(), start = Tensor(shape: [1], repeating: .nan)
    let visualization = Self.visualization()
    #expect(
      try visualization.run(network, class: 1, from: start).image == visualization.run(network, class: 1).image)
  }

  @Test func ascentsInATaskGroupEqualThoseAlone() async throws {
    let network = try Self.network(), visualization = Self.visualization()
    let alone = try (0..<4).map { try visualization.run(network, class: $0).image }
    let grouped = try await withThrowingTaskGroup(of: (Int, Tensor).self) { group in
      for index in 0..<4 {
        group.addTask { (index, try visualization.run(network, class: index).image) }
      }
      var images: [Int: Tensor] = [:]
      for try await (index, image) in group { images[index] = image }
      return images
    }
    #expect(alone == (0..<4).compactMap { grouped[$0] })
  }

  @Test func cancelledTaskStopsItsAscent() async throws {
    let network = try Self.network()
    var endless = Self.visualization()
    endless.iterations = .max
    endless.showEvery = 0
    let task = Task { [endless] in
      let ascent = try endless.begin(network, class: 1)
      var steps = 0
      while try ascent.next() != nil {
        steps += 1
        if steps == 3 { withUnsafeCurrentTask { $0?.cancel() } }
      }
      return (steps, try ascent.result().iterations)
    }
    let (steps, iterations) = try await task.value
    #expect(steps == 3)
    #expect(iterations == 3)
    let fooling = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      let photo = RGBImage(width: 40, height: 32, pixels: [UInt8](repeating: 140, count: 3840))
      return try Fooling().run(network, on: photo, target: 1).iterations
    }
    #expect(try await fooling.value == 0)
  }
}
