// SPDX-License-Identifier: MIT

import PixelAscent

/// Prints what a command says: results on standard output, everything else on standard error. If the command writes a
/// picture to standard output, results go to standard error too.
package struct Console: Sendable {
  private let json, quiet: Bool
  private var hasFileOnOutput = false

  /// Makes the console of a command.
  ///
  /// - Parameters:
  ///   - json: whether results are printed as JSON
  ///   - quiet: whether progress and notes are left out
  package init(json: Bool, quiet: Bool) { (self.json, self.quiet) = (json, quiet) }

  /// Returns this console for a command that writes its pictures to `outputs`.
  package func writing(to outputs: Outputs) -> Console { sharingOutput(outputs.writesToStandardOutput) }

  /// Returns this console for a command that writes a file to `path`.
  package func writing(to path: String) -> Console { sharingOutput(StandardStreams.isStandardOutput(path)) }

  private func sharingOutput(_ hasFileOnOutput: Bool) -> Console {
    var console = self
    console.hasFileOnOutput = hasFileOnOutput
    return console
  }

  /// Prints a result: the record as a line of JSON, or the record's lines of text.
  package func print(_ record: some ResultRecord) throws { try print(record, lines: record.lines) }

  /// Prints a result: the record as a line of JSON, or `lines` as text.
  package func print(_ record: some Encodable, lines: @autoclosure () -> [String]) throws {
    let text = json ? try JSONText.encode(record) : lines().map { $0.visible() }.joined(separator: "\n")
    try StatusLine.above {
      if hasFileOnOutput { return StandardStreams.printError(text) }
      try StandardStreams.print(text)
    }
  }

  /// The words of the command, as the user would type them to run it again.
  package static var command: [String] { ["pixelascent"] + CommandLine.arguments.dropFirst() }

  /// Prints a note about a result or about the progress of the work, unless the console is quiet.
  package func note(_ text: String) {
    if !quiet { StatusLine.above { StandardStreams.printError(text.visible()) } }
  }

  /// Whether progress is shown on a status line, the last line of the terminal.
  package var hasStatusLine: Bool { !quiet && Terminal.standardError != nil }

  /// Shows the progress of the work on the status line, unless the console is quiet.
  package func progress(_ text: (_ width: Int) -> String) {
    if !quiet { StatusLine.show { text($0).visible() } }
  }

  /// Prints text that draws a picture in the terminal, even if the console is quiet: the user has asked for the
  /// picture.
  package func preview(_ text: String) { StatusLine.above { StandardStreams.printError(text, end: "") } }

  /// Prints an error.
  package static func error(_ error: any Error) { Console.error((error as? PixelAscentError)?.line ?? "\(error)") }

  /// Prints an error on one line, even if it contains a file name with line breaks.
  package static func error(_ message: String) {
    let isRed = Terminal.standardError != nil && Terminal.allowsColor
    let word = isRed ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
    StatusLine.above { StandardStreams.printError("\(word) \(message.visible())") }
  }
}
