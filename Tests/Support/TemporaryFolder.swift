// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent

/// A folder of its own that goes when the value does.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    path = NSTemporaryDirectory() + "/pixelascent-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// What it holds, sorted.
  package var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// Writes a file, with the folders above it, and gives its path.
  @discardableResult
  package func add(_ name: String, _ text: String = "") throws -> String { try add(name, Array(text.utf8)) }

  @discardableResult
  package func add(_ name: String, _ bytes: [UInt8]) throws -> String {
    let place = "\(path)/\(name)"
    try Files.makeFolders(place.folderAndName.folder.withoutLastSlash)
    try Files.write(bytes, to: place)
    return place
  }
}
