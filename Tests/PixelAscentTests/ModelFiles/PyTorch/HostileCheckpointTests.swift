// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Checkpoints whose weights are inside objects, and checkpoints made to do harm.
@Suite struct HostileCheckpointTests {
  private func read(_ pickle: [UInt8]) throws -> StateDict {
    let data = [UInt8](repeating: 0, count: 16)
    return try PyTorchFile.stateDict(ByteSource(TorchFiles.archive(pickle, [("0", data)]), name: "w.pth"))
  }

  private func line(_ body: (inout PickleWriter) -> Void) -> String {
    errorLine { _ = try read(PickleWriter.dictionary(body)) }
  }

  private func weight(_ writer: inout PickleWriter) { writer.tensor(count: 4, shape: [2, 2], strides: [2, 1]) }

  @Test(arguments: [
    (
      "nets", "Net",
      "if you trust the file, save its state dict: python -c \"import torch; torch.save(torch.load('FILE', "
        + "weights_only=False)['model'].state_dict(), 'weights.pth')\""
    ), ("ultralytics.nn.tasks", "ClassificationModel", "export ONNX: yolo export model=FILE format=onnx"),
  ])
  func namesTheClassOfAnObjectThatHoldsTheWeights(module: String, name: String, advice: String) {
    let text = line { writer in
      writer.string("epoch")
      writer.op("K\u{3}")
      writer.string("loss")
      writer.tensor(count: 4, shape: [], strides: [])
      writer.string("model")
      writer.global(module, name)
      writer.op(")R}")
      writer.string("_parameters")
      weight(&writer)
      writer.op("sb")
    }
    #expect(
      text
        == "w.pth: refused: model: the weights are inside an object of class \(module).\(name), which is not read; "
        + advice)
  }

  /// Weights as PyTorch writes sparse and complex tensors, tensors of unknown subclasses, and tensors without elements.
  private static let unreadTensors: [(type: String, write: @Sendable (inout PickleWriter) -> Void)] = [
    (
      "torch._utils._rebuild_sparse_tensor",
      { @Sendable (writer: inout PickleWriter) in
        writer.global("torch._utils", "_rebuild_sparse_tensor")
        writer.op("(")
        writer.tensor(count: 4, shape: [4], strides: [1])
        writer.op("tR")
      }
    ),
    (
      "torch.ComplexFloatStorage",
      { @Sendable (writer: inout PickleWriter) in
        writer.tensor("0", "ComplexFloatStorage", count: 2, shape: [2], strides: [1])
      }
    ),
    (
      "tool.Quantized",
      { @Sendable (writer: inout PickleWriter) in
        writer.global("torch._tensor", "_rebuild_from_type_v2")
        writer.op("(")
        writer.global("torch._utils", "_rebuild_tensor_v2")
        writer.global("tool", "Quantized")
        writer.op(")}tR")
      }
    ),
    (
      "torch._utils._rebuild_meta_tensor_no_storage",
      { @Sendable (writer: inout PickleWriter) in
        writer.global("torch._utils", "_rebuild_meta_tensor_no_storage")
        writer.op(")R")
      }
    ),
  ]

  @Test(arguments: unreadTensors)
  func namesTheClassOfATensorThatIsNotRead(type: String, write: @Sendable (inout PickleWriter) -> Void) {
    let text = line { writer in
      writer.string("a.weight")
      weight(&writer)
      writer.string("b.weight")
      write(&writer)
    }
    #expect(
      text
        == "w.pth: tensor b.weight is an object of class \(type), which is not read; only dense tensors of floats or "
        + "integers are")
  }

  /// Writes the arguments that every function for a tensor takes: the storage, the first element, the shape and the strides
  /// of a matrix.
  private static func placement(_ writer: inout PickleWriter) {
    writer.storage("0", count: 4)
    writer.int(0)
    writer.shape([2, 2])
    writer.shape([2, 1])
  }

  /// PyTorch marks a view of negated elements in the last argument.
  @Test func refusesNegatedElements() {
    let text = line { writer in
      writer.string("a.weight")
      writer.global("torch._utils", "_rebuild_tensor_v2")
      writer.op("(")
      Self.placement(&writer)
      writer.op("NN}(")
      writer.string("neg")
      writer.op("NutR")
    }
    #expect(text.hasSuffix("a tensor's elements are stored negated or conjugated; save tensor.resolve_neg() instead"))
  }

  /// `_rebuild_from_type_v2` stands for a tensor with attributes.
  @Test func readsTensorsWithAttributes() throws {
    func write(_ writer: inout PickleWriter, function: (inout PickleWriter) -> Void) {
      writer.string("a.weight")
      writer.global("torch._tensor", "_rebuild_from_type_v2")
      writer.op("(")
      function(&writer)
      writer.global("torch", "Tensor")
      writer.op("(")
      Self.placement(&writer)
      writer.op("t}tR")
    }
    let dict = try read(
      PickleWriter.dictionary { write(&$0) { $0.global("torch._utils", "_rebuild_tensor_v2") } })
    #expect(dict.shape("a.weight") == [2, 2])
    let text = line { write(&$0) { $0.global("torch._tensor", "_rebuild_from_type_v2") } }
    #expect(text.contains("in another way than PyTorch"))
  }

  /// Each dictionary is in two places of the next, so there are 2^60 paths to the tensor.
  @Test(.timeLimit(.minutes(120))) func refusesToSearchWithoutEnd() {
    let text = line { writer in
      writer.string("a.weight")
      weight(&writer)
      writer.op("}(")
      writer.string("b.weight")
      weight(&writer)
      writer.op("u")
      for _ in 0..<60 {
        writer.op("q\u{1}0}(")
        writer.string("x")
        writer.op("h\u{1}")
        writer.string("y")
        writer.op("h\u{1}u")
      }
      writer.op("q\u{1}0")
      writer.string("inner")
      writer.op("h\u{1}")
    }
    #expect(text == "w.pth: refused: the pickle's dictionaries hold too many entries")
  }

  @Test func survivesDamage() throws {
    let bytes = try Files.read(PackageFiles.folder + "/Tests/Golden/checkpoints/both.pth")
    var random = TestRandom(5)
    for _ in 0..<1500 {
      var changed = bytes
      changed[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      do throws(PixelAscentError) {
        let dict = try PyTorchFile.stateDict(ByteSource(changed, name: "w.pth"))
        for entry in try dict.reparametrized().entries { _ = try entry.parameter.tensor() }
      } catch {
        let line = error.description
        #expect(!line.contains("\n"))
      }
    }
  }
}
