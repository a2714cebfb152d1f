// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Pictures as text for a terminal.
@Suite struct TerminalGraphicsTests {
  private static let environments: [([String: String], TerminalGraphics?)] = [
    ([:], nil),
    (["TERM": "dumb", "COLORTERM": "truecolor"], nil),
    (["TERM": "xterm-256color"], .palette),
    (["TERM": "xterm", "COLORTERM": "yes"], .palette),
    (["TERM": "xterm-256color", "COLORTERM": "truecolor"], .trueColor),
    (["TERM": "xterm-256color", "COLORTERM": "24bit", "NO_COLOR": "1"], .trueColor),
    (["TERM": "xterm-kitty"], .kitty),
    (["TERM": "xterm-ghostty"], .kitty),
    (["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"], .kitty),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm", "COLORTERM": "truecolor"], .kitty),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"], .kitty),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"], .palette),
    (["TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "COLORTERM": "truecolor"], .trueColor),
    (["TERM": "screen-256color", "TMUX": "/tmp/x", "TERM_PROGRAM": "WezTerm"], .palette),
    (["TERM": "xterm-kitty", "ZELLIJ": "0", "COLORTERM": "truecolor"], .trueColor),
    (["TERM": "screen", "STY": "1.x", "KITTY_WINDOW_ID": "1", "COLORTERM": "truecolor"], .palette),
  ]

  @Test(arguments: environments)
  func environment(_ variables: [String: String], _ expected: TerminalGraphics?) {
    #expect(TerminalGraphics { variables[$0] } == expected)
  }

  private struct Fit: Sendable {
    let graphics: TerminalGraphics
    let picture, terminal: (Int, Int)
    let aspect: Double
    let cells: (Int, Int)
  }

  private static func flat(_ width: Int, _ height: Int) -> RGBImage {
    RGBImage(width: width, height: height, pixels: [UInt8](repeating: 9, count: 3 * width * height))
  }

  @Test("A picture fits, keeps its aspect ratio and is not enlarged")
  func cells() {
    let fits: [Fit] = [
      Fit(graphics: .trueColor, picture: (224, 224), terminal: (80, 24), aspect: 2, cells: (44, 22)),
      Fit(graphics: .palette, picture: (224, 224), terminal: (40, 24), aspect: 2, cells: (39, 20)),
      Fit(graphics: .palette, picture: (224, 224), terminal: (200, 50), aspect: 2, cells: (96, 48)),
      Fit(graphics: .palette, picture: (224, 224), terminal: (300, 200), aspect: 2, cells: (224, 112)),
      Fit(graphics: .trueColor, picture: (298, 224), terminal: (80, 24), aspect: 2.5, cells: (73, 22)),
      Fit(graphics: .trueColor, picture: (1, 1), terminal: (80, 24), aspect: 2, cells: (2, 1)),
      Fit(graphics: .trueColor, picture: (4200, 16), terminal: (80, 24), aspect: 2, cells: (79, 1)),
      Fit(graphics: .trueColor, picture: (16, 4200), terminal: (80, 24), aspect: 2, cells: (1, 22)),
      Fit(graphics: .kitty, picture: (224, 224), terminal: (80, 24), aspect: 2, cells: (28, 14)),
      Fit(graphics: .kitty, picture: (1000, 1000), terminal: (80, 24), aspect: 2, cells: (44, 22)),
    ]
    for fit in fits {
      let terminal = Terminal(columns: fit.terminal.0, rows: fit.terminal.1, cellAspect: fit.aspect)
      let cells = fit.graphics.cells(for: Self.flat(fit.picture.0, fit.picture.1), in: terminal)
      #expect(cells.map { [$0.columns, $0.rows] } == [fit.cells.0, fit.cells.1], "\(fit)")
    }
    for (columns, rows) in [(1, 24), (80, 2), (1, 1)] {
      let terminal = Terminal(columns: columns, rows: rows)
      #expect(TerminalGraphics.trueColor.cells(for: Self.flat(8, 8), in: terminal) == nil)
    }
  }

  /// A picture for two characters: red over blue, and red over white.
  private static let tiny = RGBImage(
    width: 2, height: 2, pixels: [255, 0, 0, 255, 0, 0, 0, 0, 255, 255, 255, 255])
  private static let tinyCells = Terminal(columns: 2, rows: 1)

  @Test("Half blocks set a colour only where it changes, and reset it at the end of the line")
  func halfBlocks() throws {
    func text(_ graphics: TerminalGraphics, replacesLast: Bool) throws -> String {
      try graphics.text(for: Self.tiny, cells: Self.tinyCells, id: 1, replacesLast: replacesLast)
    }
    let full = "\u{1B}[38;2;255;0;0m\u{1B}[48;2;0;0;255m▀\u{1B}[48;2;255;255;255m▀\u{1B}[0m\n"
    #expect(try text(.trueColor, replacesLast: false) == full)
    #expect(try text(.trueColor, replacesLast: true) == "\u{1B}[1A" + full)
    let few = "\u{1B}[38;5;196m\u{1B}[48;5;21m▀\u{1B}[48;5;231m▀\u{1B}[0m\n"
    #expect(try text(.palette, replacesLast: false) == few)
  }

  @Test("A picture is shrunk to two pixels per character")
  func shrunk() throws {
    let text = try TerminalGraphics.trueColor.text(
      for: Self.flat(50, 70), cells: Terminal(columns: 7, rows: 5), id: 1, replacesLast: true)
    let line = "\u{1B}[38;2;9;9;9m\u{1B}[48;2;9;9;9m▀▀▀▀▀▀▀\u{1B}[0m\n"
    #expect(text == "\u{1B}[5A" + String(repeating: line, count: 5))
  }

  @Test("The palette colour is the nearest of the cube and the greys")
  func palette() throws {
    let levels = [0, 95, 135, 175, 215, 255]
    var colors = (0..<216).map { (index: Int) -> [Int] in
      [levels[index / 36], levels[index / 6 % 6], levels[index % 6]]
    }
    colors += (0..<24).map { (step: Int) -> [Int] in [Int](repeating: 8 + 10 * step, count: 3) }
    var random = TestRandom(2)
    for _ in 0..<2000 {
      let color = (0..<3).map { (_: Int) -> Int in Int(random.next() % 256) }
      func distance(_ other: [Int]) -> Int { zip(color, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
      let found = TerminalGraphics.paletteIndex(color[0], color[1], color[2])
      try #require((16..<256).contains(found), "\(color)")
      #expect(distance(colors[found - 16]) == colors.map(distance).min(), "\(color)")
    }
    for grey in 0..<256 {
      let found = TerminalGraphics.paletteIndex(grey, grey, grey)
      #expect(abs(colors[found - 16][0] - grey) <= (grey > 240 ? 8 : 5))
    }
  }

  @Test("kitty gets empty lines, then the PNG in chunks of 4096 bytes; then the cursor moves below the picture")
  func kitty() throws {
    var random = TestRandom(6)
    let noise = RGBImage(
      width: 60, height: 50,
      pixels: (0..<9000).map { (_: Int) -> UInt8 in UInt8(truncatingIfNeeded: random.next()) })
    for picture in [Self.tiny, noise] {
      let cells = Terminal(columns: 8, rows: 3), png = Data(try picture.pngData())
      let first = try TerminalGraphics.kitty.text(for: picture, cells: cells, id: 77, replacesLast: false)
      let again = try TerminalGraphics.kitty.text(for: picture, cells: cells, id: 77, replacesLast: true)
      #expect(first == "\n\n\n" + again)

      let inner = try #require(again.dropPrefix("\u{1B}[3A")?.dropSuffix("\u{1B}[3B"))
      let chunks = inner.components(separatedBy: "\u{1B}\\")
      #expect(chunks.last == "")
      var data = ""
      for (index, chunk) in chunks.dropLast().enumerated() {
        let isLast = index == chunks.count - 2
        let keys = (index == 0 ? "a=T,f=100,q=2,C=1,i=77,p=1,c=8,r=3," : "") + (isLast ? "m=0" : "m=1")
        let payload = try #require(chunk.dropPrefix("\u{1B}_G\(keys);"))
        #expect(isLast ? (1...4096).contains(payload.utf8.count) : payload.utf8.count == 4096)
        data += payload
      }
      #expect(Data(base64Encoded: data) == png)
      #expect(chunks.count - 1 == (png.count + 2) / 3 * 4 / 4096 + 1)
    }
  }
}

extension String {
  fileprivate func dropPrefix(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }

  fileprivate func dropSuffix(_ suffix: String) -> String? {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
  }
}
