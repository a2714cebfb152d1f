// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

/// Writes messages in Protocol Buffers' wire format by hand.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  init(_ body: (inout ProtobufWriter) -> Void = { _ in }) { body(&self) }

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func field(_ number: Int, _ value: Int) {
    varint(UInt64(number) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func field(_ number: Int, _ value: Float) {
    varint(UInt64(number) << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += Array($0) }
  }

  mutating func field(_ number: Int, _ content: [UInt8]) {
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(content.count))
    bytes += content
  }

  mutating func field(_ number: Int, _ text: String) { field(number, Array(text.utf8)) }

  mutating func field(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
    field(number, ProtobufWriter(body).bytes)
  }
}

/// Writes an ONNX file by hand. The input is an image of shape (1, 3, 8, 8); a test adds the nodes and tensors that it
/// needs.
struct ONNXWriter {
  private var nodes: [[UInt8]] = []
  private var tensors: [[UInt8]] = []
  private var functions: [[UInt8]] = []
  var opset = 13
  var imageShape = [1, 3, 8, 8]
  var output = "y"
  var metadata: [String: String] = [:]

  mutating func node(
    _ type: String, _ inputs: [String], _ outputs: [String], name: String = "", _ attributes: [String: [Int]] = [:],
    number: (name: String, value: Int)? = nil
  ) {
    nodes.append(
      ProtobufWriter {
        for input in inputs { $0.field(1, input) }
        for output in outputs { $0.field(2, output) }
        $0.field(3, name)
        $0.field(4, type)
        for (key, values) in attributes.sorted(by: { $0.key < $1.key }) {
          $0.field(5) {
            $0.field(1, key)
            for value in values { $0.field(8, value) }
            $0.field(20, 7)
          }
        }
        if let number {
          $0.field(5) {
            $0.field(1, number.name)
            $0.field(3, number.value)
            $0.field(20, 2)
          }
        }
      }.bytes)
  }

  /// Adds a node with one attribute, a text.
  mutating func text(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attribute: (name: String, value: String)
  ) {
    nodes.append(
      ProtobufWriter {
        for input in inputs { $0.field(1, input) }
        for output in outputs { $0.field(2, output) }
        $0.field(4, type)
        $0.field(5) {
          $0.field(1, attribute.name)
          $0.field(4, attribute.value)
          $0.field(20, 3)
        }
      }.bytes)
  }

  /// Adds a function with the nodes that `body` adds, of the standard operators' version `opset`.
  mutating func function(
    _ name: String, _ inputs: [String], _ outputs: [String], opset: Int = 13, _ body: (inout ONNXWriter) -> Void
  ) {
    var writer = ONNXWriter()
    body(&writer)
    functions.append(
      ProtobufWriter {
        $0.field(1, name)
        for input in inputs { $0.field(4, input) }
        for output in outputs { $0.field(5, output) }
        for node in writer.nodes { $0.field(7, node) }
        $0.field(9) { $0.field(2, opset) }
      }.bytes)
  }

  /// Adds a tensor of `type` (1 is float, 7 is int64), whose other fields `content` writes.
  mutating func tensor(_ name: String, _ shape: [Int], type: Int = 1, _ content: (inout ProtobufWriter) -> Void) {
    tensors.append(
      ProtobufWriter {
        for extent in shape { $0.field(1, extent) }
        $0.field(2, type)
        $0.field(8, name)
        content(&$0)
      }.bytes)
  }

  mutating func integers(_ name: String, _ values: [Int]) {
    tensor(name, [values.count], type: 7) { writer in
      for value in values { writer.field(7, value) }
    }
  }

  mutating func floats(_ name: String, _ shape: [Int], _ values: [Float]) {
    tensor(name, shape) {
      $0.field(9, values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } })
    }
  }

  mutating func external(_ name: String, _ shape: [Int], _ keys: [String: String]) {
    tensor(name, shape) { writer in
      for (key, value) in keys.sorted(by: { $0.key < $1.key }) {
        writer.field(13) {
          $0.field(1, key)
          $0.field(2, value)
        }
      }
      writer.field(14, 1)
    }
  }

  var bytes: [UInt8] {
    ProtobufWriter {
      $0.field(1, 8)
      $0.field(7) { graph in
        for node in nodes { graph.field(1, node) }
        for tensor in tensors { graph.field(5, tensor) }
        graph.field(11) { value in
          value.field(1, "x")
          value.field(2) { type in
            type.field(1) { tensor in
              tensor.field(1, 1)
              tensor.field(2) { shape in
                for extent in imageShape { shape.field(1) { $0.field(1, extent) } }
              }
            }
          }
        }
        graph.field(12) { $0.field(1, output) }
      }
      $0.field(8) { $0.field(2, opset) }
      for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
        $0.field(14) {
          $0.field(1, key)
          $0.field(2, value)
        }
      }
      for function in functions { $0.field(25, function) }
    }.bytes
  }

  /// Returns the file that `body` writes.
  static func file(_ body: (inout ONNXWriter) -> Void) -> [UInt8] {
    var writer = ONNXWriter()
    body(&writer)
    return writer.bytes
  }

  /// Reads the file that `body` writes, and returns the error line.
  static func line(_ body: (inout ONNXWriter) -> Void) -> String {
    errorLine { _ = try ONNXReader.read(ByteSource(file(body), name: "m.onnx")) }
  }
}

/// The files that Tests/Golden/make_onnx_fixtures.py made.
enum ONNXFixtures {
  static let folder = PackageFiles.folder + "/Tests/Golden/onnx"
  static let names = [
    "aligned-corners", "arithmetic", "channel-attention", "channels-last", "external", "folding", "functions", "keras",
    "local-functions",
    "more-functions", "norms", "opset9", "quantized-weights", "regions", "resizes", "rows-first", "shuffle", "slices",
    "stored", "torch-dynamo", "torch-dynamo-open", "torch-regions-dynamo", "torch-regions-ts14", "torch-ts17-open",
    "torch-ts9", "upsampled", "vectors-first", "windows",
  ]

  static func path(_ name: String) -> String { "\(folder)/\(name).onnx" }

  static func read(_ name: String) throws -> Model { try ONNXReader.read(ByteSource(contentsOf: path(name))) }

  /// What ONNX Runtime computes.
  struct Expected: Decodable {
    /// The shape of the input in the file's own order of axes.
    let input: [Int]
    let scores: [Double]
  }

  static func expected() throws -> [String: Expected] {
    try JSONText.decode([String: Expected].self, from: Files.read(folder + "/scores.json"))
  }

  /// Returns the image from which ONNX Runtime has computed the scores, in the order channel, row, column.
  static func image(_ shape: [Int]) -> Tensor {
    let isLast = shape[1] != 1 && shape[1] != 3
    let (channels, rows, columns) = isLast ? (shape[3], shape[1], shape[2]) : (shape[1], shape[2], shape[3])
    var image = Tensor(shape: [channels, rows, columns], repeating: 0)
    for index in image.values.indices {
      let (channel, pixel) = (index / (rows * columns), index % (rows * columns))
      let position = isLast ? pixel * channels + channel : index
      image.values[index] = Float(Double(position * 37 % 101) / 50 - 1)
    }
    return image
  }
}
