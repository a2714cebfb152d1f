// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Most photos here have 8×8 pixels of one colour, and most networks have mean 0.5 and std 0.25. A step of length 1
/// along one channel then adds 1/8 to each pixel: 255 · 0.25 / 8 = 7.97 of the 255 levels.
@Suite struct FoolingTests {
  /// Returns a network in which class 0 has the score red + `lead`, and class 1 the score green.
  private static func rivals(lead: Float) throws -> Network {
    try PixelwiseNetwork.make([.init(weight: [1, 0, 0], bias: lead), .init(weight: [0, 1, 0], bias: 0)])
  }

  private static func plain(_ value: UInt8) -> RGBImage {
    RGBImage(width: 8, height: 8, pixels: Array(repeating: value, count: 192))
  }

  @Test(arguments: [(0.3, 1.0, 3), (0.3, 0.5, 5), (1.1, 1, 9), (1.1, 3, 3)])
  func takesAsManyStepsAsItNeeds(lead: Float, learningRate: Double, steps: Int) throws {
    let network = try Self.rivals(lead: lead)
    var seen: [Int] = []
    let ascent = try Fooling(learningRate: learningRate).begin(network, on: Self.plain(140), target: 1)
    while let step = try ascent.next() {
      seen.append(step.iteration)
      try #require(step.scores.count == 2)
      #expect(step.score == step.scores[1])
    }
    let result = try ascent.result()
    #expect(result.iterations == steps)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    // The ascent evaluates the image before every step and after the last step, then the rounded image.
    #expect(seen == Array(0...steps) + [steps])
    #expect(abs(result.l2 - Double(steps) * learningRate) < 1e-4)
    let change = Double(steps) * learningRate * 255 * 0.25 / 8
    #expect(abs(Double(result.linf8Bit) - change) <= 0.5 + 1e-3)
    // One of a pixel's three values has changed.
    let rms = Double(result.linf8Bit) / 3.0.squareRoot()
    #expect(abs(result.rms8Bit - rms) < 1e-9)
    #expect(abs(pow(10, result.psnr / 20) - 255 / rms) < 1e-9)
    #expect(result.gradientsBeforeLastReLU == 0)
    let green = UInt8(140 + result.linf8Bit)
    #expect(result.image.pixels == (0..<64).flatMap { _ in [140, green, 140] as [UInt8] })
    #expect(result.original == Self.plain(140))
    #expect(result.originalScores[0] > result.originalScores[1])
    #expect(result.scores[0] < result.scores[1])
    #expect(try network.scores(of: network.tensor(from: result.image)) == result.scores)
  }

  @Test func photoOfTheTargetClassStaysAsItIs() throws {
    let result = try Fooling().run(Self.rivals(lead: 0.1), on: Self.plain(200), target: 0)
    #expect(result.iterations == 0)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    #expect(result.l2 == 0)
    #expect(result.linf8Bit == 0)
    #expect(result.image == result.original)
    #expect(result.rms8Bit == 0)
    #expect(result.psnr == .infinity)
  }

  @Test(arguments: [0, 1, 2]) func stopsAfterTheLastIteration(allowed: Int) throws {
    let result = try Fooling(maxIterations: allowed).run(Self.rivals(lead: 0.3), on: Self.plain(140), target: 1)
    #expect(result.iterations == allowed)
    #expect(!result.isFooled)
    #expect(!result.survives8Bit)
    #expect(abs(result.l2 - Double(allowed)) < 1e-4)
    #expect(result.unrounded.shape == [3, 8, 8])
    #expect(result.scores.count == 2)
  }

  /// One step adds 0.3005, more than the lead of 0.3. That is 19.16 of the 255 levels. Rounding leaves 19 levels, which
  /// are 0.298: too few.
  @Test(arguments: [1, 100]) func goesOnIfRoundingUndoesTheFooling(allowed: Int) throws {
    let result = try Fooling(learningRate: 8 * 0.3005, maxIterations: allowed)
      .run(Self.rivals(lead: 0.3), on: Self.plain(140), target: 1)
    #expect(result.isFooled)
    #expect(result.survives8Bit == (allowed > 1))
    #expect(result.iterations == min(allowed, 2))
    #expect(result.linf8Bit == (allowed > 1 ? 38 : 19))
    #expect((result.scores[1] > result.scores[0]) == result.survives8Bit)
  }

  /// One step adds 0.3065, less than the lead of 0.31. That is 19.54 of the 255 levels. Rounding makes them 20 levels,
  /// which are 0.314: enough.
  @Test func roundingMayCompleteTheFooling() throws {
    let result = try Fooling(learningRate: 8 * 0.3065, maxIterations: 1)
      .run(Self.rivals(lead: 0.31), on: Self.plain(140), target: 1)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    #expect(result.iterations == 1)
    #expect(result.linf8Bit == 20)
    #expect(result.scores[1] > result.scores[0])
  }

  @Test func callerMayStopAndGoOn() throws {
    let ascent = try Fooling().begin(Self.rivals(lead: 1.1), on: Self.plain(140), target: 1)
    while let step = try ascent.next(), step.iteration < 2 {}
    let result = try ascent.result()
    #expect(result.iterations == 2)
    #expect(!result.isFooled)
    #expect(!result.survives8Bit)
    let end = try ascent.finish(), whole = try Fooling().run(Self.rivals(lead: 1.1), on: Self.plain(140), target: 1)
    #expect(end.image == whole.image)
    #expect(end.unrounded == whole.unrounded)
    #expect(end.iterations == whole.iterations)
  }

  /// The target class would need a brighter green than a picture can have.
  @Test func imageStaysInTheBox() throws {
    let result = try Fooling(maxIterations: 40).run(Self.rivals(lead: 2.1), on: Self.plain(128), target: 1)
    #expect(result.iterations == 40)
    #expect(!result.isFooled)
    #expect(!result.survives8Bit)
    #expect(result.unrounded.values.allSatisfy { $0 >= -2 && $0 <= 2 })
    #expect(result.image.pixels == (0..<64).flatMap { _ in [128, 255, 128] as [UInt8] })
  }

  @Test func climbsADeadScoreBeforeTheLastReLU() throws {
    let network = try PixelwiseNetwork.make([
      .init(weight: [1, 0, 0], bias: 0.5), .init(weight: [0, 1, 0], bias: -0.3),
    ])
    let result = try Fooling().run(network, on: Self.plain(128), target: 1)
    // Class 1's score is above 0 after 3 steps, when green exceeds 0.3, and the greatest after 7, when green exceeds
    // 0.8.
    #expect(result.originalScores[1] == 0)
    #expect(result.gradientsBeforeLastReLU == 3)
    #expect(result.iterations == 7)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
  }

  @Test func refusesAGradientOfZeros() throws {
    let network = try PixelwiseNetwork.make([
      .init(weight: [1, 0, 0], bias: 0.5), .init(weight: [0, 0, 0], bias: 0.3),
    ])
    do {
      _ = try Fooling().run(network, on: Self.plain(128), target: 1)
      Issue.record("no error")
    } catch {
      #expect(error.kind == .zeroGradient)
      #expect(
        error.description == "the gradient of class 1's score is exactly zero at this image, before the last ReLU too: "
          + "there is no direction to go; start from another image")
    }
  }

  @Test func refusesParametersOutOfRange() {
    for rate in [0, -1, .nan, .infinity] as [Double] {
      #expect(
        errorLine { try Fooling(learningRate: rate).validate() }
          == "learningRate must be a positive number, found \(rate)")
    }
    #expect(
      errorLine { try Fooling(maxIterations: -1).run(Self.rivals(lead: 1), on: Self.plain(9), target: 1) }
        == "maxIterations must be 0 or more, found -1")
    #expect(
      errorLine { try Fooling().run(Self.rivals(lead: 1), on: Self.plain(9), target: 2) }
        == "class 2 is out of range: the model has classes 0 to 1")
  }

  @Test(arguments: [1e20, 1e38, 1e300]) func saysThatAnAscentDiverges(learningRate: Double) throws {
    // Both scores depend on green only, and in the box class 0 always has the greater one.
    let network = try PixelwiseNetwork.make([.init(weight: [0, 2, 0], bias: 9), .init(weight: [0, 1, 0], bias: 1)])
    let fooling = Fooling(learningRate: learningRate, maxIterations: 1)
    #expect(
      errorLine { try fooling.run(network, on: Self.plain(128), target: 1) }
        == "the ascent's values are too large for a float: use a smaller learningRate")
  }

  /// The photo has the mean colour, with which these classes have the score 0.
  @Test(.enabled(if: Resources.hasModel, Resources.needsModel), arguments: [90, 105])
  func deadClassOfSqueezeNetCanBeTheTarget(target: Int) throws {
    let mean = RGBImage(width: 224, height: 224, pixels: (0..<224 * 224).flatMap { _ in [124, 116, 104] as [UInt8] })
    let result = try Fooling().run(try Resources.network(), on: mean, target: target)
    #expect(result.originalScores[target] == 0)
    #expect(result.gradientsBeforeLastReLU > 0)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    #expect(result.unrounded.isFinite)
  }

  @Test(
    .enabled(if: Resources.hasPhotos, Resources.needsPhotos), arguments: Resources.photos.prefix(5),
    [76, 187, 920])
  func savedPhotographIsClassifiedAsTheTarget(photo: Resources.Photo, target: Int) throws {
    let network = try Resources.network()
    let result = try Fooling().run(network, on: try photo.image, target: target)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    #expect(result.iterations > 0)
    let saved = try RGBImage(decoding: result.image.pngData(), name: "a.png")
    #expect(saved == result.image)
    let top = try network.classify(saved, top: 1)[0]
    #expect(top.classIndex == target)
    #expect(top.score == result.scores[target])
    // The distance is at most the sum of the steps, which have the length 1.
    #expect(result.l2 > 0)
    #expect(result.l2 <= Double(result.iterations) * (1 + 1e-5))
    #expect((1...255).contains(result.linf8Bit))

    let folder = try TemporaryFolder()
    #expect(try result.save(to: folder.path + "/fooled.png", checkedBy: network) == result.scores)
    #expect(try RGBImage(contentsOf: folder.path + "/fooled.png") == result.image)
  }
}
