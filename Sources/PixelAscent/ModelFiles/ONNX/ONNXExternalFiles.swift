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
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the offset or the length is no number, or as
  ///   ``FileBeside/open(_:ofTensor:in:)`` does.
  func find(
    _ keys: [String: String], tensor: String
  ) throws(PixelAscentError) -> (file: ByteSource, offset: Int, length: Int?) {
    let location = keys["location"] ?? ""
    func number(_ key: String) throws(PixelAscentError) -> Int? {
      guard let text = keys[key] else { return nil }
      guard let value = Int(text), value >= 0 else {
        throw model.fail(
          "tensor \(tensor.oneLine) declares the \(key) \"\(text.oneLine)\", expected a number of bytes")
      }
      return value
    }
    let offset = try number("offset") ?? 0, length = try number("length")
    if let file = opened[location] { return (file, offset, length) }

    let file = try FileBeside.open(location, ofTensor: tensor, in: model)
    opened[location] = file
    byteCount += file.count
    return (file, offset, length)
  }
}
