// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// A model and an image, with the scores and gradients that the reference computes from them.
struct NetworkComparison {
  let file: Model
  let image: Tensor
  let trace: ReferenceNetwork.Trace
  let scores: ReferenceNetwork.Array3
  private let gradients: [(class: Int, throughLastReLU: Bool, gradient: ReferenceNetwork.Array3)]

  /// Computes the reference's scores, and the gradients of some classes, spread evenly from the first class to the
  /// last.
  ///
  /// - Parameters:
  ///   - maxClasses: the largest number of classes whose gradients are computed
  ///   - beforeLastReLU: whether to compute the gradients of the scores before the last ReLU, too
  init(_ file: Model, _ image: Tensor, maxClasses: Int, beforeLastReLU: Bool = false) throws {
    let reference = try ReferenceNetwork(file: file)
    trace = try reference.forward(image)
    scores = try #require(trace.outputs[file.graph.output])
    (self.file, self.image) = (file, image)
    let count = scores.values.count, steps = min(maxClasses, count), trace = trace
    let classes = Set((0..<steps).map { steps == 1 ? 0 : $0 * (count - 1) / (steps - 1) }).sorted()
    gradients = classes.flatMap { (index: Int) in
      (beforeLastReLU ? [true, false] : [true]).map { (through: Bool) in
        let seed = (0..<count).map { $0 == index ? 1.0 : 0 }
        return (index, through, reference.gradient(trace, seed: seed, throughLastReLU: through))
      }
    }
  }

  /// Whether a gradient has a value other than zero.
  var hasNonzeroGradient: Bool { gradients.contains { $0.gradient.values.contains { $0 != 0 } } }

  /// Whether all sums are exact in float, as far as the outputs and gradients show.
  var isExact: Bool {
    let values = gradients.flatMap(\.gradient.values)
    return trace.isExact && values.allSatisfy { Double(Float($0)) == $0 && abs($0) < 0x1p20 }
  }

  /// - Parameter isExact: whether the network must not use Winograd's method, which rounds even with integers
  func network(
    _ set: InstructionSet, threads: Int = ComputeOptions.availableThreads, isExact: Bool = false
  ) throws -> Network {
    var options = ComputeOptions(threads: threads, instructionSet: set)
    options.allowsWinograd = !isExact
    return try Network(file, name: "small", options: options)
  }

  /// Compares the network's scores and gradients with the reference's.
  ///
  /// - Parameter deviations: by how many standard deviations a number may differ; nil if it must be equal
  func check(_ set: InstructionSet, deviations: Double?, _ what: String) throws {
    let network = try network(set, isExact: deviations == nil)
    let size = "\(what), \(image.shape[1])×\(image.shape[2]), \(set.name)"
    Self.expect(try network.scores(of: image), scores, deviations, "scores of \(size)")
    for (index, through, expected) in gradients {
      let found = try network.gradient(of: .score(class: index), at: image, throughLastReLU: through)
      Self.expect(found.scores, scores, deviations, "scores of \(size)")
      Self.expect(
        found.gradient.values, expected, deviations,
        "gradient of class \(index)\(through ? "" : " before the last ReLU") of \(size)")
    }
  }

  /// Returns the comparison of a network with real parameters, from the first seed with which no value is so near a tie
  /// that rounding could decide it.
  static func reals(
    _ network: NetworkCase, _ size: (height: Int, width: Int), maxClasses: Int
  ) throws -> (comparison: NetworkComparison, seed: UInt64) {
    var seed: UInt64 = 0
    func comparison() throws -> NetworkComparison {
      try NetworkComparison(
        network.file(integers: false, seed: seed), network.image(size, integers: false, seed: seed),
        maxClasses: maxClasses, beforeLastReLU: network.endsWithReLU)
    }
    var found = try comparison()
    while found.trace.margin < 8 && seed < 200 {
      seed += 1
      found = try comparison()
    }
    try #require(found.trace.margin >= 8)
    return (found, seed)
  }

  /// Compares the activation of every layer, and the gradient of the first class's score with respect to it, in one
  /// evaluation.
  func checkLayers(_ set: InstructionSet, deviations: Double?, _ what: String) throws {
    let reference = try ReferenceNetwork(file: file), seed = scores.values.indices.map { $0 == 0 ? 1.0 : 0 }
    let expected = reference.gradients(trace, seed: seed)
    let evaluation = try network(set, isExact: deviations == nil).evaluation(of: image)
    for name in evaluation.network.layerNames + [Graph.image] {
      let output = try #require(trace.outputs[name]), name = "\(name) of \(what), \(set.name)"
      let layer = String(name.prefix { $0 != " " })
      for _ in 0..<2 {
        let activation = try evaluation.activation(of: layer)
        #expect(activation.shape == [output.channels, output.height, output.width])
        Self.expect(activation.values, output, deviations, "activation of \(name)")
        let gradient = try evaluation.gradient(of: .score(class: 0), at: layer)
        #expect(gradient.shape == activation.shape)
        let nothing = ReferenceNetwork.Array3(output.channels, output.height, output.width)
        Self.expect(gradient.values, expected[layer] ?? nothing, deviations, "gradient at \(name)")
      }
    }
    Self.expect(try evaluation.scores(), scores, deviations, "scores of \(what), \(set.name)")
  }

  /// Compares the value and the gradient of sums of functions of one to three layers' activations, and of the first
  /// class's score, in one evaluation.
  func checkObjectives(_ set: InstructionSet, deviations: Double?, _ what: String) throws {
    let reference = try ReferenceNetwork(file: file), network = try network(set, isExact: deviations == nil)
    let evaluation = try network.evaluation(of: image), names = network.layerNames
    for first in names.indices {
      let layers = Set(
        [first, (first + names.count / 2) % names.count, (7 * first + 3) % names.count].prefix(1 + first % 3))
      let hasScore = first % 2 == 1
      var terms: [(weight: Double, objective: Objective)] = hasScore ? [(3, .score(class: 0))] : []
      var seeds: [String: ReferenceNetwork.Array3] = [:], value = hasScore ? 3 * scores.values[0] : 0
      if hasScore { seeds[file.graph.output] = seed(of: file.graph.output) { $0 == 0 ? 3 : 0 } }
      for index in layers.sorted() {
        let name = names[index], output = try #require(trace.outputs[name]), area = output.height * output.width
        let weight = Double(1 + index % 3), channel = (output.channels - 1) * (index % 2), count = output.values.count
        let middle = channel * area + output.height / 2 * output.width + output.width / 2
        let kind = deviations == nil ? 0 : (first + index) % 3, all = channel * area..<(channel + 1) * area
        let function: LayerFunction =
          kind == 0 ? .neuron(channel: channel) : kind == 1 ? .channel(channel) : .meanSquare
        terms.append((weight, .activation(of: name, function)))
        let own = seed(of: name) { (place: Int) -> Double in
          switch kind {
          case 0: place == middle ? weight : 0
          case 1: all.contains(place) ? weight / Double(area) : 0
          default: weight * 2 * output.values[place] / Double(count)
          }
        }
        var sum = own
        for place in sum.values.indices where kind == 2 {
          let factor = 2 * weight / Double(count)
          sum.variance[place] = factor * factor * output.variance[place]
        }
        if kind > 0 { sum.addRounding(sum.values.map(abs), terms: 2) }
        if let other = seeds[name] {
          for place in other.values.indices {
            sum.values[place] += other.values[place]
            sum.variance[place] += other.variance[place]
          }
        }
        seeds[name] = sum
        switch kind {
        case 0: value += weight * output.values[middle]
        case 1: value += weight * output.values[all].reduce(0, +) / Double(area)
        default: value += weight * output.values.reduce(0) { $0 + $1 * $1 } / Double(count)
        }
      }
      let expected = reference.gradients(trace, seeds: seeds)[Graph.image]
      let what = "\(layers.map { names[$0] })\(hasScore ? " and a score" : "") of \(what), \(set.name)"
      let found = try evaluation.gradient(of: .sum(terms))
      let nothing = ReferenceNetwork.Array3(image.shape[0], image.shape[1], image.shape[2])
      Self.expect(found.values, expected ?? nothing, deviations, "gradient of \(what)")
      #expect(abs(try evaluation.value(of: .sum(terms)) - value) <= 1e-4 * max(1, abs(value)), "value of \(what)")
    }
    // Afterwards the evaluation still knows the scores and their gradients.
    Self.expect(try evaluation.scores(), scores, deviations, "scores of \(what), \(set.name)")
    let gradient = try evaluation.gradient(of: .score(class: 0))
    let seed = scores.values.indices.map { $0 == 0 ? 1.0 : 0 }
    Self.expect(gradient.values, reference.gradient(trace, seed: seed), deviations, "gradient of a score of \(what)")
  }

  private func seed(of layer: String, _ value: (Int) -> Double) -> ReferenceNetwork.Array3 {
    let output = trace.outputs[layer] ?? ReferenceNetwork.Array3(0, 0, 0)
    var seed = ReferenceNetwork.Array3(output.channels, output.height, output.width)
    for index in seed.values.indices { seed.values[index] = value(index) }
    return seed
  }

  private static func expect(
    _ found: [Float], _ expected: ReferenceNetwork.Array3, _ deviations: Double?, _ what: String
  ) {
    #expect(found.count == expected.values.count)
    guard let deviations else {
      let wrong = zip(found, expected.values).first { Double($0) != $1 }
      #expect(wrong == nil, "\(what)")
      return
    }
    var worst = 0.0
    for (index, value) in found.enumerated() {
      let error = abs(Double(value) - expected.values[index])
      let share = error == 0 ? 0 : error / (deviations * expected.variance[index].squareRoot())
      worst = max(worst, share.isNaN ? .infinity : share)
    }
    #expect(worst <= 1, "\(what): worst = \(100 * worst) % of the bound")
  }
}
