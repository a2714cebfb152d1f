// SPDX-License-Identifier: MIT

/// A network's layers and how they are connected, without weights.
///
/// In a model file it is JSON; `GraphLayer` shows a layer's form.
package struct Graph: Codable, Hashable, Sendable {
  package struct Input: Codable, Hashable, Sendable {
    package var channels: Int

    package init(channels: Int) { self.channels = channels }
  }

  /// The name by which layers refer to the network's input.
  package static let image = "image"

  package var input: Input
  /// The layers, each after those it takes its inputs from.
  package var layers: [GraphLayer]
  /// The name of the layer whose output are the scores.
  package var output: String

  package init(input: Input, layers: [GraphLayer], output: String) {
    self.input = input
    self.layers = layers
    self.output = output
  }
}

/// One layer, in JSON for example
/// `{"name":"conv1","op":"conv","inputs":["image"],"kernel":3,"stride":2,"padding":0,"channels":64,"relu":true}`.
///
/// A convolution's weights are the tensors `<name>.weight`, of shape (out, in, kernel, kernel), and `<name>.bias`,
/// of shape (out).
package struct GraphLayer: Hashable, Sendable {
  /// The layer's name, which its output goes by too.
  package var name: String
  package var operation: Operation
  /// The names of the layers whose outputs it takes; `Graph.image` is the network's input.
  package var inputs: [String]

  package init(name: String, operation: Operation, inputs: [String]) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
  }
}

package enum Operation: Hashable, Sendable {
  /// A square convolution; with `relu` its output is max(0, ·).
  case convolution(kernel: Int, stride: Int, padding: Int, outputChannels: Int, relu: Bool)
  /// The maximum of a square window; in ceil mode a window may hang over the lower and right edges.
  case maxPool(kernel: Int, stride: Int, ceilMode: Bool)
  /// The inputs' channels one after another.
  case concatenate
  /// The mean of every channel.
  case globalAverage
}

extension GraphLayer: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, op, inputs, kernel, stride, padding, channels, relu, ceil
  }

  private enum OperationName: String {
    case conv, maxPool, concatenate, globalAverage
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func integer(_ key: CodingKeys) throws -> Int { try container.decode(Int.self, forKey: key) }
    name = try container.decode(String.self, forKey: .name)
    inputs = try container.decode([String].self, forKey: .inputs)
    let op = try container.decode(String.self, forKey: .op)
    operation =
      switch OperationName(rawValue: op) {
      case .conv:
        .convolution(
          kernel: try integer(.kernel), stride: try integer(.stride), padding: try integer(.padding),
          outputChannels: try integer(.channels), relu: try container.decode(Bool.self, forKey: .relu))
      case .maxPool:
        .maxPool(
          kernel: try integer(.kernel), stride: try integer(.stride),
          ceilMode: try container.decode(Bool.self, forKey: .ceil))
      case .concatenate: .concatenate
      case .globalAverage: .globalAverage
      case nil:
        throw PixelAscentError(
          .invalidModel,
          "layer \(name.oneLine) has an unknown op \"\(op.oneLine)\"; known: conv, maxPool, concatenate, globalAverage")
      }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func encode(_ op: OperationName) throws { try container.encode(op.rawValue, forKey: .op) }
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    switch operation {
    case .convolution(let kernel, let stride, let padding, let channels, let relu):
      try encode(.conv)
      try container.encode(kernel, forKey: .kernel)
      try container.encode(stride, forKey: .stride)
      try container.encode(padding, forKey: .padding)
      try container.encode(channels, forKey: .channels)
      try container.encode(relu, forKey: .relu)
    case .maxPool(let kernel, let stride, let ceilMode):
      try encode(.maxPool)
      try container.encode(kernel, forKey: .kernel)
      try container.encode(stride, forKey: .stride)
      try container.encode(ceilMode, forKey: .ceil)
    case .concatenate: try encode(.concatenate)
    case .globalAverage: try encode(.globalAverage)
    }
  }
}

extension Graph {
  /// The number of channels of the image and of every layer's output, by name.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` that names the layer, if the graph contradicts itself: a
  ///   name given twice, an input that no earlier layer makes, a number out of range, or scores that nothing makes.
  package func channels() throws(PixelAscentError) -> [String: Int] {
    let channelRange = 1...65_536
    guard channelRange.contains(input.channels) else {
      throw PixelAscentError(.invalidModel, "the input declares \(input.channels) channels")
    }
    var channels = [Graph.image: input.channels]
    for layer in layers {
      let name = "layer \(layer.name.oneLine)"
      var incoming = [Int]()
      for input in layer.inputs {
        guard let count = channels[input] else {
          throw PixelAscentError(.invalidModel, "\(name) takes \(input.oneLine), which no earlier layer makes")
        }
        incoming.append(count)
      }
      if layer.operation == .concatenate ? incoming.isEmpty : incoming.count != 1 {
        throw PixelAscentError(.invalidModel, "\(name) declares \(incoming.count) inputs")
      }
      var count = incoming.reduce(0, +)
      switch layer.operation {
      case .convolution(let kernel, let stride, let padding, let outputChannels, _):
        try Graph.check(kernel: kernel, stride: stride, of: name)
        guard (0..<kernel).contains(padding) else {
          throw PixelAscentError(.invalidModel, "\(name) declares padding \(padding) of a kernel of \(kernel)")
        }
        count = outputChannels
      case .maxPool(let kernel, let stride, _):
        try Graph.check(kernel: kernel, stride: stride, of: name)
      case .concatenate, .globalAverage: break
      }
      guard channelRange.contains(count) else {
        throw PixelAscentError(.invalidModel, "\(name) declares \(count) channels; this version takes 1 to 65536")
      }
      guard channels.updateValue(count, forKey: layer.name) == nil else {
        throw PixelAscentError(.invalidModel, "\(name) is declared twice")
      }
    }
    guard output != Graph.image, channels[output] != nil else {
      throw PixelAscentError(.invalidModel, "the output is \(output.oneLine), which no layer makes")
    }
    return channels
  }

  private static func check(kernel: Int, stride: Int, of name: String) throws(PixelAscentError) {
    guard (1...64).contains(kernel), (1...64).contains(stride) else {
      throw PixelAscentError(
        .invalidModel, "\(name) declares kernel \(kernel) and stride \(stride); this version takes 1 to 64")
    }
  }
}
