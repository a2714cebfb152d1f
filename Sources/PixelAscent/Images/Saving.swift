// SPDX-License-Identifier: MIT

extension RGBImage {
  /// Writes the picture and a comment to the file at `path`: as JPEG if the file's name ends in .jpg or .jpeg,
  /// otherwise as PNG. The file is written whole or not at all.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, or `sizeLimit` if a side or the comment is too long for
  ///   the format, or memory runs out.
  public func write(to path: String, comment: String? = nil) throws(PixelAscentError) {
    try Files.write(data(for: path, comment: comment), to: path)
  }

  /// Returns the bytes that ``write(to:comment:)`` writes.
  package func data(for path: String, comment: String?) throws(PixelAscentError) -> [UInt8] {
    let name = path.lowercased()
    return try data(name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") ? .jpeg : .png, path, comment)
  }

  /// Returns the picture as the bytes of a file with the format and the comment of another `file`, which error lines
  /// call `name`. The format is found from the content of that file, not from its name.
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
