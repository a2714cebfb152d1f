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
    try data(Self.format(path), path, comment)
  }

  private static func format(_ path: String) -> ImageFormat {
    let name = path.lowercased()
    return name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") ? .jpeg : .png
  }

  /// Checks that a picture of `width` × `height` pixels can be written to the file at `path`, so that a long computation
  /// does not end in that error.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if a side is too long for the format.
  package static func checkSides(width: Int, height: Int, for path: String) throws(PixelAscentError) {
    do {
      try checkSides(width: width, height: height, format(path))
    } catch {
      throw error.about(path)
    }
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
