// SPDX-License-Identifier: MIT

extension Labels {
  /// Reads a file of class names: a line for each class, or JSON, an array of names, or of arrays of synonyms, or an object
  /// of these by class index. WordNet's identifiers, which Keras has before the names, come behind them.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`, or `invalidModel` if it holds something else.
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

  /// The names that an array or an object holds.
  private init(json bytes: [UInt8]) throws(PixelAscentError) {
    let list: LabelList
    do {
      list = try JSONText.decode(LabelList.self, from: bytes)
    } catch {
      throw error.about("labels")
    }
    try self.init(names: list.names.map { $0.filter { !isWordNet($0) } + $0.filter(isWordNet) })
  }

  /// "class 0" and so on.
  static func numbered(_ count: Int) throws(PixelAscentError) -> Labels {
    try Labels(names: (0..<count).map { ["class \($0)"] })
  }
}

/// Whether a name is one of WordNet's identifiers of nouns, as n01440764.
private func isWordNet(_ name: String) -> Bool {
  name.utf8.count == 9 && name.hasPrefix("n") && name.utf8.dropFirst().allSatisfy { (48...57).contains($0) }
}

/// Names of classes as JSON has them.
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
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "no class \(index)")
      }
      return synonyms.names
    }
  }
}
