// SPDX-License-Identifier: MIT

/// The files beside a model that hold its tensors. Only files in the model's own folder are opened.
final class ONNXExternalFiles {
  private let model: ByteSource
  private var opened: [String: ByteSource] = [:]
  /// The number of bytes in all open files.
  private(set) var byteCount = 0

  init(_ model: ByteSource) { self.model = model }

  /// The open files, in the order of their names.
  var all: [ByteSource] { opened.sorted { $0.key < $1.key }.map(\.value) }

  /// Returns the file, and the offset and length in it, that a TensorProto's external_data names.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file is not a regular one in the model's folder or
  ///   below; `unreadableFile` if the file can't be opened.
  func find(
    _ keys: [String: String], tensor: String
  ) throws(PixelAscentError) -> (file: ByteSource, offset: Int, length: Int?) {
    func fail(_ message: String) -> PixelAscentError {
      model.fail("tensor \(tensor.oneLine) \(message)")
    }
    let location = keys["location"] ?? ""
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.isAbsolute, !parts.contains(".."), !location.utf8.contains(0) else {
      throw fail("lies in \"\(location.oneLine)\", expected a file in the model's folder")
    }
    func number(_ key: String) throws(PixelAscentError) -> Int? {
      guard let text = keys[key] else { return nil }
      guard let value = Int(text), value >= 0 else {
        throw fail("declares the \(key) \"\(text.oneLine)\", expected a number of bytes")
      }
      return value
    }
    let offset = try number("offset") ?? 0, length = try number("length")
    if let file = opened[location] { return (file, offset, length) }

    let folder = model.name.hasSlash ? model.name.folderAndName.folder : "./"
    guard let root = Files.canonicalPath(folder), let path = Files.canonicalPath(folder + location) else {
      throw fail("lies in \"\(location.oneLine)\", but the model's folder has no such file")
    }
    guard path.hasPrefix(root == "/" ? root : root + "/") else {
      throw fail("lies in \"\(location.oneLine)\", which is a link out of the model's folder")
    }
    guard Files.isRegular(path) else { throw fail("lies in \"\(location.oneLine)\", which is not a regular file") }
    let file = try ByteSource(contentsOf: path)
    opened[location] = file
    byteCount += file.count
    return (file, offset, length)
  }
}
