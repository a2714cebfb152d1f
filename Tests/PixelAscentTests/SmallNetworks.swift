// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

/// Networks made in memory.
enum SmallNetworks {
  /// One class of a network of which everything can be computed by hand.
  struct Class {
    let weight: [Float]
    let bias: Float
  }

  /// p = 0.5 + 0.25 · x: the box is [−2, 2] in every channel.
  static func halves(inputSize: Int) throws -> Preprocessing {
    try Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], inputSize: inputSize)
  }

  /// s_c = mean over all pixels of max(0, w_c · x + b_c).
  static func pixelwise(
    _ classes: [Class], inputSize: Int = 8, options: ComputeOptions = ComputeOptions()
  ) throws -> Network {
    let graph = Graph(
      input: .init(channels: 3),
      layers: [
        convolution("conv", "image", 1, classes.count),
        GraphLayer(name: "scores", operation: .globalAverage, inputs: ["conv"]),
      ], output: "scores")
    return try Network(
      model(
        graph,
        tensors: [
          "conv.weight": Tensor(shape: [classes.count, 3, 1, 1], values: classes.flatMap(\.weight)),
          "conv.bias": Tensor(shape: [classes.count], values: classes.map(\.bias)),
        ], preprocessing: halves(inputSize: inputSize)), name: "small", options: options)
  }

  static func convolution(
    _ name: String, _ input: String, _ kernel: Int, _ channels: Int, stride: Int = 1, padding: Int = 0,
    relu: Bool = true
  ) -> GraphLayer {
    GraphLayer(
      name: name,
      operation: .convolution(kernel: kernel, stride: stride, padding: padding, outputChannels: channels, relu: relu),
      inputs: [input])
  }

  static func pool(_ name: String, _ input: String) -> GraphLayer {
    GraphLayer(name: name, operation: .maxPool(kernel: 3, stride: 2, ceilMode: true), inputs: [input])
  }

  static func concatenate(_ name: String, _ inputs: String...) -> GraphLayer {
    GraphLayer(name: name, operation: .concatenate, inputs: inputs)
  }

  static func graph(_ layers: [GraphLayer]) -> Graph {
    Graph(
      input: .init(channels: 3),
      layers: layers + [GraphLayer(name: "scores", operation: .globalAverage, inputs: [layers.last?.name ?? "image"])],
      output: "scores")
  }

  /// SqueezeNet's layers, fewer and narrower, with channel counts that are no multiples of 16.
  static let squeezed = graph([
    convolution("conv1", "image", 3, 20, stride: 2), pool("pool1", "conv1"),
    convolution("squeeze2", "pool1", 1, 5), convolution("expand2a", "squeeze2", 1, 16),
    convolution("expand2b", "squeeze2", 3, 17, padding: 1), concatenate("fire2", "expand2a", "expand2b"),
    pool("pool2", "fire2"),
    convolution("squeeze3", "pool2", 1, 18), convolution("expand3a", "squeeze3", 1, 32),
    convolution("expand3b", "squeeze3", 3, 16, padding: 1), concatenate("fire3", "expand3a", "expand3b"),
    convolution("conv10", "fire3", 1, 21),
  ])

  /// What SqueezeNet lacks: a padded first layer, strides within, a layer without ReLU, a value that three layers read,
  /// and scores that are the mean of a concatenation.
  static let branched = graph([
    convolution("conv1", "image", 3, 18, padding: 1), convolution("conv2", "conv1", 3, 10, stride: 2, padding: 1),
    convolution("left", "conv2", 1, 16, stride: 2), convolution("middle", "conv2", 3, 16, stride: 2, padding: 1),
    convolution("right", "conv2", 3, 12, stride: 2, padding: 1), concatenate("all", "left", "middle", "right"),
    convolution("linear", "all", 3, 20, relu: false), pool("pool", "linear"),
    convolution("head1", "pool", 1, 16), convolution("head2", "pool", 1, 9), concatenate("heads", "head1", "head2"),
  ])

  /// A model of `graph` with random weights: −1, 0 and 1, mostly 0, or reals that keep the size of the activations.
  static func random(_ graph: Graph, integers: Bool, seed: UInt64) throws -> ModelFile {
    var random = TestRandom(seed)
    let channels = try graph.channels()
    var tensors: [String: Tensor] = [:]
    for layer in graph.layers {
      guard case .convolution(let kernel, _, _, let outputs, _) = layer.operation else { continue }
      let inputs = channels[layer.inputs[0], default: 0], terms = inputs * kernel * kernel
      let weights: [Double]
      if integers {
        // About eight that are not zero to each output.
        weights = zip(random.integers(outputs * terms, range: 1), random.integers(outputs * terms, range: terms)).map {
          abs($1) < 6 ? $0 : 0
        }
      } else {
        weights = random.reals(outputs * terms).map { $0 * (6 / Double(terms)).squareRoot() }
      }
      tensors["\(layer.name).weight"] = Tensor(
        shape: [outputs, inputs, kernel, kernel], values: weights.map(Float.init))
      let biases = integers ? random.integers(outputs, range: 2) : random.reals(outputs).map { 0.2 * $0 }
      tensors["\(layer.name).bias"] = Tensor(shape: [outputs], values: biases.map(Float.init))
    }
    return try model(graph, tensors: tensors)
  }

  static func model(
    _ graph: Graph, tensors: [String: Tensor], preprocessing: Preprocessing = .imageNet
  ) throws -> ModelFile {
    let classes = try graph.channels()[graph.output, default: 0]
    return try ModelFile(
      graph: graph, labels: Labels(names: (0..<classes).map { ["class \($0)"] }), preprocessing: preprocessing,
      source: "a test", licence: "MIT", tensors: tensors, name: "small")
  }
}
