// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct ONNXHostileTests {
  private func line(_ bytes: [UInt8]) -> String { errorLine { try ONNXReader.read(ByteSource(bytes, name: "m.onnx")) } }

  private func line(_ body: (inout ONNXWriter) -> Void) -> String { ONNXWriter.line(body) }

  private func head(_ writer: inout ONNXWriter, _ input: String = "x") {
    writer.node("GlobalAveragePool", [input], ["y"], name: "head")
  }

  @Test(arguments: ["opset9", "stored", "arithmetic", "local-functions", "quantized-weights"])
  func survivesDamage(name: String) throws {
    try fuzz(try Files.read(ONNXFixtures.path(name)), seed: 7) {
      _ = try ONNXReader.read(ByteSource($0, name: "m.onnx"))
    }
  }

  @Test func refusesOtherFiles() {
    #expect(line([]) == "m.onnx: not an ONNX file: no graph in its 0 bytes")
    #expect(line(Array("hello".utf8)).hasPrefix("m.onnx: "))
    #expect(line([0x0B]) == "m.onnx: not an ONNX file, or a damaged one: a group at byte 0; ONNX has none")
    #expect(line([0x0F]) == "m.onnx: not an ONNX file, or a damaged one: no field begins at byte 0")
    #expect(line([0x08, 0x80]) == "m.onnx: truncated or damaged: the number at byte 1 has no end")
    let long = [0x08] + [UInt8](repeating: 0xFF, count: 19) + [1]
    #expect(line(long) == "m.onnx: not an ONNX file, or a damaged one: the number at byte 1 exceeds 64 bits")
    let wide = [0x08] + [UInt8](repeating: 0xFF, count: 9) + [2]
    #expect(line(wide) == "m.onnx: not an ONNX file, or a damaged one: the number at byte 1 exceeds 64 bits")
    #expect(line([0x3A, 5, 0]) == "m.onnx: truncated or damaged: 5 bytes are declared at byte 2, found 1")
    let endless: [UInt8] = [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]
    #expect(line(endless).contains("18446744073709551615 bytes are declared"))
    #expect(
      line {
        head(&$0); $0.opset = 6
      }.contains("expected operators of opset 7 or newer, found opset 6"))
  }

  @Test func refusesImpossibleTensors() {
    func convolution(_ write: (inout ONNXWriter) -> Void) -> String {
      line {
        $0.node("Conv", ["x", "w"], ["a"], name: "conv")
        head(&$0, "a")
        write(&$0)
      }
    }
    #expect(
      convolution { $0.tensor("w", [1 << 30]) { _ in } }.contains("declares the shape (1073741824), found no elements"))
    #expect(convolution { $0.tensor("w", [1 << 40, 1 << 40]) { _ in } }.contains("declares the impossible shape"))
    #expect(convolution { $0.tensor("w", [-1]) { _ in } }.contains("declares the impossible shape (-1)"))
    #expect(convolution { $0.tensor("w", [2]) { $0.field(9, [0, 0, 0]) } }.contains("found 3 bytes"))
    #expect(convolution { $0.tensor("w", [2]) { $0.field(4, 1 as Float) } }.contains("found 4 bytes"))
    #expect(convolution { $0.tensor("w", [2]) { $0.field(7, 1) } }.contains("found elements of another type"))
    #expect(convolution { $0.tensor("w", [Int](repeating: 1, count: 17)) { _ in } }.contains("more than 16 dimensions"))
    #expect(
      convolution {
        $0.floats("w", [1], [1]); $0.floats("w", [1], [1])
      } == "m.onnx: tensor w occurs twice")
    #expect(convolution { _ in }.contains("takes the value w, which nothing makes"))
    for type in [0, 8, 17, 99] {
      #expect(
        convolution { $0.tensor("w", [1], type: type) { _ in } }
          == "m.onnx: tensor w has elements of ONNX's type \(type); supported are floats of 16, 32 and 64 bits, integers and "
          + "truth values")
    }
    let weights = [Float](repeating: 1, count: 12)
    #expect(
      convolution { $0.floats("w", [2, 6, 1, 1], weights) }
        == "m.onnx: node conv: Conv has weights of shape (2, 6, 1, 1) and group = 1, found 3 input channels")
    #expect(
      convolution { $0.floats("w", [4, 3, 1], weights) }.contains("expected a convolution of 2 dimensions, or"))
    #expect(convolution { $0.floats("w", [0, 3, 1, 1], []) }.contains("(0, 3, 1, 1)"))
    #expect(
      line {
        head(&$0); $0.imageShape = [1, 1 << 40, 8, 8]
      }.contains("declares an input of the impossible shape"))
  }

  @Test func refusesImpossibleGraphs() {
    #expect(
      line {
        $0.node("Add", ["x", "b"], ["a"], name: "first")
        $0.node("Relu", ["a"], ["b"], name: "second")
        head(&$0, "b")
      } == "m.onnx: the graph has a cycle: node second depends on itself")
    #expect(
      line {
        $0.node("Relu", ["x"], ["y"])
        $0.node("Tanh", ["x"], ["y"])
      } == "m.onnx: the value y is made twice")
    #expect(line { $0.node("Relu", ["x"], ["z"]) } == "m.onnx: no node makes the graph's output y")
    #expect(
      line { $0.node("Relu", ["x"], ["y"]) } == "m.onnx: expected scores of shape (1, classes), found (1, 3, 8, 8)")
    #expect(line { $0.node("Identity", ["x"], ["y"]) } == "m.onnx: the graph has no layers")
    #expect(line { $0.node("Conv", [], ["y"]) } == "m.onnx: the graph's output depends on no input")
    #expect(
      line {
        $0.node("Conv", [], ["a"], name: "c")
        $0.node("Add", ["x", "a"], ["y"])
      } == "m.onnx: node c: operator Conv is not supported here: it can't be computed from its constant inputs")
    #expect(line { $0.node("Add", ["", "x"], ["y"], name: "c") } == "m.onnx: node c: Add lacks an input")
    #expect(
      line {
        $0.floats("one", [1], [1])
        $0.node("Concat", ["one", ""], ["a"], name: "c")
        $0.node("Mul", ["x", "a"], ["y"])
      } == "m.onnx: node c: operator Concat is not supported here: it can't be computed from its constant inputs")
    #expect(
      line {
        head(&$0); $0.imageShape = [4, 3, 8, 8]
      } == "m.onnx: expected a batch of 1, or of any size, found 4")
    #expect(
      line {
        head(&$0); $0.imageShape = [1, 3, 8]
      }.contains("found one of 3 dimensions"))
    #expect(
      line {
        $0.node("MaxPool", ["x"], ["a"], name: "pool", ["kernel_shape": [9, 9]])
        head(&$0, "a")
      }.contains("node pool: MaxPool has a window of 9 pixels, found an image of 8 pixels, padding included"))
    #expect(
      line {
        $0.node("MaxPool", ["x"], ["a"], name: "pool", ["kernel_shape": [2, 2], "strides": [0, Int.max]])
        head(&$0, "a")
      }.contains("strides (0, 9223372036854775807)"))
  }

  @Test func boundsTheCostOfAGraph() {
    #expect(
      line {
        $0.integers("huge", [1 << 40, 1 << 20])
        $0.node("ConstantOfShape", ["huge"], ["a"], name: "fill")
        $0.node("Mul", ["x", "a"], ["b"])
        head(&$0, "b")
      }.contains("node fill: operator ConstantOfShape"))
    #expect(
      line {
        $0.node("Concat", ["x", "x"], ["a0"])
        for step in 1...60 { $0.node("Concat", ["a\(step - 1)", "a\(step - 1)"], ["a\(step)"]) }
        head(&$0, "a60")
      }.contains("makes an output of the impossible shape"))
    let many = line {
      $0.integers("shape", [1000, 1000])
      $0.node("ConstantOfShape", ["shape"], ["a0"])
      for step in 1...60 { $0.node("Add", ["a\(step - 1)", "a\(step - 1)"], ["a\(step)"]) }
      $0.node("Mul", ["x", "a60"], ["b"])
      head(&$0, "b")
    }
    #expect(many == "m.onnx: the graph asks for far more numbers than the file holds")
    #expect(
      line {
        $0.integers("shape", [Int.max, Int.min, -1])
        $0.node("Reshape", ["x", "shape"], ["a"], name: "reshape")
        head(&$0, "a")
      }.contains("node reshape: operator Reshape"))
    // In this deep chain every node reads the output of the node before it twice.
    #expect(
      line {
        $0.node("Sigmoid", ["x"], ["a0"])
        for step in 1...3000 { $0.node("Mul", ["a\(step - 1)", "a\(step - 1)"], ["a\(step)"]) }
        head(&$0, "a3000")
      } == "(no error)")
  }

  @Test func refusesImpossibleArithmetic() {
    let cases: [(type: String, inputs: [[Int]])] = [
      ("Tile", [[1, 2], [1 << 40]]), ("Tile", [[1], [-1]]), ("Pad", [[1], [1 << 40, 0]]),
      ("Pad", [[1], [Int.max, Int.max]]), ("Range", [[0], [1 << 40], [1]]), ("Range", [[0], [1], [0]]),
      ("Range", [[Int.min], [Int.max], [1]]), ("OneHot", [[0], [1 << 40], [0, 1]]), ("GatherND", [[1, 2], [5]]),
      ("GatherElements", [[1, 2], [7]]), ("ScatterND", [[1, 2], [9], [1]]), ("ScatterElements", [[1, 2], [9], [1]]),
      ("CumSum", [[1], [5]]), ("TopK", [[1], [3]]), ("Compress", [[1], [0, 1, 1]]), ("Split", [[1, 2], [5, 5]]),
      ("Expand", [[1, 2], [3]]), ("Expand", [[1], [1 << 30, 1 << 30]]), ("MatMul", [[1, 2], [1, 2, 3]]),
      ("Gather", [[1], [4]]), ("Trilu", [[1]]), ("EyeLike", [[1]]), ("Mod", [[1], [0]]), ("Div", [[1], [0]]),
      ("BitShift", [[1], [-1]]), ("ReduceSum", [[1], [7]]), ("ReduceProd", [[Int.max, 2]]), ("Pow", [[3], [64]]),
      ("Sum", [[1, 2], [1, 2, 3]]),
      ("ArgMax", [[]]), ("QuantizeLinear", [[1], [1]]), ("Gemm", [[1, 2], [1, 2]]),
      ("NoSuchOperator", [[]]), ("Unique", [[]]), ("DepthToSpace", [[]]),
    ]
    for (type, inputs) in cases {
      let line = line {
        for (index, values) in inputs.enumerated() { $0.integers("i\(index)", values) }
        $0.node(type, inputs.indices.map { "i\($0)" }, ["a"], name: "n")
        $0.node("Mul", ["x", "a"], ["b"])
        head(&$0, "b")
      }
      #expect(line.hasPrefix("m.onnx: node n: operator \(type) is not supported here: "), "\(inputs): \(line)")
    }
  }

  /// An array without elements may declare any extents. Its arithmetic must not make lists of that length.
  @Test(arguments: [[0, 1 << 40], [0, 1 << 40, 1 << 40], [1 << 62, 0, 2]])
  func boundsTheExtentsOfEmptyArrays(shape: [Int]) {
    let types: [(type: String, second: [Int]?)] = [
      ("Gather", []), ("Transpose", nil), ("ReduceSum", nil), ("ReduceMax", [0]), ("Softmax", nil), ("Neg", nil),
      ("Tile", shape.map { _ in 1 }), ("Pad", shape.flatMap { _ in [0, 0] }), ("CumSum", [0]), ("NonZero", nil),
    ]
    for (type, second) in types {
      let line = line {
        $0.tensor("empty", shape) { _ in }
        if let second { $0.integers("second", second) }
        $0.node(type, ["empty"] + (second == nil ? [] : ["second"]), ["a"], name: "n")
        $0.node("Mul", ["x", "a"], ["b"])
        head(&$0, "b")
      }
      #expect(line == "m.onnx: the graph asks for far more numbers than the file holds", "\(type)")
    }
  }

  /// Operators with many inputs or outputs take memory for each of them, also for empty ones.
  @Test func boundsTheNumberOfArrays() {
    let sum = line {
      $0.integers("shape", [1000, 1000])
      $0.node("ConstantOfShape", ["shape"], ["a"])
      $0.node("Sum", [String](repeating: "a", count: 100), ["b"])
      $0.node("Mul", ["x", "b"], ["c"])
      head(&$0, "c")
    }
    let split = line {
      $0.integers("shape", [4, 1_000_000])
      $0.integers("sizes", [Int](repeating: 0, count: 99) + [4])
      $0.node("ConstantOfShape", ["shape"], ["a"])
      $0.node("Split", ["a", "sizes"], (0..<100).map { "b\($0)" }, number: ("axis", 0))
      $0.node("Mul", ["x", "b99"], ["c"])
      head(&$0, "c")
    }
    for line in [sum, split] { #expect(line == "m.onnx: the graph asks for far more numbers than the file holds") }
  }

  @Test func ignoresNestedGraphs() {
    var nested: [UInt8] = []
    for _ in 0..<3000 { nested = ProtobufWriter { $0.field(6, ProtobufWriter { $0.field(5, nested) }.bytes) }.bytes }
    let file = ProtobufWriter {
      $0.field(8) { $0.field(2, 13) }
      $0.field(7) { graph in
        graph.field(1) {
          $0.field(2, "y")
          $0.field(4, "If")
          $0.field(5, nested)
        }
        graph.field(12) { $0.field(1, "y") }
      }
    }
    #expect(line(file.bytes).hasPrefix("m.onnx: "))
  }

  @Test func readsExternalFilesOfTheModelsFolderOnly() throws {
    let folder = try TemporaryFolder()
    try Files.makeFolder(folder.path + "/model")
    try Files.write([UInt8](repeating: 0, count: 48), to: folder.path + "/secret.bin")
    try Files.write([UInt8](repeating: 0, count: 48), to: folder.path + "/model/near.bin")
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: folder.path + "/model/link.bin", withDestinationPath: folder.path + "/secret.bin")
    try manager.createSymbolicLink(atPath: folder.path + "/model/up", withDestinationPath: folder.path)
    let path = folder.path + "/model/m.onnx"
    func line(_ keys: [String: String]) throws -> String {
      let file = ONNXWriter.file {
        $0.node("Conv", ["x", "w"], ["a"])
        head(&$0, "a")
        $0.external("w", [4, 3, 1, 1], keys)
      }
      try Files.write(file, to: path)
      return errorLine { try ONNXReader.read(ByteSource(contentsOf: path)) }
    }
    #expect(try line(["location": "near.bin"]) == "(no error)")
    #expect(try line(["location": "./near.bin", "offset": "0", "length": "48"]) == "(no error)")
    for location in ["../secret.bin", folder.path + "/secret.bin", "", "a/../../secret.bin", "near.bin\0"] {
      #expect(try line(["location": location]).contains("expected a file in the model's folder"), "\(location)")
    }
    for location in ["link.bin", "up/secret.bin"] {
      #expect(try line(["location": location]).contains("a link out of the model's folder"), "\(location)")
    }
    #expect(try line(["location": "absent.bin"]).contains("no such file"))
    #expect(
      try line(["location": "."]).contains("not a regular file")
        || line(["location": "."]).contains("out of the model's folder"))
    #expect(try line(["location": "near.bin", "offset": "4"]).contains("truncated or wrong"))
    #expect(try line(["location": "near.bin", "length": "40"]).contains("found a length of 40 bytes"))
    #expect(try line(["location": "near.bin", "offset": "-1"]).contains("declares the offset \"-1\""))
    #expect(try line(["location": "near.bin", "offset": "99999999999999999999"]).contains("declares the offset"))
  }
}
