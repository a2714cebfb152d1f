// SPDX-License-Identifier: MIT

import PixelAscent

/// The pictures of an ascent in the terminal, each in the place of the one before.
package struct Preview: Sendable {
  private let graphics: TerminalGraphics
  private let console: Console
  private let id = UInt32.random(in: 1...0xFF_FFFF)
  private var last: (terminal: Terminal, cells: Terminal)?

  /// nil if the program's streams are no terminal that has colours, which a note says.
  package init?(_ console: Console) {
    guard Terminal.standardOutput != nil, Terminal.standardError != nil,
      let graphics = TerminalGraphics(environment: Files.environment)
    else {
      console.note(
        "note: --preview shows nothing: standard output and standard error must be a terminal that has colours")
      return nil
    }
    (self.graphics, self.console) = (graphics, console)
  }

  /// Shows a picture, if there is room for it in the terminal and enough memory.
  package mutating func show(_ picture: RGBImage) {
    guard let terminal = Terminal.standardError, let cells = graphics.cells(for: picture, in: terminal) else { return }
    let isAbove = last.map { $0 == (terminal, cells) } ?? false
    guard let text = try? graphics.text(for: picture, cells: cells, id: id, isAbove: isAbove) else { return }
    console.preview(text)
    last = (terminal, cells)
  }
}
