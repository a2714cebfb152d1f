// SPDX-License-Identifier: MIT

extension Labels {
  /// Reads a file of class names: text, JSON, or a Python dictionary.
  ///
  /// - Text has one name per line. If every line begins with an index, as "9: jay" or "9,jay" do, or ends in one, as
  ///   "jay,9" does, the indices say which class has which name. The first line may be the heading of such a table. Every
  ///   line may also be an item of a YAML list: "- jay". In a YAML file with an entry "names", such as Ultralytics'
  ///   data.yaml, that entry is a list or a map of the names.
  /// - In JSON a class is a name or an array of synonyms. The file is an array of classes, an object whose keys are the
  ///   class indices, an object whose values are the class indices (torchvision's `class_to_idx`), or an object with
  ///   such an object as `id2label` (Hugging Face's config.json). WordNet identifiers, which Keras writes before the
  ///   names, are moved behind them.
  /// - A Python dictionary maps class indices to names: {0: 'tench', 1: 'goldfish'}.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if the file can't be read, or `invalidModel` if it holds
  ///   no names in one of these forms, or an empty name.
  public init(contentsOf path: String) throws(PixelAscentError) {
    do throws(PixelAscentError) {
      try self.init(try Files.read(path))
    } catch {
      throw error.about(path)
    }
  }

  /// Reads class names in one of the forms that ``init(contentsOf:)`` reads.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel`, or of kind `sizeLimit` if the process can't get the memory for
  ///   very many names.
  init(_ bytes: [UInt8]) throws(PixelAscentError) {
    // A name of one letter takes two bytes of a file, and up to 64 times as much memory.
    if bytes.count >= 1 << 16 { try Files.checkMemory(64 * bytes.count, "the names of the classes may take") }
    let bytes = Array(bytes.withoutByteOrderMark)
    let first = bytes.first { !" \t\r\n".utf8.contains($0) }
    if first == UInt8(ascii: "{"), let pairs = PythonDictionary.pairs(bytes) {
      try self.init(pairs)
      return
    }
    if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
      try self.init(json: bytes)
      return
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PixelAscentError(.invalidModel, "not text in UTF-8", about: "labels")
    }
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    while lines.last?.isEmpty ?? false { lines.removeLast() }
    if let entry = Self.namesEntry(lines) { lines = entry }
    if let pairs = Self.table(lines, Self.indexAndName) ?? Self.table(lines, Self.nameAndIndex) {
      try self.init(pairs)
    } else if !lines.isEmpty, lines.allSatisfy({ $0.hasPrefix("- ") }) {
      try self.init(names: lines.map { [Self.unquoted($0.dropFirst(2))] })
    } else {
      try self.init(names: lines.map { [String($0)] })
    }
  }

  /// Creates labels from pairs of a class index and a name.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` unless every index from 0 on has a name.
  private init(_ pairs: [(index: Int, name: String)]) throws(PixelAscentError) {
    let names: [[String]]
    do {
      names = try namesInOrder(pairs.map { ($0.index, [$0.name]) })
    } catch {
      throw error.about("labels")
    }
    try self.init(names: names)
  }

  /// Returns the lines of the entry "names" of a YAML file, without their indents; nil if there is no such entry.
  private static func namesEntry(_ lines: [Substring]) -> [Substring]? {
    guard let start = lines.firstIndex(where: { $0.hasPrefix("names:") }) else { return nil }
    let value = String(lines[start].dropFirst("names:".count).trimmed)
    if value.hasPrefix("["), value.hasSuffix("]") {
      return value.dropFirst().dropLast().split(separator: ",").map { Substring("- \($0)") }
    }
    let items = lines[(start + 1)...].prefix { $0.first.map { " \t-".contains($0) } ?? false }
    return value.isEmpty && !items.isEmpty ? items.map { Substring($0.trimmed) } : nil
  }

  /// Returns what `read` returns for each line; nil if it returns nil for a line other than a heading.
  private static func table(
    _ lines: [Substring], _ read: (Substring) -> (index: Int, name: String)?
  ) -> [(index: Int, name: String)]? {
    let pairs = lines.compactMap(read)
    let hasHeading =
      pairs.count + 1 == lines.count && pairs.count > 1 && read(lines[0]) == nil && lines[0].contains(",")
    return !pairs.isEmpty && (pairs.count == lines.count || hasHeading) ? pairs : nil
  }

  /// Returns the index and the name of a line such as "jay,9"; nil if the line has another form.
  private static func nameAndIndex(_ line: Substring) -> (index: Int, name: String)? {
    guard let comma = line.lastIndex(of: ","), let index = Int(line[line.index(after: comma)...].trimmed),
      index >= 0
    else { return nil }
    return (index, unquoted(line[..<comma]))
  }

  /// Returns the index and the name of a line such as "9: jay" or "9,jay"; nil if the line has another form.
  private static func indexAndName(_ line: Substring) -> (index: Int, name: String)? {
    let digits = line.prefix { $0.isASCII && $0.isNumber }, rest = line.dropFirst(digits.count)
    guard let index = Int(digits), let separator = rest.first, ":,\t".contains(separator) else { return nil }
    return (index, unquoted(rest.dropFirst()))
  }

  /// Returns a text without the spaces around it, and without the quotes around what is left.
  private static func unquoted(_ text: Substring) -> String {
    let text = String(text.trimmed)
    guard let quote = text.first, "\"'".contains(quote), text.count >= 2, text.last == quote else { return text }
    return String(text.dropFirst().dropLast())
  }

  /// Reads the names from the bytes of a JSON file.
  private init(json bytes: [UInt8]) throws(PixelAscentError) {
    let list: LabelList
    do {
      list = try JSONText.decode(LabelList.self, from: bytes)
    } catch {
      throw error.about("labels")
    }
    self = try list.labels()
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

/// Returns the names of the classes in the order of their indices.
///
/// - Throws: `PixelAscentError` of kind `invalidModel` if one of the indices from 0 to `classes.count` - 1 is missing.
private func namesInOrder(_ classes: [(index: Int, names: [String])]) throws(PixelAscentError) -> [[String]] {
  let byIndex = Dictionary(classes.map { ($0.index, $0.names) }, uniquingKeysWith: +)
  var names: [[String]] = []
  for index in classes.indices {
    guard let found = byIndex[index] else {
      throw PixelAscentError(
        .invalidModel, "class \(index) is missing; expected the classes 0 to \(classes.count - 1)")
    }
    names.append(found)
  }
  return names
}

/// The class names in a JSON file.
struct LabelList: Decodable {
  fileprivate let names: [[String]]

  /// Returns the labels, with WordNet identifiers behind the names.
  ///
  /// - Parameter descriptions: by a name in the file, what to call the class before the name
  func labels(descriptions: [String: String] = [:]) throws(PixelAscentError) -> Labels {
    try Labels(
      names: names.map { names in
        let all = names.compactMap { descriptions[$0] } + names
        return all.filter { !isWordNet($0) } + all.filter(isWordNet)
      })
  }

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
    // Hugging Face's config.json, among whose settings are the names.
    let object = try decoder.container(keyedBy: JSONKey.self)
    if object.contains("id2label") {
      names = try object.decode(LabelList.self, forKey: "id2label").names
    } else if let indices = try? container.decode([String: Int].self) {
      names = try namesInOrder(indices.map { ($1, [$0]) })
    } else {
      // A key that is no index has the index -1, so that another class is missing.
      names = try namesInOrder(container.decode([String: Synonyms].self).map { (Int($0) ?? -1, $1.names) })
    }
  }
}

/// A Python dictionary from integers to texts.
private enum PythonDictionary {
  /// Returns the keys and values of `bytes`, such as {0: 'tench', 1: "goldfish"}; nil if they hold anything else.
  static func pairs(_ bytes: [UInt8]) -> [(index: Int, name: String)]? {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    var rest = text.drop { $0.isWhitespace }.dropFirst(), pairs: [(index: Int, name: String)] = []
    while true {
      rest = rest.drop { $0.isWhitespace }
      if rest.first == "}" { return rest.dropFirst().allSatisfy(\.isWhitespace) && !pairs.isEmpty ? pairs : nil }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count).drop { $0.isWhitespace }
      guard let index = Int(digits), rest.popFirst() == ":" else { return nil }
      rest = rest.drop { $0.isWhitespace }
      guard let quote = rest.popFirst(), "\"'".contains(quote), let name = string(&rest, quote) else { return nil }
      pairs.append((index, name))
      rest = rest.drop { $0.isWhitespace }
      if rest.first == "," { rest.removeFirst() } else if rest.first != "}" { return nil }
    }
  }

  /// Returns the text before the closing quote, which is removed too; nil if the quote is missing.
  private static func string(_ rest: inout Substring, _ quote: Character) -> String? {
    var name = ""
    while let character = rest.popFirst() {
      if character == quote { return name }
      guard character == "\\" else {
        name.append(character)
        continue
      }
      // Other escapes than these are not used in names.
      guard let escaped = rest.popFirst(), "\\\"'".contains(escaped) else { return nil }
      name.append(escaped)
    }
    return nil
  }
}
