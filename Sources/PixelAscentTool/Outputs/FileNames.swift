// SPDX-License-Identifier: MIT

import PixelAscent

// The parts of a path from which the names of results are made.
extension String {
  /// The file name of a path, without its folder; "image" if the path names none.
  package var fileName: String { pathComponents.last ?? "image" }

  /// The file name of a path, without its folder and its ending.
  package var fileStem: String {
    let name = fileName
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// The part of a path's file name after the last dot, in lower case; empty if the name has no dot.
  package var fileEnding: Substring {
    let name = lowercased().folderAndName.name
    return name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? ""
  }
}
