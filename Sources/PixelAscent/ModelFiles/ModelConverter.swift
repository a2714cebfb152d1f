// SPDX-License-Identifier: MIT

/// Turns weights as others publish them into PixelAscent's own model file.
public enum ModelConverter {
  /// The model file, safetensors with its graph, labels and preprocessing, of the weights in `bytes`.
  ///
  /// Known so far: SqueezeNet 1.1 as a pickled dictionary of NumPy arrays. The pickle is read, never executed.
  /// The type is recognised by content; `name` is what errors call the file.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidModel` if the bytes are no such weights.
  public static func convert(weights bytes: [UInt8], name: String) throws -> [UInt8] {
    guard isPickle(bytes) else {
      throw PixelAscentError(.invalidModel, "\(name): expected weights as a Python pickle, found \(kind(of: bytes))")
    }
    let pickle = try Pickle.load(bytes, name: name)
    return try SqueezeNetImporter.modelFile(from: pickle, name: name).safetensors().data()
  }

  /// From protocol 2 on a pickle begins with its version; before, one of a container does with a mark or a container.
  private static func isPickle(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first else { return false }
    return first == 0x80 || "(]}c".utf8.contains(first)
  }

  private static func kind(of bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "an empty file" }
    if bytes.starts(with: "PK\u{3}\u{4}".utf8) { return "a zip archive" }
    if bytes.count > 8 && bytes[8] == UInt8(ascii: "{") { return "a safetensors file" }
    return "something else"
  }
}
