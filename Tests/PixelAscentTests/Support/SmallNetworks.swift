// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

/// Small networks, and functions that make them.
enum SmallNetworks {
  /// Returns preprocessing with mean 0.5 and std 0.25: the box is [−2, 2] in every channel.
  static func halves(inputSize: PixelSize, channels: Int = 3) throws -> Preprocessing {
    let (half, quarter) = ([Float](repeating: 0.5, count: channels), [Float](repeating: 0.25, count: channels))
    return try Preprocessing(mean: half, std: quarter, inputSize: inputSize)
  }

  static func layer(_ name: String, _ operation: any PixelAscent.Operation, _ inputs: String...) -> GraphLayer {
    GraphLayer(name: name, operation: operation, inputs: inputs)
  }

  static func convolution(
    _ name: String, _ input: String, _ kernel: Int, _ channels: Int, stride: Int = 1, padding: Int = 0,
    groups: Int = 1, clamp: Clamp = .relu
  ) -> GraphLayer {
    let window = Window(kernel: kernel, stride: stride, padding: padding)
    return layer(name, Convolution(window, groups: groups, outputs: channels, clamp: clamp), input)
  }

  static func pool(_ name: String, _ input: String) -> GraphLayer {
    layer(name, MaxPool(Window(kernel: 3, stride: 2), ceilMode: true), input)
  }

  static func concatenate(_ name: String, _ inputs: String...) -> GraphLayer {
    GraphLayer(name: name, operation: Concatenate(), inputs: inputs)
  }

  /// Returns a graph of these layers whose scores are the means of the last layer's channels.
  static func graph(_ layers: [GraphLayer]) -> Graph {
    Graph(
      input: .init(channels: 3),
      layers: layers + [layer("scores", GlobalAverage(), layers.last?.name ?? "image")], output: "scores")
  }

  /// A small SqueezeNet: fewer and narrower layers, some of whose channel counts are not multiples of 16.
  static let squeezed = graph([
    convolution("conv1", "image", 3, 20, stride: 2), pool("pool1", "conv1"),
    convolution("squeeze2", "pool1", 1, 5), convolution("expand2a", "squeeze2", 1, 16),
    convolution("expand2b", "squeeze2", 3, 17, padding: 1), concatenate("fire2", "expand2a", "expand2b"),
    pool("pool2", "fire2"),
    convolution("squeeze3", "pool2", 1, 18), convolution("expand3a", "squeeze3", 1, 32),
    convolution("expand3b", "squeeze3", 3, 16, padding: 1), concatenate("fire3", "expand3a", "expand3b"),
    convolution("conv10", "fire3", 1, 21),
  ])

  /// A network with features that SqueezeNet does not have: a padded first layer, strides in later layers, a layer
  /// without ReLU, a value that three layers read, and scores that are the mean of a concatenation.
  static let branched = graph([
    convolution("conv1", "image", 3, 18, padding: 1), convolution("conv2", "conv1", 3, 10, stride: 2, padding: 1),
    convolution("left", "conv2", 1, 16, stride: 2), convolution("middle", "conv2", 3, 16, stride: 2, padding: 1),
    convolution("right", "conv2", 3, 12, stride: 2, padding: 1), concatenate("all", "left", "middle", "right"),
    convolution("linear", "all", 3, 20, clamp: .none), pool("pool", "linear"),
    convolution("head1", "pool", 1, 16), convolution("head2", "pool", 1, 9), concatenate("heads", "head1", "head2"),
  ])

  /// Returns a model of `graph` with random parameters: small integers, mostly 0, or reals with which the activations
  /// of all layers have about the same magnitude.
  static func random(
    _ graph: Graph, integers: Bool, seed: UInt64, preprocessing: Preprocessing = .imageNet
  ) throws -> Model {
    var random = TestRandom(seed)
    let size = preprocessing.inputSize, shapes = try graph.shapes(height: size.height, width: size.width)
    var tensors: [String: Tensor] = [:]
    for layer in graph.layers {
      let input = layer.inputs.first.flatMap { shapes[$0] } ?? ValueShape(channels: 0)
      for (suffix, allowed) in layer.operation.parameterShapes(input) {
        let shape = allowed[0], count = shape.reduce(1, *)
        let values: [Double]
        switch (suffix, shape.count) {
        case ("weight", 2...):
          values = weights(&random, count, terms: shape.dropFirst().reduce(1, *), integers: integers)
        case ("weight", _):
          values = integers ? random.integers(count, range: 1) : random.reals(count).map { 0.7 + 0.5 * $0 }
        default:
          values = integers ? random.integers(count, range: 2) : random.reals(count).map { 0.2 * $0 }
        }
        tensors["\(layer.name).\(suffix)"] = Tensor(shape: shape, values: values.map(Float.init))
      }
    }
    return try model(graph, tensors: tensors, preprocessing: preprocessing)
  }

  private static func weights(_ random: inout TestRandom, _ count: Int, terms: Int, integers: Bool) -> [Double] {
    if !integers {
      let size = (6 / Double(terms)).squareRoot()
      return random.reals(count).map { $0 * size }
    }
    // On average about four of an output's weights are not zero.
    let values = random.integers(count, range: 1), chances = random.integers(count, range: terms)
    return zip(values, chances).map { abs($1) < 6 ? $0 : 0 }
  }

  /// Returns a model of `graph` with these parameters.
  static func model(
    _ graph: Graph, tensors: [String: Tensor], preprocessing: Preprocessing = .imageNet
  ) throws -> Model {
    let size = preprocessing.inputSize
    let classes = try graph.shapes(height: size.height, width: size.width)[graph.output]?.channels ?? 0
    return try Model(
      graph: graph, labels: Labels(names: (0..<classes).map { ["class \($0)"] }), preprocessing: preprocessing,
      source: "a test", licence: "MIT", tensors: tensors, name: "small")
  }
}

extension ClassVisualization.Recipe {
  /// The recipes whose ascents change pixels.
  static let ofPixels = allCases.filter { ClassVisualization($0).parametrization == .pixels }
}
