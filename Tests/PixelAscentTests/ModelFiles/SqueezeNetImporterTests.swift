// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct SqueezeNetImporterTests {
  /// Returns the made-up value at a position of a layer's tensor. Float holds the value exactly.
  private static func weight(_ layer: Int, _ index: Int) -> Float {
    Float((index &* 2_654_435_761 &+ layer &* 40_503) & 0xFFFF) / 65_536 - 0.5
  }

  /// Made-up weights in the form that the importer reads.
  private static let weights: [(name: String, kernel: Tensor, bias: Tensor)] = {
    var channels = [Graph.image: 3]
    var weights = [(name: String, kernel: Tensor, bias: Tensor)]()
    for layer in SqueezeNetImporter.graph.layers {
      let incoming = layer.inputs.map { channels[$0] ?? 0 }.reduce(0, +)
      channels[layer.name] = incoming
      guard let convolution = layer.operation as? Convolution else { continue }
      let (window, outputs) = (convolution.window, convolution.outputs)
      channels[layer.name] = outputs
      let size = window.y.kernel
      let count = size * size * incoming * outputs
      let kernel = Tensor(
        shape: [size, size, incoming, outputs], values: (0..<count).map { weight(weights.count, $0) })
      weights.append((layer.name, kernel, Tensor(shape: [outputs], values: (0..<outputs).map { weight(99, $0) })))
    }
    return weights
  }()

  private static func value(
    _ change: (inout [(name: String, kernel: Tensor, bias: Tensor)]) -> Void = { _ in }
  ) -> PickleValue {
    var weights = weights
    change(&weights)
    return .dict(weights.map { .init(key: .string($0.name), value: .list([.array($0.kernel), .array($0.bias)])) })
  }

  private func line(_ value: PickleValue) -> String {
    errorLine { _ = try SqueezeNetImporter.model(from: value, name: "w.pkl") }
  }

  @Test func hasTheLayersOfSqueezeNet() throws {
    let model = try SqueezeNetImporter.model(from: SqueezeNetImporterTests.value(), name: "w.pkl")
    #expect(model.parameters.values.map(\.count).reduce(0, +) == 1_235_496)
    #expect(model.parameters.count == 52)
    #expect(model.graph.layers.count == 38)
    #expect(model.labels?.count == 1000)
    let shapes = try model.graph.shapes(height: 224, width: 224)
    #expect(shapes["fire3/concat"] == ValueShape(channels: 128, height: 55, width: 55))
    #expect(shapes["fire9/concat"] == ValueShape(channels: 512, height: 13, width: 13))
    #expect(shapes["scores"] == ValueShape(channels: 1000))
    #expect(
      Array(model.graph.layers.map(\.name).prefix(6)) == [
        "conv1", "pool1", "fire2/squeeze1x1", "fire2/expand1x1", "fire2/expand3x3", "fire2/concat",
      ])
  }

  @Test func putsOutputsFirst() throws {
    let tensors = try SqueezeNetImporter.model(from: SqueezeNetImporterTests.value(), name: "w.pkl").tensors
    for (name, kernel, bias) in SqueezeNetImporterTests.weights where name != "conv1" {
      let (height, width, inputs, outputs) = (kernel.shape[0], kernel.shape[1], kernel.shape[2], kernel.shape[3])
      let weight = try #require(tensors["\(name).weight"])
      #expect(weight.shape == [outputs, inputs, height, width])
      #expect(tensors["\(name).bias"] == bias)
      var wrong = 0
      for y in 0..<height {
        for x in 0..<width {
          for i in 0..<inputs {
            for o in 0..<outputs {
              let source = kernel.values[((y * width + x) * inputs + i) * outputs + o]
              if weight.values[((o * inputs + i) * height + y) * width + x] != source { wrong += 1 }
            }
          }
        }
      }
      #expect(wrong == 0, "\(name)")
    }
  }

  /// On normalised RGB the folded convolution gives the outputs that the original gives on Caffe's BGR.
  @Test func foldsThePreprocessingIntoTheFirstLayer() throws {
    let tensors = try SqueezeNetImporter.model(from: SqueezeNetImporterTests.value(), name: "w.pkl").tensors
    let weight = try #require(tensors["conv1.weight"])
    let bias = try #require(tensors["conv1.bias"])
    let original = SqueezeNetImporterTests.weights[0]
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    var random = TestRandom(1)
    for _ in 0..<20 {
      let rgb = (0..<27).map { _ in Double.random(in: 0...1, using: &random) }
      for o in 0..<64 {
        var expected = Double(original.bias.values[o])
        var found = Double(bias.values[o])
        var size = abs(found)
        for tap in 0..<9 {
          for c in 0..<3 {
            let pixel = rgb[c * 9 + tap]
            let caffe = 255 * pixel - [123.68, 116.779, 103.939][c]
            expected += Double(original.kernel.values[(tap * 3 + 2 - c) * 64 + o]) * caffe
            let term = Double(weight.values[(o * 3 + c) * 9 + tap]) * (pixel - mean[c]) / std[c]
            found += term
            size += abs(term)
          }
        }
        // Every folded weight is rounded once, by at most 2⁻²⁴ of its value.
        #expect(abs(found - expected) <= size * 0x1p-24 + 1e-10)
      }
    }
  }

  @Test func explainsWhatIsWrong() {
    #expect(line(.list([])) == "w.pkl: expected a dictionary of SqueezeNet's layers")
    #expect(line(.dict([])) == "w.pkl: expected SqueezeNet 1.1's layer conv1, found none")
    #expect(line(.dict([.init(key: .int(1), value: .none)])).contains("expected layer names as keys"))
    let values = SqueezeNetImporterTests.value
    #expect(line(values { $0.remove(at: 3) }) == "w.pkl: expected SqueezeNet 1.1's layer fire2/expand3x3, found none")
    #expect(line(values { $0.append($0[1]) }) == "w.pkl: layer fire2/squeeze1x1 occurs twice")
    #expect(
      line(values { $0.append(("fc8", $0[1].kernel, $0[1].bias)) }) == "w.pkl: SqueezeNet 1.1 has no layer fc8")
    #expect(
      line(values { $0[0].kernel = Tensor(shape: [3, 3, 3, 63], repeating: 0) })
        == "w.pkl: layer conv1, kernel: expected the shape (3, 3, 3, 64), found (3, 3, 3, 63)")
    #expect(line(values { $0[25].bias = Tensor(shape: [999], repeating: 0) }).contains("(1000), found (999)"))
    #expect(
      line(values { $0[5].kernel.values[100] = .nan })
        == "w.pkl: layer fire3/expand1x1: the kernel holds a value that is not finite")
    #expect(line(values { $0[5].bias.values[0] = .infinity }).contains("the bias holds a value that is not finite"))
    #expect(
      line(values { $0[0].kernel.values[0] = 3e38 }).contains("tensor conv1.weight holds a value that is not finite"))
    #expect(
      line(.dict([.init(key: .string("conv1"), value: .list([.none]))]))
        == "w.pkl: layer conv1: expected a kernel and a bias array")
  }

  @Test func convertsAPickle() throws {
    let pickle = PickleWriter.pickle {
      $0.op("}(")
      for (name, kernel, bias) in SqueezeNetImporterTests.weights {
        $0.string(name)
        $0.op("](")
        $0.array(kernel)
        $0.array(bias)
        $0.op("e")
      }
      $0.op("u")
    }
    func read(_ bytes: [UInt8], _ name: String = "w.pkl") throws -> Model {
      try ModelReader.read(ByteSource(bytes, name: name))
    }
    let expected = try SqueezeNetImporter.model(from: SqueezeNetImporterTests.value(), name: "w.pkl")
    let bytes = try expected.safetensors().data(), reading = try read(pickle)
    #expect(try reading.safetensors().data() == bytes)
    #expect(reading.format == "pickle of SqueezeNet 1.1")
    #expect(reading.notes.isEmpty)
    #expect(try read(pickle, "other.pkl").safetensors().data() == bytes)
    for part in 0..<16 {
      let cut = Array(pickle[..<(pickle.count * part / 16)])
      #expect(errorLine { try read(cut) }.hasPrefix("w.pkl: "))
    }

    let folder = try TemporaryFolder()
    let (from, to) = (folder.path + "/w.pkl", folder.path + "/m.safetensors")
    try Files.write(pickle, to: from)
    #expect(try ModelConverter.convert(contentsOf: from, to: to).classes == 1000)
    #expect(try Files.read(to) == bytes)
    #expect(try ModelConverter.convert(contentsOf: to, to: from).classes == 1000)
    #expect(try Files.read(from) == bytes)
  }
}
