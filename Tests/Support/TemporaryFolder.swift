// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent

/// A new folder, which is deleted when the last reference to the value goes.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    path = NSTemporaryDirectory() + "/pixelascent-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names of the folder's entries, sorted.
  package var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// Writes a file, makes the folders above it, and returns its path.
  @discardableResult
  package func add(_ name: String, _ text: String = "") throws -> String { try add(name, Array(text.utf8)) }

  @discardableResult
  package func add(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try Files.makeFolders(file.folderAndName.folder.withoutTrailingSlashes)
    try Files.write(bytes, to: file)
    return file
  }
}
