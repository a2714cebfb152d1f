// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The records that `--json` prints: one object per line, and nothing else on standard output.
@Suite struct RecordTests {
  private static let scored = JSONValue.Form.object([
    "class": .int, "label": .string, "score": .number, "probability": .number,
  ])

  private static let forms: [(String, JSONValue.Form)] = [
    (
      "classify photo.png",
      .object([
        "image": .string, "height": .int, "width": .int,
        "predictions": .list(scored),
      ])
    ),
    (
      "saliency photo.png",
      .object([
        "image": .string, "class": .int, "label": .string, "score": .number, "height": .int, "width": .int,
        "output": .string,
      ])
    ),
    (
      "fool photo.png --target 76 --max-iterations 0",
      .object([
        "image": .string, "original": scored, "target": scored, "iterations": .int, "fooled": .bool,
        "survives_8bit": .bool, "l2": .number, "linf_8bit": .int, "output": .string,
      ])
    ),
    (
      "visualize --class 76 --init photo.png --iterations 2",
      .object([
        "class": .int, "label": .string, "recipe": .string, "seed": .int, "iterations": .int, "score": .number,
        "probability": .number, "seconds": .number, "output": .string,
      ])
    ),
    (
      "info",
      .object([
        "version": .string, "simd": .string, "selectable": .list(.string), "threads": .int, "model": .string,
        "classes": .int, "activation": .string,
      ])
    ),
  ]

  private func run(_ command: String, in folder: TemporaryFolder) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder)
  }

  @Test(arguments: forms)
  func recordHasExactlyItsFields(_ command: String, _ form: JSONValue.Form) throws {
    let outcome = try run("\(command) --json --quiet", in: .withModelAndPhoto())
    #expect(outcome.lines.count == 1)
    #expect(outcome.text.hasSuffix("}\n"))
    #expect(try outcome.record.has(form), "\(outcome.text)")
    if command.hasPrefix("fool") {
      let line = "error: photo.png: not fooled in 0 iterations; the image so far is in photo-as-tarantula.png\n"
      #expect(outcome.status == 1)
      #expect(outcome.errors == line)
    } else {
      #expect(outcome.status == 0)
      #expect(outcome.errors == "")
    }
  }

  @Test func recordsDescribeTheResults() throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    func record(_ command: String) throws -> JSONValue {
      try run("\(command) --json --quiet", in: folder).record
    }
    let classified = try record("classify photo.png --top 3")
    #expect(classified["image"] == .string("photo.png"))
    #expect(classified["height"] == .int(40))
    #expect(classified["width"] == .int(60))
    #expect(classified["predictions"]?.count == 3)
    let first = try #require(classified["predictions"]?[0])
    let label = try #require(first["label"]?.string)
    #expect(try first["class"] == .int(ImageNetLabels.labels.names.firstIndex { $0[0] == label } ?? -1))

    let salient = try record("saliency photo.png")
    #expect(salient["class"] == first["class"])
    #expect(salient["label"] == first["label"])
    #expect(salient["score"] == first["score"])
    #expect(salient["output"] == .string("photo-saliency.png"))

    let fooled = try record("fool photo.png --target tarantula --max-iterations 0")
    #expect(fooled["original"]?["class"] == first["class"])
    #expect(fooled["target"]?["class"] == .int(76))
    #expect(fooled["target"]?["label"] == .string("tarantula"))
    #expect(fooled["fooled"] == .bool(false))
    #expect(fooled["survives_8bit"] == .bool(false))
    #expect(fooled["iterations"] == .int(0))
    #expect(fooled["linf_8bit"] == .int(0))
    #expect(fooled["l2"]?.number == 0)

    let visualized = try record(
      "visualize --class 76 --seed 18446744073709551615 --recipe simonyan --init photo.png --iterations 1 -o a.png")
    #expect(visualized["recipe"] == .string("simonyan"))
    #expect(visualized["iterations"] == .int(1))
    #expect(visualized["output"] == .string("a.png"))
    // This is the probability of the image before rounding. `classify` would read the rounded image, and might resize
    // it, so the probability that `classify` prints is not comparable.
    #expect(try #require(visualized["probability"]?.number) <= 1)
  }

  @Test("The objects come in the order of the images, and errors are still printed")
  func severalImages() throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    for name in ["b.png", "c.png", "d.png"] { try folder.add(name, folder.bytes("photo.png")) }
    for command in ["classify", "saliency"] {
      let outcome = try run("\(command) photo.png missing.png b.png c.png d.png --json --quiet", in: folder)
      let images = try outcome.lines.map { try JSONValue($0)["image"]?.string }
      #expect(images == ["photo.png", "b.png", "c.png", "d.png"])
      let lines = "error: missing.png: no such file\nerror: 1 of 5 images failed\n"
      #expect(outcome.status == 1)
      #expect(outcome.errors == lines)
    }
  }

  @Test("--quiet silences notes and progress, which go to standard error")
  func quiet() throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    let command = "visualize --class 76 --init photo.png --iterations 2"
    #expect(try run(command, in: folder).errors.split(separator: "\n").count >= 2)
    let outcome = try run("\(command) --quiet", in: folder)
    #expect(outcome.errors == "")
    #expect(outcome.lines.count == 1)
    #expect(outcome.status == 0)
    #expect(outcome.text.hasPrefix("tarantula.png: tarantula (76), score "))
  }

  @Test("convert prints its record, and info reads the model that convert wrote")
  func convert() throws {
    let folder = try TemporaryFolder()
    try folder.add("weights.pkl", MadeUpWeights.pickle)
    let outcome = try run("convert weights.pkl -o made.safetensors --json", in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(outcome.lines.count == 1)
    let fields: [String: JSONValue] = [
      "weights": .string("weights.pkl"), "output": .string("made.safetensors"), "classes": .int(1000),
    ]
    #expect(try outcome.record == .object(fields))
    #expect(folder.names == ["made.safetensors", "weights.pkl"])
    let info = try run("info --json --model made.safetensors", in: folder).record
    #expect(info["model"] == .string("made.safetensors"))
    #expect(info["classes"] == .int(1000))
  }
}
