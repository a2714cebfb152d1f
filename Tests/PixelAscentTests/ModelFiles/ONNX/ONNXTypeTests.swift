// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Operators on constants compute in the type of their inputs. The expected results are ONNX Runtime's.
@Suite struct ONNXTypeTests {
  /// A constant input: a type's number in ONNX, and the little-endian bytes of three elements or of another shape.
  private struct Input {
    var type: Int, bytes: [UInt8], shape: [Int]

    init<Number: FixedWidthInteger>(_ type: Int, _ values: [Number], _ shape: [Int]? = nil) {
      self.type = type
      self.shape = shape ?? [values.count]
      bytes = values.flatMap { withUnsafeBytes(of: $0.littleEndian) { Array($0) } }
    }

    init(_ values: [Float], _ shape: [Int]? = nil) { self.init(1, values.map(\.bitPattern), shape) }
  }

  /// Returns a file that adds an operator's first result, three numbers cast to float32, to the means of the channels.
  private static func file(
    _ type: String, _ inputs: [Input], _ lists: [String: [Int]] = [:], _ number: (String, Int)? = nil, output: Int = 0
  ) -> [UInt8] {
    ONNXWriter.file { writer in
      writer.opset = 21
      for (index, input) in inputs.enumerated() {
        writer.tensor("i\(index)", input.shape, type: input.type) { $0.field(9, input.bytes) }
      }
      writer.integers("three", [3])
      let names = inputs.indices.map { "i\($0)" }
      writer.node(type, names, ["r0", "r1"], name: "n", lists, number: number.map { (name: $0.0, value: $0.1) })
      writer.node("Cast", ["r\(output)"], ["f"], number: (name: "to", value: 1))
      writer.node("Reshape", ["f", "three"], ["g"])
      writer.node("GlobalAveragePool", ["x"], ["a"])
      writer.node("Flatten", ["a"], ["b"])
      writer.node("Add", ["b", "g"], ["y"], name: "sum")
    }
  }

  private static func results(
    _ type: String, _ inputs: [Input], _ lists: [String: [Int]] = [:], _ number: (String, Int)? = nil, output: Int = 0
  ) throws -> [Float] {
    let bytes = file(type, inputs, lists, number, output: output)
    return try #require(try ONNXReader.read(ByteSource(bytes, name: "m.onnx")).parameters["sum.bias"]).tensor().values
  }

  private static func line(_ type: String, _ inputs: [Input], _ number: (String, Int)? = nil) -> String {
    errorLine { try ONNXReader.read(ByteSource(file(type, inputs, [:], number), name: "m.onnx")) }
  }

  private static func bytes(_ values: UInt8...) -> Input { Input(2, values) }
  private static func int32(_ values: Int32...) -> Input { Input(6, values) }
  private static func int64(_ values: Int64...) -> Input { Input(7, values) }
  private static func uint64(_ values: UInt64...) -> Input { Input(13, values) }
  /// Halves by their bits.
  private static func halves(_ bits: UInt16...) -> Input { Input(10, bits) }
  private static let large: Int64 = 1 << 53

  @Test func integersWrapAround() throws {
    #expect(try Self.results("Add", [Self.bytes(250, 1, 255), Self.bytes(10, 1, 1)]) == [4, 2, 0])
    #expect(try Self.results("Sub", [Self.bytes(3, 0, 255), Self.bytes(5, 1, 1)]) == [254, 255, 254])
    let product = try Self.results("Mul", [Self.int32(.max, 65536, .min), Self.int32(2, 65536, -1)])
    #expect(product == [-2, 0, -0x1p31])
    #expect(try Self.results("Add", [Self.int64(.max, .min, 1), Self.int64(1, -1, 2)]) == [-0x1p63, 0x1p63, 3])
    let sums = try Self.results("CumSum", [Self.int32(.max, 1, 1), Input(7, [0 as Int64], [])])
    #expect(sums == [0x1p31, -0x1p31, -0x1p31])
    let matrix = Input(6, [65536, 1, 0, 2, 1, 1] as [Int32], [3, 2])
    #expect(try Self.results("MatMul", [matrix, Self.int32(65536, 3)]) == [3, 6, 65539])
    #expect(try Self.results("CastLike", [Self.int64(300, -1, 130), Input(3, [1 as Int8])]) == [44, -1, -126])
  }

  @Test func unsignedIntegersOf64BitsHaveNoSign() throws {
    let some = Self.uint64(1 << 63, .max - 1, 5), two = Self.uint64(2)
    #expect(try Self.results("Cast", [some], [:], ("to", 1)) == [0x1p63, 0x1p64, 5])
    #expect(try Self.results("Div", [some, two]) == [0x1p62, 0x1p63, 2])
    let a = Self.uint64(1 << 63, 1, 5), b = Self.uint64(1, 1 << 63, 5)
    #expect(try Self.results("Less", [a, b]) == [0, 1, 0])
    #expect(try Self.results("Max", [a, b]) == [0x1p63, 0x1p63, 5])
    #expect(
      try Self.results("ArgMax", [Input(13, [1, 1 << 63, 1 << 63, 1, 2, 3] as [UInt64], [3, 2])], [:], ("axis", 1)) == [
        1, 0, 1,
      ])
  }

  @Test func floatsOf16BitsAreRounded() throws {
    func cast(_ values: [Float], to type: Int) throws -> [Float] {
      try Self.results("Cast", [Input(values)], [:], ("to", type))
    }
    #expect(try cast([0.1, 65519, 3e-8], to: 10) == [0.099_975_586, 65504, 0x1p-24])
    #expect(try cast([1e-8, 2049, -2051], to: 10) == [0, 2048, -2052])
    #expect(try cast([0.1, 1.003_906_25, 1.011_718_75], to: 16) == [0.100_097_656, 1, 1.015_625])
    // 2048 + 1 has no half, nor has a third.
    #expect(try Self.results("Add", [Self.halves(0x6800, 0x3c00, 0), Self.halves(0x3c00, 0x4000, 0)]) == [2048, 3, 0])
    #expect(
      try Self.results("Div", [Self.halves(0x3c00, 0x4000, 0), Self.halves(0x4200)]) == [0.333_251_95, 0.666_503_9, 0])
  }

  @Test func integersAreComparedExactly() throws {
    let a = Self.int64(Self.large, Self.large + 1, 1), b = Self.int64(Self.large + 1, Self.large + 1, 2)
    #expect(try Self.results("Equal", [a, b]) == [0, 1, 0])
    #expect(try Self.results("Less", [a, b]) == [1, 0, 1])
    #expect(try Self.results("GreaterOrEqual", [a, b]) == [0, 1, 0])
    let rows = Input(
      7, [Self.large + 1, Self.large, Self.large, Self.large + 1, -Self.large, -Self.large - 1], [3, 2])
    #expect(try Self.results("ArgMin", [rows], [:], ("axis", 1)) == [1, 0, 1])
    #expect(try Self.results("TopK", [rows, Input(7, [1 as Int64])], output: 1) == [0, 1, 0])
    let power = try Self.results("Pow", [Self.int64(3, -2, 10), Self.int64(39, 63, 18)])
    #expect(power == [4_052_555_218_645_155_840, -0x1p63, 1e18])
    #expect(try Self.results("Pow", [Self.int64(9, -2, 10), Input([0.5, 2, -1])]) == [3, 4, 0])
  }

  @Test func infinitiesAndNaNFollowONNX() throws {
    let some = Input([.infinity, -.infinity, 1]), odd = Input([2, .nan, .nan])
    #expect(try Self.results("IsInf", [some]) == [1, 1, 0])
    #expect(try Self.results("IsInf", [some], [:], ("detect_negative", 0)) == [1, 0, 0])
    #expect(try Self.results("IsInf", [some], [:], ("detect_positive", 0)) == [0, 1, 0])
    for (type, second) in [("Max", Input([.nan, 3, .nan])), ("Min", Input([.nan, 3, .nan]))] {
      #expect(try Self.results(type, [odd, second]).allSatisfy(\.isNaN))
    }
    let signs = try Self.results("Sign", [Input([.nan, -3, 0])])
    #expect(signs[0].isNaN)
    #expect(signs.dropFirst() == [-1, 0])
    #expect(try Self.results("Clip", [some, Input([0], [])]) == [.greatestFiniteMagnitude, 0, 1])
  }

  @Test func everyByteButZeroIsTrue() throws {
    #expect(try Self.results("Cast", [Input(9, [255, 2, 0] as [UInt8])], [:], ("to", 6)) == [1, 1, 0])
    #expect(try Self.results("Cast", [Input([0.5, .nan, 0])], [:], ("to", 9)) == [1, 1, 0])
  }

  @Test func wrappedBordersFollowACut() throws {
    func padded(_ before: Int64, _ after: Int64) throws -> [Float] {
      let bytes = ONNXWriter.file {
        $0.integers("i", [0, 1, 2])
        $0.integers("pads", [Int(before), Int(after)])
        $0.text("Pad", ["i", "pads"], ["r"], ("mode", "wrap"))
        $0.node("Cast", ["r"], ["f"], number: (name: "to", value: 1))
        $0.node("GlobalAveragePool", ["x"], ["a"])
        $0.node("Flatten", ["a"], ["b"])
        $0.node("Add", ["b", "f"], ["y"], name: "sum")
      }
      return try #require(try ONNXReader.read(ByteSource(bytes, name: "m.onnx")).parameters["sum.bias"]).tensor().values
    }
    #expect(try padded(-1, 1) == [1, 2, 1])
    #expect(try padded(1, -1) == [1, 0, 1])
  }

  /// PyTorch's newer exporter casts numbers to the type of the network's values.
  @Test func constantCastLikeTheNetworkIsAFloat() throws {
    let bytes = ONNXWriter.file {
      $0.opset = 18
      $0.integers("one", [1])
      $0.integers("two", [2])
      $0.node("GlobalAveragePool", ["x"], ["a"])
      $0.node("Flatten", ["a"], ["b"])
      $0.node("CastLike", ["one", "b"], ["c"])
      $0.node("CastLike", ["two", "b"], ["d"])
      $0.node("Div", ["c", "d"], ["e"])
      $0.node("Mul", ["b", "e"], ["y"], name: "half")
    }
    let model = try ONNXReader.read(ByteSource(bytes, name: "m.onnx"))
    #expect(try model.parameters["half.weight"]?.tensor().values == [0.5, 0.5, 0.5])
  }

  @Test func refusesWhatHasNoResult() {
    let mixed = Self.line("Add", [Self.int64(1, 2, 3), Input([1, 2, 3])])
    #expect(mixed == "m.onnx: node n: Add has inputs of the types I64, F32; expected one type")
    for type in ["Mul", "Equal", "Concat", "Where"] {
      let condition = type == "Where" ? [Input(9, [1, 0, 1] as [UInt8])] : []
      #expect(
        Self.line(type, condition + [Self.int64(1, 2, 3), Self.int32(1, 2, 3)]).contains(" has inputs of the types "))
    }
    #expect(
      Self.line("Cast", [Input([1, 3e9, 2])], ("to", 6))
        == "m.onnx: node n: Cast casts 3e+09 to I32, which has no such number")
    #expect(Self.line("Cast", [Input([1, .nan, 2])], ("to", 7)).contains("casts nan to I64"))
    #expect(
      Self.line("Cast", [Input([1, 2, 3])], ("to", 8)).contains("Cast casts to ONNX's type 8, which is not supported"))
    #expect(
      Self.line("NonZero", [Input(7, [1 as Int64], [])])
        == "m.onnx: node n: NonZero has a single number as its input, for which programs differ in the result")
    for (type, inputs) in [
      ("ReduceSum", [Self.int64(.max, 1)]), ("ReduceProd", [Self.int32(.max, 2)]),
      ("Pow", [Self.int32(3), Self.int32(20)]),
    ] {
      #expect(
        Self.line(type, inputs).hasSuffix(
          "operator \(type) is not supported here: it can't be computed from its constant inputs"))
    }
  }

  @Test func refusesAKernelShapeThatContradictsTheWeights() {
    let line = ONNXWriter.line {
      $0.floats("w", [2, 3, 3, 3], Array(repeating: 1, count: 54))
      $0.node("Conv", ["x", "w"], ["y"], name: "conv", ["kernel_shape": [1, 3]])
    }
    #expect(line == "m.onnx: node conv: Conv has the kernel_shape (1, 3), found weights of shape (2, 3, 3, 3)")
  }
}
