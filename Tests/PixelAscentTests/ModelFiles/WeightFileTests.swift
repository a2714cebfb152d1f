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
    #expect(try kind(Array("{\n \"metadata\": {}, \"weight_map\": {\"a\": \"model-1.safetensors\"}}".utf8)) == .index)
  }

  private static func zip(_ names: [String]) -> [UInt8] { TorchFiles.zip(names.map { TorchFiles.Entry($0, [1]) }) }

  private static func latin(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

  /// Returns the bytes of a file in Tests/Golden/formats; none if it can't be read.
  private static func fixture(_ name: String) -> [UInt8] {
    (try? Files.read("\(PackageFiles.folder)/Tests/Golden/formats/\(name)")) ?? []
  }

  /// Returns a protocol buffer's field of bytes.
  private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(content.count)] + content
  }

  private static func text(_ number: UInt8, _ content: String) -> [UInt8] { field(number, Array(content.utf8)) }

  /// Beginnings of files of each format in ``OtherFormat/files``, by the format's name. Tests/Golden/formats has the
  /// files that the formats' own programs wrote.
  private static let samples: [(name: String, files: [[UInt8]])] = [
    ("a Core ML model", [fixture("coreml.mlmodel")]),
    ("HDF5, as Keras writes it", [latin("\u{89}HDF\r\n\u{1A}\n\0\0")]),
    ("a Keras model", [zip(["config.json", "model.weights.h5"])]),
    ("a TensorFlow SavedModel", [[0x08, 0x01, 0x12, 0x40, 0x0A]]),
    ("a frozen TensorFlow graph", [field(1, text(1, "input") + text(2, "Placeholder")) + field(4, [])]),
    (
      "a TensorFlow checkpoint",
      [[UInt8](repeating: 0, count: 60) + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]]
    ),
    ("a TensorFlow Lite model", [Array("\u{1C}\0\0\0TFL3\0\0".utf8)]),
    ("a TensorFlow.js model", [Array("{\"format\": \"layers-model\", \"modelTopology\": {}}".utf8)]),
    (
      "a Darknet network",
      [
        Array("# a comment\n\n[net]\nbatch=1\n".utf8), Array("[network]\r\nwidth=224\r\n".utf8),
        [0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 125, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
        [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 125, 0, 0, 1, 2, 3, 4],
      ]
    ),
    ("an ncnn model", [Array("7767517\n75 83\nInput  data  0 1 data\n".utf8), [0xDD, 0x85, 0x76, 0, 75, 0, 0, 0]]),
    ("an OpenVINO model", [fixture("openvino.xml")]),
    ("a TensorRT engine", [Array("ftrt\0\0\0\0".utf8), Array("ptrt\u{2B}\0\0\0".utf8)]),
    (
      "a PaddlePaddle model",
      [
        field(1, [0x08, 0, 0x10] + [UInt8](repeating: 255, count: 9) + [1]),
        [UInt8](repeating: 0, count: 16) + [6, 0, 0, 0, 8, 5, 0x10, 3, 0x10, 3, 1, 2, 3, 4],
        Array("{\"base_code\": {\"magic\": \"pir\"}}".utf8),
        PickleWriter.pickle { $0.op("}") } + Array("StructuredToParameterName@@".utf8),
      ]
    ),
    ("an MNN model", [fixture("mnn.mnn")]),
    ("an ONNX Runtime model (ORT)", [latin("\u{18}\0\0\0ORTM")]),
    ("an ExecuTorch program", [latin("\u{18}\0\0\0ET12")]),
    ("an RKNN model", [latin("RKNN\0\0\0\0")]),
    (
      "a Caffe network",
      [
        Array("name: \"SqueezeNet\"\nlayer {\n  name: \"data\"\n}\n".utf8),
        Array("# net\ninput: \"data\"\nlayers {\n}".utf8),
        text(1, "SqueezeNet") + [0xA2, 0x06, 7] + text(1, "conv1"),
        text(1, "CaffeNet") + field(2, text(4, "data") + [0x28, 5]),
      ]
    ),
    (
      "an MXNet model",
      [
        [0x12, 1] + [UInt8](repeating: 0, count: 14) + [1, 0, 0, 0],
        Array("{\n  \"nodes\": [\n    {\n      \"op\": \"null\", \n".utf8),
      ]
    ),
    ("weights of Flax or JAX (MessagePack)", [fixture("flax.msgpack")]),
    (
      "a scikit-learn or joblib object",
      [
        latin("\u{80}\u{4}\u{95}\u{3}\u{2}\0\0\0\0\0\0\u{8C}\u{1E}sklearn.linear_model._logistic"),
        latin("x^k`\u{99}z"),
      ]
    ),
    ("GGUF, which holds language models", [Array("GGUF\u{3}\0\0\0".utf8)]),
    ("GGML, which holds language models", [Array("lmgg".utf8), Array("tjgg".utf8)]),
    ("a MATLAB file", [Array("MATLAB 5.0 MAT-file".utf8)]),
    ("a torch.export program", [zip(["m/archive_format", "m/models/model.json"])]),
    ("NumPy arrays (.npz)", [zip(["a.npy", "b.npy"])]),
    ("a single NumPy array", [latin("\u{93}NUMPY\u{1}\0")]),
    ("a zip archive without PyTorch's data.pkl", [zip(["readme.txt"])]),
    ("a gzip archive", [[0x1F, 0x8B, 8, 0]]),
    ("a tar archive", [latin(String(repeating: "a", count: 257) + "ustar\u{0}00")]),
    (
      "a compressed archive",
      [latin("7z\u{BC}\u{AF}"), latin("\u{FD}7zXZ\0"), latin("BZh9"), latin("(\u{B5}/\u{FD}"), latin("Rar!")]
    ),
    ("a PNG picture", [latin("\u{89}PNG\r\n\u{1A}\n")]),
    ("a JPEG picture", [[0xFF, 0xD8, 0xFF, 0xE0]]),
    ("a Git LFS pointer", [Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8)]),
    ("a web page", [Array("\n<!DOCTYPE html><title>404</title>".utf8), Array("\u{FEFF}<HTML>".utf8)]),
    ("JSON, which holds no weights", [Array("{\"architectures\": [\"ResNet\"]}".utf8)]),
  ]

  @Test("A file of another format is named, and the line says what to do", arguments: samples.indices)
  func saysWhatElseItIs(index: Int) throws {
    let (name, files) = Self.samples[index]
    try #require(files.allSatisfy { !$0.isEmpty }, "a file of Tests/Golden/formats can't be read")
    let format = try #require(OtherFormat.files.first { $0.name == name })
    let advice = format.advice.map { "; \($0)" } ?? ""
    for file in files {
      #expect(
        errorLine { _ = try kind(file) }
          == "w: expected a PyTorch, safetensors or ONNX file, found \(name)\(advice)")
    }
  }

  @Test("Every format that is recognised is tested, in the order of the list")
  func all() {
    let others = ["the weights of an ONNX model"]
    #expect(Self.samples.map(\.name) + others == OtherFormat.files.map(\.name))
  }

  @Test func saysThatAFileIsSomethingElse() {
    #expect(errorLine { _ = try kind([]) } == "w: expected a PyTorch, safetensors or ONNX file, found an empty file")
    let text = Array("just some text".utf8)
    #expect(
      errorLine { _ = try kind(text) }
        == "w: expected a PyTorch, safetensors or ONNX file, found something else (starts with \"just some text\"); "
        + "export the network to ONNX")
  }

  @Test("The beginning of each kind of file, cut off anywhere, gives a kind or a line", arguments: samples.indices)
  func truncated(index: Int) {
    for file in Self.samples[index].files {
      for length in 0..<min(file.count, 100) {
        let line = errorLine { _ = try kind(Array(file[..<length])) }
        #expect(line == "(no error)" || line.hasPrefix("w: ") && !line.contains(where: \.isNewline))
      }
    }
  }

  @Test(
    "A file of weights without a signature is recognised by the file beside it",
    arguments: [
      ("net.bin", "net.param", "an ncnn model"), ("net.bin", "net.xml", "an OpenVINO model"),
      ("net.onnx.data", "net.onnx", "the weights of an ONNX model"),
      ("net.onnx_data", "net.onnx", "the weights of an ONNX model"),
      ("model.ckpt.data-00000-of-00001", "checkpoint", "a TensorFlow checkpoint"),
    ])
  func neighbours(name: String, neighbour: String, format: String) throws {
    let folder = try TemporaryFolder()
    try folder.add(name, [1, 2, 3, 4, 5, 6, 7, 8, 9])
    try folder.add(neighbour, [1])
    let line = errorLine { _ = try ModelReader.read("\(folder.path)/\(name)") }
    #expect(line.hasPrefix("\(folder.path)/\(name): expected a PyTorch, safetensors or ONNX file, found \(format); "))
  }

  private static let folders: [([String], String)] = [
    (["Data/com.apple.CoreML/model.mlmodel", "Manifest.json"], "a folder with a Core ML model"),
    (["saved_model.pb", "variables/variables.index"], "a folder with a TensorFlow SavedModel"),
    (["inference.pdmodel"], "a folder with a PaddlePaddle model"),
    (["_CHECKPOINT_METADATA"], "a folder with weights of Flax or JAX (Orbax)"),
    (["data.pkl", "data/0", "version"], "an unpacked PyTorch file"),
  ]

  @Test("A folder of another format is named, and the line says what to do", arguments: folders.indices)
  func namesFolders(index: Int) throws {
    let (files, name) = Self.folders[index], folder = try TemporaryFolder()
    for file in files { try folder.add(file, [1]) }
    let format = OtherFormat.folders[index]
    #expect(format.name == name)
    let line = "\(folder.path): expected a PyTorch, safetensors or ONNX file, found \(name); \(format.advice ?? "")"
    #expect(errorLine { _ = try ModelReader.read(folder.path) } == line)
    #expect(errorLine { _ = try ModelInspection(contentsOf: folder.path) } == line)
    #expect(OtherFormat.folders.count == Self.folders.count)
    let empty = try TemporaryFolder()
    #expect(
      errorLine { _ = try ModelReader.read(empty.path) }
        == "\(empty.path): is a folder without model.safetensors or pytorch_model.bin")
  }

  @Test func saysThatAnArchiveIsTruncated() throws {
    let bytes = try Files.read(PackageFiles.torchFixture("zip"))
    for part in 1..<50 {
      let text = errorLine { _ = try kind(Array(bytes[..<(bytes.count * part / 50)])) }
      #expect(text == "w: the zip archive's directory is missing at the file's end: truncated, or not a zip archive")
    }
  }
}
