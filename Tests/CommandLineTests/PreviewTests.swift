// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// `--preview` and the line of progress, in a terminal and without one.
@Suite struct PreviewTests {
  private static let visualize = "visualize --class 76 --init photo.png --iterations 5 --show-every 2"
  private static let fool = "fool photo.png --target 76 --max-iterations 2"

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder)
  }

  @Test("Without a terminal, --preview prints a note, and the results are the same", arguments: [visualize, fool])
  func noTerminal(_ command: String) throws {
    let note = "note: --preview shows nothing: standard output and standard error must be a terminal with colours\n"
    let plain = try run("\(command) -o a.png --quiet")
    let outcome = try run("\(command) --preview -o b.png")
    #expect(outcome.errors.hasPrefix(note))
    #expect(outcome.status == plain.status)
    #expect(!outcome.errors.contains("▀"))
    #expect(try folder.bytes("a.png") == folder.bytes("b.png"))
    #expect(try run("\(command) --preview -o a.png --quiet").errors == plain.errors)
  }

  @Test("--preview of several ascents is refused")
  func severalAscents() throws {
    try Refusal.usage(
      "visualize --class 76 --class 366 --seeds 0-2 --preview",
      "--preview shows a single ascent; --class, --objective, --recipe and --seeds ask for 6."
    ).check(in: folder)
  }

  #if os(Linux)
    private static let script = "/usr/bin/script"

    /// Runs the program in a terminal with the given number of columns and rows. The outcome's output holds everything
    /// that the terminal receives.
    private func show(
      _ command: String, columns: Int, rows: Int, _ environment: [String: String]
    ) throws -> Program.Outcome {
      let unset = ["TMUX", "STY", "ZELLIJ", "KITTY_WINDOW_ID", "TERM_PROGRAM", "COLORTERM", "NO_COLOR"]
      let variables = Dictionary(uniqueKeysWithValues: unset.map { (name: String) -> (String, String) in (name, "") })
      return try Program.run(
        ["-qec", "stty cols \(columns) rows \(rows); '\(Program.path)' \(command)", "/dev/null"], in: folder,
        environment: variables.merging(["TERM": "xterm-256color"]) { $1 }.merging(environment) { $1 },
        program: Self.script)
    }

    private func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

    @Test(
      "The preview consists of half blocks, and each picture overwrites the previous one",
      .enabled(if: access(script, X_OK) == 0),
      arguments: [(40, 24, 39, 13), (80, 12, 30, 10), (200, 60, 72, 24)], ["truecolor", ""])
    func halfBlocks(_ size: (columns: Int, rows: Int, width: Int, height: Int), _ colors: String) throws {
      // The shown iterations are 1, 2, 4 and 5, and the picture has 72 × 48 pixels.
      let outcome = try show(
        "\(Self.visualize) --preview", columns: size.columns, rows: size.rows, ["COLORTERM": colors, "NO_COLOR": "1"])
      #expect(outcome.status == 0)
      let lines = outcome.text.components(separatedBy: "\r\n").filter { $0.contains("▀") }
      #expect(lines.count == 4 * size.height)
      #expect(lines.allSatisfy { count("▀", in: $0) == size.width && $0.hasSuffix("\u{1B}[0m") })
      #expect(count("\u{1B}[\(size.height)A", in: outcome.text) == 3)
      #expect(outcome.text.contains("[38;2;") == (colors == "truecolor"))
      #expect(outcome.text.contains("[38;5;") == (colors == ""))
      #expect(!outcome.text.contains("iteration 2/5"))
    }

    @Test("fool shows the image beside its difference from the photo", .enabled(if: access(script, X_OK) == 0))
    func difference() throws {
      // The preview has two pictures of 60 × 40 pixels, with 4 pixels between them. A character shows two pixels, one
      // above the other.
      let outcome = try show("\(Self.fool) --preview --quiet", columns: 200, rows: 50, [:])
      let lines = outcome.text.components(separatedBy: "\r\n").filter { $0.contains("▀") }
      #expect(lines.count >= 3 * 20)
      #expect(lines.allSatisfy { count("▀", in: $0) == 124 })
      #expect(outcome.text.contains("\u{1B}[1;31merror:\u{1B}[0m photo.png: not fooled in 2 iterations"))
      let grey = try show("\(Self.fool) --preview --quiet", columns: 200, rows: 50, ["NO_COLOR": "1"])
      #expect(grey.text.contains("error: photo.png: not fooled in 2 iterations"))
    }

    @Test(
      "The progress is one line, shorter than the terminal is wide, and is gone at the end",
      .enabled(if: access(script, X_OK) == 0), arguments: [20, 40, 80, 200])
    func statusLine(_ columns: Int) throws {
      let command = "visualize --class 76 --size 64 --iterations 10000 -o a.png"
      let outcome = try show(command, columns: columns, rows: 24, [:])
      #expect(outcome.status == 0)
      let parts = outcome.text.components(separatedBy: "\r").filter { $0.hasSuffix("\u{1B}[K") }
      let lines = parts.map { $0.dropLast(3) }.filter { !$0.isEmpty }
      #expect(lines.count >= 2)
      #expect(lines.allSatisfy { $0.count < columns })
      #expect(lines.allSatisfy { $0.contains("/10000") })
      #expect(lines.contains { $0.contains("left") } == (columns > 30))
      #expect(!outcome.text.contains("iteration 25/10000  score"))
      let end = try #require(outcome.text.components(separatedBy: "\u{1B}[K").last)
      #expect(end.contains("a.png: tarantula (76)"))
      #expect(!end.contains("/10000"))
      #expect(try !show("\(command) --quiet", columns: columns, rows: 24, [:]).text.contains("iteration"))
      #expect(
        try show(command, columns: columns, rows: 24, ["TERM": "dumb"]).text.contains("iteration 25/10000  score"))
    }

    @Test(
      "The preview uses kitty's protocol, but half blocks in tmux, and nothing in a terminal without colours",
      .enabled(if: access(script, X_OK) == 0))
    func protocols() throws {
      func text(_ environment: [String: String]) throws -> String {
        try show("\(Self.visualize) --preview", columns: 80, rows: 24, environment).text
      }
      let kitty = try text(["KITTY_WINDOW_ID": "1"])
      #expect(count("\u{1B}_Ga=T,f=100,q=2,C=1,i=", in: kitty) == 4)
      #expect(!kitty.contains("▀"))
      let tmux = try text(["KITTY_WINDOW_ID": "1", "TMUX": "/tmp/x"])
      #expect(!tmux.contains("\u{1B}_G"))
      #expect(tmux.contains("▀"))
      let dumb = try text(["TERM": "dumb", "KITTY_WINDOW_ID": "1"])
      #expect(!dumb.contains("\u{1B}"))
      #expect(dumb.contains("note: --preview shows nothing"))
    }
  #endif
}
