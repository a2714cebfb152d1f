// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// ConvNeXt's state dicts, in which torchvision and timm use different names.
@Suite struct ConvNeXtTests {
  /// Returns the state dict of a network, with torchvision's or timm's names.
  private func dict(
    timm: Bool, width: Int, blocks: [Int], scale: [Int]? = nil
  ) throws -> StateDict {
    var tensors: [(name: String, shape: [Int])] = []
    func add(_ name: String, _ shape: [Int]) { tensors.append((name, shape)) }
    func module(_ name: String, _ weight: [Int]) {
      add("\(name).weight", weight)
      add("\(name).bias", [weight[0]])
    }
    module(timm ? "stem.0" : "features.0.0", [width, 3, 4, 4])
    module(timm ? "stem.1" : "features.0.1", [width])
    for stage in 0..<4 {
      let channels = width << stage
      if stage > 0 {
        let name = timm ? "stages.\(stage).downsample" : "features.\(2 * stage)"
        module("\(name).0", [channels / 2])
        module("\(name).1", [channels, channels / 2, 2, 2])
      }
      for block in 0..<blocks[stage] {
        let name = timm ? "stages.\(stage).blocks.\(block)" : "features.\(2 * stage + 1).\(block)"
        module(timm ? "\(name).conv_dw" : "\(name).block.0", [channels, 1, 7, 7])
        module(timm ? "\(name).norm" : "\(name).block.2", [channels])
        module(timm ? "\(name).mlp.fc1" : "\(name).block.3", [4 * channels, channels])
        module(timm ? "\(name).mlp.fc2" : "\(name).block.5", [channels, 4 * channels])
        add(timm ? "\(name).gamma" : "\(name).layer_scale", scale ?? (timm ? [channels] : [channels, 1, 1]))
      }
    }
    module(timm ? "head.norm" : "classifier.0", [8 * width])
    module(timm ? "head.fc" : "classifier.2", [10, 8 * width])
    return try ArchitectureFixture.stateDict(tensors)
  }

  @Test func torchvisionsAndTimmsNamesGiveTheSameNetwork() throws {
    let torchvisions = try Architecture.recognize(dict(timm: false, width: 40, blocks: [2, 2, 6, 2]))
    let timms = try Architecture.recognize(dict(timm: true, width: 40, blocks: [2, 2, 6, 2]))
    #expect(torchvisions.source == "convnext")
    #expect(timms.source == "convnext_atto")
    #expect(torchvisions.graph.layers.map(\.operation.summary) == timms.graph.layers.map(\.operation.summary))
    // The stem, three downsamplings, twelve blocks and the head have one layer normalisation each.
    #expect(torchvisions.graph.layers.count { $0.operation is LayerNorm } == 1 + 3 + 12 + 1)
    #expect(torchvisions.graph.layers.count { $0.operation is Add } == 12)
    for model in [torchvisions, timms] {
      #expect(model.graph.layers.compactMap { ($0.operation as? LayerNorm)?.epsilon }.allSatisfy { $0 == 1e-6 })
    }
  }

  @Test func torchvisionsNetworkMayHaveAnyWidthAndTimmsMayNot() throws {
    #expect(try Architecture.recognize(dict(timm: false, width: 8, blocks: [1, 1, 1, 1])).source == "convnext")
    #expect(
      errorLine { try Architecture.recognize(dict(timm: true, width: 8, blocks: [1, 1, 1, 1])) }
        == "net.pth: convnext (timm) with a width of 8 and stages of (1, 1, 1, 1) blocks is not known")
    #expect(
      errorLine {
        try Architecture.recognize(dict(timm: false, width: 8, blocks: [1, 1, 1, 1]), named: "convnext_tiny")
      } == "net.pth: expected the tensors of convnext_tiny, found those of convnext")
  }

  /// The weights of timm's widest network are CLIP's, and need CLIP's mean and std, and another epsilon.
  @Test func theWidestNetworkIsCLIPs() throws {
    func model(_ timm: Bool, _ width: Int, _ blocks: [Int]) throws -> Model {
      try Architecture.recognize(dict(timm: timm, width: width, blocks: blocks))
    }
    func epsilons(_ model: Model) -> Set<Float> {
      Set(model.graph.layers.compactMap { ($0.operation as? LayerNorm)?.epsilon })
    }
    let tiny = try model(true, 96, [3, 3, 9, 3]), base = try model(true, 128, [3, 3, 27, 3])
    let widest = try model(true, 384, [3, 4, 30, 3])
    #expect([tiny.source, base.source, widest.source] == ["convnext_tiny", "convnext_base", "convnext_xxlarge"])
    #expect(tiny.normalizationNote == nil)
    let note: Message =
      """
      the file doesn't say how its images were normalised: assuming mean 0.485,0.456,0.406, std 0.229,0.224,0.225; \
      timm's weights clip_… need \(advice: .mean) 0.48145467,0.4578275,0.40821072 \(advice: .std) \
      0.26862955,0.2613026,0.2757771
      """
    #expect(base.normalizationNote == note)
    #expect(widest.normalizationNote == nil)
    #expect(widest.preprocessing?.mean == [0.48145466, 0.4578275, 0.40821073])
    #expect(widest.preprocessing?.std == [0.26862954, 0.26130258, 0.27577711])
    #expect(try model(false, 128, [3, 3, 27, 3]).normalizationNote == nil)
    #expect(epsilons(base) == [1e-6])
    #expect(epsilons(widest) == [1e-5])
  }

  /// Returns a tiny ConvNeXt V2 with random weights and transformers' names. In the first stage all responses are so small
  /// that the epsilon of their normalisation halves the factors.
  private func second() throws -> Model {
    var random = TestRandom(20)
    var entries: [StateDict.Entry] = []
    func add(_ name: String, _ shape: [Int], _ values: (Double) -> Double) {
      let numbers = random.reals(shape.reduce(1, *)).map { Float(values($0)) }
      entries.append((name, Parameter(Tensor(shape: shape, values: numbers))))
    }
    func module(_ name: String, _ weight: [Int], scale: Double = 1) {
      let size = scale * (3 / Double(weight.dropFirst().reduce(1, *))).squareRoot()
      add("\(name).weight", weight) { weight.count == 1 ? 0.8 + 0.3 * $0 : $0 * size }
      add("\(name).bias", [weight[0]]) { 0.1 * scale * $0 }
    }
    let first = "convnextv2.embeddings", stages = "convnextv2.encoder.stages"
    module("\(first).patch_embeddings", [6, 3, 4, 4])
    module("\(first).layernorm", [6])
    for stage in 0..<4 {
      let channels = 6 + stage, before = channels - 1, name = "\(stages).\(stage)"
      if stage > 0 {
        module("\(name).downsampling_layer.0", [before])
        module("\(name).downsampling_layer.1", [channels, before, 2, 2])
      }
      module("\(name).layers.0.dwconv", [channels, 1, 7, 7])
      module("\(name).layers.0.layernorm", [channels])
      module("\(name).layers.0.pwconv1", [3 * channels, channels], scale: stage == 0 ? 2e-7 : 1)
      add("\(name).layers.0.grn.weight", [1, 1, 1, 3 * channels]) { 2 * $0 }
      add("\(name).layers.0.grn.bias", [1, 1, 1, 3 * channels]) { stage == 0 ? 0 : $0 }
      module("\(name).layers.0.pwconv2", [channels, 3 * channels], scale: stage == 0 ? 5e6 : 1)
    }
    module("convnextv2.layernorm", [9])
    module("classifier", [5, 9])
    var model = try Architecture.recognize(StateDict(entries, name: "net.pth"))
    model.labels = try Labels(names: (0..<5).map { ["class \($0)"] })
    return model
  }

  /// The second version's global response normalisation: x + weight · x · n + bias with n = |x| / (mean(|x|) + 10⁻⁶), where
  /// |x| is the norm of a channel's pixels.
  @Test func normalisesResponses() throws {
    let model = try second()
    var random = TestRandom(21)
    let image = Tensor(shape: [3, 64, 64], values: random.reals(3 * 64 * 64).map(Float.init))
    let evaluation = try Network(model, name: "net").evaluation(of: image)
    for stage in 0..<4 {
      let name = "stages.\(stage).blocks.0.mlp"
      let x = try evaluation.activation(of: "\(name).fc1.gelu"), found = try evaluation.activation(of: "\(name).grn")
      let weight = try #require(try model.parameters["\(name).grn.factors.weight"]?.tensor().values)
      let bias = try #require(try model.parameters["\(name).grn.bias"]?.tensor().values)
      let channels = x.shape[0], plane = x.values.count / channels
      let norms = (0..<channels).map { channel in
        x.values[channel * plane..<(channel + 1) * plane].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      }
      let mean = norms.reduce(0, +) / Double(channels)
      #expect(stage > 0 || (2e-7...5e-6).contains(mean), "\(mean)")
      let expected = x.values.enumerated().map { index, value in
        let channel = index / plane, share = norms[channel] / (mean + 1e-6)
        return Double(value) * (1 + Double(weight[channel]) * share) + Double(bias[channel])
      }
      let greatest = expected.reduce(0) { max($0, abs($1)) }
      let error = zip(found.values, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
      #expect(greatest > 0 && error < 1e-6 * greatest, "stage \(stage): \(error) of \(greatest)")
    }
    try NetworkComparison(model, image, maxClasses: 2).check(.best, deviations: 4, "convnextv2")
  }

  @Test func refusesAScaleWithoutAxes() throws {
    #expect(
      errorLine { try Architecture.recognize(dict(timm: false, width: 8, blocks: [1, 1, 1, 1], scale: [])) }
        .hasSuffix("expects a tensor features.1.0.layer_scale of shape (8), found ()"))
  }
}
