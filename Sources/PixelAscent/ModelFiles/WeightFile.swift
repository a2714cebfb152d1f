// SPDX-License-Identifier: MIT

/// Recognises the kind of a weight file by its content, whatever its name.
package enum WeightFile {
  package enum Kind: Hashable, Sendable, CaseIterable {
    /// PyTorch's formats: a zip archive since PyTorch 1.6, and the older format before.
    case torchZip, torchLegacy
    /// PixelAscent's own model file, or a state dict.
    case safetensors
    /// A pickle of plain data and NumPy arrays.
    case numPyPickle
    /// The index of weights that lie in several files.
    case index
    /// Probably ONNX, which has no signature that tells it from other protocol buffers.
    case onnx

    /// What such a file is, for the manual.
    package var name: String {
      switch self {
      case .torchZip: "a PyTorch file"
      case .torchLegacy: "a PyTorch file as before PyTorch 1.6"
      case .safetensors: "safetensors, PixelAscent's own or a state dict"
      case .numPyPickle: "a pickle of NumPy arrays, such as SqueezeNet's original weights"
      case .index: "the index of a state dict in several files"
      case .onnx: "an ONNX model"
      }
    }
  }

  /// Opens a file that may hold a model, or the weights in a folder that transformers wrote.
  ///
  /// - Throws: `PixelAscentError` of kind `unreadableFile`, or `invalidModel` if `path` is another folder. The line says
  ///   what the folder holds, and what to do.
  package static func open(_ path: String) throws(PixelAscentError) -> ByteSource {
    guard Files.isFolder(path) else { return try ByteSource(contentsOf: path) }
    let folder = path.withOneTrailingSlash, names = ["model.safetensors", "pytorch_model.bin"]
    if let weights = (names + names.map { "\($0).index.json" }).map({ folder + $0 }).first(where: Files.exists) {
      return try ByteSource(contentsOf: weights)
    }
    if let other = OtherFormat.ofFolder(path) {
      throw PixelAscentError(.invalidModel, "\(expected), found \(other.text)", about: path)
    }
    throw PixelAscentError(
      .unreadableFile, "is a folder without \(names.joined(separator: " or "))", about: path)
  }

  /// Returns the kind of a file.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file is of none of these kinds. The line says what the
  ///   file seems to be instead, and for many formats what to do.
  package static func kind(of source: ByteSource) throws(PixelAscentError) -> Kind {
    let head = try source.bytes(0..<min(source.count, 16))
    var names: [String] = []
    if head.starts(with: ZipArchive.signature) {
      names = Array(try ZipArchive(source).entries.keys)
      if names.contains(where: { $0.hasSuffix("data.pkl") }) { return .torchZip }
    } else if PyTorchFile.isLegacy(source) {
      return .torchLegacy
    }
    // A safetensors file begins with a length of eight bytes. A JSON object follows.
    if head.count > 8, head[8] == UInt8(ascii: "{"), head[7] == 0, head[6] == 0 { return .safetensors }
    let content = try FileContent(source, names: names)
    if content.isJSON(with: "\"weight_map\"") { return .index }
    if let other = OtherFormat.of(content) { throw refused(source, other.text) }
    if content.isPickle { return .numPyPickle }
    // Field 1 of an ONNX model is the format's version, a small number; a text, a message or the model's version
    // follows.
    if head.count > 2, head[0] == 0x08, (2..<64).contains(head[1]), head[2] & 7 == 2 || head[2] == 0x28 { return .onnx }
    throw refused(
      source,
      source.count == 0
        ? "an empty file"
        : "something else (starts with \(ImageFormat.excerpt(of: head))); export the network to ONNX")
  }

  private static let expected = "expected a PyTorch, safetensors or ONNX file"

  private static func refused(_ source: ByteSource, _ found: String) -> PixelAscentError {
    source.fail("\(expected), found \(found)")
  }
}
