// SPDX-License-Identifier: MIT

extension RGBImage {
  /// Writes the picture to a file, whole or not at all: as JPEG if its name ends in .jpg or .jpeg, else as PNG. The file
  /// carries the comment along.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, or `sizeLimit` if a side or the comment is too long for the
  ///   format.
  public func write(to path: String, comment: String? = nil) throws(PixelAscentError) {
    try Files.write(data(for: path, comment: comment), to: path)
  }

  /// The bytes that ``write(to:comment:)`` writes.
  package func data(for path: String, comment: String?) throws(PixelAscentError) -> [UInt8] {
    let name = path.lowercased()
    return try data(name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") ? .jpeg : .png, path, comment)
  }

  /// The bytes of a file that has the format and the comment of another, whatever that is called.
  package func data(like file: [UInt8], name: String) throws(PixelAscentError) -> [UInt8] {
    try data(ImageFormat(of: file, name: name), name, Self.comment(inFile: file, name: name))
  }

  private func data(_ format: ImageFormat, _ name: String, _ comment: String?) throws(PixelAscentError) -> [UInt8] {
    do {
      return format == .jpeg ? try jpegData(comment: comment) : try pngData(comment: comment)
    } catch {
      throw error.about(name)
    }
  }
}
