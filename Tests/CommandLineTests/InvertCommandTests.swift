// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The command `invert`.
@Suite struct InvertCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder)
  }

  private static let refusals: [Refusal] = [
    .usage("invert photo.png", "Missing expected argument '--layer <layer>'"),
    .usage("invert photo.png --layer #1 --iterations 0", "--iterations must be 1 or more, found 0."),
    .usage("invert photo.png --layer #1 --tv -1", "--tv must be a number of 0 or more, found -1.0."),
    .usage(
      "invert photo.png --layer #1 --learning-rate 0", "--learning-rate must be a positive number, found 0.0."),
    Refusal("invert none.png --layer #1", "error: none.png: no such file"),
    Refusal("invert photo.png --layer pool9", "error: the network has no layer \"pool9\"; nearest: pool1 (#1), …"),
  ]

  @Test(arguments: refusals) func mistakesAreRefusedInOneLine(refusal: Refusal) throws {
    try refusal.check(in: folder)
  }

  @Test func inversionsAreWrittenAndReproduced() throws {
    let outcome = try run("invert photo.png --layer #0 --iterations 41 --animate a.png --every 20 --json")
    try #require(outcome.status == 0, "\(outcome.errors)")
    let record = try outcome.record
    #expect(record["output"]?.string == "photo-inverted.png" && record["objective"]?.string == "layer:conv1")
    #expect(outcome.errors.contains("step 40/41  value -"))
    for file in ["photo-inverted.png", "a.png"] {
      let again = try run("reproduce \(file) --input photo.png")
      #expect(again.text.contains("inversion of layer:conv1: the same bytes"), "\(again.text)\(again.errors)")
    }
  }
}
