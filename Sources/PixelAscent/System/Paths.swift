// SPDX-License-Identifier: MIT

// Paths as file systems read them: every "/" separates two components, whatever follows it. (A Character may be a "/"
// with a combining accent.)
extension String {
  private static let slash = UInt8(ascii: "/")

  /// The components of the path, without ".".
  package var pathComponents: [String] {
    utf8.split(separator: Self.slash).map { String(Substring($0)) }.filter { $0 != "." }
  }

  /// Whether the path begins with "/".
  package var isAbsolute: Bool { utf8.first == Self.slash }

  /// Whether the path contains a "/".
  package var hasSlash: Bool { utf8.contains(Self.slash) }

  /// The path up to and including its last "/", empty if it has none, and the name after that.
  package var folderAndName: (folder: String, name: String) {
    let name = utf8.lastIndex(of: Self.slash).map(utf8.index(after:)) ?? startIndex
    return (String(self[..<name]), String(self[name...]))
  }

  /// The path with exactly one "/" at its end, for the names of the folder's files to follow.
  package var withOneTrailingSlash: String {
    let path = withoutTrailingSlashes
    return path.utf8.last == Self.slash ? path : path + "/"
  }

  /// The path without any "/" at its end; the root stays "/".
  package var withoutTrailingSlashes: String {
    var path = utf8[...]
    while path.count > 1, path.last == Self.slash { path.removeLast() }
    return String(Substring(path))
  }
}
