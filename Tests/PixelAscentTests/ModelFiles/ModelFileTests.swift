// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct ModelFileTests {
  /// A model of two classes: a convolution, a pool, a concatenation, and the mean.
  private static let small: (graph: Graph, labels: [[String]], tensors: [String: Tensor]) = (
    Graph(
      input: .init(channels: 3),
      layers: [
        convolution(Window(kernel: 3, stride: 2)),
        GraphLayer(
          name: "pool", operation: MaxPool(Window(kernel: 3, stride: 2), ceilMode: true), inputs: ["conv1"]),
        GraphLayer(name: "both", operation: Concatenate(), inputs: ["pool", "pool"]),
        GraphLayer(name: "scores", operation: GlobalAverage(), inputs: ["both"]),
      ], output: "scores"), [["one", "first"], ["two"]],
    [
      "conv1.weight": Tensor(shape: [1, 3, 3, 3], values: (0..<27).map(Float.init)),
      "conv1.bias": Tensor(shape: [1], values: [0.5]),
    ]
  )

  private static func convolution(_ window: Window, groups: Int = 1, channels: Int = 1) -> GraphLayer {
    GraphLayer(
      name: "conv1", operation: Convolution(window, groups: groups, outputs: channels, clamp: .relu),
      inputs: ["image"])
  }

  private func model(
    graph: Graph = small.graph, labels: [[String]] = small.labels, tensors: [String: Tensor] = small.tensors
  ) throws -> Model {
    try Model(
      graph: graph, labels: Labels(names: labels), preprocessing: .imageNet, source: "a test", licence: "MIT",
      tensors: tensors, name: "m.safetensors")
  }

  private func read(_ bytes: [UInt8]) throws -> Model {
    try Model(Safetensors(ByteSource(bytes, name: "m.safetensors")))
  }

  @Test func readsWhatItWrites() throws {
    let model = try model()
    let bytes = try model.safetensors().data(), found = try read(bytes)
    #expect(found.graph == model.graph)
    #expect(found.labels == model.labels)
    #expect(found.preprocessing == model.preprocessing)
    #expect(found.source == "a test")
    #expect(found.licence == "MIT")
    #expect(try found.tensors == model.tensors)
    #expect(try found.safetensors().data() == bytes)
    let reading = try ModelReader.read(ByteSource(bytes, name: "m"))
    #expect(reading.format == "PixelAscent")
    #expect(reading.notes.isEmpty)
    #expect(try reading.safetensors().data() == bytes)
  }

  @Test func layersHaveReadableJSON() throws {
    let text = try #require(try model().safetensors().metadata["graph"])
    #expect(
      text
        == "{\"input\":{\"channels\":3},\"layers\":["
        + "{\"channels\":1,\"inputs\":[\"image\"],\"kernel\":3,\"name\":\"conv1\",\"op\":\"conv\",\"padding\":0,"
        + "\"relu\":true,\"stride\":2},"
        + "{\"ceil\":true,\"inputs\":[\"conv1\"],\"kernel\":3,\"name\":\"pool\",\"op\":\"maxPool\",\"padding\":0,"
        + "\"stride\":2},"
        + "{\"inputs\":[\"pool\",\"pool\"],\"name\":\"both\",\"op\":\"concatenate\"},"
        + "{\"inputs\":[\"both\"],\"name\":\"scores\",\"op\":\"globalAverage\"}],\"output\":\"scores\"}")
  }

  @Test func readsTheJSONOfRandomGraphs() throws {
    for seed in UInt64(1)...60 {
      let graph = RandomGraph.make(seed: seed, size: 12, exact: false)
      let text = try JSONText.encode(graph)
      #expect(try JSONDecoder().decode(Graph.self, from: Data(text.utf8)) == graph, "seed \(seed)")
    }
  }

  /// A file without a format or a graph is read as bare weights. The weights in this file fit no known architecture.
  @Test(arguments: ["format", "graph"]) func refusesBareWeightsOfUnknownArchitecture(missing: String) throws {
    var file = try model().safetensors()
    file.metadata[missing] = nil
    let bytes = try file.data()
    #expect(errorLine { try ModelReader.read(ByteSource(bytes, name: "m")) }.hasPrefix("m: "))
  }

  @Test(arguments: [
    ("format", "pixelascent-9", "expected the format pixelascent-1, found pixelascent-9"),
    ("labels", nil, "the metadata lacks \"labels\""), ("preprocessing", nil, "the metadata lacks \"preprocessing\""),
    ("source", nil, "the metadata lacks \"source\""), ("licence", nil, "the metadata lacks \"licence\""),
    ("graph", "{", "graph: not valid JSON"), ("graph", "[]", "graph: it holds a value of the wrong kind"),
    ("graph", "{\"input\":{\"channels\":3},\"output\":\"a\"}", "graph: it lacks \"layers\""),
    (
      "graph",
      "{\"input\":{\"channels\":3},\"layers\":[{\"name\":\"p\",\"op\":\"soup\",\"inputs\":[]}],\"output\":\"p\"}",
      "graph: layer p has an unknown op \"soup\"; known: conv, linear, batchNorm, affine, function, maxPool, "
    ),
    (
      "graph",
      "{\"input\":{\"channels\":3},\"layers\":[{\"name\":\"p\",\"op\":\"maxPool\",\"inputs\":[]}],\"output\":\"p\"}",
      "graph: layers[0] lacks \"kernel\""
    ),
    ("labels", "[[\"one\"]]", "the graph declares 2 classes, found labels for 1"),
    ("labels", "[[\"one\"],[]]", "labels: class 1 has no name"),
    ("labels", "[\"one\"]", "labels: [0] holds a value of the wrong kind"),
    (
      "preprocessing", "{\"mean\":[0,0],\"std\":[1,1],\"inputSize\":224}",
      "expected the mean of 3 channels or of 1, found 2"
    ),
    (
      "preprocessing", "{\"mean\":[0],\"std\":[1],\"inputSize\":224}",
      "the graph declares 3 input channels, the preprocessing 1"
    ),
    (
      "preprocessing", "{\"mean\":[0,0,0],\"std\":[1,0,1],\"inputSize\":224}",
      "expected finite standard deviations above 0, found 1.0,0.0,1.0"
    ),
    (
      "preprocessing", "{\"mean\":[0,0,0],\"std\":[1,1],\"inputSize\":224}",
      "the mean has 3 channels, the standard deviation 2"
    ),
    ("preprocessing", "{\"mean\":[0,0,0],\"std\":[1,1,1],\"inputSize\":0}", "from 1 to 65536, found 0"),
    ("preprocessing", "{\"mean\":[0,0,1e99],\"std\":[1,1,1],\"inputSize\":9}", "preprocessing: "),
    (
      "preprocessing", "{\"mean\":[0,0,0],\"std\":[1,1,1],\"inputSize\":9,\"resize\":\"squash\"}",
      "preprocessing: resize holds a value of the wrong kind"
    ),
  ])
  func refusesWrongMetadata(key: String, value: String?, expected: String) throws {
    var file = try model().safetensors()
    file.metadata[key] = value
    let bytes = try file.data()
    let text = errorLine { _ = try read(bytes) }
    #expect(text.hasPrefix("m.safetensors: "), "\(text)")
    #expect(text.contains(expected), "\(text)")
  }

  @Test(arguments: [
    (convolution(Window(kernel: 0)), "found size 0, stride 1"),
    (convolution(Window(kernel: 3, stride: -1)), "found size 3, stride -1"),
    (convolution(Window(kernel: 3), groups: 2), "layer conv1: 2 groups do not divide 3 input and 1 output channels"),
    (
      convolution(Window(kernel: 3), channels: 1 << 40),
      "layer conv1: its output has the shape (1099511627776, 222, 222)"
    ),
    (
      convolution(Window(kernel: 1)),
      "tensor conv1.weight: the graph declares the shape (1, 3, 1, 1), found (1, 3, 3, 3)"
    ),
  ])
  func refusesImpossibleOperations(layer: GraphLayer, expected: String) {
    var graph = ModelFileTests.small.graph
    graph.layers[0] = layer
    let text = errorLine { _ = try model(graph: graph) }
    #expect(text.hasPrefix("m.safetensors: "), "\(text)")
    #expect(text.contains(expected), "\(text)")
  }

  @Test func refusesWrongConnections() {
    func line(_ change: (inout Graph) -> Void) -> String {
      var graph = ModelFileTests.small.graph
      change(&graph)
      return errorLine { _ = try model(graph: graph) }
    }
    let name = "m.safetensors: "
    #expect(line { $0.layers[1].inputs = ["both"] } == name + "layer pool takes both, which no earlier layer makes")
    #expect(line { $0.layers[1].name = "conv1" } == name + "layer conv1 is declared twice")
    #expect(line { $0.layers[1].name = "image" } == name + "layer image is declared twice")
    #expect(line { $0.layers[1].name = "" } == name + "a layer has no name")
    #expect(line { $0.layers[2].inputs = [] } == name + "layer both: it has no input")
    #expect(line { $0.output = "logits" } == name + "the output is logits, which no layer makes")
    #expect(line { $0.output = "image" } == name + "the output is image, which no layer makes")
    #expect(line { $0.input.channels = 0 } == name + "the graph declares 0 input channels")
    #expect(line { $0.input.channels = 1 } == name + "the graph declares 1 input channels, the preprocessing 3")
  }

  @Test func refusesMissingWrongAndUnusedTensors() {
    var tensors = ModelFileTests.small.tensors
    tensors["conv1.bias"] = nil
    #expect(
      errorLine { _ = try model(tensors: tensors) }
        == "m.safetensors: the graph declares a tensor conv1.bias of shape (1), found none")
    tensors["conv1.bias"] = Tensor(shape: [2], repeating: 0)
    #expect(errorLine { _ = try model(tensors: tensors) }.contains("declares the shape (1), found (2)"))
    tensors = ModelFileTests.small.tensors
    tensors["fc.weight"] = Tensor(shape: [2], repeating: 0)
    #expect(
      errorLine { _ = try model(tensors: tensors) }.contains("holds a tensor fc.weight that no layer of the graph uses")
    )
  }

  @Test func survivesDamage() throws {
    try fuzz(model().safetensors().data(), seed: 11) { bytes in
      _ = try Network(read(bytes), name: "m.safetensors")
    }
  }
}
