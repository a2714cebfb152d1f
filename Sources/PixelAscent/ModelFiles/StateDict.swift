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
  /// How the tensors were renamed after the file was read; nil if they have the file's own names.
  private(set) var renaming: Renaming?

  /// - Throws: `PixelAscentError` of kind `invalidModel` if a name occurs twice, of kind `sizeLimit` if the process can't
  ///   get the memory for very many tensors.
  package init(_ entries: [Entry], name: String) throws(PixelAscentError) {
    self.name = name
    self.entries = entries
    var memory = GrowingMemory(each: 500, "the names of the tensors")
    try memory.check(entries.count)
    var indices = [String: Int](minimumCapacity: entries.count)
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
    (dict.renaming, dict.notes) = (renaming, notes)
    return (dict, outside)
  }

  /// Returns the state dict with more entries at its end.
  func adding(_ others: [Entry]) throws(PixelAscentError) -> StateDict {
    var dict = try StateDict(entries + others, name: name)
    (dict.renaming, dict.notes, dict.wanted) = (renaming, notes, wanted)
    return dict
  }

  /// Returns the state dict with the names that an ``ArchitectureFamily`` knows, if a ``Renaming`` fits the names that
  /// follow some prefix.
  func renamed() throws(PixelAscentError) -> StateDict {
    guard renaming == nil else { return self }
    for found in Renaming.all {
      let prefixes = found.prefixes(in: self).prefix(NetworkInStateDict.limit)
      if prefixes.isEmpty { continue }
      let renamed = entries.map { entry -> Entry in
        guard let prefix = prefixes.first(where: entry.name.hasPrefix) else { return entry }
        return (prefix + found.familyName(String(entry.name.dropFirst(prefix.count))), entry.parameter)
      }
      var dict = try StateDict(renamed, name: name)
      (dict.renaming, dict.notes, dict.wanted) = (found, notes, wanted)
      return dict
    }
    return self
  }

  /// Returns the name in the file of the tensor or module that a family calls `name`.
  func nameInFile(_ name: String) -> String { renaming?.fileName(name) ?? name }

  /// Returns the prefixes, with their last dot, after which the state dict has weights of all of `modules`. The empty
  /// prefix is one if the modules are at the root.
  func prefixes(of modules: [String]) -> [String] {
    guard let first = modules.first.map({ "\($0).weight" }) else { return [] }
    return entries.compactMap { name, _ in
      guard name.utf8.count >= first.utf8.count, name.hasSuffix(first) else { return nil }
      let prefix = String(name.dropLast(first.count))
      guard prefix.isEmpty || prefix.hasSuffix("."), modules.allSatisfy({ shape("\(prefix)\($0).weight") != nil })
      else {
        return nil
      }
      return prefix
    }
  }

  package subscript(name: String) -> Parameter? { indices[name].map { entries[$0].parameter } }

  /// Returns the shape of a parameter; nil if the state dict does not have it.
  package func shape(_ name: String) -> [Int]? { self[name]?.shape }
}
