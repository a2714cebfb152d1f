// SPDX-License-Identifier: MIT

import PixelAscent

// The parts of a path that the names of results are made of.
extension String {
  /// The file name of a path, without its folder; "image" if the path names none.
  package var fileName: String { steps.last ?? "image" }

  /// The file name of a path, without its folder and its ending.
  package var fileStem: String {
    let name = fileName
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// What stands behind the last dot of a path's file name, in small letters; empty if there is no dot.
  package var fileEnding: Substring {
    let name = lowercased().folderAndName.name
    return name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? ""
  }
}
