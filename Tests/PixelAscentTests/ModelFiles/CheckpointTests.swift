// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Checkpoints of Tests/Golden/make_checkpoint_fixtures.py: their weights give the scores that PyTorch computes.
@Suite struct CheckpointTests {
  private static let folder = PackageFiles.folder + "/Tests/Golden/checkpoints"

  private func model(_ file: String, weights: String? = nil) throws -> Model {
    var settings = ModelSettings()
    settings.weights = weights
    let bytes = try Files.read("\(CheckpointTests.folder)/\(file)")
    return try ModelReader.read(ByteSource(bytes, name: "w.pth"), settings)
  }

  /// Checks the scores of the image whose element i is ((7919·i) mod 101) / 50 − 1.
  private func check(_ model: Model, _ expected: String) throws {
    let text = try Files.read(CheckpointTests.folder + "/scores.json")
    let scores = try JSONDecoder().decode([String: [Double]].self, from: Data(text))[expected] ?? []
    let values = (0..<192).map { (index: Int) -> Float in Float(7919 * index % 101) / 50 - 1 }
    let network = try Network(model, name: "w.pth", options: ComputeOptions(threads: 1))
    let found = try network.evaluation(of: Tensor(shape: [3, 8, 8], values: values)).scores()
    try #require(found.count == scores.count)
    for (found, score) in zip(found, scores) {
      let error = abs(Double(found) - score)
      #expect(error <= 1e-5 * max(1, abs(score)))
    }
  }

  private func notes(_ model: Model) -> [String] {
    model.notes.map(\.description).filter { !$0.hasPrefix("the file has no labels") }
  }

  @Test(arguments: ["deep.pth", "arrays.pth", "arrays-2.pkl", "arrays-5.pkl"])
  func readsTheOneStateDict(file: String) throws {
    let model = try model(file)
    #expect(notes(model) == [])
    try check(model, "raw")
  }

  @Test(arguments: ["both.pth", "both-legacy.pth"]) func prefersAveragedWeights(file: String) throws {
    let usual = try model(file)
    #expect(
      notes(usual) == [
        "the file holds raw and averaged (EMA) weights: reading the averaged ones (model_ema); weights raw reads the "
          + "others (model)"
      ])
    try check(usual, "average")
    for (choice, expected) in [("raw", "raw"), ("model", "raw"), ("ema", "average"), ("model_ema", "average")] {
      let model = try model(file, weights: choice)
      #expect(notes(model) == [])
      try check(model, expected)
    }
    #expect(
      errorLine { _ = try model(file, weights: "optimizer") }
        == "w.pth: \"optimizer\" chooses none of the 2 dictionaries of weights: model, model_ema; choose one with weights, "
        + "for example weights model")
  }

  @Test func leavesOutWhatBelongsToNoLayer() throws {
    let robust = try model("robust.pth")
    #expect(
      notes(robust) == [
        "left out, because no layer of vgg5 uses them: module.attacker.* (12 tensors), module.normalizer.* (2 tensors)"
      ])
    try check(robust, "raw")
    let extra = try model("extra.safetensors")
    #expect(
      notes(extra) == ["left out, because no layer of vgg5 uses them: accuracy.total, head.weight, loss.weight"])
    try check(extra, "raw")
  }

  @Test func computesReparametrizedWeights() throws {
    let model = try model("reparametrized.pth")
    #expect(notes(model) == [])
    try check(model, "reparametrized")
  }
}
