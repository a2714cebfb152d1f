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

      The model is the file that --model names, or else the one that $PIXELASCENT_MODEL names. Without either, the \
      program looks for squeezenet1_1.safetensors in $XDG_DATA_HOME/pixelascent/models, in ./Models, in the folder \
      Models beside the program or beside the .build folder that contains the program, and in \
      ../share/pixelascent/models, relative to the program's folder.

      Ctrl-C once stops the work and writes the results so far; Ctrl-C twice ends the program at once.

      Exit codes: 0 success, 1 failure, 64 wrong usage, 130 stopped by Ctrl-C.
      """,
    version: Release.version,
    subcommands: [
      Classify.self, Saliency.self, Fool.self, Visualize.self, Atlas.self, Reproduce.self, Convert.self, Inspect.self,
      Info.self,
    ])

  static func main() {
    StandardStreams.open()
    Interruption.turnWriteSignalsIntoErrors()
    do {
      try Files.checkReserve()
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
      exit(withError: error)
    }
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

  /// Returns the command that the arguments ask for.
  private static func parsed() throws -> ParsableCommand {
    let command = try parseAsRoot(), known: [ParsableCommand.Type] = [self] + configuration.subcommands
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

  /// Prints wrong usage in the argument parser's own form. The parser itself can't: it knows the command only while it
  /// parses.
  private static func wrongUsage(_ error: UsageError, of command: ParsableCommand.Type) -> ExitCode {
    let name = command == self ? _commandName : "\(_commandName) \(command._commandName)"
    StandardStreams.printError(
      """
      Error: \(error.message.visible())
      Usage: \(usageString(for: command))
        See '\(name) --help' for more information.
      """)
    return .validationFailure
  }
}
