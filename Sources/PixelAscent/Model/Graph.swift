// SPDX-License-Identifier: MIT

/// The layers of a network and their connections, without weights.
///
/// A model file holds the graph as JSON; `GraphLayer` has an example of a layer. Readers of other formats make such a
/// graph, too.
package struct Graph: Codable, Hashable, Sendable {
  package struct Input: Codable, Hashable, Sendable {
    package var channels: Int

    package init(channels: Int) { self.channels = channels }
  }

  /// The name by which layers refer to the network's input.
  package static let image = "image"

  package var input: Input
  /// The layers. Each layer comes after the layers whose outputs it takes.
  package var layers: [GraphLayer]
  /// The name of the layer whose outputs are the scores.
  package var output: String

  package init(input: Input, layers: [GraphLayer], output: String) {
    self.input = input
    self.layers = layers
    self.output = output
  }
}

/// One layer of a graph. An example in JSON:
/// `{"name":"conv1","op":"conv","inputs":["image"],"kernel":3,"stride":2,"padding":0,"channels":64,"relu":true}`.
///
/// A layer's parameters are the tensors `<name>.weight` and so on. The layer's operation lists them.
package struct GraphLayer: Sendable {
  /// The name of the layer and of its output.
  package var name: String
  package var operation: any Operation
  /// The names of the layers whose outputs the layer takes; `Graph.image` is the network's input.
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
