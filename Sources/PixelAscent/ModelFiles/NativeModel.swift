// SPDX-License-Identifier: MIT

/// What PixelAscent's own model file holds: weights, and all that is needed to use them.
///
/// The file is safetensors; what is not a tensor stands in its metadata, partly as JSON.
package struct ModelFile: Sendable {
  package var graph: Graph
  /// The names of the classes, as many as there are scores.
  package var labels: Labels
  package var preprocessing: Preprocessing
  /// Where the weights come from.
  package var source: String
  /// The weights' licence.
  package var licence: String
  /// What `Operation` lists, by `<layer's name>.weight` and so on.
  package var parameters: [String: Parameter]

  /// A model file of these parts, checked against each other; errors begin with `name`.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the graph contradicts itself, or the parameters or labels
  ///   contradict the graph.
  package init(
    graph: Graph, labels: Labels, preprocessing: Preprocessing, source: String, licence: String,
    parameters: [String: Parameter], name: String
  ) throws(PixelAscentError) {
    do {
      try self.init(
        graph: graph, labels: labels, preprocessing: preprocessing, source: source, licence: licence,
        parameters: parameters)
    } catch {
      throw error.within(name)
    }
  }

  /// The same where the caller says what errors are about.
  init(
    graph: Graph, labels: Labels, preprocessing: Preprocessing, source: String, licence: String,
    parameters: [String: Parameter]
  ) throws(PixelAscentError) {
    self.graph = graph
    self.labels = labels
    self.preprocessing = preprocessing
    self.source = source
    self.licence = licence
    self.parameters = parameters
    try checkParts()
  }

  /// Takes a safetensors file that holds a graph.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if it is no such file or contradicts itself.
  package init(_ file: Safetensors) throws(PixelAscentError) {
    let name = file.name
    func text(_ key: String) throws(PixelAscentError) -> String {
      guard let text = file.metadata[key] else {
        throw PixelAscentError(.invalidModel, "\(name): the metadata lacks \"\(key)\"")
      }
      return text
    }
    func json<Value: Decodable>(_ type: Value.Type, _ key: String) throws(PixelAscentError) -> Value {
      try JSONText.decode(type, from: try text(key).utf8, name: "\(name): \(key)")
    }
    guard try text("format") == ModelFile.format else {
      throw PixelAscentError(
        .invalidModel, "\(name): expected the format \(ModelFile.format), found \(try text("format").oneLine)")
    }
    let names = try json([[String]].self, "labels")
    let labels: Labels
    do {
      labels = try Labels(names: names)
    } catch {
      throw error.within(name)
    }
    try self.init(
      graph: json(Graph.self, "graph"), labels: labels,
      preprocessing: json(Preprocessing.self, "preprocessing"), source: text("source"), licence: text("licence"),
      parameters: file.parameters, name: name)
  }

  private static let format = "pixelascent-1"

  /// Whether a safetensors file is one of PixelAscent's own.
  package static func isNative(_ file: Safetensors) -> Bool {
    file.metadata["format"] != nil && file.metadata["graph"] != nil
  }

  /// The file to write. Equal model files give equal bytes.
  package func safetensors() throws -> Safetensors {
    try Safetensors(
      metadata: [
        "format": ModelFile.format,
        "graph": try JSONText.encode(graph),
        "labels": try JSONText.encode(labels.names),
        "preprocessing": try JSONText.encode(preprocessing),
        "source": source,
        "licence": licence,
      ], parameters: parameters)
  }

  private func checkParts() throws(PixelAscentError) {
    let shapes = try graph.shapes(inputSize: preprocessing.inputSize)
    guard graph.input.channels == preprocessing.mean.count else {
      throw PixelAscentError(
        .invalidModel,
        "the graph declares \(graph.input.channels) input channels, the preprocessing \(preprocessing.mean.count)")
    }
    var unused = Set(parameters.keys)
    for layer in graph.layers {
      let input = layer.inputs.first.flatMap { shapes[$0] } ?? ValueShape(channels: 0)
      for (suffix, allowed) in layer.operation.parameterShapes(input) {
        let key = "\(layer.name).\(suffix)"
        guard let found = parameters[key]?.shape else {
          throw PixelAscentError(
            .invalidModel, "the graph declares a tensor \(key.oneLine) of shape \(shapeText(allowed[0])), found none")
        }
        guard allowed.contains(found) else {
          throw PixelAscentError(
            .invalidModel,
            "tensor \(key.oneLine): the graph declares the shape \(shapeText(allowed[0])), found \(shapeText(found))")
        }
        unused.remove(key)
      }
    }
    if let key = unused.min() {
      throw PixelAscentError(.invalidModel, "it holds a tensor \(key.oneLine) that no layer of the graph uses")
    }
    let scores = shapes[graph.output]?.channels ?? 0
    guard scores == labels.count else {
      throw PixelAscentError(.invalidModel, "the graph declares \(scores) classes, found labels for \(labels.count)")
    }
  }
}

extension Operation {
  /// The parameters of a layer with an input of this shape, and the shapes they may have.
  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    switch self {
    case .convolution(let window, let groups, let outputs, _):
      [
        ("weight", [[outputs, input.channels / max(groups, 1), window.y.kernel, window.x.kernel]]),
        ("bias", [[outputs]]),
      ]
    case .linear(let outputs, _): [("weight", [[outputs, input.channels]]), ("bias", [[outputs]])]
    case .affine: [("weight", [[input.channels]]), ("bias", [[input.channels]])]
    case .function(.prelu): [("weight", [[input.channels], [1]])]
    default: []
    }
  }
}
