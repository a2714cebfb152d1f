// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Weights in several files beside an index, as Hugging Face's libraries write them.
@Suite struct ShardedWeightsTests {
  private let folder: TemporaryFolder
  private let tensors: [String: Tensor]
  private let whole: Network

  init() throws {
    let fixture = try ForeignNameTests.fixture("transformers/resnet12")
    tensors = ForeignNameTests.tensors(fixture)
    let complete = try ForeignNameTests.folder(fixture)
    whole = try Network(contentsOf: complete.path)
    folder = try TemporaryFolder()
    try folder.add("config.json", fixture.values["config"] ?? "{}")
  }

  /// The names of the tensors in each of two files.
  private var halves: [[String]] {
    let names = tensors.keys.sorted(), middle = names.count / 3
    return [Array(names[..<middle]), Array(names[middle...])]
  }

  private func part(_ names: [String]) -> [String: Tensor] { tensors.filter { names.contains($0.key) } }

  /// Writes an index that names a file for each tensor.
  private func addIndex(_ name: String, _ files: [(file: String, tensors: [String])]) throws {
    let map = files.flatMap { file, tensors in tensors.map { "\"\($0)\": \"\(file)\"" } }
    try folder.add(name, "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(map.joined(separator: ", "))}}")
  }

  /// The network in several files is the network in one, and its files are known.
  @Test(arguments: ["model.safetensors", "pytorch_model.bin"]) func readsAllFiles(name: String) throws {
    let files = ["a-1.part", "a-2.part"]
    for (file, names) in zip(files, halves) {
      try folder.add(
        file, name == "pytorch_model.bin" ? TorchFiles.stateDict(part(names)) : Safetensors(tensors: part(names)).data()
      )
    }
    try addIndex("\(name).index.json", Array(zip(files, halves)))
    for path in [folder.path, "\(folder.path)/\(name).index.json"] {
      let network = try Network(contentsOf: path)
      #expect(network.source == whole.source)
      #expect(network.files.map(\.folderAndName.name) == ["\(name).index.json", "config.json"] + files)
      var random = TestRandom(1)
      let image = Tensor(shape: [3, 32, 32], values: random.reals(3 * 32 * 32).map { Float($0) })
      let goal = Objective.score(class: 1)
      #expect(try network.gradient(of: goal, at: image).scores == whole.gradient(of: goal, at: image).scores)
    }
  }

  private func line() -> String {
    let text = errorLine { try Network(contentsOf: folder.path) }
    let prefix = "\(folder.path)/model.safetensors.index.json: "
    return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
  }

  @Test func whatDoesNotFitIsAnError() throws {
    try folder.add("1", Safetensors(tensors: part(halves[0])).data())
    try folder.add("2", Safetensors(tensors: part(halves[1])).data())
    try folder.add("net.onnx", [0x08, 8, 0x12, 7] + Array("pytorch".utf8))
    let index = "model.safetensors.index.json", (first, second) = (halves[0][0], halves[1][0])
    try addIndex(index, [("1", halves[0]), ("3", halves[1])])
    #expect(line() == "tensor \(second) lies in \"3\", but the model's folder has no such file")
    for outside in ["../1", "/etc/passwd", "a/../../1", ""] {
      try addIndex(index, [(outside, [first])])
      #expect(line() == "tensor \(first) lies in \"\(outside)\", expected a file in the model's folder")
    }
    try addIndex(index, [("1", halves[0] + [second]), ("2", Array(halves[1].dropFirst()))])
    #expect(line() == "tensor \(second) lies in \"1\", but that file does not have it")
    try addIndex(index, [("net.onnx", [first])])
    #expect(
      line().hasSuffix("net.onnx: expected tensors of a model in several files: safetensors, or a PyTorch file"))
    try addIndex(index, [("2", halves[1])])
    #expect(line().contains("expects a tensor") || line().contains("no known architecture"))
    try folder.add(index, "{\"weight_map\": [1]}")
    #expect(line() == "weight_map holds a value of the wrong kind")
    try folder.add(index, "{\"weight_map\": {")
    #expect(line() == "not valid JSON, or a number in it is out of range")
  }
}
