// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct ONNXTests {
  /// Returns a graph as text: a layer's JSON on one line, then a line per parameter with the shape and
  /// Σ (1 + i mod 7) · element i.
  private func text(_ model: Model) throws -> String {
    var lines = ["  output \(model.graph.output)"]
    for layer in model.graph.layers {
      lines.append("  \(try JSONText.encode(layer))")
      for key in ["weight", "bias", "running_mean", "running_var"] {
        guard let tensor = try model.parameters["\(layer.name).\(key)"]?.tensor() else { continue }
        let sum = zip(0..., tensor.values).reduce(0) { $0 + Double(1 + $1.0 % 7) * Double($1.1) }
        lines.append("    \(key) \(tensor.shape) \((sum * 1000).rounded() / 1000)")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Compares the network's own scores and gradients with the reference's in double precision.
  @Test(arguments: [
    "aligned-corners", "channel-attention", "functions", "more-functions", "norms", "regions", "resizes",
    "torch-regions-dynamo",
    "torch-regions-ts14", "upsampled",
  ])
  func gradientsEqualTheReferences(name: String) throws {
    var model = try ONNXFixtures.read(name).simplified()
    let input = try #require(try ONNXFixtures.expected()[name]).input
    let size = PixelSize(height: input[2], width: input[3])
    model.labels = try Labels(names: (0..<5).map { ["class \($0)"] })
    model.preprocessing = try SmallNetworks.halves(inputSize: size)
    let values = (0..<3 * size.height * size.width).map { Float($0 * 37 % 101) / 50 - 1 }
    let image = Tensor(shape: [3, size.height, size.width], values: values)
    try NetworkComparison(model, image, maxClasses: 2).check(.best, deviations: 6, name)
  }

  /// Compares the scores with ONNX Runtime's. Of the file "folding" each score is the result of an operator on constants,
  /// and the label says which.
  @Test(arguments: ONNXFixtures.names) func scoresEqualONNXRuntimes(name: String) throws {
    let model = try ONNXFixtures.read(name), simplified = try model.simplified()
    let expected = try #require(try ONNXFixtures.expected()[name])
    let trace = try ReferenceNetwork(file: simplified).forward(ONNXFixtures.image(expected.input))
    let raw = try #require(trace.outputs[simplified.graph.output]).values
    let scores = model.graph.layers.last?.operation is Softmax ? softmax(raw.map { Float($0) }) : raw
    try #require(scores.count == expected.scores.count)
    for (index, (found, right)) in zip(scores, expected.scores).enumerated() {
      let label = model.labels?.names[index].joined() ?? "\(index)"
      #expect(abs(found - right) <= 1e-4 * max(1, abs(right)), "\(label): expected \(right), found \(found)")
    }
  }

  /// The expected graphs have given ONNX Runtime's scores, which scores.json holds.
  /// PIXELASCENT_RENEW_ONNX=1 writes the graphs anew.
  @Test func readsWhatExportersWrite() throws {
    let path = ONNXFixtures.folder + "/graphs.txt"
    let found = try ONNXFixtures.names.map { "\($0)\n\(try text(ONNXFixtures.read($0)))\n" }
    if Files.environment("PIXELASCENT_RENEW_ONNX") != nil { try Files.write(Array(found.joined().utf8), to: path) }
    let expected = String(decoding: try Files.read(path), as: UTF8.self)
    var rest = expected[...]
    for (name, text) in zip(ONNXFixtures.names, found) {
      #expect(rest.hasPrefix(text), "\(name): found\n\(text)")
      rest = rest.dropFirst(text.count)
    }
    #expect(rest.isEmpty)
  }

  private func functions(_ name: String) throws -> [String: any PixelAscent.Operation] {
    Dictionary(uniqueKeysWithValues: try ONNXFixtures.read(name).graph.layers.map { ($0.name, $0.operation) })
  }

  @Test func recognizesFunctionsOfManyOperators() throws {
    let layers = try functions("functions")
    #expect(layers["gelu"]?.isEqual(to: Elementwise(.gelu(tanh: false))) == true)
    #expect(layers["geluByTanh"]?.isEqual(to: Elementwise(.gelu(tanh: true))) == true)
    #expect(layers["silu"]?.isEqual(to: Elementwise(.silu)) == true)
    #expect(layers["hardSwish"]?.isEqual(to: Elementwise(.hardSwish)) == true)
    #expect(layers["hardSwish2"]?.isEqual(to: Elementwise(.hardSwish)) == true)
    guard case .swish(let alpha) = (layers["quickGelu"] as? Elementwise)?.function else {
      Issue.record("expected the quick GELU as swish, found \(String(describing: layers["quickGelu"]))")
      return
    }
    #expect(abs(alpha - 1.702) < 1e-5)
    #expect(layers.values.count { $0.isEqual(to: Affine()) } == 1)
    #expect(layers.values.contains { $0.isEqual(to: Elementwise(.clamp(Clamp(low: -0.7)))) })
    #expect(layers.values.contains { $0.isEqual(to: Elementwise(.clamp(Clamp(high: 0.5)))) })
  }

  @Test func recognizesTheChannelShuffle() throws {
    let model = try ONNXFixtures.read("shuffle")
    #expect(model.graph.layers.contains { $0.operation.isEqual(to: ChannelShuffle(groups: 3)) })
    #expect(model.graph.layers.contains { $0.operation.isEqual(to: Flatten()) })
    #expect(model.graph.layers.count == 7)
  }

  /// PyTorch's newer exporter writes the average of channels that are the last axis as a vector. A Gather whose indices
  /// have four dimensions then turns the vector into an image.
  @Test func gatherGivesItsOutputTheAxesOfTheIndices() throws {
    func model(_ indices: [Int]) throws -> Model {
      let file = ONNXWriter.file {
        $0.tensor("indices", [1, indices.count, 1, 1], type: 7) { for index in indices { $0.field(7, index) } }
        $0.integers("flat", [-1])
        $0.floats("w", [2, indices.count, 1, 1], Array(repeating: 1, count: 2 * indices.count))
        $0.node("GlobalAveragePool", ["x"], ["average"], name: "average")
        $0.node("Reshape", ["average", "flat"], ["vector"])
        $0.node("Gather", ["vector", "indices"], ["image"], name: "gather")
        $0.node("Conv", ["image", "w"], ["y"], name: "conv")
      }
      return try ONNXReader.read(ByteSource(file, name: "m.onnx"))
    }
    let all = try model([0, 1, 2]).graph.layers
    try #require(all.map(\.name) == ["average", "conv"])
    #expect(all[1].inputs == ["average"])
    let last = try model([1, 2]).graph.layers
    try #require(last.count == 3)
    #expect(last[1].operation.isEqual(to: ChannelSlice(first: 1, count: 2)))
    #expect(last[2].inputs == [last[1].name])
  }

  @Test func readsTypesLabelsAndPreprocessing() throws {
    let model = try ONNXFixtures.read("stored")
    let convolutions = model.graph.layers.filter { $0.operation is Convolution }
    #expect(try model.parameters["\(convolutions[0].name).bias"]?.tensor().values == [0.5, -0.25, 0.125, 1])
    #expect(model.labels?.names == [["a"], ["b"], ["c, d"], ["e"], ["f"]])
    let mean: [Float] = [123.675 / 255, 116.28 / 255, 103.53 / 255]
    let std: [Float] = [58.395 / 255, 57.12 / 255, 57.375 / 255]
    let preprocessing = try Preprocessing(mean: mean, std: std, inputSize: 8)
    #expect(model.preprocessing == preprocessing)
    #expect(model.source == "ONNX by fixtures, graph g")
  }

  @Test func assumesTheSizeThatIsLeftOpen() throws {
    let source = try ByteSource(contentsOf: ONNXFixtures.path("torch-ts17-open"))
    #expect(try ONNXReader.read(source, inputSize: 100).graph == (try ONNXReader.read(source).graph))
    #expect(try ONNXReader.read(source).inputSize == nil)
    #expect(try ONNXFixtures.read("torch-ts9").inputSize == 20)
  }

  @Test func listsEveryUnsupportedOperator() throws {
    let source = try ByteSource(contentsOf: ONNXFixtures.path("unsupported-three"))
    let found = try ONNXReader.unsupported(source)
    #expect(found.map(\.layer) == ["plus", "up", "thing"])
    #expect(found.map(\.operator) == ["Shrink", "ConvTranspose", "com.example.Thing"])
    #expect(
      errorLine { try ONNXReader.read(source) }.hasSuffix(
        "/unsupported-three.onnx: node plus: operator Shrink is not supported here: the nearest is ThresholdedRelu; and 2 "
          + "more, see ModelInspection"))
    for name in ONNXFixtures.names {
      #expect(try ONNXReader.unsupported(ByteSource(contentsOf: ONNXFixtures.path(name))).isEmpty)
    }
  }

  @Test(arguments: [
    ("LSTM", "no supported operator is similar to it"), ("ReduceMin", "nearest is ReduceMax"),
    ("If", "branches and loops"), ("QLinearConv", "quantised"), ("Range", "on constants only"),
  ])
  func advisesOnUnsupportedOperators(type: String, advice: String) {
    let line = ONNXWriter.line { $0.node(type, ["x"], ["y"], name: "n") }
    #expect(line.hasPrefix("m.onnx: node n: operator \(type) is not supported here: "))
    #expect(line.contains(advice), "\(line)")
  }

  @Test func refusesSoftmaxInTheMiddle() {
    let line = ONNXWriter.line {
      $0.node("GlobalAveragePool", ["x"], ["a"])
      $0.node("Flatten", ["a"], ["b"])
      $0.node("Softmax", ["b"], ["c"], name: "attention")
      $0.node("Relu", ["c"], ["y"])
    }
    #expect(line.contains("node attention: operator Softmax"))
    #expect(line.contains("only as the last layer"))
  }

  @Test func refusesReductionsOfOtherAxes() {
    func line(_ axes: [Int], expanded: [Int]) -> String {
      ONNXWriter.line {
        $0.integers("shape", expanded)
        $0.integers("axes", axes)
        $0.node("GlobalAveragePool", ["x"], ["a"])
        $0.node("Expand", ["a", "shape"], ["b"])
        $0.node("ReduceSum", ["b", "axes"], ["c"], name: "sum")
        $0.node("Flatten", ["c"], ["y"])
      }
    }
    #expect(
      line([2, 3], expanded: [1, 3, 4, 4])
        == "m.onnx: node sum: operator ReduceSum is not supported here: it reduces an axis along which Expand repeats a "
        + "value")
    #expect(line([2, 3], expanded: [1, 3, 1, 1]) == "(no error)")
    for axes in [[2, 4], [1, -3]] {
      #expect(
        line(axes, expanded: [1, 3, 1, 1])
          == "m.onnx: node sum: ReduceSum has the axes (\(axes[0]), \(axes[1])), found (1, 3, 1, 1)")
    }
  }

  @Test func namesLayersUniquely() throws {
    let model = try ONNXReader.read(
      ByteSource(
        ONNXWriter.file {
          $0.node("Relu", ["x"], ["a"], name: "image")
          $0.node("Sigmoid", ["a"], ["b"], name: "same")
          $0.node("Tanh", ["b"], ["c"], name: "same")
          $0.node("GlobalAveragePool", ["c"], ["y"], name: "same_2")
        }, name: "m.onnx"))
    #expect(model.graph.layers.map(\.name) == ["image_2", "same", "same_2", "same_2_2"])
  }
}
