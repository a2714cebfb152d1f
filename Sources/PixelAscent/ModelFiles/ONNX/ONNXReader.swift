// SPDX-License-Identifier: MIT

/// Reads networks from ONNX files (<https://onnx.ai>) of opset 7 or newer, with weights in the file or in files beside
/// it.
package enum ONNXReader {
  /// Returns the network that an ONNX file holds.
  ///
  /// - Parameters:
  ///   - inputSize: the height and width that are assumed if the file leaves them open; nil for those that its metadata
  ///     says, else 224, or 28 for grey images
  ///   - output: the name of the output that holds the scores; nil for the one that ends in the classifier
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file contradicts itself or the format, or holds
  ///   operators that are not supported, of which the line names the first one and
  ///   ``unsupported(_:inputSize:output:)`` returns all; of kind `invalidParameter` if the file has no such output.
  package static func read(
    _ source: ByteSource, inputSize: PixelSize? = nil, output: String? = nil
  ) throws(PixelAscentError) -> Model {
    var importer = try ONNXImporter(ONNXFile(source), inputSize: inputSize, output: output)
    let scores = try importer.run()
    if let first = importer.unsupported.first {
      let more = importer.unsupported.count - 1
      let message: Message = "operator \(first.operator.oneLine) is not supported here: \(first.reason)"
      throw PixelAscentError(
        .invalidModel, more > 0 ? "\(message); and \(more) more, see \(advice: .inspection)" : message,
        about: source.name, "node \(first.layer.oneLine)")
    }
    return try importer.model(scores)
  }

  /// Returns the operators that keep a file from being read, in the order in which the importer finds them.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file contradicts itself or the format, of kind
  ///   `invalidParameter` if the file has no such output.
  package static func unsupported(
    _ source: ByteSource, inputSize: PixelSize? = nil, output: String? = nil
  ) throws(PixelAscentError) -> [UnsupportedOperator] {
    var importer = try ONNXImporter(ONNXFile(source), inputSize: inputSize, output: output)
    _ = try importer.run()
    return importer.unsupported
  }

  /// Returns the outputs of a file's graph, which may hold operators that are not supported.
  ///
  /// - Throws: as ``unsupported(_:inputSize:output:)`` does.
  package static func outputs(_ source: ByteSource, output: String? = nil) throws(PixelAscentError) -> [ModelOutput] {
    let file = try ONNXFile(source)
    return try ONNXOutputs(file, ONNXOrder(file)).all(scores: output)
  }
}
