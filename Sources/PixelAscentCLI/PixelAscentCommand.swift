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
      CLASS is an index or a name, in any case: a whole synonym of one class, or a part of one.

      Examples:
        pixelascent classify photo.jpg
        pixelascent saliency photo.jpg --class "Border terrier" -o map.png
        pixelascent fool photo.jpg --target tarantula --figure panels.png
        pixelascent visualize --class tarantula --seed 7 --figure steps.png

      The model is --model, else $PIXELASCENT_MODEL, else squeezenet1_1.safetensors in \
      $XDG_DATA_HOME/pixelascent/models, in ./Models, in Models beside the program or the .build that it \
      lies in, or in ../share/pixelascent/models from the program's folder.

      Exit codes: 0 done, 1 failed, 64 wrong usage, 130 stopped by Ctrl-C: once, and it writes what it has; twice, and \
      it stops at once.
      """,
    version: Release.version,
    subcommands: [
      Classify.self, Saliency.self, Fool.self, Visualize.self, Atlas.self, Reproduce.self, Convert.self, Inspect.self,
      Info.self,
    ])

  static func main() {
    StandardStreams.open()
    Interruption.watch(onCtrlC: StatusLine.leave)
    do {
      try checkCommand()
      var command = try parsed()
      try StandardStreams.checkOutput()
      do {
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

  /// Refuses what is no subcommand, which the argument parser would take for an argument of the whole program.
  private static func checkCommand() throws {
    let known = configuration.subcommands.map { $0._commandName }, words = CommandLine.arguments.dropFirst()
    guard let name = (words.first == "help" ? words.dropFirst() : words).first, !name.hasPrefix("-"), name != "help",
      !known.contains(name)
    else { return }
    throw wrongUsage(
      UsageError("There is no command \"\(name)\"; there are \(known.joined(separator: ", "))."), of: self)
  }

  /// The command that the arguments ask for.
  private static func parsed() throws -> ParsableCommand {
    let command = try parseAsRoot(), known: [ParsableCommand.Type] = [self] + configuration.subcommands
    if known.contains(where: { $0 == type(of: command) }) { return command }
    // Help. A single dash makes letters of a word, and the argument parser sees an -h in -phase.
    let words = CommandLine.arguments.dropFirst()
    if !words.contains(where: ["-h", "-help", "--help", "--help-hidden", "help"].contains),
      let word = words.first(where: { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.contains("h") })
    {
      throw wrongUsage(
        UsageError("Unknown option '\(word)'"), of: known.first { $0._commandName == words.first } ?? self)
    }
    return command
  }

  /// Says what is wrong as the argument parser does, which knows the command only while it parses.
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
