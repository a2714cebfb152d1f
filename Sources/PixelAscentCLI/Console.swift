// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool

/// Results on standard output, everything else on standard error; and the results there too if a picture goes to
/// standard output.
struct Console: Sendable {
  let json: Bool
  let quiet: Bool

  /// Prints a result: the record as a line of JSON, or a line for people.
  func result(_ record: some Encodable, besides outputs: Outputs? = nil, line: () -> String) throws {
    try listing(record, besides: outputs) { [line()] }
  }

  /// Prints a result: the record as a line of JSON, or lines for people.
  func listing(_ record: some Encodable, besides outputs: Outputs? = nil, lines: () -> [String]) throws {
    let text = json ? try JSONText.encode(record) : lines().map { $0.visible() }.joined(separator: "\n")
    try StatusLine.above {
      if outputs?.useStandardOutput ?? false { return StandardStreams.printError(text) }
      try StandardStreams.print(text)
    }
  }

  /// The words of the command, as a user would type it again.
  static var command: [String] { ["pixelascent"] + CommandLine.arguments.dropFirst() }

  /// Says something about a result, or how far it is.
  func note(_ text: String) {
    if !quiet { StatusLine.above { StandardStreams.printError(text.visible()) } }
  }

  /// Whether progress has a line of its own, at the end of a terminal.
  var hasStatusLine: Bool { !quiet && Terminal.standardError != nil }

  /// Says on that line how far the work is.
  func progress(_ text: (_ width: Int) -> String) {
    if !quiet { StatusLine.show { text($0).visible() } }
  }

  /// Shows text that draws a picture in the terminal; it was asked for, so that `quiet` does not silence it.
  func preview(_ text: String) { StatusLine.above { StandardStreams.printError(text, end: "") } }

  /// Says what went wrong, on one line even where a file's name has several.
  static func error(_ message: String) {
    let isRed = Terminal.standardError != nil && Terminal.allowsColor
    let word = isRed ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
    StatusLine.above { StandardStreams.printError("\(word) \(message.visible())") }
  }
}
