// SPDX-License-Identifier: MIT

/// What a reader makes of another format's file: a graph with its parameters, and what else the file or the recognised
/// architecture says.
package struct ImportedModel: Sendable {
  /// The graph; it may hold the operations that `simplified()` takes out.
  package var graph: Graph
  /// `<layer name>.weight` and so on, as `Operation` lists them.
  package var parameters: [String: Parameter]
  /// What the architecture's photographs go through; nil if it is not known.
  package var preprocessing: Preprocessing?
  /// The names of the classes; nil if they are not known.
  package var labels: Labels?
  /// The architecture's name ("resnet18"), or what the file says of its origin.
  package var source: String
  /// What a user should know, a line each: "the softmax at the end is left out: scores are what comes before it".
  package var notes: [String]

  /// The short side of the images that the file was made for; nil if it leaves that open.
  package var inputSize: Int?
  /// Files beside the model's own that its parameters were read from, in the order of their names.
  package var otherFiles: [ByteSource] = []

  package init(
    graph: Graph, parameters: [String: Parameter], preprocessing: Preprocessing? = nil, labels: Labels? = nil,
    source: String, notes: [String] = [], inputSize: Int? = nil
  ) {
    self.graph = graph
    self.parameters = parameters
    self.preprocessing = preprocessing
    self.labels = labels
    self.source = source
    self.notes = notes
    self.inputSize = inputSize
  }
}
