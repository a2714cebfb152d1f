// SPDX-License-Identifier: MIT

// PixelAscent's own model file: a safetensors file with the weights. Its metadata, partly JSON, holds the rest of the
// model: graph, labels, preprocessing, source and licence, and the activation if it is not the softmax.

extension Model {
  private static let nativeFormat = "pixelascent-1"

  /// Returns whether a safetensors file is one of PixelAscent's own model files.
  static func isNative(_ file: Safetensors) -> Bool {
    file.metadata["format"] != nil && file.metadata["graph"] != nil
  }

  /// Reads a model from one of PixelAscent's own model files.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file is not one of them, or contradicts itself.
  package init(_ file: Safetensors) throws(PixelAscentError) {
    let name = file.name
    func text(_ key: String) throws(PixelAscentError) -> String {
      guard let text = file.metadata[key] else {
        throw PixelAscentError(.invalidModel, "the metadata lacks \"\(key)\"", about: name)
      }
      return text
    }
    func json<Value: Decodable>(_ type: Value.Type, _ key: String) throws(PixelAscentError) -> Value {
      let text = try text(key)
      do {
        return try JSONText.decode(type, from: text.utf8)
      } catch {
        throw error.about(key).about(name)
      }
    }
    guard try text("format") == Model.nativeFormat else {
      throw PixelAscentError(
        .invalidModel, "expected the format \(Model.nativeFormat), found \(try text("format").oneLine)", about: name)
    }
    let names = try json([[String]].self, "labels")
    let labels: Labels
    do {
      labels = try Labels(names: names)
    } catch {
      throw error.about(name)
    }
    self.init(
      graph: try json(Graph.self, "graph"), parameters: file.parameters,
      preprocessing: try json(Preprocessing.self, "preprocessing"), labels: labels, source: try text("source"),
      licence: try text("licence"))
    if let text = file.metadata["activation"] {
      guard let known = Activation(rawValue: text) else {
        throw PixelAscentError(
          .invalidModel, "expected the activation softmax, sigmoid or none, found \(text.oneLine)", about: name)
      }
      activation = known
    }
    do {
      try check()
    } catch {
      throw error.about(name)
    }
  }

  /// Returns the model as a file to write. Equal models give equal bytes.
  ///
  /// - Precondition: the model has labels and preprocessing.
  package func safetensors() throws -> Safetensors {
    guard let labels, let preprocessing else { preconditionFailure("a model without labels or preprocessing") }
    var metadata = [
      "format": Model.nativeFormat,
      "graph": try JSONText.encode(graph),
      "labels": try JSONText.encode(labels.names),
      "preprocessing": try JSONText.encode(preprocessing),
      "source": source,
      "licence": licence,
    ]
    if let activation, activation != .softmax { metadata["activation"] = activation.rawValue }
    return try Safetensors(metadata: metadata, parameters: parameters)
  }
}
