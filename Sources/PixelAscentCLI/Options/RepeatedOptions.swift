// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// A command that takes lists of words: an argument or an option that may be given any number of times.
protocol TakesLists: ParsableCommand {
  /// The lists, by the option's name; the list of the arguments has the name "".
  static var lists: [String: WritableKeyPath<Self, [String]>] { get }
}

/// The words of a command, without those that only make a list longer.
///
/// The time that the argument parser takes grows with the square of the number of words. So of a long command line it
/// gets the first word of each list, and ``completed(_:)`` adds the others.
struct ShortenedWords {
  private(set) var words: [String] = []
  private var others: [String: [String]] = [:]

  /// - Parameter words: the words behind the name of the command
  init(_ words: [String], of command: any TakesLists.Type) throws {
    let options = try command.optionsByName(), names = command.listNames
    var rest = words[...], begun: Set<String> = [], areArguments = false
    func add(_ value: Substring, to list: String, _ given: [String]) {
      if names.contains(list) && !begun.insert(list).inserted {
        others[list, default: []].append(String(value))
      } else {
        self.words += given
      }
    }
    while let word = rest.popFirst() {
      let name = optionName(word)
      if areArguments || word == "-" || !word.hasPrefix("-") {
        add(word[...], to: "", [word])
      } else if options[name]?.kind != "option" {
        areArguments = word == "--"
        self.words.append(word)
      } else if name != word {
        add(word.dropFirst(name.count + 1), to: name, [word])
      } else if let value = rest.popFirst() {
        add(value[...], to: name, [word, value])
      } else {
        self.words.append(word)
      }
    }
  }

  /// Returns a command with the rest of its lists.
  ///
  /// - Throws: `ValidationError` if the command does not allow the lists.
  func completed<Command: TakesLists>(_ command: Command) throws -> Command {
    var command = command
    for (name, list) in Command.lists { command[keyPath: list] += others[name] ?? [] }
    try command.validate()
    return command
  }
}

extension TakesLists {
  fileprivate static var listNames: Set<String> { Set(lists.keys) }
}

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
    let options = try optionsByName()
    var given: Set<[String]> = [], rest = words[...]
    while let word = rest.popFirst(), word != "--" {
      let name = optionName(word)
      guard let option = options[name], option.kind == "option" else { continue }
      if name == word { _ = rest.popFirst() }
      if option.isRepeating || given.insert(option.words).inserted { continue }
      throw UsageError("\(name) is given twice; it takes one value.")
    }
  }

  /// Returns the argument parser's description of each option and flag, by the words that name it.
  fileprivate static func optionsByName() throws -> [String: CommandDescription.Argument] {
    let options = try JSONText.decode(CommandDescription.self, from: _dumpHelp().utf8).command.arguments
    return Dictionary(options.flatMap { option in option.words.map { ($0, option) } }) { first, _ in first }
  }
}

/// Returns the name in a word that may be "--name=value".
private func optionName(_ word: String) -> String { String(word.prefix { $0 != "=" }) }

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
