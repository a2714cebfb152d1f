// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

@main
struct PixelAscentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pixelascent",
    abstract: "Ask an image classifier what it sees, through the gradient of a class score with respect to the pixels.",
    discussion: """
      Name a class by its index or by one of its names, in upper or lower case. Part of a name is enough if only one \
      class has it.

      Examples:
        pixelascent classify photo.jpg
        pixelascent saliency photo.jpg --class "Border terrier" -o map.png
        pixelascent fool photo.jpg --target tarantula --figure panels.png
        pixelascent visualize --class tarantula --seed 7 --figure steps.png
        pixelascent dream photo.jpg

      The model is the file that --model names, or else the one that $PIXELASCENT_MODEL names. Without either, the \
      program looks for squeezenet1_1.safetensors in $XDG_DATA_HOME/pixelascent/models, in ./Models, in the folder \
      Models beside the program or beside the .build folder that contains the program, and in \
      ../share/pixelascent/models, relative to the program's folder.

      Ctrl-C once stops the work and writes the results so far; Ctrl-C twice ends the program at once.

      Exit codes: 0 success, 1 failure, 64 wrong usage, 130 stopped by Ctrl-C.
      """,
    version: Release.version,
    // Each command's configuration has a name. Without one the parser would make it by reflection, at every start.
    subcommands: [
      Classify.self, Saliency.self, Fool.self, Visualize.self, Dream.self, Invert.self, Atlas.self, Reproduce.self,
      Convert.self, Inspect.self, Info.self,
    ])

  static func main() {
    Files.requireReserve()
    StandardStreams.open()
    Interruption.turnWriteSignalsIntoErrors()
    do {
      try checkCommand()
      var command = try parsed()
      try StandardStreams.checkOutput()
      Interruption.watch(onCtrlC: StatusLine.leave)
      do {
        try type(of: command).checkRepeatedOptions(Array(CommandLine.arguments.dropFirst(2)))
        try command.run()
      } catch let error as UsageError {
        throw wrongUsage(error, of: type(of: command))
      }
    } catch let error as PixelAscentError {
      Console.error(error)
      exit(withError: ExitCode.failure)
    } catch let status as ExitStatus {
      exit(withError: ExitCode(status.code))
    } catch {
      end(error)
    }
  }

  /// Prints an error of the argument parser and ends the program. An error that is a success holds a text that the user
  /// has asked for: the help, the version or completions.
  private static func end(_ error: any Error) -> Never {
    let code = exitCode(for: error), text = fullMessage(for: error)
    guard code == .success else {
      // The parser repeats the user's words as they are.
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }
      if !text.isEmpty { StandardStreams.printError(lines.joined(separator: "\n")) }
      exit(withError: code)
    }
    do {
      if !text.isEmpty { try StandardStreams.print(text) }
    } catch {
      Console.error(error)
      exit(withError: ExitCode.failure)
    }
    exit()
  }

  /// Refuses an unknown subcommand. The argument parser would call it an unexpected argument of the whole program.
  private static func checkCommand() throws {
    let known = configuration.subcommands.map { $0._commandName }, words = CommandLine.arguments.dropFirst()
    guard let name = (words.first == "help" ? words.dropFirst() : words).first, !name.hasPrefix("-"), name != "help",
      !known.contains(name)
    else { return }
    throw wrongUsage(
      UsageError("Unknown command \"\(name)\"; the commands are \(known.joined(separator: ", "))."), of: self)
  }

  /// The number of words from which on the argument parser gets only a part of a command.
  private static let manyWords = 100

  /// Returns the command that the arguments ask for.
  private static func parsed() throws -> ParsableCommand {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let named = configuration.subcommands.first { $0._commandName == arguments.first }
    guard arguments.count > manyWords, let takesLists = named as? any TakesLists.Type else {
      return try parsed(arguments)
    }
    let short = try ShortenedWords(Array(arguments.dropFirst()), of: takesLists)
    let command = try parsed(arguments.prefix(1) + short.words)
    guard let command = command as? any TakesLists else { return command }
    do {
      return try short.completed(command)
    } catch let error as ValidationError {
      throw wrongUsage(UsageError(error.message), of: type(of: command))
    }
  }

  private static func parsed(_ arguments: [String]) throws -> ParsableCommand {
    let command = try parseAsRoot(arguments), known: [ParsableCommand.Type] = [self] + configuration.subcommands
    if known.contains(where: { $0 == type(of: command) }) { return command }
    // Any other command is the argument parser's help. The parser reads a word after a single dash as single-letter
    // options, so it also finds an -h in -phase.
    let words = CommandLine.arguments.dropFirst()
    if !words.contains(where: ["-h", "-help", "--help", "--help-hidden", "help"].contains),
      let word = words.first(where: { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.contains("h") })
    {
      throw wrongUsage(
        UsageError("Unknown option '\(word)'"), of: known.first { $0._commandName == words.first } ?? self)
    }
    return command
  }

  /// Returns a line about wrong usage of a sensible length, without characters that would change the terminal.
  private static func printable(_ line: String) -> String { line.shortened().visible() }

  /// Prints wrong usage in the argument parser's own form. The parser itself can't: it knows the command only while it
  /// parses.
  private static func wrongUsage(_ error: UsageError, of command: ParsableCommand.Type) -> ExitCode {
    let name = command == self ? _commandName : "\(_commandName) \(command._commandName)"
    StandardStreams.printError(
      """
      Error: \(printable(error.message))
      Usage: \(usageString(for: command))
        See '\(name) --help' for more information.
      """)
    return .validationFailure
  }
}
