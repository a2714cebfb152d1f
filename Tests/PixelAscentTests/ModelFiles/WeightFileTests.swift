// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct WeightFileTests {
  private func kind(_ bytes: [UInt8]) throws -> WeightFile.Kind {
    try WeightFile.kind(of: ByteSource(bytes, name: "w"))
  }

  @Test func recognisesTheFormatsOfWeights() throws {
    #expect(try kind(Files.read(PackageFiles.torchFixture("zip"))) == .torchZip)
    #expect(try kind(Files.read(PackageFiles.torchFixture("legacy"))) == .torchLegacy)
    #expect(try kind(Safetensors(tensors: ["a": Tensor(shape: [1], values: [1])]).data()) == .safetensors)
    #expect(try kind(PickleWriter.pickle { $0.op("]") }) == .numPyPickle)
    #expect(try kind(Array("(dp0\n.".utf8)) == .numPyPickle)
    // One file begins with ir_version 8 and a producer, the other with ir_version 10 and the opsets.
    #expect(try kind([0x08, 8, 0x12, 7] + Array("pytorch".utf8)) == .onnx)
    #expect(try kind([0x08, 10, 0x42, 0]) == .onnx)
  }

  private static func zip(_ names: [String]) -> [UInt8] { TorchFiles.zip(names.map { TorchFiles.Entry($0, [1]) }) }

  private static func latin(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

  private static let others: [(bytes: [UInt8], found: String)] = [
    ([], "an empty file"),
    (Array("\n<!DOCTYPE html><title>404</title>".utf8), "a web page; download the file itself, not the page about it"),
    (Array("\u{FEFF}<HTML>".utf8), "a web page; download the file itself, not the page about it"),
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8),
      "a Git LFS pointer; fetch the file itself with `git lfs pull`"
    ),
    (
      latin("\u{89}HDF\r\n\u{1A}\n\0\0"),
      "HDF5, as Keras writes it; export the model to ONNX, for example with tf2onnx"
    ),
    (Array("GGUF\u{3}\0\0\0".utf8), "GGUF, which holds language models"),
    (
      Array("\u{1C}\0\0\0TFL3\0\0".utf8),
      "a TensorFlow Lite model; export the original to ONNX, for example with tf2onnx"
    ),
    ([0x08, 0x01, 0x12, 0x40, 0x0A], "a TensorFlow model; export it to ONNX, for example with tf2onnx"),
    (latin("\u{93}NUMPY\u{1}\0"), "a single NumPy array"),
    ([0x1F, 0x8B, 8, 0], "a gzip archive; unpack it first"),
    (latin(String(repeating: "a", count: 257) + "ustar\u{0}00"), "a tar archive; unpack it first"),
    (latin("\u{89}PNG\r\n\u{1A}\n"), "a PNG picture"),
    ([0xFF, 0xD8, 0xFF, 0xE0], "a JPEG picture"),
    (Array("{\n \"metadata\": {}, \"weight_map\": {}}".utf8), "JSON, which holds no weights"),
    (Array("just some text".utf8), "something else"),
    (
      zip(["a.npy", "b.npy"]),
      "NumPy arrays (.npz); save them as safetensors, under the names of a PyTorch state dict"
    ),
    (
      zip(["config.json", "model.weights.h5"]),
      "a Keras model; export it to ONNX, for example with model.export(path, format=\"onnx\")"
    ),
    (
      zip(["m/archive_format", "m/models/model.json"]),
      "a torch.export program; save the weights: torch.save(model.state_dict(), path)"
    ),
    (zip(["readme.txt"]), "a zip archive without PyTorch's data.pkl; unpack it first"),
  ]

  @Test(arguments: others.indices) func saysWhatElseItIs(index: Int) {
    let (bytes, found) = WeightFileTests.others[index]
    #expect(
      errorLine { _ = try kind(bytes) }
        == "w: expected a PyTorch, safetensors or ONNX file, found \(found)")
  }

  @Test func saysThatAnArchiveIsTruncated() throws {
    let bytes = try Files.read(PackageFiles.torchFixture("zip"))
    for part in 1..<50 {
      let text = errorLine { _ = try kind(Array(bytes[..<(bytes.count * part / 50)])) }
      #expect(text == "w: the zip archive's directory is missing at the file's end: truncated, or not a zip archive")
    }
  }
}
