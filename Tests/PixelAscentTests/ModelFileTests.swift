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
  /// A model of two classes: a convolution, a pool, and the mean.
  private static let small: (graph: Graph, labels: [[String]], tensors: [String: Tensor]) = (
    Graph(
      input: .init(channels: 3),
      layers: [
        GraphLayer(
          name: "conv1",
          operation: .convolution(kernel: 3, stride: 2, padding: 0, outputChannels: 1, relu: true), inputs: ["image"]),
        GraphLayer(name: "pool", operation: .maxPool(kernel: 3, stride: 2, ceilMode: true), inputs: ["conv1"]),
        GraphLayer(name: "both", operation: .concatenate, inputs: ["pool", "pool"]),
        GraphLayer(name: "scores", operation: .globalAverage, inputs: ["both"]),
      ], output: "scores"), [["one", "first"], ["two"]],
    [
      "conv1.weight": Tensor(shape: [1, 3, 3, 3], values: (0..<27).map(Float.init)),
      "conv1.bias": Tensor(shape: [1], values: [0.5]),
    ]
  )

  private func model(
    graph: Graph = small.graph, labels: [[String]] = small.labels, tensors: [String: Tensor] = small.tensors
  ) throws -> ModelFile {
    try ModelFile(
      graph: graph, labels: Labels(names: labels), preprocessing: .imageNet, source: "a test", licence: "MIT",
      tensors: tensors, name: "m.safetensors")
  }

  private func read(_ bytes: [UInt8]) throws -> ModelFile { try ModelFile(bytes, name: "m.safetensors") }

  @Test func readsWhatItWrites() throws {
    let model = try model()
    let bytes = try model.safetensors().data()
    #expect(try read(bytes) == model)
    #expect(try read(bytes).safetensors().data() == bytes)
  }

  @Test func layersHaveReadableJSON() throws {
    let text = try #require(try model().safetensors().metadata["graph"])
    #expect(
      text
        == "{\"input\":{\"channels\":3},\"layers\":["
        + "{\"channels\":1,\"inputs\":[\"image\"],\"kernel\":3,\"name\":\"conv1\",\"op\":\"conv\",\"padding\":0,"
        + "\"relu\":true,\"stride\":2},"
        + "{\"ceil\":true,\"inputs\":[\"conv1\"],\"kernel\":3,\"name\":\"pool\",\"op\":\"maxPool\",\"stride\":2},"
        + "{\"inputs\":[\"pool\",\"pool\"],\"name\":\"both\",\"op\":\"concatenate\"},"
        + "{\"inputs\":[\"both\"],\"name\":\"scores\",\"op\":\"globalAverage\"}],\"output\":\"scores\"}")
  }

  @Test(arguments: ["format", "graph"]) func saysHowToMakeAModel(missing: String) throws {
    var file = try model().safetensors()
    file.metadata[missing] = nil
    let bytes = try file.data()
    #expect(
      errorLine { _ = try read(bytes) }
        == "m.safetensors is a safetensors file without PixelAscent's graph; make one with `pixelascent convert`")
  }

  @Test(arguments: [
    ("format", "pixelascent-9", "expected the format pixelascent-1, found pixelascent-9"),
    ("labels", nil, "the metadata lacks \"labels\""), ("preprocessing", nil, "the metadata lacks \"preprocessing\""),
    ("source", nil, "the metadata lacks \"source\""), ("licence", nil, "the metadata lacks \"licence\""),
    ("graph", "{", "graph: not valid JSON"), ("graph", "[]", "graph: it holds a value of the wrong kind"),
    ("graph", "{\"input\":{\"channels\":3},\"output\":\"a\"}", "graph: it lacks \"layers\""),
    (
      "graph",
      "{\"input\":{\"channels\":3},\"layers\":[{\"name\":\"p\",\"op\":\"softmax\",\"inputs\":[]}],\"output\":\"p\"}",
      "graph: layer p has an unknown op \"softmax\"; known: conv, maxPool, concatenate, globalAverage"
    ),
    (
      "graph",
      "{\"input\":{\"channels\":3},\"layers\":[{\"name\":\"p\",\"op\":\"maxPool\",\"inputs\":[]}],\"output\":\"p\"}",
      "graph: layers.Index 0 lacks \"kernel\""
    ),
    ("labels", "[[\"one\"]]", "the graph declares 2 classes, found labels for 1"),
    ("labels", "[[\"one\"],[]]", "labels: class 1 has no name"),
    ("labels", "[\"one\"]", "labels: Index 0 holds a value of the wrong kind"),
    ("preprocessing", "{\"mean\":[0,0],\"std\":[1,1,1],\"inputSize\":224}", "expected the mean of 3 channels, found 2"),
    ("preprocessing", "{\"mean\":[0,0,0],\"std\":[1,0,1],\"inputSize\":224}", "not finite and positive"),
    ("preprocessing", "{\"mean\":[0,0,0],\"std\":[1,1],\"inputSize\":224}", "of 3 channels, found 2"),
    ("preprocessing", "{\"mean\":[0,0,0],\"std\":[1,1,1],\"inputSize\":0}", "from 1 to 65536, found 0"),
    ("preprocessing", "{\"mean\":[0,0,1e99],\"std\":[1,1,1],\"inputSize\":9}", "preprocessing: "),
  ])
  func refusesMetadata(key: String, value: String?, expected: String) throws {
    var file = try model().safetensors()
    file.metadata[key] = value
    let bytes = try file.data()
    let text = errorLine { _ = try read(bytes) }
    #expect(text.hasPrefix("m.safetensors: ") && text.contains(expected), "\(text)")
  }

  @Test(arguments: [
    (
      0, Operation.convolution(kernel: 0, stride: 1, padding: 0, outputChannels: 1, relu: true), "kernel 0 and stride 1"
    ),
    (0, .convolution(kernel: 3, stride: -1, padding: 0, outputChannels: 1, relu: true), "kernel 3 and stride -1"),
    (0, .convolution(kernel: 3, stride: 1, padding: 3, outputChannels: 1, relu: true), "padding 3 of a kernel of 3"),
    (0, .convolution(kernel: 3, stride: 1, padding: 0, outputChannels: 1 << 40, relu: true), "declares 1099511627776"),
    (1, .maxPool(kernel: 99, stride: 2, ceilMode: false), "layer pool declares kernel 99"),
    (2, .globalAverage, "layer both declares 2 inputs"),
    (
      0, .convolution(kernel: 1, stride: 1, padding: 0, outputChannels: 1, relu: true),
      "tensor conv1.weight: the graph declares the shape (1, 3, 1, 1), found (1, 3, 3, 3)"
    ),
  ])
  func refusesOperations(layer: Int, operation: PixelAscent.Operation, expected: String) {
    var graph = ModelFileTests.small.graph
    graph.layers[layer].operation = operation
    let text = errorLine { _ = try model(graph: graph) }
    #expect(text.hasPrefix("m.safetensors: ") && text.contains(expected), "\(text)")
  }

  @Test func refusesConnections() {
    func line(_ change: (inout Graph) -> Void) -> String {
      var graph = ModelFileTests.small.graph
      change(&graph)
      return errorLine { _ = try model(graph: graph) }
    }
    #expect(line { $0.layers[1].inputs = ["both"] }.contains("layer pool takes both, which no earlier layer makes"))
    #expect(line { $0.layers[1].name = "conv1" }.contains("layer conv1 is declared twice"))
    #expect(line { $0.layers[1].name = "image" }.contains("layer image is declared twice"))
    #expect(line { $0.layers[2].inputs = [] }.contains("layer both declares 0 inputs"))
    #expect(line { $0.output = "logits" }.contains("the output is logits, which no layer makes"))
    #expect(line { $0.output = "image" }.contains("the output is image, which no layer makes"))
    #expect(line { $0.input.channels = 0 }.contains("the input declares 0 channels"))
    #expect(line { $0.input.channels = 1 }.contains("the graph declares 1 input channels, expected 3"))
  }

  @Test func refusesTensors() {
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

  @Test func boundsArePixelsBlackAndFull() {
    let preprocessing = Preprocessing.imageNet
    for (channel, (low, high)) in [(-2.1179, 2.2489), (-2.0357, 2.4286), (-1.8044, 2.64)].enumerated() {
      #expect(abs(preprocessing.lowerBound(channel) - Float(low)) < 5e-5)
      #expect(abs(preprocessing.upperBound(channel) - Float(high)) < 5e-5)
    }
  }

  @Test func survivesDamage() throws {
    try fuzz(model().safetensors().data(), seed: 11) { _ = try read($0) }
  }
}
