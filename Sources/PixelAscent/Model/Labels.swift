// SPDX-License-Identifier: MIT

/// The names of a network's classes. A class may have several names, its synonyms.
public struct Labels: Hashable, Sendable {
  /// The synonyms of every class, by class index; every class has at least one.
  public let names: [[String]]

  /// Creates labels from the synonyms of every class.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidModel` if a class has no name, or an empty one.
  public init(names: [[String]]) throws(PixelAscentError) {
    for (index, synonyms) in names.enumerated() where synonyms.isEmpty || synonyms.contains("") {
      throw PixelAscentError(.invalidModel, "class \(index) has no name", about: "labels")
    }
    self.names = names
  }

  /// The number of classes.
  public var count: Int { names.count }

  /// The first synonym of the class with this index.
  public subscript(index: Int) -> String { names[index][0] }

  /// Returns the first synonym of a class in a form for file names: "Border terrier" becomes "border-terrier". If
  /// another class gives the same text, the index follows: the two cranes are "crane-134" and "crane-517". No two
  /// classes have the same slug.
  public func slug(_ index: Int) -> String { slugs([index])[0] }

  /// Returns the slugs of several classes.
  package func slugs(_ indices: [Int]) -> [String] {
    var slugs = names.indices.map(words)
    let counts = Dictionary(slugs.map { ($0, 1) }, uniquingKeysWith: +)
    func isAlone(_ slug: String) -> Bool { counts[slug] == 1 && !slug.isEmpty && !Self.reserved.contains(slug) }
    var taken = Set(slugs.filter(isAlone))
    for (index, words) in slugs.enumerated() where !isAlone(words) {
      var slug = words.isEmpty ? "class" : words
      // Another class may be called "crane 517".
      repeat { slug += "-\(index)" } while !taken.insert(slug).inserted
      slugs[index] = slug
    }
    return indices.map { slugs[$0] }
  }

  /// The names of other files that may lie in the same folder as the pictures of classes.
  private static let reserved: Set = ["contact-sheet"]

  /// Returns the letters and digits of a class's first synonym in lower case, with "-" between words: at most 60
  /// characters and 120 bytes.
  private func words(_ index: Int) -> String {
    var words = self[index].lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-").prefix(60)
    while words.utf8.count > 120 { words.removeLast() }
    return String(words)
  }

  /// Returns the index of the class that `text` names.
  ///
  /// `text` is a class index, a name in upper or lower case, or a name with its index, such as "crane (517)". A name is
  /// a whole synonym of just one class. If no class has such a synonym, it is one or more whole words of a synonym of
  /// just one class; and if no class has these words, any part of a synonym of just one class.
  ///
  /// - Throws: ``PixelAscentError`` of kind `classLookup` if the index is out of range, or the name is unknown or
  ///   ambiguous. The message lists the nearest classes for an unknown name, and the classes that fit an ambiguous one,
  ///   with their indices.
  public func find(_ text: String) throws(PixelAscentError) -> Int {
    try find(text) { wanted in matches { $0 == wanted } }
  }

  /// - Parameter exactMatches: returns the classes with a synonym whose lower-case form is the given text
  fileprivate func find(_ text: String, _ exactMatches: (String) -> [Match]) throws(PixelAscentError) -> Int {
    let wanted = String(text.lowercased().trimmed)
    if let index = Labels.integer(wanted) {
      guard names.indices.contains(index) else {
        throw PixelAscentError(
          .classLookup, "class \(wanted.oneLine) is out of range: the model has classes 0 to \(count - 1)")
      }
      return index
    }
    if wanted.isEmpty { throw PixelAscentError(.classLookup, "a class name can't be empty") }
    let exact = exactMatches(wanted)
    if exact.isEmpty, let both = both(wanted) { return both }
    let words = exact.isEmpty ? matches { Labels.contains($0, words: wanted) } : exact
    let found = words.isEmpty ? matches { $0.hasPart(wanted) } : words
    if found.isEmpty {
      let others = nearest(to: wanted, names.indices) { names[$0] }
      throw PixelAscentError(
        .classLookup,
        "no class is called \"\(text.oneLine)\"; nearest: \(list(others.map { ($0.candidate, $0.name) }))")
    }
    if found.count > 1 {
      let more = found.count > 5 ? " and \(found.count - 5) more" : ""
      throw PixelAscentError(
        .classLookup,
        "class \"\(text.oneLine)\" names \(found.count) classes: \(list(found.prefix(5)))\(more); use the index")
    }
    return found[0].index
  }

  /// Returns the class of a text such as "crane (517)"; nil if the text has another form, or no class has this index
  /// and this synonym.
  private func both(_ wanted: String) -> Int? {
    guard wanted.hasSuffix(")"), let bracket = wanted.lastIndex(of: "("),
      let index = Labels.integer(String(wanted[wanted.index(after: bracket)...].dropLast())),
      names.indices.contains(index)
    else { return nil }
    let name = String(wanted[..<bracket].trimmed)
    return names[index].contains { $0.lowercased() == name } ? index : nil
  }

  fileprivate typealias Match = (index: Int, synonym: String)

  /// Returns the classes with a synonym whose lower-case form satisfies `predicate`, each with its first such synonym.
  private func matches(_ predicate: (String) -> Bool) -> [Match] {
    names.enumerated().compactMap { index, synonyms in
      synonyms.first { predicate($0.lowercased()) }.map { (index, $0) }
    }
  }

  private func list(_ matches: some Sequence<Match>) -> String {
    matches.map { "\($0.synonym.oneLine) (\($0.index))" }.joined(separator: ", ")
  }

  /// Returns the integer that `text` spells; nil if it spells none. An integer too large for `Int` becomes `Int.max`,
  /// which is out of every range.
  private static func integer(_ text: String) -> Int? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text) ?? Int.max
  }

  /// Returns whether `words` occur in `text` between two ends of words: "goose" does in "n01855672 goose", not in
  /// "mongoose".
  private static func contains(_ text: String, words: String) -> Bool {
    func isInWord(_ byte: UInt8?) -> Bool {
      byte.map { $0 >= 128 || (48...57).contains($0) || (97...122).contains($0) } ?? false
    }
    let text = Array(text.utf8), words = Array(words.utf8)
    guard !words.isEmpty, text.count >= words.count else { return false }
    return (0...text.count - words.count).contains { start in
      let end = start + words.count
      return text[start..<end].elementsEqual(words) && !isInWord(start > 0 ? text[start - 1] : nil)
        && !isInWord(end < text.count ? text[end] : nil)
    }
  }
}

/// Finds the classes of many texts. A whole name takes the same short time for any number of classes.
package struct LabelFinder {
  private let labels: Labels
  /// The classes by the lower-case forms of their synonyms.
  private var known: [String: [Labels.Match]] = [:]

  package init(_ labels: Labels) {
    self.labels = labels
    for (index, synonyms) in labels.names.enumerated() {
      for synonym in synonyms {
        let name = synonym.lowercased()
        if known[name]?.last?.index != index { known[name, default: []].append((index, synonym)) }
      }
    }
  }

  /// Returns the index of the class that `text` names, as ``Labels/find(_:)`` does.
  package func find(_ text: String) throws(PixelAscentError) -> Int { try labels.find(text) { known[$0] ?? [] } }
}
