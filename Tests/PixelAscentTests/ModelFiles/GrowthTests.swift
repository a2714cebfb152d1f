// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The time for reading a file grows in proportion to the file, whatever there are many of.
@Suite(.serialized) struct GrowthTests {
  /// A file with any number of something.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let size: Int
    let file: @Sendable (Int) -> [UInt8]

    init(_ name: String, from size: Int, _ file: @escaping @Sendable (Int) -> [UInt8]) {
      (testDescription, self.size, self.file) = (name, size, file)
    }

    /// An ONNX file whose nodes `body` adds: they make the value "end" from "x".
    static func onnx(
      _ name: String, from size: Int, _ body: @escaping @Sendable (inout ONNXWriter, Int) -> Void
    ) -> Case {
      Case(name, from: size) { count in
        ONNXWriter.file {
          body(&$0, count)
          $0.node("GlobalAveragePool", ["end"], ["pooled"])
          $0.node("Flatten", ["pooled"], ["y"])
        }
      }
    }

    /// A safetensors file with many tensors of one element.
    static func tensors(_ name: String, from size: Int, _ tensor: @escaping @Sendable (Int) -> String) -> Case {
      Case(name, from: size) { count in
        let entries = (0..<count).map {
          "\"\(tensor($0))\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[\($0),\($0 + 1)]}"
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
          + [UInt8](repeating: 0, count: count)
      }
    }
  }

  /// Adds a chain of nodes that takes "x" and makes "end".
  private static func chain(_ writer: inout ONNXWriter, _ count: Int, _ type: (Int) -> String) {
    for index in 0..<count {
      writer.node(type(index), [index == 0 ? "x" : "v\(index)"], [index == count - 1 ? "end" : "v\(index + 1)"])
    }
  }

  private static let cases: [Case] = [
    .onnx("inputs of a Concat", from: 1500) {
      $0.node("Concat", Array(repeating: "x", count: $1), ["end"], number: ("axis", 1))
    },
    .onnx("parts of a Concat in one memory", from: 500) { writer, count in
      writer.floats("w", [16, 3, 1, 1], Array(repeating: 0.5, count: 48))
      for index in 0..<count { writer.node("Conv", ["x", "w"], ["c\(index)"]) }
      writer.node("Concat", (0..<count).map { "c\($0)" }, ["end"], number: ("axis", 1))
    },
    .onnx("constants of a Concat", from: 1500) { writer, count in
      for index in 0..<count { writer.floats("k\(index)", [1, 3, 1, 1], [1, 2, 3]) }
      writer.node("Concat", (0..<count).map { "k\($0)" }, ["w"], number: ("axis", 0))
      writer.node("Conv", ["x", "w"], ["end"])
    },
    .onnx("parts of a Split", from: 250) { writer, count in
      writer.floats("w", [count, 3, 1, 1], Array(repeating: 0.5, count: 3 * count))
      writer.node("Conv", ["x", "w"], ["c"])
      writer.node("Split", ["c"], (0..<count).map { "s\($0)" }, number: ("axis", 1))
      writer.node("Concat", (0..<count).reversed().map { "s\($0)" }, ["end"], number: ("axis", 1))
    },
    .onnx("inputs of a Sum, of which there are too many", from: 5000) {
      $0.node("Sum", Array(repeating: "x", count: $1), ["end"])
    },
    .onnx("layers", from: 750) { writer, count in chain(&writer, count) { $0 % 2 == 0 ? "Relu" : "Sigmoid" } },
    .onnx("nodes without a layer", from: 3000) { writer, count in chain(&writer, count) { _ in "Identity" } },
    .onnx("convolutions", from: 400) { writer, count in
      writer.floats("w", [3, 3, 3, 3], Array(repeating: 0.1, count: 81))
      for index in 0..<count {
        let input = index == 0 ? "x" : "r\(index)", output = index == count - 1 ? "end" : "r\(index + 1)"
        writer.node("Conv", [input, "w"], ["c\(index)"], ["pads": [1, 1, 1, 1]])
        writer.node("Relu", ["c\(index)"], [output])
      }
    },
    .onnx("initializers", from: 3000) { writer, count in
      for index in 0..<count { writer.floats("k\(index)", [1], [1]) }
      writer.node("Relu", ["x"], ["end"])
    },
    .tensors("tensors", from: 1000) { "t\($0).weight" },
    .tensors("networks in one file", from: 300) {
      let names = ["features.0.weight", "conv1.weight", "fc.weight", "layer1.0.conv1.weight", "classifier.6.weight"]
      return "p\($0 / names.count).\(names[$0 % names.count])"
    },
    .tensors("networks with other names in one file", from: 300) {
      let names = [
        "embedder.embedder.convolution.weight", "encoder.stages.0.layers.0.layer.0.convolution.weight",
        "classifier.1.weight",
      ]
      return "p\($0 / names.count).\($0 % names.count < 2 ? "resnet." : "")\(names[$0 % names.count])"
    },
  ]

  @Test(arguments: cases) func timeIsProportional(_ file: Case) throws {
    let growth = growth(from: file.size) { size in
      // Some of the files are refused.
      _ = try? Network(modelFile: file.file(size), name: "m", options: ComputeOptions(threads: 1))
    }
    #expect(growth < mostGrowth)
  }

  @Test func labels() throws {
    let folder = try TemporaryFolder()
    let growth = try growth(from: 1000) { count in
      try folder.add("labels", Array((0..<count).map { "Class number \($0)" }.joined(separator: "\n").utf8))
      let labels = try Labels(contentsOf: folder.path + "/labels"), finder = LabelFinder(labels)
      for index in 0..<count { #expect(try finder.find("class Number \(index)") == index) }
      #expect(labels.slugs(Array(0..<count)).count == count)
    }
    #expect(growth < mostGrowth)
  }

  @Test("The least image that a network takes is found in proportion to its layers")
  func leastSize() throws {
    func file(_ pools: Int) throws -> [UInt8] {
      var layers: [GraphLayer] = []
      func add(_ name: String, _ operation: any PixelAscent.Operation) {
        layers.append(GraphLayer(name: name, operation: operation, inputs: [layers.last?.name ?? Graph.image]))
      }
      for index in 0..<500 { add("relu\(index)", Elementwise(.silu)) }
      for index in 0..<pools { add("pool\(index)", MaxPool(Window(kernel: 2, stride: 2), ceilMode: false)) }
      add("scores", GlobalAverage())
      // The file's own size of images is too small for the layers.
      return try Model(
        graph: Graph(input: .init(channels: 3), layers: layers, output: "scores"),
        labels: Labels(names: [["a"], ["b"], ["c"]]),
        preprocessing: Preprocessing(mean: [0, 0, 0], std: [1, 1, 1], inputSize: PixelSize(square: 1)),
        source: "", licence: "", tensors: [:], name: "m"
      ).safetensors().data()
    }
    let files = try [3: file(3), 12: file(12)]
    #expect(growth(from: 3) { _ = try? Network(modelFile: files[$0] ?? [], name: "m") } < mostGrowth)
  }

  @Test("A Concat of many inputs is computed in proportion to them")
  func evaluation() throws {
    let growth = try growth(from: 1000) { count in
      let file = ONNXWriter.file {
        $0.node("Concat", Array(repeating: "x", count: count), ["c"], number: ("axis", 1))
        $0.node("GlobalAveragePool", ["c"], ["p"])
        $0.node("Flatten", ["p"], ["y"])
      }
      let network = try Network(modelFile: file, name: "m", options: ComputeOptions(threads: 1))
      let image = Tensor(shape: [3, 8, 8], values: (0..<192).map { Float($0 / 64 + 1) })
      let evaluation = try network.evaluation(of: image)
      let errors = try evaluation.scores().enumerated().map { abs($1 - Float($0 % 3 + 1)) }
      #expect(errors.count == 3 * count && errors.allSatisfy { $0 < 1e-5 })
      _ = try evaluation.gradient(of: .score(class: 3 * count - 2))
    }
    #expect(growth < mostGrowth)
  }
}
