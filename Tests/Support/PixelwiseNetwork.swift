// SPDX-License-Identifier: MIT

import PixelAscent

/// A network whose scores can be computed by hand: s_c = mean over all pixels of max(0, w_c · x + b_c).
package enum PixelwiseNetwork {
  /// A class of the network.
  package struct Class {
    package let weight: [Float]
    package let bias: Float

    package init(weight: [Float], bias: Float) { (self.weight, self.bias) = (weight, bias) }
  }

  /// Returns a network of these classes, with mean 0.5 and std 0.25: the box is [−2, 2] in every channel.
  ///
  /// - Parameters:
  ///   - names: the classes' names; nil for "class 0", "class 1", …
  ///   - source: what the model's metadata gives as its source
  ///   - clamp: what the scores' ReLU is replaced by
  ///   - activation: how scores become probabilities; nil for the softmax
  package static func make(
    _ classes: [Class], names: [String]? = nil, source: String = "a test", inputSize: PixelSize = 8,
    clamp: Clamp = .relu,
    activation: Activation? = nil
  ) throws -> Network {
    let model = try model(
      classes, names: names, source: source, inputSize: inputSize, clamp: clamp, activation: activation)
    return try Network(model, name: "pixelwise")
  }

  /// Returns the file of a network with the one output mean(w · x + b), or mean(max(0, w · x + b)) with a ReLU.
  package static func oneOutput(
    _ output: Class, name: String, clamp: Clamp = .none, activation: Activation? = nil
  ) throws -> [UInt8] {
    try model([output], names: [name], source: "a test", inputSize: 8, clamp: clamp, activation: activation)
      .safetensors().data()
  }

  private static func model(
    _ classes: [Class], names: [String]?, source: String, inputSize: PixelSize, clamp: Clamp, activation: Activation?
  ) throws -> Model {
    let convolution = Convolution(Window(kernel: 1), groups: 1, outputs: classes.count, clamp: clamp)
    let graph = Graph(
      input: .init(channels: 3),
      layers: [
        GraphLayer(name: "conv", operation: convolution, inputs: ["image"]),
        GraphLayer(name: "scores", operation: GlobalAverage(), inputs: ["conv"]),
      ], output: "scores")
    let names = names ?? classes.indices.map { "class \($0)" }
    var model = try Model(
      graph: graph, labels: Labels(names: names.map { [$0] }),
      preprocessing: Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], inputSize: inputSize),
      source: source, licence: "MIT",
      tensors: [
        "conv.weight": Tensor(shape: [classes.count, 3, 1, 1], values: classes.flatMap(\.weight)),
        "conv.bias": Tensor(shape: [classes.count], values: classes.map(\.bias)),
      ], name: "pixelwise")
    model.activation = activation
    return model
  }
}
