// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Dreams, compared with a short port of DeepDream to NumPy, SciPy and PyTorch (`make_dream` in
/// `Tests/Peers/make_goldens.py`).
@Suite struct DreamTests {
  private static func network() throws -> Network {
    try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
  }

  private static func photo(width: Int = 60, height: Int = 48, seed: UInt64 = 9) -> RGBImage {
    let pixels = RandomSource(seed: seed).uniforms(3 * width * height).map { UInt8(255 * $0) }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  private static func small(_ network: Network) -> Dream {
    var dream = Dream(objective: "layer:\(network.layerNames[1])")
    (dream.octaves, dream.octaveScale, dream.iterations, dream.maxJitter) = (3, 1.2, 2, 4)
    return dream
  }

  @Test(.enabled(if: Resources.hasModel, Resources.needsModel), arguments: InstructionSet.selectable)
  func equalsDeepDreamWithPyTorch(set: InstructionSet) throws {
    let network = try Resources.network(set), values = try Resources.goldenTensor("peers/dream-photo")
    let (height, width) = (values.shape[1], values.shape[2]), plane = height * width
    let pixels = (0..<3 * plane).map { UInt8(values.values[$0 % 3 * plane + $0 / 3]) }
    var dream = Dream(objective: "layer:features.9")
    (dream.octaves, dream.iterations, dream.maxJitter) = (3, 3, 0)
    let result = try dream.run(network, on: RGBImage(width: width, height: height, pixels: pixels))
    let expected = try Resources.goldenTensor("peers/dream-image"), preprocessing = network.preprocessing
    let colours = result.image.values.indices.map { (index: Int) -> Float in
      255 * (result.image.values[index] * preprocessing.std[index / plane] + preprocessing.mean[index / plane])
    }
    // Nine steps of gradients in float32; ReLUs near 0 may decide differently.
    let error = relativeError(colours, expected.values)
    #expect(error < 1e-5)
    PeerTable.note("DeepDream, 3 octaves of 3 steps, \(set.name)", "SciPy's zoom, SqueezeNet in PyTorch", error: error)
  }

  @Test func valueRisesAndColoursStayInTheBox() throws {
    let network = try Self.network(), photo = Self.photo()
    let result = try Self.small(network).run(network, on: photo)
    #expect(result.value > result.valueBefore)
    #expect(result.valueHistory.count == 6 && result.steps == 6)
    #expect(result.image.shape == [3, 48, 60] && result.picture != photo)
    let preprocessing = network.preprocessing, plane = 48 * 60
    let isInBox = result.image.values.indices.allSatisfy { (index: Int) -> Bool in
      let colour = result.image.values[index] * preprocessing.std[index / plane] + preprocessing.mean[index / plane]
      return (-1e-5...1.00001).contains(colour)
    }
    #expect(isInBox)
  }

  @Test func sameBytesForAnyNumberOfThreads() throws {
    var one = try Self.network(), three = one
    (one.options.threads, three.options.threads) = (1, 3)
    let dream = Self.small(one), photo = Self.photo()
    #expect(try dream.run(one, on: photo).image == dream.run(three, on: photo).image)
  }

  @Test func largePhotosAreMadeSmaller() throws {
    let network = try Self.network()
    var dream = Self.small(network)
    dream.longestSide = 40
    #expect(try dream.run(network, on: Self.photo()).image.shape == [3, 32, 40])
  }

  /// A journey's frames are whole dreams; the steps' frames are every n-th step and the last.
  @Test func animationsHaveTheirFrames() throws {
    let network = try Self.network(), subject = Subject(photo: Self.photo())
    var dream = Self.small(network)
    dream.animation = Animation.Style(every: 5)
    #expect(try dream.animation(network, of: subject).frames.count == 2)
    dream.animation = Animation.Style(every: 4)
    let steps = try dream.animation(network, of: subject)
    #expect(steps.frames.count == 3)
    #expect(try steps.frames[2] == dream.picture(.result, network, of: subject))
    #expect(Set(steps.frames.map { [$0.width, $0.height] }) == [[60, 48]])
    dream.zoomFrames = 2
    let journey = try dream.animation(network, of: subject)
    #expect(journey.frames.count == 3)
    #expect(journey.frames[0] == steps.frames[2] && journey.frames[1] != journey.frames[0])
    #expect(try journey.frames[2] == dream.picture(.result, network, of: subject))
  }

  /// A dream that is stopped has the size of the photo, enlarged from the octave.
  @Test func aStoppedDreamHasItsSize() throws {
    let network = try Self.network(), ascent = try Self.small(network).begin(network, on: Self.photo())
    let first = try #require(try ascent.next())
    #expect(first.part == "octave 1/3" && !first.isFrame)
    let result = try ascent.result()
    #expect(result.steps == 1 && result.picture.width == 60 && result.picture.height == 48)
    var dream = Self.small(network)
    dream.steps = 1
    #expect(try dream.run(network, on: Self.photo()).picture == result.picture)
    dream.steps = 100
    #expect(dream.stepCount == 6)
    dream.steps = 0
    #expect(errorLine { try dream.validate() } == "iterations must be 1 or more, found 0")
  }

  /// A step rule of the caller's own gets the octave's image, and its colours are clamped.
  @Test func stepRulesAreUsed() throws {
    let network = try Self.network(), ascent = try Self.small(network).begin(network, on: Self.photo())
    _ = try ascent.next { image, _ in for index in image.values.indices { image.values[index] = 1e6 } }
    #expect(try ascent.result().picture.pixels.allSatisfy { $0 == 255 })
    #expect(
      errorLine { _ = try ascent.next { image, _ in image = Tensor(shape: [1], repeating: 0) } }.contains("shape"))
  }

  @Test func mistakesAreNamed() throws {
    let network = try Self.network()
    func line(_ change: (inout Dream) -> Void) -> String {
      var dream = Self.small(network)
      change(&dream)
      return errorLine { _ = try dream.run(network, on: Self.photo()) }
    }
    #expect(line { $0.octaves = 0 } == "octaves must be from 1 to 20, found 0")
    #expect(line { $0.octaveScale = 1 } == "octaveScale must be above 1 and at most 10, found 1.0")
    #expect(line { $0.octaveScale = .nan } == "octaveScale must be above 1 and at most 10, found nan")
    #expect(line { $0.iterations = 0 } == "iterations must be 1 or more, found 0")
    #expect(line { $0.iterations = 2_000_000 } == "iterations must be at most 1000000, found 2000000")
    #expect(line { $0.stepSize = 0 } == "stepSize must be a positive number, found 0.0")
    #expect(line { $0.maxJitter = -1 } == "maxJitter must be 0 or more, found -1")
    #expect(line { $0.maxJitter = 2_000_000 } == "maxJitter must be at most 1000000, found 2000000")
    #expect(line { $0.longestSide = 0 } == "longestSide must be 1 or more, found 0")
    #expect(line { $0.zoomFrames = -1 } == "zoomFrames must be 0 or more, found -1")
    #expect(line { $0.zoomFrames = 200_000 } == "zoomFrames must be at most 100000, found 200000")
    #expect(line { $0.animation = Animation.Style(every: 0) } == "every must be 1 or more, found 0")
    #expect(
      line { ($0.octaves, $0.octaveScale) = (20, 10) }
        == "octaves 20 leaves no pixels of the photo in the smallest octave")
    #expect(line { $0.objective = "layer:none" }.hasPrefix("the network has no layer \"none\"; nearest: "))
    let dream = Self.small(network)
    #expect(errorLine { _ = try dream.run(network, on: Subject()) } == "the subject has no photo")
    #expect(
      errorLine { _ = try dream.animation(network, of: Subject(photo: Self.photo())) }
        == "the parameters do not say how to animate the steps")
  }

  @Test func usualLayerIsInTheMiddle() throws {
    let network = try Self.network()
    let text = try ObjectiveText(Dream.usualObjective(of: network), network).text
    #expect(text == "layer:\(network.layerNames[network.layerNames.count / 2])")
  }
}
