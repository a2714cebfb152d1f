// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Networks with one output, with sigmoid outputs, and without probabilities: every command prints the same numbers.
@Suite struct ActivationOptionTests {
  private let folder: TemporaryFolder

  /// A folder with a photo and the files of Tests/Golden/activations.
  init() throws {
    folder = try TemporaryFolder()
    try folder.add("photo.png", Pictures.photo.pngData())
    try folder.add("dog.txt", Array("dog\n".utf8))
    for name in ["one-logit", "one-sigmoid", "three-moderate-sigmoids", "two-softmax"] {
      try folder.add(
        "\(name).onnx", Files.read("\(PackageFiles.folder)/Tests/Golden/activations/\(name).onnx"))
    }
  }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder)
  }

  /// Returns the record of a command that succeeds.
  private func record(_ command: String) throws -> JSONValue {
    let outcome = try run("\(command) --json --quiet")
    #expect(outcome.status == 0, "\(command): \(outcome.errors)")
    return try outcome.record
  }

  /// Returns the score and the probability of each class of the photo.
  private func classes(_ options: String, of photo: String = "photo.png") throws -> [Int: (
    score: Double, likely: Double?
  )] {
    let predictions = try #require(try record("classify \(photo) --model \(options)")["predictions"]?.list)
    return try Dictionary(
      uniqueKeysWithValues: predictions.map {
        (try #require($0["class"]?.int), (try #require($0["score"]?.number), $0["probability"]?.number))
      })
  }

  private func sigmoid(_ score: Double) -> Double { 1 / (1 + exp(-score)) }

  @Test("One output has two classes, whose probabilities are the sigmoids of the score and of its negative")
  func oneOutput() throws {
    let found = try classes("one-logit.onnx"), no = try #require(found[0]), yes = try #require(found[1])
    #expect(found.count == 2)
    #expect(no.score == -yes.score)
    #expect(abs(try #require(yes.likely) - sigmoid(yes.score)) < 1e-6)
    #expect(abs(try #require(no.likely) + (try #require(yes.likely)) - 1) < 1e-12)
    let lines = try run("classify photo.png --model one-logit.onnx --labels dog.txt").lines
    #expect(lines.count == 3)
    #expect(lines.dropFirst().contains { $0.hasSuffix("  dog (1)") })
    #expect(lines.dropFirst().contains { $0.hasSuffix("  not dog (0)") })
    let notes = try run("classify photo.png --model one-logit.onnx --labels dog.txt").errors
    #expect(
      notes.contains(
        "note: the network has one output: it is the score of dog (1), and its negative that of not dog (0)\n"))
    // The saliency maps of the two classes are the same, and so are the scores that the commands print.
    for (index, name) in ["not dog", "dog"].enumerated() {
      let arguments = ["saliency", "photo.png", "--model", "one-logit.onnx", "--labels", "dog.txt", "--class", name]
      let outcome = try Program.run(arguments + ["-o", "\(index).png", "--json", "--quiet"], in: folder)
      #expect(try outcome.record["score"]?.number == found[index]?.score)
    }
    #expect(try folder.image("0.png") == folder.image("1.png"))
    let seen = try record("visualize --class 1 --model one-logit.onnx --iterations 2 -o v.png")
    let (score, likely) = (try #require(seen["score"]?.number), try #require(seen["probability"]?.number))
    #expect(abs(likely - sigmoid(score)) < 1e-6)
  }

  @Test("A saturated sigmoid at the end does not make a black map")
  func saturated() throws {
    #expect(try run("saliency photo.png --model one-sigmoid.onnx -o m.png --raw m.npy").status == 0)
    #expect(try folder.tensor("m.npy").values.contains { abs($0) > 1e-3 })
    #expect(try classes("one-sigmoid.onnx")[1]?.likely == 1)
  }

  @Test("Several sigmoids have probabilities of their own, unless --activation says otherwise")
  func several() throws {
    let own = try classes("three-moderate-sigmoids.onnx")
    #expect(own.count == 3)
    for (_, found) in own { #expect(abs(try #require(found.likely) - sigmoid(found.score)) < 1e-6) }
    let soft = try classes("three-moderate-sigmoids.onnx --activation softmax")
    #expect(abs(soft.values.compactMap(\.likely).reduce(0, +) - 1) < 1e-12)
    let bare = try classes("three-moderate-sigmoids.onnx --activation none")
    #expect(bare.values.allSatisfy { $0.likely == nil })
    for index in 0..<3 {
      #expect(soft[index]?.score == own[index]?.score)
      #expect(bare[index]?.score == own[index]?.score)
    }
  }

  @Test("A sigmoid for two outputs of a softmax; the softmax of one output is refused")
  func others() throws {
    let soft = try classes("two-softmax.onnx"), own = try classes("two-softmax.onnx --activation sigmoid")
    #expect(abs(soft.values.compactMap(\.likely).reduce(0, +) - 1) < 1e-12)
    for (_, found) in own { #expect(abs(try #require(found.likely) - sigmoid(found.score)) < 1e-6) }
    try Refusal(
      "classify photo.png --model one-logit.onnx --activation softmax",
      "error: one-logit.onnx: the network has one output, and the softmax of one number is always 1; --activation sigmoid "
        + "or none suits it"
    ).check(in: folder)
    try Refusal(
      "saliency photo.png --model one-logit.onnx --activation none --objective cross-entropy --quiet",
      "Error: --objective cross-entropy needs probabilities; --activation softmax or sigmoid makes them.", status: 64
    ).check(in: folder)
  }

  @Test("fool changes the decision, and the written file is on the other side", arguments: ["", " --activation none"])
  func fool(activation: String) throws {
    let model = "one-logit.onnx\(activation) --labels dog.txt"
    let before = try classes(model), target = try #require(before.min { $0.value.score < $1.value.score }).key
    #expect(try #require(before[target]).score < 0)
    let command = "fool photo.png --target \(target) --model \(model) --learning-rate 0.5 -o f.png"
    let outcome = try run("\(command) --quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let after = try classes(model, of: "f.png")
    #expect(try #require(after[target]).score > 0)
    let fooled = try record(command), name = target == 1 ? "dog (1)" : "not dog (0)"
    #expect(fooled["survives_8bit"]?.bool == true)
    #expect(fooled["target"]?["score"]?.number == after[target]?.score)
    #expect(fooled["target"]?["probability"]?.number == after[target]?.likely)
    if activation.isEmpty {
      #expect(fooled["before"]?["probability"]?.number == before[target]?.likely)
      let (from, to) = (try #require(before[target]?.likely), try #require(after[target]?.likely))
      #expect(from < 0.5 && to > 0.5)
      let rise = String(format: "f.png: \(name): probability %.4f → %.4f in ", from, to)
      #expect(outcome.text.hasPrefix(rise), "\(outcome.text)")
      #expect(
        try run("\(command) --max-iterations 0").errors.contains("not fooled in 0 iterations: the probability of"))
    } else {
      #expect(fooled["before"] == nil)
      #expect(outcome.text.contains(" → \(name) in "), "\(outcome.text)")
    }
    #expect(try run("reproduce f.png --input photo.png --model one-logit.onnx").status == 0)
  }

  @Test("Without probabilities no command prints one")
  func none() throws {
    let model = "--model three-moderate-sigmoids.onnx --activation none"
    let classified = try run("classify photo.png --quiet \(model)")
    for line in classified.lines.dropFirst() { #expect(line.split(separator: " ").count == 4, "\(line)") }
    for command in [
      "visualize --class 1 --iterations 2 -o v.png --report v.html", "saliency photo.png --report s.html",
      "fool photo.png --target 1 --report f.html --max-iterations 1", "atlas -o atlas --classes 0,1 --iterations 1",
    ] {
      let text = try run("\(command) \(model)")
      #expect(text.status == 0 || command.hasPrefix("fool"))
      #expect(!(text.text + text.errors).contains("probability"), "\(text.text)\(text.errors)")
      #expect(try !run("\(command) --json --quiet \(model)").text.contains("probability"))
    }
    for page in ["v.html", "s.html", "f.html", "atlas/index.html"] {
      #expect(try !String(decoding: folder.bytes(page), as: UTF8.self).lowercased().contains("probabilit"), "\(page)")
    }
  }

  @Test("info and inspect show the activation, and convert keeps it", arguments: ["sigmoid", "softmax", "none"])
  func infoInspectConvert(activation: String) throws {
    let words = activation == "none" ? "probabilities not known" : "probabilities by \(activation)"
    let made = try run("convert three-moderate-sigmoids.onnx --activation \(activation) -o made.safetensors --quiet")
    #expect(made.status == 0, "\(made.errors)")
    for model in ["three-moderate-sigmoids.onnx --activation \(activation)", "made.safetensors"] {
      #expect(try record("info --model \(model)")["activation"]?.string == activation)
      #expect(try record("inspect \(model)")["activation"]?.string == activation)
      #expect(try run("info --model \(model)").text.contains(" 3 classes, \(words)\n"))
      #expect(try run("inspect \(model)").text.contains("\nclasses:     3, \(words)\n"))
    }
    let (one, other) = (
      try classes("made.safetensors"), try classes("three-moderate-sigmoids.onnx --activation \(activation)")
    )
    for index in 0..<3 { #expect(one[index]?.likely == other[index]?.likely) }
  }
}
