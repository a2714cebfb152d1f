// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

extension ParsableCommand {
  /// Refuses an option that takes one value and is given twice. The argument parser would take the last value without a
  /// word.
  ///
  /// - Parameter words: the words behind the name of the command, which the argument parser has accepted
  /// - Throws: `UsageError`.
  static func checkRepeatedOptions(_ words: [String]) throws {
    // The parser describes the options in JSON, which takes longer than the rest of the parsing.
    let dashed = words.prefix { $0 != "--" }.filter { $0.hasPrefix("-") }.map(optionName)
      .map { $0 == "-o" ? "--output" : $0 }
    if Set(dashed).count == dashed.count { return }
    let options = try JSONText.decode(CommandDescription.self, from: _dumpHelp().utf8).command.arguments
    var given: Set<[String]> = [], rest = words[...]
    while let word = rest.popFirst(), word != "--" {
      guard let option = options.first(where: { $0.kind == "option" && $0.words.contains(optionName(word)) }) else {
        continue
      }
      if !word.contains("=") { _ = rest.popFirst() }
      if option.isRepeating || given.insert(option.words).inserted { continue }
      throw UsageError("\(optionName(word)) is given twice; it takes one value.")
    }
  }

  /// Returns the name in a word that may be "--name=value".
  private static func optionName(_ word: String) -> String { String(word.prefix { $0 != "=" }) }
}

/// The part of the argument parser's description of a command that lists its options.
private struct CommandDescription: Decodable {
  struct Command: Decodable { let arguments: [Argument] }

  struct Argument: Decodable {
    struct Name: Decodable { let kind, name: String }

    let kind: String
    let isRepeating: Bool
    let names: [Name]?

    /// The names as they are typed: "-o" and "--output".
    var words: [String] { (names ?? []).map { ($0.kind == "short" ? "-" : "--") + $0.name } }
  }

  let command: Command
}
