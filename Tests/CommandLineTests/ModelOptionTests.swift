// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The options that describe a model: its preprocessing, labels and architecture.
@Suite struct ModelOptionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  /// Returns the most probable class of the photo.
  private func best(_ options: String) throws -> JSONValue {
    let arguments = "classify photo.png --json --quiet \(options)".split(separator: " ").map(String.init)
    let outcome = try Program.run(arguments, in: folder)
    #expect(outcome.status == 0, "\(options): \(outcome.errors)")
    return try #require(outcome.record["predictions"]?[0])
  }

  @Test("Options that repeat the file's preprocessing change nothing; all others change the scores")
  func preprocessing() throws {
    let usual = try best("")
    #expect(try best("--mean 0.5,0.5,0.5 --std 0.25,0.25,0.25 --input-size 40 --resize short") == usual)
    #expect(try best("--mean 0.5,0.5,0.4") != usual)
    #expect(try best("--std 0.25,0.25,0.2") != usual)
    #expect(try best("--input-size 41") != usual)
    #expect(try best("--bgr") != usual)
    let (crop, stretch) = (try best("--resize crop"), try best("--resize stretch"))
    #expect(crop != usual)
    #expect(stretch != usual)
    #expect(crop != stretch)
  }

  @Test("--labels names the classes, one per line; missing names are refused")
  func labels() throws {
    try folder.add("names.txt", Array((0..<1000).map { "name of \($0)\n" }.joined().utf8))
    let usual = try best("")
    let named = try best("--labels names.txt")
    #expect(try named["label"] == .string("name of \(#require(usual["class"]?.int))"))
    #expect(named["score"] == usual["score"])
    try folder.add("few.txt", Array("one\ntwo\n".utf8))
    try Refusal(
      "classify photo.png --labels few.txt",
      "error: Models/squeezenet1_1.safetensors: the network has 1000 classes, --labels names 2"
    ).check(in: folder)
    try Refusal("classify photo.png --labels none.txt", "error: none.txt: no such file").check(in: folder)
  }

  @Test("--architecture is ignored with a note if the file describes its network")
  func architectureOfAll() throws {
    for path in ["Models/squeezenet1_1.safetensors", "\(PackageFiles.folder)/Tests/Golden/onnx/external.onnx"] {
      for command in ["inspect", "classify photo.png --model"] {
        let arguments = command.split(separator: " ").map(String.init) + [path, "--architecture", "vgg16"]
        let outcome = try Program.run(arguments, in: folder)
        #expect(
          outcome.errors.contains(
            "note: --architecture vgg16 is ignored: it is for bare weights, and this file describes its network\n"))
        #expect(outcome.status == 0)
      }
    }
  }

  @Test("--onnx-output chooses the scores, inspect lists the outputs, and other files ignore the option with a note")
  func outputs() throws {
    let path = "\(PackageFiles.folder)/Tests/Golden/onnx-inputs/aux.onnx"
    func run(_ command: String) throws -> Program.Outcome {
      try Program.run(
        command.split(separator: " ").map(String.init) + ["--mean", "0,0,0", "--std", "1,1,1"], in: folder)
    }
    let usual = try run("classify photo.png --json --quiet --model \(path)").record
    let aux = try run("classify photo.png --json --quiet --model \(path) --onnx-output aux_logits").record
    #expect(usual["predictions"] != aux["predictions"])
    #expect(
      try run("inspect \(path) --onnx-output aux_logits").text.contains(
        "\noutputs:     aux_logits (1×5, the scores), logits (1×5)\n"))
    let listed = try run("inspect \(path) --json").record["outputs"]
    #expect(listed?[1]?["name"] == .string("logits"))
    #expect(listed?[1]?["scores"]?.bool == true)
    #expect(try run("classify photo.png --model \(path) --onnx-output main").status == 1)
    #expect(
      try run("classify photo.png --onnx-output main").errors.contains(
        "note: --onnx-output main is ignored: only ONNX files have several outputs\n"))
    // A picture's file says which output the picture is about.
    #expect(try run("saliency photo.png -o map.png --model \(path) --onnx-output aux_logits").status == 0)
    let again = try Program.run(["reproduce", "map.png", "--input", "photo.png", "--model", path], in: folder)
    #expect(again.status == 0, "\(again.errors)")
  }

  @Test("--input-size HxW is used everywhere, and a picture's file keeps it")
  func sizeThatIsNoSquare() throws {
    let size = "--input-size 40x64"
    func run(_ command: String) throws -> Program.Outcome {
      try Program.run(command.split(separator: " ").map(String.init), in: folder)
    }
    let map = try run("saliency photo.png -o map.png --json \(size) --resize stretch").record
    #expect([map["height"]?.int, map["width"]?.int] == [40, 64])
    #expect(try run("reproduce map.png --input photo.png").status == 0)
    #expect(try run("visualize --class 3 -o v.png --iterations 2 \(size)").status == 0)
    #expect(try (folder.image("v.png").height, folder.image("v.png").width) == (40, 64))
    #expect(try run("reproduce v.png").status == 0)
    let inspected = try run("inspect Models/squeezenet1_1.safetensors --json \(size)").record
    #expect([inspected["height"]?.int, inspected["width"]?.int] == [40, 64])
    #expect(try run("convert Models/squeezenet1_1.safetensors -o wide.safetensors \(size)").status == 0)
    #expect(try best("--model wide.safetensors") == best(size))
    #expect(try best(size) != best("--input-size 40"))
  }

  @Test("--weights chooses between the weights of a checkpoint; without it the averages are read, with a note")
  func weights() throws {
    let name = "both.pth"
    let fixture = URL(fileURLWithPath: "\(PackageFiles.folder)/Tests/Golden/checkpoints/\(name)")
    try folder.add(name, Array(Data(contentsOf: fixture)))
    let usual = try Program.run(["classify", "photo.png", "--model", name, "--json"], in: folder)
    #expect(
      usual.errors.contains(
        "note: the file holds raw and averaged (EMA) weights: reading the averaged ones (model_ema); --weights raw reads "
          + "the others (model)\n"))
    let average = try best("--model \(name) --weights ema"), raw = try best("--model \(name) --weights raw")
    #expect(try usual.record["predictions"]?[0] == average)
    #expect(raw != average)
    #expect(try best("--model \(name) --weights model") == raw)
    try Refusal(
      "classify photo.png --model \(name) --weights nobody",
      "error: \(name): \"nobody\" chooses none of the 2 dictionaries of weights: model, model_ema; choose one with "
        + "--weights, for example --weights model"
    ).check(in: folder)
    let outcome = try Program.run(["inspect", "Models/squeezenet1_1.safetensors", "--weights", "raw"], in: folder)
    #expect(
      outcome.errors.contains(
        "note: --weights raw is ignored: it is for bare weights, and this file describes its network\n"))
  }

  @Test("inspect names the file, whatever is wrong with it")
  func inspectNamesTheFile() throws {
    let model = "Models/squeezenet1_1.safetensors"
    let outcome = try Program.run(["inspect", model, "--input-size", "1"], in: folder)
    #expect(outcome.status == 1)
    #expect(outcome.errors.hasPrefix("error: \(model): layer conv1: its window of 3×3 does not fit"))
  }

  @Test("fool --resize crop writes a cropped image; the network is fooled if the image is not cropped again")
  func fooledWithCrop() throws {
    let classes = try Program.run(["classify", "photo.png", "--json", "--resize", "crop"], in: folder).record
    let target = try #require(classes["predictions"]?[1]?["class"]?.int)
    let outcome = try Program.run(
      ["fool", "photo.png", "--target", "\(target)", "--resize", "crop", "-o", "f.png", "--json"], in: folder)
    #expect(outcome.status == 0)
    #expect(try outcome.record["survives_8bit"]?.bool == true)
    #expect(
      outcome.errors.contains(
        "\nnote: f.png is already cropped; read it with --resize short, or it is cropped again\n"))
    let seen = try Program.run(["classify", "f.png", "--json", "--top", "1"], in: folder)
    #expect(try JSONValue(seen.text)["predictions"]?[0]?["class"]?.int == target)
  }

  @Test("convert writes the preprocessing of the options into the file")
  func convert() throws {
    let settings = "--mean 0.4,0.5,0.6 --std 0.2,0.3,0.2 --bgr --input-size 45 --resize crop"
    let command = "convert Models/squeezenet1_1.safetensors -o made.safetensors \(settings)"
    let outcome = try Program.run(command.split(separator: " ").map(String.init), in: folder)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try best("--model made.safetensors") == best(settings))
  }

  @Test("An unknown architecture is refused, and so is a mean of one channel for a network of three")
  func whatDoesNotFit() throws {
    let name = "torch-zip.pth"
    let fixture = URL(fileURLWithPath: "\(PackageFiles.folder)/Tests/Golden/\(name)")
    try folder.add(name, Array(Data(contentsOf: fixture)))
    try Refusal.usage(
      "classify photo.png --model \(name) --architecture lenet",
      "No architecture is called \"lenet\"; nearest: alexnet, …"
    ).check(in: folder)
    try Refusal(
      "classify photo.png --mean 0.5",
      "error: Models/squeezenet1_1.safetensors: preprocessing: the mean has 1 channel, the standard deviation 3"
    ).check(in: folder)
  }
}
