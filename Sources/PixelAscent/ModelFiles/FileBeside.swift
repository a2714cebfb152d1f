// SPDX-License-Identifier: MIT

/// Reads the JSON files that lie beside weights, and opens the files that a model names as the places of its tensors.
enum FileBeside {
  private static let longest = 1 << 24

  /// Returns the file's value and its bytes; nil if the folder has no such file, or the weights are not a file.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` or `unreadableFile` if the file can't be read.
  static func read<Value: Decodable>(
    _ name: String, beside weights: ByteSource
  ) throws(PixelAscentError) -> (value: Value, source: ByteSource)? {
    let path = (weights.name.hasSlash ? weights.name.folderAndName.folder : "") + name
    guard weights.isFile, Files.isRegular(path) else { return nil }
    do throws(PixelAscentError) {
      let source = try ByteSource(contentsOf: path)
      return (try value(of: source), source)
    } catch {
      throw error.about(name)
    }
  }

  /// Returns what a JSON file of at most 16 MB holds.
  static func value<Value: Decodable>(of json: ByteSource) throws(PixelAscentError) -> Value {
    guard json.count <= longest else {
      throw PixelAscentError(.invalidModel, "expected at most \(longest >> 20) MB, found \(json.count) bytes")
    }
    return try JSONText.decode(Value.self, from: try json.bytes(0..<json.count))
  }

  /// Opens a file that a model names as the place of a tensor.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file is not a regular one in the model's folder or
  ///   below; `unreadableFile` if the file can't be opened.
  static func open(
    _ location: String, ofTensor tensor: String, in model: ByteSource
  ) throws(PixelAscentError) -> ByteSource {
    func fail(_ message: String) -> PixelAscentError {
      model.fail("tensor \(tensor.oneLine) lies in \"\(location.oneLine)\", \(message)")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.isAbsolute, !parts.contains(".."), !location.utf8.contains(0) else {
      throw fail("expected a file in the model's folder")
    }
    let folder = model.name.hasSlash ? model.name.folderAndName.folder : "./"
    guard let root = Files.canonicalPath(folder), let path = Files.canonicalPath(folder + location) else {
      throw fail("but the model's folder has no such file")
    }
    guard path.hasPrefix(root == "/" ? root : root + "/") else {
      throw fail("which is a link out of the model's folder")
    }
    guard Files.isRegular(path) else { throw fail("which is not a regular file") }
    return try ByteSource(contentsOf: path)
  }
}
