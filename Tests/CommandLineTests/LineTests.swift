// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Lines and outputs that several commands share.
@Suite struct LineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder)
  }

  @Test("convert -o - writes the model to standard output, and no file called -")
  func convertToStandardOutput() throws {
    let model = "Models/squeezenet1_1.safetensors"
    #expect(try run("convert \(model) -o m.safetensors").status == 0)
    let outcome = try run("convert \(model) -o -")
    #expect(outcome.status == 0)
    #expect(try outcome.output == Data(folder.bytes("m.safetensors")))
    #expect(outcome.errors == "/dev/stdout: 1000 classes, from \(model)\n")
    #expect(!folder.names.contains("-"))
  }

  @Test("Notes are printed once, whatever the number of photos; reproduce advises no option that it lacks")
  func notes() throws {
    try folder.add("net.onnx", Files.read("\(PackageFiles.folder)/Tests/Golden/onnx/torch-ts9.onnx"))
    try folder.add("b.png", folder.bytes("photo.png"))
    let outcome = try run("saliency photo.png b.png --model net.onnx -o out/ --threads 2")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let notes = outcome.errors.split(separator: "\n")
    #expect(notes.contains { $0.hasSuffix("set others with --mean and --std") })
    #expect(Set(notes).count == notes.count)
    let again = try run("reproduce out/photo-saliency.png --input photo.png --model net.onnx")
    #expect(again.status == 0)
    #expect(again.errors == "")
  }

  @Test(
    "Every command names the file of a model that it refuses",
    arguments: ["classify photo.png --model", "inspect", "convert -o m.safetensors", "info --model"])
  func namesTheFile(_ command: String) throws {
    try folder.add("net/saved_model.pb", [8, 1])
    try folder.add("net.param", "7767517\n1 1\n")
    let expected = "expected a PyTorch, safetensors or ONNX file, found"
    try Refusal(
      "\(command) net", "error: net: \(expected) a folder with a TensorFlow SavedModel; export ONNX: …"
    ).check(in: folder)
    try Refusal("\(command) net.param", "error: net.param: \(expected) an ncnn model; export ONNX …").check(in: folder)
  }
}
