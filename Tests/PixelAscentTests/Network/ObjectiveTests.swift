// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Objectives of scores and of activations: their values by the formula, their gradients by differences of the value.
@Suite struct ObjectiveTests {
  private static func network(threads: Int = 1) throws -> Network {
    var network = try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
    network.options.threads = threads
    return network
  }

  private static let image = Tensor(shape: [3, 32, 40], values: RandomSource(seed: 4).normals(3 * 32 * 40))

  private static func layer(_ network: Network) -> String { network.layerNames[network.layerNames.count - 3] }

  /// Returns the value that an objective of the scores must have.
  private static func expected(_ objective: Objective, _ scores: [Double]) -> Double? {
    func logProbability(_ index: Int) -> Double {
      let sum = scores.reduce(0) { $0 + exp($1 - scores[index]) }
      return -log(sum)
    }
    switch objective {
    case .score(let index): return scores[index]
    case .crossEntropy(let index): return -logProbability(index)
    case .logProbability(let index): return logProbability(index)
    case .probability(let index): return exp(logProbability(index))
    case .margin(let index):
      return scores[index] - (scores.enumerated().filter { $0.offset != index }.map(\.element).max() ?? 0)
    case .contrast(let index, let others):
      return scores[index] - others.map { scores[$0] }.reduce(0, +) / Double(others.count)
    case .minusOthers(let index):
      return scores[index] - (scores.reduce(0, +) - scores[index]) / Double(scores.count - 1)
    default: return nil
    }
  }

  private static let ofScores: [Objective] = [
    .score(class: 1), .crossEntropy(class: 1), .logProbability(class: 0), .probability(class: 1), .margin(class: 0),
    .margin(class: 1), .contrast(class: 1, others: [0]), .contrast(class: 0, others: [1, 2]), .minusOthers(class: 1),
  ]

  @Test func valuesOfScoresFollowTheFormulas() throws {
    let network = try Self.network(), evaluation = try network.evaluation(of: Self.image)
    let scores = try evaluation.scores().map(Double.init)
    for objective in Self.ofScores {
      let expected = try #require(Self.expected(objective, scores))
      #expect(abs(try evaluation.value(of: objective) - expected) < 1e-9 * max(1, abs(expected)), "\(objective)")
    }
  }

  /// The gradient with respect to the image is the sum of the classes' gradients, each times the derivative by that
  /// class's score, which a difference of the formula gives.
  @Test func gradientsOfScoresFollowTheFormulas() throws {
    let network = try Self.network(), evaluation = try network.evaluation(of: Self.image)
    let scores = try evaluation.scores().map(Double.init)
    let gradients = try scores.indices.map { try evaluation.gradient(of: .score(class: $0)) }
    for objective in Self.ofScores {
      var expected = [Float](repeating: 0, count: Self.image.values.count)
      for index in scores.indices {
        var (above, below) = (scores, scores)
        (above[index], below[index]) = (scores[index] + 1e-5, scores[index] - 1e-5)
        let values = try (#require(Self.expected(objective, above)), #require(Self.expected(objective, below)))
        let slope = Float((values.0 - values.1) / 2e-5)
        for place in expected.indices { expected[place] += slope * gradients[index].values[place] }
      }
      let found = try evaluation.gradient(of: objective)
      #expect(relativeError(found.values, expected) < 1e-4, "\(objective)")
    }
  }

  private static let functions: [LayerFunction] = [
    .neuron(channel: 0), .channel(0), .meanSquare,
    .direction((0..<16).map { Float($0 % 5) - 1 }), .direction((0..<16).map { Float($0 % 5) - 1 }, power: 1),
    .direction((0..<16).map { Float($0 % 3) }, power: 2), .inversion(of: Tensor(shape: [1], repeating: 0)),
  ]

  /// The value changes by the gradient times the change of the image.
  @Test(arguments: functions.indices) func gradientsOfActivationsAreSlopes(index: Int) throws {
    let network = try Self.network(), layer = Self.layer(network)
    let activation = try network.evaluation(of: Self.image).activation(of: layer), shape = activation.shape
    let best = try #require(activation.values.indices.max { activation.values[$0] < activation.values[$1] })
    let channel = best / (shape[1] * shape[2])
    var function = Self.functions[index]
    switch function {
    case .neuron: function = .neuron(channel: channel, row: best / shape[2] % shape[1], column: best % shape[2])
    case .channel: function = .channel(channel)
    case .meanSquare: break
    case .inversion:
      let random = RandomSource(seed: 8).normals(activation.values.count)
      function = .inversion(of: Tensor(shape: shape, values: random))
    case .direction(let vector, let power):
      function = .direction((0..<shape[0]).map { vector[$0 % 16] }, power: power)
    }
    let objective = Objective.activation(of: layer, function)
    let gradient = try network.evaluation(of: Self.image).gradient(of: objective)
    let length = gradient.values.reduce(0) { $0 + $1 * $1 }
    try #require(length > 0)
    func value(_ step: Float) throws -> Double {
      var image = Self.image
      for place in image.values.indices { image.values[place] += step * gradient.values[place] }
      return try network.evaluation(of: image).value(of: objective)
    }
    // A step so short that few ReLUs change their side.
    let step = 2e-4 / length.squareRoot()
    let slope = (try value(step) - value(-step)) / Double(2 * step)
    #expect(abs(slope / Double(length) - 1) < 0.02, "\(slope) against \(length)")
  }

  /// The mean of a channel of the layer that the scores average is that class's score.
  @Test func channelBeforeTheAverageIsTheScore() throws {
    let network = try Self.network(), evaluation = try network.evaluation(of: Self.image)
    let last = network.layerNames[network.layerNames.count - 2]
    let channel = Objective.activation(of: last, .channel(1))
    #expect(abs(try evaluation.value(of: channel) - Double(evaluation.scores()[1])) < 1e-6)
    let expected = try evaluation.gradient(of: .score(class: 1))
    #expect(relativeError(try evaluation.gradient(of: channel).values, expected.values) < 1e-6)
  }

  /// Without a row and a column, a neuron is that of the middle.
  @Test func neuronIsThatOfTheMiddle() throws {
    let network = try Self.network(), layer = Self.layer(network), evaluation = try network.evaluation(of: Self.image)
    let activation = try evaluation.activation(of: layer), (height, width) = (activation.shape[1], activation.shape[2])
    for channel in 0..<activation.shape[0] {
      let value = try evaluation.value(of: .activation(of: layer, .neuron(channel: channel)))
      #expect(value == Double(activation.values[(channel * height + height / 2) * width + width / 2]))
    }
  }

  @Test func threadsDoNotChangeTheGradient() throws {
    let names = try Self.network().layerNames
    let objective = Objective.sum([
      (2, .activation(of: names[2], .meanSquare)), (-1, .activation(of: names[names.count - 2], .channel(0))),
      (0.5, .score(class: 1)),
    ])
    let one = try Self.network().evaluation(of: Self.image).gradient(of: objective)
    for threads in [2, 3] {
      #expect(try Self.network(threads: threads).evaluation(of: Self.image).gradient(of: objective) == one)
    }
  }

  /// An evaluation for the forward pass alone knows values too.
  @Test func valuesNeedNoGradient() throws {
    let network = try Self.network(), layer = Self.layer(network)
    let objective = Objective.sum([(1, .activation(of: layer, .meanSquare)), (2, .score(class: 1))])
    let value = try network.evaluation(of: Self.image, gradient: false).value(of: objective)
    let expected = try network.evaluation(of: Self.image).value(of: objective)
    #expect(abs(value - expected) < 1e-6 * abs(expected))
  }

  @Test func probabilitiesMustBeKnown() throws {
    var model = try SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7)
    model.activation = Activation.none
    let evaluation = try Network(model, name: "small").evaluation(of: Self.image)
    let advice = "needs probabilities, which are not known; activation softmax or sigmoid makes them"
    #expect(errorLine { _ = try evaluation.gradient(of: .crossEntropy(class: 1)) } == "the cross-entropy \(advice)")
    for objective in [Objective.logProbability(class: 1), .probability(class: 1)] {
      #expect(errorLine { _ = try evaluation.gradient(of: objective) } == "the objective \(advice)")
      #expect(errorLine { _ = try evaluation.value(of: objective) } == "the objective \(advice)")
    }
  }

  @Test func mistakesAreNamed() throws {
    let network = try Self.network(), layer = network.layerNames[1]
    let evaluation = try network.evaluation(of: Self.image), shape = try evaluation.activation(of: layer).shape
    func line(_ function: LayerFunction, of name: String? = nil) -> String {
      errorLine { _ = try evaluation.gradient(of: .activation(of: name ?? layer, function)) }
    }
    #expect(line(.meanSquare, of: "nowhere").hasPrefix("the network has no layer \"nowhere\""))
    #expect(line(.channel(9999)) == "channel 9999 is out of range: the layer has channels 0 to \(shape[0] - 1)")
    #expect(line(.channel(-1)).hasPrefix("channel -1 is out of range"))
    #expect(line(.neuron(channel: 0, row: 99)) == "row 99 is out of range: the layer has rows 0 to \(shape[1] - 1)")
    #expect(
      line(.neuron(channel: 0, column: 99)) == "column 99 is out of range: the layer has columns 0 to \(shape[2] - 1)")
    #expect(
      line(.direction([1])) == "a direction must have \(shape[0]) finite numbers, one per channel, found 1")
    #expect(
      line(.direction([Float](repeating: 1, count: shape[0]), power: 9))
        == "the power of a cosine must be from 0 to 8, found 9.0")
    for target in [Tensor(shape: shape, repeating: 0), Tensor(shape: [1], repeating: 1)] {
      #expect(
        line(.inversion(of: target)).hasPrefix(
          "an activation to invert must have the shape (\(shape[0]), \(shape[1]), "))
    }
    #expect(
      errorLine { _ = try evaluation.gradient(of: .margin(class: 99)) }.hasPrefix("class 99 is out of range"))
    #expect(
      errorLine { _ = try evaluation.value(of: .custom { $0 }) }
        == "an objective that is a closure has derivatives but no value")
  }
}
