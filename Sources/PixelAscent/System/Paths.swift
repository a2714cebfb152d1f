// SPDX-License-Identifier: MIT

// Paths as file systems take them: cut at every "/", whatever follows. (A Character may be a "/" with an accent on it.)
extension String {
  private static let slash = UInt8(ascii: "/")

  /// The steps of a path, without those to where one is.
  package var steps: [String] {
    utf8.split(separator: Self.slash).map { String(Substring($0)) }.filter { $0 != "." }
  }

  /// Whether the path begins at the root.
  package var isAbsolute: Bool { utf8.first == Self.slash }

  /// Whether there are several steps, or the path ends in "/".
  package var hasSlash: Bool { utf8.contains(Self.slash) }

  /// A path's folder, empty or with the "/" at its end, and what is called so in there.
  package var folderAndName: (folder: String, name: String) {
    let name = utf8.lastIndex(of: Self.slash).map(utf8.index(after:)) ?? startIndex
    return (String(self[..<name]), String(self[name...]))
  }

  /// A path without "/" at its end, but for the root's.
  package var withoutLastSlash: String {
    var path = utf8[...]
    while path.count > 1, path.last == Self.slash { path.removeLast() }
    return String(Substring(path))
  }
}
