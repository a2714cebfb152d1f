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

  /// A wide network's weights may be CLIP's, and CLIP needs another mean and std. The widest network has another
  /// epsilon, too.
  @Test func wideNetworksOfTimmHaveANoteOnCLIP() throws {
    let note: Message =
      """
      ImageNet's mean and std are assumed; weights that were trained as CLIP's need others (\(advice: .mean), \
      \(advice: .std))
      """
    func model(_ timm: Bool, _ width: Int, _ blocks: [Int]) throws -> Model {
      try Architecture.recognize(dict(timm: timm, width: width, blocks: blocks))
    }
    func epsilons(_ model: Model) -> Set<Float> {
      Set(model.graph.layers.compactMap { ($0.operation as? LayerNorm)?.epsilon })
    }
    let tiny = try model(true, 96, [3, 3, 9, 3]), base = try model(true, 128, [3, 3, 27, 3])
    let widest = try model(true, 384, [3, 4, 30, 3])
    #expect([tiny.source, base.source, widest.source] == ["convnext_tiny", "convnext_base", "convnext_xxlarge"])
    #expect(tiny.notes.isEmpty)
    #expect(base.notes == [note])
    #expect(widest.notes == [note])
    #expect(try model(false, 128, [3, 3, 27, 3]).notes.isEmpty)
    #expect(epsilons(base) == [1e-6])
    #expect(epsilons(widest) == [1e-5])
  }

  @Test func refusesAScaleWithoutAxes() throws {
    #expect(
      errorLine { try Architecture.recognize(dict(timm: false, width: 8, blocks: [1, 1, 1, 1], scale: [])) }
        .hasSuffix("expects a tensor features.1.0.layer_scale of shape (8), found ()"))
  }
}
