// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

extension TemporaryFolder {
  /// Writes a file, with the folders above it, and gives its path.
  @discardableResult
  func add(_ name: String, _ text: String = "") throws -> String {
    try add(name, Array(text.utf8))
  }

  @discardableResult
  func add(_ name: String, _ bytes: [UInt8]) throws -> String {
    let place = "\(path)/\(name)"
    try Files.makeFolders(place.folderAndName.folder.withoutLastSlash)
    try Files.write(bytes, to: place)
    return place
  }
}

/// A picture's file, whose comment is `comment`.
func picture(comment: String? = nil) throws -> [UInt8] {
  try RGBImage(width: 1, height: 1, pixels: [1, 2, 3]).pngData(comment: comment)
}
