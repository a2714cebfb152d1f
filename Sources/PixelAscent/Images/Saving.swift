// SPDX-License-Identifier: MIT

extension RGBImage {
  /// Writes the picture to a file, whole or not at all: as JPEG if its name ends in .jpg or .jpeg, else as PNG.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, or `sizeLimit` if a side is too long for the format.
  public func write(to path: String) throws(PixelAscentError) {
    let name = path.lowercased(), isJPEG = name.hasSuffix(".jpg") || name.hasSuffix(".jpeg")
    let bytes: [UInt8]
    do {
      bytes = isJPEG ? try jpegData() : try pngData()
    } catch {
      throw error.within(path)
    }
    try Files.write(bytes, to: path)
  }
}

extension Tensor {
  /// Writes the tensor to a NumPy file (.npy), whole or not at all.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  public func write(to path: String) throws(PixelAscentError) {
    try Files.write(npyData(), to: path)
  }
}
