// SPDX-License-Identifier: MIT

import PixelAscent

/// Where a command speaks: results on standard output, everything else on standard error. Where a picture goes to standard
/// output, results go to standard error too.
package struct Console: Sendable {
  private let json, quiet: Bool
  private var hasPictureOnOutput = false

  /// - Parameters:
  ///   - json: whether results are printed as JSON
  ///   - quiet: whether progress and notes are not printed
  package init(json: Bool, quiet: Bool) { (self.json, self.quiet) = (json, quiet) }

  /// The console of a command that writes its results to `outputs`.
  package func beside(_ outputs: Outputs) -> Console {
    var console = self
    console.hasPictureOnOutput = outputs.useStandardOutput
    return console
  }

  /// Prints a result: the record as a line of JSON, or the lines for people.
  package func print(_ record: some ResultRecord) throws { try print(record, lines: record.lines) }

  /// Prints a result: the record as a line of JSON, or `lines` for people.
  package func print(_ record: some Encodable, lines: @autoclosure () -> [String]) throws {
    let text = json ? try JSONText.encode(record) : lines().map { $0.visible() }.joined(separator: "\n")
    try StatusLine.above {
      if hasPictureOnOutput { return StandardStreams.printError(text) }
      try StandardStreams.print(text)
    }
  }

  /// The words of the command, as its user would type it again.
  package static var command: [String] { ["pixelascent"] + CommandLine.arguments.dropFirst() }

  /// Says something about a result, or how far the work is.
  package func note(_ text: String) {
    if !quiet { StatusLine.above { StandardStreams.printError(text.visible()) } }
  }

  /// Whether progress has a line of its own, at the end of a terminal.
  package var hasStatusLine: Bool { !quiet && Terminal.standardError != nil }

  /// Says on the status line how far the work is.
  package func progress(_ text: (_ width: Int) -> String) {
    if !quiet { StatusLine.show { text($0).visible() } }
  }

  /// Shows text that draws a picture in the terminal. The user has asked for it, so `quiet` does not silence it.
  package func preview(_ text: String) { StatusLine.above { StandardStreams.printError(text, end: "") } }

  /// Says what went wrong.
  package static func error(_ error: any Error) { Console.error((error as? PixelAscentError)?.line ?? "\(error)") }

  /// Says what went wrong, on one line even if a file's name has several.
  package static func error(_ message: String) {
    let isRed = Terminal.standardError != nil && Terminal.allowsColor
    let word = isRed ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
    StatusLine.above { StandardStreams.printError("\(word) \(message.visible())") }
  }
}
