// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Photos with transparent parts, and photos that are damaged where no pixel depends on it.
@Suite struct PhotoTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("clear.png", Self.transparent)
  }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder)
  }

  /// A picture of 6 × 4 pixels. Pixel (x, y) is transparent if x + y is even; otherwise it is (40x, 60y, 200 − 30x).
  private static let transparent = Array(
    Data(
      base64Encoded:
        "iVBORw0KGgoAAAANSUhEUgAAAAYAAAAECAYAAACtBE5DAAAALklEQVR4nGNkYDjBoMHw6L8GwyNGZJqFwYbhPwMDAyMD"
        + "AyrNwmCDKcjAwIBbBwBxrhK74X943AAAAABJRU5ErkJggg==") ?? Data())

  /// Returns the picture over a background.
  private static func opaque(over background: RGBColor) -> RGBImage {
    RGBImage(
      width: 6, height: 4,
      pixels: (0..<24).flatMap { (index: Int) -> [UInt8] in
        let (y, x) = index.quotientAndRemainder(dividingBy: 6)
        return (x + y) % 2 == 0
          ? [background.red, background.green, background.blue] : [UInt8(40 * x), UInt8(60 * y), UInt8(200 - 30 * x)]
      })
  }

  private static let backgrounds = [
    ("", "white"), ("--background white", "white"), ("--background black", "black"),
    ("--background grey", "128,128,128"),
    ("--background #0a14ff", "10,20,255"), ("--background 10,20,255", "#0A14FF"),
  ]

  @Test("--background chooses what lies behind the transparent parts, in every command", arguments: backgrounds)
  func background(_ option: String, _ colour: String) throws {
    let colour = try #require(RGBColor(colour))
    try folder.add("opaque.png", Self.opaque(over: colour).pngData())
    for (command, result) in [
      ("saliency NAME --overlay out.png -o map.png", "out.png"),
      ("fool NAME --target 76 --max-iterations 2 -o out.png", "out.png"),
      ("visualize --class 76 --init NAME --size 4x6 -o out.png", "out.png"),
    ] {
      // The network takes no image of 4 × 6 pixels, so the start image is refused in both forms.
      let clear = try run(command.replacing("NAME", with: "clear.png") + " --quiet \(option)")
      let first = clear.status == 0 || command.hasPrefix("fool") ? try folder.image(result) : nil
      let opaque = try run(command.replacing("NAME", with: "opaque.png") + " --quiet")
      #expect(clear.status == opaque.status)
      if let first { #expect(try first == folder.image(result)) }
    }
    let scores = try ["clear.png \(option)", "opaque.png"].map { try run("classify --json \($0)").text }
    #expect(scores[0].replacing("clear", with: "opaque") == scores[1])
  }

  @Test(
    "A picture says which background was chosen, and reproduce uses it",
    arguments: [("#102030", "\"background\":\"#102030\""), ("black", "\"background\":\"#000000\"")])
  func provenance(_ colour: String, _ text: String) throws {
    #expect(try run("saliency clear.png --background \(colour) -o a.png --overlay b.png --quiet").status == 0)
    for name in ["a.png", "b.png"] {
      let comment = try #require(try RGBImage.comment(inFile: folder.bytes(name), name: name))
      #expect(comment.contains(text))
      let outcome = try run("reproduce \(name) --input clear.png")
      #expect(outcome.status == 0, "\(outcome.text)\(outcome.errors)")
    }
  }

  @Test("A background that decides no byte is not recorded")
  func unused() throws {
    for command in ["saliency clear.png --background white", "saliency photo.png --background black"] {
      #expect(try run("\(command) -o a.png --quiet").status == 0)
      let comment = try #require(try RGBImage.comment(inFile: folder.bytes("a.png"), name: "a.png"))
      #expect(!comment.contains("background"))
    }
  }

  @Test("A wrong checksum of a text is noted once, and the picture is read")
  func wrongChecksum() throws {
    var file = try folder.bytes("photo.png")
    // An empty text chunk with a wrong checksum.
    file.insert(contentsOf: [0, 0, 0, 2] + Array("tEXta".utf8) + [0, 1, 2, 3, 4], at: 33)
    try folder.add("damaged.png", file)
    let note = "note: damaged.png: the checksum of its tEXt chunk is wrong, but no pixel depends on it\n"
    let outcome = try run("classify damaged.png"), whole = try run("classify photo.png")
    #expect(outcome.errors == note)
    #expect(outcome.text == whole.text.replacing("photo", with: "damaged"))
    #expect(try run("saliency damaged.png --class 1 --class 2 -o out/").errors == note)
    #expect(try run("classify damaged.png --quiet").errors == "")
  }

  @Test(
    "A picture that is too wide for a JPEG is refused before the work",
    arguments: [
      Refusal(
        "saliency wide.png --figure f.jpg --scale 2 --max-memory 9000",
        "error: f.jpg: a 80040×284 JPEG can't be written: a side is at most 65500 pixels long; a PNG may be larger"),
      Refusal(
        "saliency thin.png --overlay o.jpg",
        "error: o.jpg: a 70000×2 JPEG can't be written: a side is at most 65500 pixels long; a PNG may be larger"),
      Refusal(
        "fool wide.png --target 76 --figure f.jpg --scale 2 --max-memory 9000",
        "error: f.jpg: a 80040×548 JPEG can't be written: a side is at most 65500 pixels long; a PNG may be larger"),
      Refusal(
        "visualize --class 76 --size 40 --iterations 5750000 --show-every 500 --scale 2 --figure f.jpg",
        "error: f.jpg: a 2320×66152 JPEG can't be written: a side is at most 65500 pixels long; a PNG may be larger"),
      Refusal(
        "visualize --class 76 --size 20x65501 --iterations 1000000 -o f.jpg",
        "error: f.jpg: a 65501×20 JPEG can't be written: a side is at most 65500 pixels long; a PNG may be larger"),
    ])
  func tooWide(_ refusal: Refusal) throws {
    try folder.add("wide.png", Pictures.flat(width: 4000, height: 4).pngData())
    try folder.add("thin.png", Pictures.flat(width: 70_000, height: 2).pngData())
    try refusal.check(in: folder)
  }
}
