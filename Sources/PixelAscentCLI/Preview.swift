// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct PreviewOptions: ParsableArguments {
  @Flag(help: "Show the pictures in the terminal while they change, also with --quiet or NO_COLOR.")
  var preview = false

  /// Where they are shown: nowhere if they were not asked for, or can't be, which a note says.
  func view(_ console: Console) -> Preview? { preview ? Preview(console) : nil }
}

/// The pictures of an ascent in the terminal, each in the place of the one before.
struct Preview: Sendable {
  private let graphics: TerminalGraphics
  private let console: Console
  private let id = UInt32.random(in: 1...0xFF_FFFF)
  private var last: (terminal: Terminal, cells: Terminal)?

  fileprivate init?(_ console: Console) {
    guard Terminal.standardOutput != nil, Terminal.standardError != nil,
      let graphics = TerminalGraphics(environment: Files.environment)
    else {
      console.note(
        "note: --preview shows nothing: standard output and standard error must be a terminal that has colours")
      return nil
    }
    (self.graphics, self.console) = (graphics, console)
  }

  /// Shows a picture, if there is room for it and memory.
  mutating func show(_ picture: RGBImage) {
    guard let terminal = Terminal.standardError, let cells = graphics.cells(for: picture, in: terminal) else { return }
    let isAbove = last.map { $0 == (terminal, cells) } ?? false
    guard let text = try? graphics.text(for: picture, cells: cells, id: id, isAbove: isAbove) else { return }
    console.preview(text)
    last = (terminal, cells)
  }
}
