// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The techniques on networks with one output, with sigmoid outputs, and without probabilities. All have mean 0.5 and std
/// 0.25, and the photos have 8×8 pixels of one colour: a step of length 1 along one channel adds 1/8 to each pixel.
@Suite struct ActivationTechniqueTests {
  private static func plain(_ value: UInt8) -> RGBImage {
    RGBImage(width: 8, height: 8, pixels: Array(repeating: value, count: 192))
  }

  /// Returns a network with one output: the mean red minus 0.3, which tells "red" from "not red".
  private static func red(_ activation: Activation? = nil) throws -> Network {
    try Network(
      modelFile: PixelwiseNetwork.oneOutput(
        .init(weight: [1, 0, 0], bias: -0.3), name: "red", activation: activation), name: "red")
  }

  /// Returns a network with three outputs: mean red + 5, mean green − 0.3, and mean blue.
  private static func several(_ activation: Activation?) throws -> Network {
    try PixelwiseNetwork.make(
      [.init(weight: [1, 0, 0], bias: 5), .init(weight: [0, 1, 0], bias: -0.3), .init(weight: [0, 0, 1], bias: 0)],
      clamp: .none, activation: activation)
  }

  /// A grey of 140 has the value 4 · (140/255 − 0.5) = 0.196 in normalised space, so the score of "red" is −0.104.
  @Test func oneOutputHasTwoClasses() throws {
    let network = try Self.red(), photo = Self.plain(140)
    let score = 4 * (140.0 / 255 - 0.5) - 0.3, probability = 1 / (1 + exp(-score))
    let predictions = try network.classify(photo)
    try #require(predictions.map(\.classIndex) == [0, 1])
    #expect(network.labels.names == [["not red"], ["red"]])
    #expect(abs(Double(predictions[1].score) - score) < 1e-6)
    #expect(predictions[0].score == -predictions[1].score)
    #expect(abs(try #require(predictions[1].probability) - probability) < 1e-6)
    #expect(abs(try #require(predictions[0].probability) - (1 - probability)) < 1e-6)
    let map = try Saliency().run(network, on: photo), other = try Saliency().run(network, on: photo, class: 1)
    #expect(map.classIndex == 0)
    #expect(map.map == other.map)
    #expect(map.map.values.allSatisfy { $0 == 1 / 64 })
    // The binary cross-entropy −log σ(s) has the derivative σ(s) − 1, and −log σ(−s) has σ(s).
    for (index, slope) in [(0, probability), (1, probability - 1)] {
      let loss = try Saliency(.crossEntropy).run(network, on: photo, class: index).gradient.values
      #expect(loss.prefix(64).allSatisfy { abs(Double($0) - slope / 64) < 1e-7 })
      #expect(loss.dropFirst(64).allSatisfy { $0 == 0 })
    }
  }

  /// The lead of "not red" is 0.104, which takes one step of 1/8. From a grey of 200, "red" leads by 0.837: seven steps.
  @Test(arguments: [Activation.sigmoid, .none], [(140, 1, 1), (200, 0, 7)])
  func foolingChangesTheDecisionOfOneOutput(activation: Activation, photo: (grey: UInt8, target: Int, steps: Int))
    throws
  {
    let network = try Self.red(activation), folder = try TemporaryFolder(), path = folder.path + "/f.png"
    let result = try Fooling().run(network, on: Self.plain(photo.grey), target: photo.target)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    #expect(result.iterations == photo.steps)
    #expect(result.originalScores[photo.target] < 0)
    let saved = try result.save(to: path, checkedBy: network)
    #expect(saved[photo.target] > 0)
    #expect(saved[1 - photo.target] == -saved[photo.target])
    let best = try network.classify(RGBImage(contentsOf: path))[0]
    #expect(best.classIndex == photo.target)
    if activation == .sigmoid { #expect(try #require(best.probability) > 0.5) }
  }

  /// A ReLU before the mean makes the score 0, and the ascent follows the score before the ReLU until it is above 0. From
  /// 0.008 to 1 it takes eight steps of 1/8.
  @Test func foolingWakesADeadOutput() throws {
    let bytes = try PixelwiseNetwork.oneOutput(.init(weight: [1, 0, 0], bias: -1), name: "red", clamp: .relu)
    let network = try Network(modelFile: bytes, name: "red")
    let result = try Fooling().run(network, on: Self.plain(128), target: 1)
    #expect(result.originalScores == [0, 0])
    #expect(result.survives8Bit)
    #expect(result.iterations == 8)
    #expect(result.gradientsBeforeLastReLU == 8)
  }

  /// Class 0 has the greatest score, before and after. The target's probability is σ(−0.104) = 0.474, and one step makes
  /// it greater than 0.5. The softmax needs the greatest score, which is out of reach.
  @Test func foolingRaisesASigmoidAboveOneHalf() throws {
    let network = try Self.several(.sigmoid)
    let ascent = try Fooling().begin(network, on: Self.plain(140), target: 1)
    var seen: [Bool] = []
    while let step = try ascent.next() { seen.append(step.isTarget) }
    let result = try ascent.result()
    #expect(seen == [false, true, true])
    #expect(result.iterations == 1)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    #expect(result.scores[1] > 0)
    #expect(result.scores[0] > result.scores[1])
    #expect(try #require(network.activation.probability(of: 1, result.originalScores)) < 0.5)
    // The greatest score is not enough for a sigmoid, either: all three classes can be absent.
    #expect(network.sees(1, [-2, -1, -3]) == false)
    #expect(network.sees(1, [3, 1, 2]))
    for activation in [Activation.softmax, .none] {
      let other = try Self.several(activation)
      #expect(try Fooling(maxIterations: 9).run(other, on: Self.plain(140), target: 1).isFooled == false)
      #expect(other.sees(1, [-2, -1, -3]))
      #expect(other.sees(1, [3, 1, 2]) == false)
    }
  }

  @Test func photoWithTheTargetPresentStaysAsItIs() throws {
    let result = try Fooling().run(Self.several(.sigmoid), on: Self.plain(140), target: 2)
    #expect(result.iterations == 0)
    #expect(result.survives8Bit)
    #expect(result.image == result.original)
  }

  @Test(arguments: Activation.allCases) func visualizationGivesTheProbabilityOfTheActivation(activation: Activation)
    throws
  {
    let network = try Self.several(activation)
    var parameters = ClassVisualization()
    (parameters.height, parameters.width, parameters.iterations, parameters.maxJitter) = (8, 8, 3, 0)
    let ascent = try parameters.begin(network, class: 1, recordsProbabilities: true)
    var probabilities: [Double?] = [], scores: [Float] = []
    while let step = try ascent.next() {
      probabilities.append(try step.probability())
      scores.append(step.score)
    }
    let result = try ascent.result()
    #expect(result.probabilityHistory == probabilities.compactMap(\.self))
    let last = result.scores
    switch activation {
    case .softmax: #expect(result.probability == softmax(last)[1])
    case .sigmoid:
      #expect(result.probability == sigmoid(Double(last[1])))
      #expect(probabilities == scores.map { sigmoid(Double($0)) })
    case .none:
      #expect(result.probability == nil)
      #expect(probabilities == [nil, nil, nil])
      #expect(result.probabilityHistory == [])
    }
  }

  @Test func crossEntropyOfASigmoidDependsOnItsOwnScore() throws {
    let network = try Self.several(.sigmoid), evaluation = try network.evaluation(of: Self.plain(140))
    let score = try evaluation.scores()[1]
    let gradient = try evaluation.gradient(of: .crossEntropy(class: 1)).values
    let slope = sigmoid(Double(score)) - 1
    #expect(gradient.prefix(64).allSatisfy { $0 == 0 })
    #expect(gradient[64..<128].allSatisfy { abs(Double($0) - slope / 64) < 1e-7 })
    #expect(gradient.suffix(64).allSatisfy { $0 == 0 })
  }

  @Test func provenanceKeepsTheActivation() throws {
    var settings = ModelSettings()
    let network = try Self.several(.sigmoid), usual = try Provenance.Model(network, settings)
    #expect(usual.settings == settings)
    #expect(try !JSONText.encode(usual).contains("activation"))
    for activation in Activation.allCases {
      settings.activation = activation
      let model = try Provenance.Model(network, settings)
      #expect(model.settings == settings)
      #expect(model != usual)
      #expect(try JSONText.encode(model).contains("\"activation\":\"\(activation.rawValue)\""))
      #expect(try JSONText.decode(Provenance.Model.self, from: JSONText.encode(model).utf8) == model)
    }
  }
}
