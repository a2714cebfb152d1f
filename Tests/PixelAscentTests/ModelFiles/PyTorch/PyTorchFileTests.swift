// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Files that `torch.save` wrote, and files made in the tests that are like those of older PyTorch versions.
@Suite struct PyTorchFileTests {
  private func read(_ bytes: [UInt8]) throws -> StateDict {
    try PyTorchFile.stateDict(ByteSource(bytes, name: "w.pth"))
  }

  private func fixture(_ name: String) throws -> [UInt8] { try Files.read(PackageFiles.torchFixture(name)) }

  /// Returns the bytes of 0, 1, … as float32.
  private func floats(_ count: Int) -> [UInt8] { (0..<count).map(Float.init).withUnsafeBytes { Array($0) } }

  /// The state dict of Tests/Golden/make_torch_fixtures.py.
  private static let expected: [(name: String, tensor: Tensor)] = {
    let weight = (0..<24).map { Float($0) / 4 - 3 }
    let halves: [Float] = [-1, -0.5, 0, 0.5, 1]
    return [
      ("conv.weight", Tensor(shape: [2, 3, 2, 2], values: weight)),
      ("conv.last", Tensor(shape: [2, 3, 2, 2], values: weight)),
      ("shared", Tensor(shape: [6], values: Array(weight[4..<10]))),
      ("transposed", Tensor(shape: [3, 2], values: [0, 3, 1, 4, 2, 5])),
      ("half", Tensor(shape: [5], values: halves)),
      ("bfloat", Tensor(shape: [5], values: halves)),
      ("double", Tensor(shape: [2], values: [0.1, -3])),
      ("bn.num_batches_tracked", Tensor(shape: [], values: [17])),
    ]
  }()

  @Test(arguments: ["zip", "legacy", "zip-checkpoint", "legacy-checkpoint"])
  func readsWhatTorchWrites(name: String) throws {
    let dict = try read(fixture(name)), prefix = name.hasSuffix("checkpoint") ? "module." : ""
    #expect(dict.entries.map(\.name) == PyTorchFileTests.expected.map { prefix + $0.name })
    for (name, tensor) in PyTorchFileTests.expected {
      #expect(try dict[prefix + name]?.tensor() == tensor, "\(name)")
    }
  }

  @Test func refusesAModuleWithAdvice() throws {
    #expect(
      errorLine { _ = try read(fixture("module")) }
        == "w.pth: refused: the weights are inside an object of class torch.nn.modules.linear.Linear, which is not read; "
        + "if you trust the file, save its state dict: python -c \"import torch; torch.save(torch.load('FILE', "
        + "weights_only=False).state_dict(), 'weights.pth')\"")
  }

  @Test(arguments: ["zip", "legacy"]) func readsElementsOnlyWhenTheyAreNeeded(name: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/w.pth"
    try Files.write(fixture(name), to: path)
    let dict = try PyTorchFile.stateDict(ByteSource(contentsOf: path))
    #expect(truncate(path, 8) == 0)
    #expect(errorLine { _ = try dict["half"]?.tensor() } == "\(path): the file became shorter while it was read")
  }

  @Test func readsLargePickles() throws {
    // The pickles are longer than the pieces in which a file is read; lines and strings cross the borders of the
    // pieces.
    let names = (0..<3000).map { "layer\($0).\(String(repeating: "x", count: $0 % 61))" }
    let pickle = PickleWriter.dictionary { writer in
      for (index, name) in names.enumerated() {
        writer.string(name)
        writer.tensor(count: 3000, offset: index, shape: [1], strides: [1])
      }
    }
    for bytes in [
      TorchFiles.archive(pickle, [("0", floats(3000))]), TorchFiles.legacy(pickle, [("0", count: 3000, floats(3000))]),
    ] {
      let dict = try read(bytes)
      #expect(dict.entries.map(\.name) == names)
      #expect(try dict[names[2999]]?.tensor().values == [2999])
    }
  }

  @Test(arguments: [false, true]) func readsArchivesOfAnyFolder(zip64: Bool) throws {
    let pickle = PickleWriter.dictionary {
      $0.string("a")
      $0.tensor(count: 2, shape: [2], strides: [1])
    }
    let entries = [("é/version", [0x33]), ("é/data/0", floats(2)), ("é/data.pkl", pickle)]
    let bytes = TorchFiles.zip(entries.map { TorchFiles.Entry($0, $1) }, zip64: zip64)
    #expect(try read(bytes)["a"]?.tensor().values == [0, 1])
  }

  /// Python 2 pickled ordered dictionaries as lists of pairs. PyTorch 0.x wrote tensors in another form, and also wrote
  /// views of storages.
  @Test func readsWhatOldVersionsWrote() throws {
    let pickle = PickleWriter.pickle { writer in
      writer.global("collections", "OrderedDict")
      writer.op("(]](U\u{1}a")
      writer.global("torch._utils", "_rebuild_tensor")
      writer.op("((U\u{7}storage")
      writer.global("torch.cuda", "FloatStorage")
      writer.op("U\u{3}123U\u{6}cuda:0")
      writer.int(10)
      writer.op("(U\u{3}456K\u{2}K\u{5}ttQ")
      writer.int(1)
      writer.shape([2, 2])
      writer.shape([2, 1])
      writer.op("tReatR}")
      writer.op("(U\u{9}_metadata}ub")
    }
    let dict = try read(TorchFiles.legacy(pickle, [("123", count: 10, floats(10))]))
    #expect(try dict["a"]?.tensor() == Tensor(shape: [2, 2], values: [3, 4, 5, 6]))
  }

  @Test func readsTypedViewsOfBytes() throws {
    let pickle = PickleWriter.dictionary { writer in
      writer.string("a")
      writer.global("torch._utils", "_rebuild_tensor_v3")
      writer.op("(")
      writer.storage("0", "UntypedStorage", module: "torch.storage", count: 12)
      writer.int(1)
      writer.shape([2])
      writer.shape([1])
      writer.op("I00\n)")
      writer.global("torch", "float32")
      writer.op("tR")
      writer.string("b")
      writer.global("torch._utils", "_rebuild_parameter")
      writer.op("(")
      writer.tensor("1", "ShortStorage", count: 2, shape: [2], strides: [1])
      writer.op("I01\n)tR")
    }
    let dict = try read(TorchFiles.archive(pickle, [("0", floats(3)), ("1", [1, 0, 0xFE, 0xFF])]))
    #expect(try dict["a"]?.tensor().values == [1, 2])
    #expect(try dict["b"]?.tensor().values == [1, -2])
  }

  @Test(arguments: ["state_dict", "model_state_dict", "model", "the weights"])
  func unwrapsCheckpoints(key: String) throws {
    let pickle = PickleWriter.pickle { writer in
      writer.op("}(")
      writer.string("loss")
      writer.tensor(count: 1, shape: [], strides: [])
      writer.string(key)
      writer.op("}(")
      writer.string("a.weight")
      writer.tensor(count: 1, shape: [1, 1], strides: [1, 1])
      writer.op("uu")
    }
    #expect(try read(TorchFiles.archive(pickle, [("0", floats(1))])).entries.map(\.name) == ["a.weight"])
  }

  @Test(arguments: [
    ("}", "found an empty one"), ("(K\u{1}}d", "found the entries 1"), ("N", "found something else"),
    ("]", "found a list"), (")", "found a list"),
    ("(X\u{1}\0\0\0GX\u{1}\0\0\0gX\u{1}\0\0\0D}d", "found the entries G, D"),
  ])
  func saysWhatItFoundInsteadOfTensors(code: String, expected: String) {
    let text = errorLine { _ = try read(TorchFiles.archive(PickleWriter.pickle { $0.op(code) }, [])) }
    #expect(
      text == "w.pth: expected a dictionary of tensors, as torch.save(model.state_dict(), path) writes it, \(expected)")
  }
}

extension PackageFiles {
  /// The path of Tests/Golden/torch-`name`.pth.
  static func torchFixture(_ name: String) -> String { folder + "/Tests/Golden/torch-\(name).pth" }
}
