// SPDX-License-Identifier: MIT

/// A PyTorch state dict: named parameters in the order of the file.
package struct StateDict: Sendable {
  package typealias Entry = (name: String, parameter: Parameter)

  /// The file's name in error lines.
  package let name: String
  package let entries: [Entry]
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

  /// Returns the state dict without the prefix that all names share if the network was wrapped when it was saved.
  func withoutCommonPrefix() throws(PixelAscentError) -> StateDict {
    var prefix = ""
    for _ in 0..<4 {
      guard let next = Self.wrappers.first(where: { isCommon(prefix + $0) }) else { break }
      prefix += next
    }
    return try StateDict(entries.map { (String($0.name.dropFirst(prefix.count)), $0.parameter) }, name: name)
  }

  /// The names under which `DataParallel`, training frameworks and `torch.compile` hold the network that they wrap.
  private static let wrappers = ["module.", "model.", "_orig_mod."]

  private func isCommon(_ prefix: String) -> Bool {
    !entries.isEmpty && entries.allSatisfy { $0.name.hasPrefix(prefix) && $0.name != prefix }
  }

  package subscript(name: String) -> Parameter? { indices[name].map { entries[$0].parameter } }

  /// Returns the shape of a parameter; nil if the state dict does not have it.
  package func shape(_ name: String) -> [Int]? { self[name]?.shape }
}
