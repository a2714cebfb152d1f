// SPDX-License-Identifier: MIT

extension Labels {
  /// Reads a file of class names: one name per line, or JSON.
  ///
  /// In JSON a class is a name or an array of synonyms. The file is an array of classes, or an object whose keys are
  /// the class indices. WordNet identifiers, which Keras writes before the names, are moved behind them.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if the file can't be read, or `invalidModel` if it holds
  ///   no names in one of these forms, or an empty name.
  public init(contentsOf path: String) throws(PixelAscentError) {
    let bytes = try Files.read(path)
    let first = bytes.first { !" \t\r\n".utf8.contains($0) }
    do throws(PixelAscentError) {
      if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
        try self.init(json: bytes)
        return
      }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw PixelAscentError(.invalidModel, "not text in UTF-8", about: "labels")
      }
      var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
      while lines.last?.isEmpty ?? false { lines.removeLast() }
      try self.init(names: lines.map { [$0] })
    } catch {
      throw error.about(path)
    }
  }

  /// Reads the names from the bytes of a JSON file.
  private init(json bytes: [UInt8]) throws(PixelAscentError) {
    let list: LabelList
    do {
      list = try JSONText.decode(LabelList.self, from: bytes)
    } catch {
      throw error.about("labels")
    }
    try self.init(names: list.names.map { $0.filter { !isWordNet($0) } + $0.filter(isWordNet) })
  }

  /// Returns the labels "class 0", "class 1" and so on, for `count` classes.
  static func numbered(_ count: Int) throws(PixelAscentError) -> Labels {
    try Labels(names: (0..<count).map { ["class \($0)"] })
  }
}

/// Returns whether a name is a WordNet identifier of a noun, such as n01440764.
private func isWordNet(_ name: String) -> Bool {
  name.utf8.count == 9 && name.hasPrefix("n") && name.utf8.dropFirst().allSatisfy { (48...57).contains($0) }
}

/// The class names in a JSON file.
private struct LabelList: Decodable {
  let names: [[String]]

  private struct Synonyms: Decodable {
    let names: [String]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let name = try? container.decode(String.self) {
        names = [name]
      } else {
        names = try container.decode([String].self)
      }
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let list = try? container.decode([Synonyms].self) {
      names = list.map(\.names)
      return
    }
    let byIndex = try container.decode([String: Synonyms].self)
    names = try (0..<byIndex.count).map { index in
      guard let synonyms = byIndex["\(index)"] else {
        throw PixelAscentError(
          .invalidModel, "class \(index) is missing; expected the keys 0 to \(byIndex.count - 1)")
      }
      return synonyms.names
    }
  }
}
