// SPDX-License-Identifier: MIT

import PixelAscent

/// Shows the pictures of an ascent in the terminal, each over the one before.
package struct Preview: Sendable {
  private let graphics: TerminalGraphics
  private let console: Console
  private let id = UInt32.random(in: 1...0xFF_FFFF)
  private var last: (terminal: Terminal, cells: Terminal)?

  /// Makes a preview. Prints a note and returns nil if standard output or standard error is not a terminal with
  /// colours.
  package init?(_ console: Console) {
    guard Terminal.standardOutput != nil, Terminal.standardError != nil,
      let graphics = TerminalGraphics(environment: Files.environment)
    else {
      console.note(
        "note: --preview shows nothing: standard output and standard error must be a terminal with colours")
      return nil
    }
    (self.graphics, self.console) = (graphics, console)
  }

  /// Shows a picture, unless the terminal is too small or memory runs out.
  package mutating func show(_ picture: RGBImage) {
    guard let terminal = Terminal.standardError, let cells = graphics.cells(for: picture, in: terminal) else { return }
    let replacesLast = last.map { $0 == (terminal, cells) } ?? false
    guard let text = try? graphics.text(for: picture, cells: cells, id: id, replacesLast: replacesLast) else { return }
    console.preview(text)
    last = (terminal, cells)
  }
}
