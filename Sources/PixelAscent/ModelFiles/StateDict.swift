// SPDX-License-Identifier: MIT

/// A PyTorch state dict: named parameters in the order of the file.
package struct StateDict: Sendable {
  package typealias Entry = (name: String, parameter: Parameter)

  /// The file's name in error lines.
  package let name: String
  package let entries: [Entry]
  /// Which of the networks in the state dict the caller wants: "raw", "ema", or the prefix of the names; nil if the
  /// caller has not said, or the choice has been made.
  package var wanted: String?
  /// Notes for the user on how the state dict was found.
  package var notes = [Message]()
  private let indices: [String: Int]

  /// - Throws: `PixelAscentError` of kind `invalidModel` if a name occurs twice.
  package init(_ entries: [Entry], name: String) throws(PixelAscentError) {
    self.name = name
    self.entries = entries
    var indices = [String: Int]()
    for (index, entry) in entries.enumerated() {
      guard indices.updateValue(index, forKey: entry.name) == nil else {
        throw PixelAscentError(.invalidModel, "tensor \(entry.name.oneLine) occurs twice", about: name)
      }
    }
    self.indices = indices
  }

  /// Returns the entries whose names begin with `prefix`, without the prefix, and the names of the others.
  func divided(by prefix: String) throws(PixelAscentError) -> (inside: StateDict, outside: [Entry]) {
    if prefix.isEmpty { return (self, []) }
    var inside = [Entry](), outside = [Entry]()
    for entry in entries {
      if entry.name.hasPrefix(prefix) && entry.name != prefix {
        inside.append((String(entry.name.dropFirst(prefix.count)), entry.parameter))
      } else {
        outside.append(entry)
      }
    }
    var dict = try StateDict(inside, name: name)
    dict.notes = notes
    return (dict, outside)
  }

  package subscript(name: String) -> Parameter? { indices[name].map { entries[$0].parameter } }

  /// Returns the shape of a parameter; nil if the state dict does not have it.
  package func shape(_ name: String) -> [Int]? { self[name]?.shape }
}
