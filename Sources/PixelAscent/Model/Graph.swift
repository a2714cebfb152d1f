// SPDX-License-Identifier: MIT

/// A network's layers and how they are connected, without weights.
///
/// In a model file it is JSON; `GraphLayer` shows a layer's form. Readers of other formats make the same graph.
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
/// A layer's parameters are the tensors `<name>.weight` and so on, as its operation lists them.
package struct GraphLayer: Sendable {
  /// The layer's name, which its output goes by too.
  package var name: String
  package var operation: any Operation
  /// The names of the layers whose outputs it takes; `Graph.image` is the network's input.
  package var inputs: [String]

  package init(name: String, operation: any Operation, inputs: [String]) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
  }
}

extension GraphLayer: Hashable {
  package static func == (one: GraphLayer, other: GraphLayer) -> Bool {
    one.name == other.name && one.inputs == other.inputs && one.operation.isEqual(to: other.operation)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(inputs)
    hasher.combine(AnyHashable(operation))
  }
}
