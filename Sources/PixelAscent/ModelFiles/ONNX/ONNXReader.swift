// SPDX-License-Identifier: MIT

/// Reads networks from ONNX files (<https://onnx.ai>) of opset 7 or newer, with weights in the file or in files beside
/// it.
package enum ONNXReader {
  /// Returns the network that an ONNX file holds.
  ///
  /// - Parameter inputSize: the height and width that are assumed if the file leaves them open; 224 if nil.
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file contradicts itself or the format, or holds
  ///   operators that are not supported. The line names the first one; ``unsupported(_:inputSize:)`` returns all.
  package static func read(_ source: ByteSource, inputSize: Int? = nil) throws(PixelAscentError) -> Model {
    let file = try ONNXFile(source)
    var importer = ONNXImporter(file, inputSize: inputSize ?? 224)
    let output = try importer.run()
    if let first = importer.unsupported.first {
      let more = importer.unsupported.count - 1
      let message: Message = "operator \(first.operator.oneLine) is not supported here: \(first.reason)"
      throw PixelAscentError(
        .invalidModel, more > 0 ? "\(message); and \(more) more, see \(advice: .inspection)" : message,
        about: source.name, "node \(first.layer.oneLine)")
    }
    return try importer.model(output)
  }

  /// Returns the operators that keep a file from being read, in the order in which the importer finds them.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file contradicts itself or the format.
  package static func unsupported(
    _ source: ByteSource, inputSize: Int? = nil
  ) throws(PixelAscentError) -> [UnsupportedOperator] {
    var importer = ONNXImporter(try ONNXFile(source), inputSize: inputSize ?? 224)
    _ = try importer.run()
    return importer.unsupported
  }
}
