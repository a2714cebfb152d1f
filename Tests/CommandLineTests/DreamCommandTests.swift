// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The command `dream`.
@Suite struct DreamCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder)
  }

  private static let short = "dream photo.png --octaves 2 --octave-scale 1.2 --iterations 2 --layer #1"

  private static let refusals: [Refusal] = [
    .usage("dream photo.png --layer #1 --objective class:76", "Give --layer or --objective, not both."),
    .usage("dream photo.png --zoom-frames 3", "--zoom-frames needs --animate, which names the file of the journey."),
    .usage("dream photo.png --every 3", "--every belongs to --animate."),
    .usage("dream photo.png --octaves 0", "--octaves must be from 1 to 20, found 0."),
    .usage("dream photo.png --octave-scale 1", "--octave-scale must be above 1 and at most 10, found 1.0."),
    .usage("dream photo.png --step-size -1", "--step-size must be a positive number, found -1.0."),
    .usage("dream photo.png --longest-side 0", "--longest-side must be 1 or more, found 0."),
    .usage("dream photo.png --animate a.mp4", "Animations are written as .png, .apng or .gif, not as a.mp4."),
    .usage("dream photo.png -o photo.png", "A result would replace photo.png, which the command reads."),
    Refusal("dream none.png", "error: none.png: no such file"),
    Refusal("dream photo.png --layer pool9", "error: the network has no layer \"pool9\"; nearest: pool1 (#1), …"),
    Refusal(
      "dream photo.png --octaves 9 --layer #1",
      "error: photo.png: a network input of 3×5 pixels is too small: the network needs at least …"),
  ]

  @Test(arguments: refusals) func mistakesAreRefusedInOneLine(refusal: Refusal) throws {
    try refusal.check(in: folder)
  }

  @Test func dreamsAreWrittenAndReproduced() throws {
    let outcome = try run(Self.short + " --json --raw dream.npy")
    try #require(outcome.status == 0, "\(outcome.errors)")
    let record = try outcome.record
    #expect(record["output"]?.string == "photo-dream.png" && record["objective"]?.string == "layer:pool1")
    #expect(["steps", "height", "width"].map { record[$0]?.number } == [4, 48, 72])
    #expect(try Tensor(npy: folder.bytes("dream.npy"), name: "").shape == [3, 48, 72])
    let picture = try RGBImage(decoding: folder.bytes("photo-dream.png"), name: "")
    #expect(picture.width == 72 && picture != Pictures.photo)
    let again = try run("reproduce photo-dream.png --input photo.png")
    #expect(again.status == 0 && again.text.contains("dream of layer:pool1: the same bytes"), "\(again.errors)")
  }

  @Test func journeysAreAnimations() throws {
    let outcome = try run(Self.short + " --animate journey.gif --zoom-frames 2 --longest-side 60")
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("note: the photo is made smaller, 40×60 pixels; --longest-side chooses another size"))
    #expect(outcome.errors.contains("step 2/12  octave 1/2  value "))
    #expect(try run("reproduce journey.gif --input photo.png").status == 0)
  }

  @Test func theUsualLayerIsNamed() throws {
    let outcome = try run("dream photo.png --octaves 1 --iterations 1 --quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try run("dream photo.png --octaves 1 --iterations 1").errors.contains("note: the dream raises layer:"))
  }
}
