// SPDX-License-Identifier: MIT

/// What PixelAscent's own model file holds: weights, and all that is needed to use them.
///
/// The file is safetensors; what is not a tensor stands in its metadata, partly as JSON.
package struct ModelFile: Hashable, Sendable {
  package var graph: Graph
  /// The names of the classes, as many as there are scores.
  package var labels: Labels
  package var preprocessing: Preprocessing
  /// Where the weights come from.
  package var source: String
  /// The weights' licence.
  package var licence: String
  /// Of every convolution `<name>.weight`, shape (out, in, kernel, kernel), and `<name>.bias`, shape (out).
  package var tensors: [String: Tensor]

  /// A model file of these parts, checked against each other; `name` is what errors call it.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the graph contradicts itself, or the tensors or labels
  ///   contradict the graph.
  package init(
    graph: Graph, labels: Labels, preprocessing: Preprocessing, source: String, licence: String,
    tensors: [String: Tensor], name: String
  ) throws(PixelAscentError) {
    self.graph = graph
    self.labels = labels
    self.preprocessing = preprocessing
    self.source = source
    self.licence = licence
    self.tensors = tensors
    do {
      try checkParts()
    } catch {
      throw error.within(name)
    }
  }

  /// Reads a model file's bytes; `name` is what errors call it.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the bytes are no such file or contradict themselves.
  package init(_ bytes: [UInt8], name: String) throws(PixelAscentError) {
    let file = try Safetensors(bytes, name: name)
    func text(_ key: String) throws(PixelAscentError) -> String {
      guard let text = file.metadata[key] else {
        throw PixelAscentError(.invalidModel, "\(name): the metadata lacks \"\(key)\"")
      }
      return text
    }
    func json<Value: Decodable>(_ type: Value.Type, _ key: String) throws(PixelAscentError) -> Value {
      try JSONText.decode(type, from: try text(key).utf8, name: "\(name): \(key)")
    }
    guard let format = file.metadata["format"], file.metadata["graph"] != nil else {
      throw PixelAscentError(
        .invalidModel,
        "\(name) is a safetensors file without PixelAscent's graph; make one with `pixelascent convert`")
    }
    guard format == ModelFile.format else {
      throw PixelAscentError(
        .invalidModel, "\(name): expected the format \(ModelFile.format), found \(format.oneLine)")
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
      tensors: file.tensors, name: name)
  }

  private static let format = "pixelascent-1"

  /// The file to write. Equal model files give equal bytes.
  package func safetensors() throws -> Safetensors {
    Safetensors(
      metadata: [
        "format": ModelFile.format,
        "graph": try JSONText.encode(graph),
        "labels": try JSONText.encode(labels.names),
        "preprocessing": try JSONText.encode(preprocessing),
        "source": source,
        "licence": licence,
      ],
      tensors: tensors)
  }

  private func checkParts() throws(PixelAscentError) {
    let channels = try graph.channels()
    guard graph.input.channels == preprocessing.mean.count else {
      throw PixelAscentError(.invalidModel, "the graph declares \(graph.input.channels) input channels, expected 3")
    }
    var unused = Set(tensors.keys)
    func check(_ key: String, shape: [Int]) throws(PixelAscentError) {
      guard let tensor = tensors[key] else {
        throw PixelAscentError(
          .invalidModel, "the graph declares a tensor \(key.oneLine) of shape \(shapeText(shape)), found none")
      }
      guard tensor.shape == shape else {
        throw PixelAscentError(
          .invalidModel,
          "tensor \(key.oneLine): the graph declares the shape \(shapeText(shape)), found \(shapeText(tensor.shape))")
      }
      unused.remove(key)
    }
    for layer in graph.layers {
      guard case .convolution(let kernel, _, _, let outputs, _) = layer.operation else { continue }
      let inputs = channels[layer.inputs[0], default: 0]
      try check("\(layer.name).weight", shape: [outputs, inputs, kernel, kernel])
      try check("\(layer.name).bias", shape: [outputs])
    }
    if let key = unused.min() {
      throw PixelAscentError(.invalidModel, "it holds a tensor \(key.oneLine) that no layer of the graph uses")
    }
    let scores = channels[graph.output, default: 0]
    guard scores == labels.count else {
      throw PixelAscentError(.invalidModel, "the graph declares \(scores) classes, found labels for \(labels.count)")
    }
  }
}
