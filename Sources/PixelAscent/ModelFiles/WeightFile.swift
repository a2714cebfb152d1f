// SPDX-License-Identifier: MIT

/// Recognises the kind of a weight file by its content, whatever its name.
package enum WeightFile {
  package enum Kind: Hashable, Sendable {
    /// PyTorch's formats: a zip archive since PyTorch 1.6, and the older format before.
    case torchZip, torchLegacy
    /// PixelAscent's own model file, or a state dict.
    case safetensors
    /// A pickle of plain data and NumPy arrays.
    case numPyPickle
    /// Probably ONNX, which has no signature that tells it from other protocol buffers.
    case onnx
  }

  /// Returns the kind of a file.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file is of none of these kinds. The line says what the
  ///   file seems to be instead, and for many formats what to do.
  package static func kind(of source: ByteSource) throws(PixelAscentError) -> Kind {
    let head = try source.bytes(0..<min(source.count, 512))
    if head.starts(with: ZipArchive.signature) {
      if let other = try otherArchive(source) { throw refused(source, other) }
      return .torchZip
    }
    if PyTorchFile.isLegacy(source) { return .torchLegacy }
    // A safetensors file begins with a length of eight bytes. A JSON object follows.
    if head.count > 8, head[8] == UInt8(ascii: "{"), head[7] == 0, head[6] == 0 { return .safetensors }
    if let other = otherFormats.first(where: { hasSignature(head, $0.signature, at: $0.offset) }) {
      throw refused(source, other.text)
    }
    if let text = textFile(head) { throw refused(source, text) }
    if isPickle(head) { return .numPyPickle }
    // Field 1 of an ONNX model is the format's version, a small number; a text, a message or the model's version
    // follows.
    if head.count > 2, head[0] == 0x08, (2..<64).contains(head[1]), head[2] & 7 == 2 || head[2] == 0x28 { return .onnx }
    throw refused(source, source.count == 0 ? "an empty file" : "something else")
  }

  private static func refused(_ source: ByteSource, _ found: String) -> PixelAscentError {
    source.fail("expected a PyTorch, safetensors or ONNX file, found \(found)")
  }

  /// Returns whether a file may be a pickle of a container.
  ///
  /// From protocol 2 on, a pickle begins with the opcode of its version. In protocols 0 and 1 it begins with a mark,
  /// with an empty list or dictionary, or with the container's class.
  private static func isPickle(_ head: [UInt8]) -> Bool {
    guard let first = head.first else { return false }
    return first == 0x80 || "(]}c".utf8.contains(first)
  }

  private static func hasSignature(_ head: [UInt8], _ signature: String, at offset: Int) -> Bool {
    head.count >= offset && head[offset...].starts(with: signature.unicodeScalars.map { UInt8($0.value) })
  }

  /// Formats that are often given by mistake. A file of such a format has the signature at the offset. The
  /// signatures are written here as text in Latin-1.
  private static let otherFormats: [(signature: String, offset: Int, text: String)] = [
    ("\u{89}HDF\r\n\u{1A}\n", 0, "HDF5, as Keras writes it; export the model to ONNX, for example with tf2onnx"),
    ("GGUF", 0, "GGUF, which holds language models"),
    ("TFL3", 4, "a TensorFlow Lite model; export the original to ONNX, for example with tf2onnx"),
    ("\u{8}\u{1}\u{12}", 0, "a TensorFlow model; export it to ONNX, for example with tf2onnx"),
    ("\u{93}NUMPY", 0, "a single NumPy array"),
    ("\u{1F}\u{8B}", 0, "a gzip archive; unpack it first"),
    ("ustar", 257, "a tar archive; unpack it first"),
    ("\u{89}PNG", 0, "a PNG picture"),
    ("\u{FF}\u{D8}\u{FF}", 0, "a JPEG picture"),
  ]

  /// Returns the kind of a text that was given, or downloaded, instead of the weights; nil if the kind is not known.
  private static func textFile(_ head: [UInt8]) -> String? {
    let text = String(decoding: head.prefix(256).drop { $0 <= 0x20 || $0 >= 0x80 }, as: UTF8.self).lowercased()
    if text.hasPrefix("version https://git-lfs") {
      return "a Git LFS pointer; fetch the file itself with `git lfs pull`"
    }
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
      return "a web page; download the file itself, not the page about it"
    }
    if text.hasPrefix("{") && text.contains("\"") { return "JSON, which holds no weights" }
    return nil
  }

  /// Returns the kind of a zip archive that `torch.save` did not write; nil if it has the data.pkl of `torch.save`.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the archive's directory is missing or damaged.
  private static func otherArchive(_ source: ByteSource) throws(PixelAscentError) -> String? {
    let names = try ZipArchive(source).entries.keys
    if names.contains(where: { $0.hasSuffix("data.pkl") }) { return nil }
    if !names.isEmpty && names.allSatisfy({ $0.hasSuffix(".npy") }) {
      return "NumPy arrays (.npz); save them as safetensors, under the names of a PyTorch state dict"
    }
    if names.contains("model.weights.h5") {
      return "a Keras model; export it to ONNX, for example with model.export(path, format=\"onnx\")"
    }
    if names.contains(where: { $0.hasSuffix("archive_format") }) {
      return "a torch.export program; save the weights: torch.save(model.state_dict(), path)"
    }
    return "a zip archive without PyTorch's data.pkl; unpack it first"
  }
}
