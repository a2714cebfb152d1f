// SPDX-License-Identifier: MIT

/// Named parameters as training frameworks store them, in the order of the file: a PyTorch `state_dict`.
package struct StateDict: Sendable {
  package typealias Entry = (name: String, parameter: Parameter)

  /// What errors call it.
  package let name: String
  package let entries: [Entry]
  private let places: [String: Int]

  /// - Throws: `PixelAscentError` of kind `invalidModel` if a name is there twice.
  package init(_ entries: [Entry], name: String) throws(PixelAscentError) {
    self.name = name
    self.entries = entries
    var places = [String: Int]()
    for (index, entry) in entries.enumerated() {
      guard places.updateValue(index, forKey: entry.name) == nil else {
        throw PixelAscentError(.invalidModel, "tensor \(entry.name.oneLine) is there twice", about: name)
      }
    }
    self.places = places
  }

  /// The same parameters without what all names begin with because the network was wrapped when it was saved.
  func withoutCommonPrefix() throws(PixelAscentError) -> StateDict {
    var prefix = ""
    for _ in 0..<4 {
      guard let next = Self.wrappers.first(where: { isCommon(prefix + $0) }) else { break }
      prefix += next
    }
    return try StateDict(entries.map { (String($0.name.dropFirst(prefix.count)), $0.parameter) }, name: name)
  }

  /// As `DataParallel`, training frameworks' own modules and `torch.compile` name the network in them.
  private static let wrappers = ["module.", "model.", "_orig_mod."]

  private func isCommon(_ prefix: String) -> Bool {
    !entries.isEmpty && entries.allSatisfy { $0.name.hasPrefix(prefix) && $0.name != prefix }
  }

  package subscript(name: String) -> Parameter? { places[name].map { entries[$0].parameter } }

  /// The shape of the parameter of this name.
  package func shape(_ name: String) -> [Int]? { self[name]?.shape }
}
