// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct SaliencyTests {
  private static let classes: [PixelwiseNetwork.Class] = [
    .init(weight: [1, -3, 2], bias: 0), .init(weight: [0, 0.5, -0.25], bias: 1), .init(weight: [0, 0, 0], bias: -1),
  ]

  /// Four pixels. Before the ReLU class 0 has the values 3, −1, 0 and 8, so its score is 11/4; class 1 has 0.75, 1.5, 1
  /// and −0.25, so its score is 3.25/4.
  private static let input = Tensor(
    shape: [3, 2, 2],
    values: [
      1, 2, 0, 0,
      0, 1, 0, -2,
      1, 0, 0, 1,
    ])

  private let network: Network

  init() throws { network = try PixelwiseNetwork.make(Self.classes) }

  @Test func gradientEqualsTheOneByHand() throws {
    let saliency = try Saliency().run(network, onInput: Self.input)
    #expect(saliency.scores == [2.75, 0.8125, 0])
    #expect(saliency.classIndex == 0)
    // A ReLU passes no gradient on where its input is 0.
    #expect(
      saliency.gradient
        == Tensor(shape: [3, 2, 2], values: [0.25, 0, 0, 0.25, -0.75, 0, 0, -0.75, 0.5, 0, 0, 0.5]))
    #expect(saliency.map == Tensor(shape: [2, 2], values: [0.75, 0, 0, 0.75]))
    #expect(!saliency.isZero)
    #expect(saliency.picture.pixels == [255, 255, 255, 11, 0, 0, 11, 0, 0, 255, 255, 255])
  }

  @Test func takesTheClassThatIsAskedFor() throws {
    let saliency = try Saliency().run(network, onInput: Self.input, class: 1)
    #expect(saliency.classIndex == 1)
    #expect(saliency.map == Tensor(shape: [2, 2], values: [0.125, 0.125, 0.125, 0]))
    #expect(
      errorLine { try Saliency().run(network, onInput: Self.input, class: 3) }
        == "class 3 is out of range: the model has classes 0 to 2")
  }

  private static let picture = RGBImage(width: 20, height: 10, pixels: (0..<600).map { UInt8($0 % 251) })

  @Test func mapsOfSeveralClassesEqualThoseOfSingleClasses() throws {
    let classes = [2, 0, 1, 0], maps = try Saliency().run(network, on: Self.picture, classes: classes)
    #expect(maps.map(\.classIndex) == classes)
    for map in maps {
      let alone = try Saliency().run(network, on: Self.picture, class: map.classIndex)
      #expect(map.scores == alone.scores)
      #expect(map.gradient == alone.gradient)
      #expect(map.photo == alone.photo)
    }
    #expect(
      errorLine { try Saliency().run(network, on: Self.picture, classes: [0, 3]) }
        == "class 3 is out of range: the model has classes 0 to 2")
  }

  @Test func mapsOfSeveralClassesOfAnInput() throws {
    let maps = try Saliency().run(network, onInput: Self.input, classes: [1, 0, 1])
    #expect(maps.map(\.classIndex) == [1, 0, 1])
    for map in maps {
      let alone = try Saliency().run(network, onInput: Self.input, class: map.classIndex)
      #expect(map.scores == alone.scores)
      #expect(map.gradient == alone.gradient)
    }
    #expect(
      errorLine { try Saliency().run(network, onInput: Self.input, classes: [3]) }
        == "class 3 is out of range: the model has classes 0 to 2")
  }

  @Test("If the memory suffices for a copy of the activations, one forward pass serves all classes")
  func oneForwardPass() throws {
    var network = network
    let resized = try network.resized(Self.picture)
    func forwardPasses() throws -> Int {
      let evaluation = try network.evaluation(ofResized: resized)
      evaluation.keepsActivations = true
      var count = 0
      evaluation.layerObserver = { layer, isBackward in if layer == nil && !isBackward { count += 1 } }
      for index in 0..<3 { _ = try evaluation.gradient(of: .score(class: index)) }
      return count
    }
    #expect(try forwardPasses() == 1)
    // The smallest power of two that suffices for one evaluation does not suffice for two.
    network.options.maxMemory = 1
    while (try? network.evaluation(ofResized: resized)) == nil { network.options.maxMemory *= 2 }
    #expect(try forwardPasses() == 3)
  }

  @Test func crossEntropyGradientEqualsTheOneByHand() throws {
    let saliency = try Saliency(.crossEntropy).run(network, onInput: Self.input, class: 1)
    #expect(saliency.classIndex == 1)
    let probabilities = softmax([2.75, 0.8125, 0])
    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-12)
    #expect(abs(probabilities[0] - 0.82782) < 1e-5)
    for pixel in 0..<4 {
      let alive = [pixel == 0 || pixel == 3, pixel != 3, false]
      var greatest = 0.0
      for channel in 0..<3 {
        let expected = (0..<3).reduce(0.0) { sum, index in
          let slope = (probabilities[index] - (index == 1 ? 1 : 0)) / 4
          return sum + (alive[index] ? slope * Double(Self.classes[index].weight[channel]) : 0)
        }
        // The gradient is a sum of three products, each rounded once or twice.
        #expect(abs(Double(saliency.gradient.values[4 * channel + pixel]) - expected) < 1e-6)
        greatest = max(greatest, abs(expected))
      }
      #expect(abs(Double(saliency.map.values[pixel]) - greatest) < 1e-6)
    }
  }

  @Test func deadScoreGivesAMapOfZeros() throws {
    let saliency = try Saliency().run(network, onInput: Self.input, class: 2)
    #expect(saliency.isZero)
    #expect(saliency.map.values == [0, 0, 0, 0])
    #expect(saliency.picture.pixels == (0..<4).flatMap { _ in [11, 0, 0] as [UInt8] })
  }

  @Test func firstOfEqualScoresIsTheTopClass() throws {
    let twins = try PixelwiseNetwork.make([Self.classes[1], Self.classes[0], Self.classes[0]])
    #expect(try Saliency().run(twins, onInput: Self.input).classIndex == 1)
    let predictions = twins.predictions([1, 3, 2, 3], top: 3)
    #expect(predictions.map(\.classIndex) == [1, 3, 2])
    #expect(predictions.map(\.score) == [3, 3, 2])
    #expect(predictions.map(\.probability) == [1, 3, 2].map { softmax([1, 3, 2, 3])[$0] })
  }

  @Test func mapHasTheSizeOfTheNetworksInput() throws {
    let picture = RGBImage(width: 20, height: 10, pixels: (0..<600).map { UInt8($0 % 251) })
    let saliency = try Saliency().run(network, on: picture)
    #expect(saliency.map.shape == [8, 16])
    #expect(saliency.gradient.shape == [3, 8, 16])
    #expect(saliency.picture.width == 16)
    #expect(saliency.picture.height == 8)
    #expect(try saliency.map == Saliency().run(network, onInput: network.input(for: picture)).map)
  }

  @Test(.enabled(if: Resources.hasPhotos, Resources.needsPhotos), arguments: Resources.photos.suffix(2))
  func mapOfAPhotographHoldsTheGreatestGradients(_ photo: Resources.Photo) throws {
    let network = try Resources.network(), image = try photo.image
    let saliency = try Saliency().run(network, on: image)
    let (gradient, map) = (saliency.gradient, saliency.map)
    let top = try network.classify(image, top: 1)[0]
    #expect(saliency.classIndex == top.classIndex)
    #expect(saliency.scores[top.classIndex] == top.score)
    let plane = map.values.count
    #expect(gradient.shape == [3] + map.shape)
    #expect(map.shape.min() == 224)
    let greatest = (0..<plane).map { pixel in (0..<3).map { abs(gradient.values[$0 * plane + pixel]) }.max() }
    // Compare outside of `#expect`, which would list the differences of 50,000 numbers for minutes after a failure.
    let isGreatest = map.values == greatest
    #expect(isGreatest)
    #expect(!saliency.isZero)
    #expect(map.isFinite)
  }
}
