// SPDX-License-Identifier: MIT

import PixelAscent

/// Reads lists of classes.
package enum ClassList {
  /// Returns the indices of the classes that `text` lists: indices, ranges such as 3-17 and names, separated by commas.
  ///
  /// `text` may also be the path of a file that lists one per line. If such a file exists, `text` still counts as a
  /// list if it has a comma or is an index, a range or a class's whole name, and all its classes can be found.
  ///
  /// - Throws: `PixelAscentError` if a class is unknown or named twice, or the file can't be read.
  package static func find(_ text: String, _ labels: Labels) throws -> [Int] {
    if !Files.isRegular(text) || isList(text, labels) {
      do {
        return try find(text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed), labels)
      } catch {
        guard Files.isRegular(text) else { throw error }
      }
    }
    let lines = try lines(text)
    return try withErrors(about: text) { try find(lines, labels) }
  }

  private static func isList(_ text: String, _ labels: Labels) -> Bool {
    let wanted = text.lowercased()
    return text.contains(",") || text.utf8.allSatisfy { "0123456789-".utf8.contains($0) }
      || labels.names.contains { $0.contains { $0.lowercased() == wanted } }
  }

  private static func find(_ parts: [String], _ labels: Labels) throws -> [Int] {
    let finder = LabelFinder(labels)
    var seen: Set<Int> = []
    return try parts.flatMap { part -> [Int] in
      let indices = try range(part, finder) ?? [try finder.find(part)]
      for index in indices where !seen.insert(index).inserted {
        throw PixelAscentError(.classLookup, "--classes names \(labels[index]) (\(index)) twice")
      }
      return indices
    }
  }

  private static func lines(_ path: String) throws -> [String] {
    let text = String(decoding: try Files.read(path).withoutByteOrderMark, as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
    if lines.isEmpty { throw PixelAscentError(.classLookup, "has no class; write one per line", about: path) }
    return lines.map(trimmed)
  }

  private static func trimmed(_ part: Substring) -> String {
    part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// Returns the indices of a range such as 3-17; nil if the text is not a range.
  private static func range(_ part: String, _ finder: LabelFinder) throws -> [Int]? {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
      return nil
    }
    let first = try finder.find(String(ends[0])), last = try finder.find(String(ends[1]))
    guard first <= last else {
      throw PixelAscentError(.classLookup, "write \(last)-\(first), not \(part.oneLine)", about: "--classes")
    }
    return Array(first...last)
  }
}
