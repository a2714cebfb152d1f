// SPDX-License-Identifier: MIT

// Liu et al.: "A ConvNet for the 2020s", arXiv:2201.03545. Torchvision's and timm's names differ, the network is one.
extension ArchitectureFamily {
  static let convNeXt = ArchitectureFamily(
    name: "convnext", members: ["convnext_tiny", "convnext_small", "convnext_base", "convnext_large"],
    signature: ["features.0.0", "features.1.0.block.0", "features.1.0.block.5", "classifier.2"]
  ) { b throws(PixelAscentError) in
    try b.convNeXt(
      stem: "features.0", head: ("classifier.0", "classifier.2"),
      downsampling: { stage in ("features.\(2 * stage).0", "features.\(2 * stage).1") },
      block: { stage, block in
        let name = "features.\(2 * stage + 1).\(block)"
        return ConvNeXtBlock(
          name: name, convolution: "\(name).block.0", norm: "\(name).block.2", first: "\(name).block.3",
          second: "\(name).block.5", scale: "\(name).layer_scale")
      })
  }

  static let timmConvNeXt = ArchitectureFamily(
    name: "convnext (timm)", members: convNeXts.compactMap(\.name),
    signature: ["stem.0", "stages.0.blocks.0.conv_dw", "stages.0.blocks.0.mlp.fc2", "head.fc"]
  ) { b throws(PixelAscentError) in
    try b.convNeXt(
      stem: "stem", head: ("head.norm", "head.fc"),
      downsampling: { stage in ("stages.\(stage).downsample.0", "stages.\(stage).downsample.1") },
      block: { stage, block in
        let name = "stages.\(stage).blocks.\(block)"
        return ConvNeXtBlock(
          name: name, convolution: "\(name).conv_dw", norm: "\(name).norm", first: "\(name).mlp.fc1",
          second: "\(name).mlp.fc2", scale: "\(name).gamma")
      })
  }

  /// The channels of the first stage and the blocks of the first and the third tell the networks apart. Most have
  /// epsilon = 1e-6 and the exact GELU; a file does not say which.
  fileprivate static let convNeXts: [ConvNeXt] = [
    ConvNeXt(name: "convnext_atto", width: 40, blocks: [2, 6]),
    ConvNeXt(name: "convnext_femto", width: 48, blocks: [2, 6]),
    ConvNeXt(name: "convnext_pico", width: 64, blocks: [2, 6]),
    ConvNeXt(name: "convnext_nano", width: 80, blocks: [2, 8]),
    ConvNeXt(name: "convnext_tiny", width: 96, blocks: [3, 9]),
    ConvNeXt(name: "convnext_small", width: 96, blocks: [3, 27]),
    ConvNeXt(name: "convnext_base", width: 128, blocks: [3, 27]),
    ConvNeXt(name: "convnext_large", width: 192, blocks: [3, 27]),
    ConvNeXt(name: "convnext_xlarge", width: 256, blocks: [3, 27]),
    ConvNeXt(name: "convnext_xxlarge", width: 384, blocks: [3, 30], epsilon: 1e-5),
    ConvNeXt(name: "test_convnext", width: 24, blocks: [1, 4], epsilon: 1e-5, tanh: true),
    ConvNeXt(name: "test_convnext2", width: 32, blocks: [1, 1], epsilon: 1e-5, tanh: true),
  ]
}

private struct ConvNeXt: Sendable {
  var name: String?
  var width: Int
  var blocks: [Int]
  var epsilon: Float = 1e-6
  var tanh = false
}

/// The names of a block's modules.
private struct ConvNeXtBlock {
  let name, convolution, norm, first, second, scale: String
}

extension ArchitectureBuilder {
  fileprivate mutating func convNeXt(
    stem: String, head: (norm: String, linear: String), downsampling: (Int) -> (norm: String, convolution: String),
    block: (_ stage: Int, _ block: Int) -> ConvNeXtBlock
  ) throws(PixelAscentError) -> Value {
    let blocks = (0..<4).map { stage in count { block(stage, $0).convolution } }
    let width = shape("\(stem).0").first ?? 0
    let found = ConvNeXt(width: width, blocks: [blocks[0], blocks[2]])
    let network = ArchitectureFamily.convNeXts.first { $0.width == found.width && $0.blocks == found.blocks } ?? found
    if let name = network.name { architecture = name }
    var x = try image(for: "\(stem).0")
    x = try convolution("\(stem).0", x, kernel: 4, stride: 4, padding: .each(0))
    x = try layerNorm("\(stem).1", x, network)
    for stage in 0..<4 {
      if stage > 0 {
        let (norm, name) = downsampling(stage)
        x = try layerNorm(norm, x, network)
        x = try convolution(name, x, kernel: 2, stride: 2, padding: .each(0))
      }
      for index in 0..<blocks[stage] { x = try convNeXtBlock(block(stage, index), x, network) }
    }
    return try linear(head.linear, layerNorm(head.norm, globalAverage("avgpool", x), network))
  }

  private mutating func convNeXtBlock(_ block: ConvNeXtBlock, _ x: Value, _ network: ConvNeXt) throws(PixelAscentError)
    -> Value
  {
    var y = try convolution(block.convolution, x, kernel: 7, groups: .depthwise)
    y = try layerNorm(block.norm, y, network)
    y = apply(.gelu(tanh: network.tanh), try pointwise(block.first, y))
    y = try pointwise(block.second, y)
    if dict[block.scale] != nil { y = try layerScale(block.scale, y) }
    return try sum(block.name, y, x)
  }

  /// A layer normalisation over the channels.
  private mutating func layerNorm(_ name: String, _ x: Value, _ network: ConvNeXt) throws(PixelAscentError) -> Value {
    try take("\(name).weight", [x.channels])
    try take("\(name).bias", [x.channels])
    return add(name, LayerNorm(epsilon: network.epsilon), [x], channels: x.channels, pixels: x.pixels)
  }

  /// A linear layer at every pixel, which is a 1×1 convolution; the file may have its weights as a matrix.
  private mutating func pointwise(_ name: String, _ x: Value) throws(PixelAscentError) -> Value {
    let key = "\(name).weight", found = shape(name)
    if found.count != 2 { return try convolution(name, x, kernel: 1) }
    try take(key, [nil, x.channels], as: { [$0[0], $0[1], 1, 1] })
    try take("\(name).bias", [found[0]])
    return add(name, Convolution(Window(kernel: 1), outputs: found[0]), [x], channels: found[0], pixels: x.pixels)
  }

  /// A learned factor for each channel (Touvron et al.: "Going deeper with image transformers", 2021).
  private mutating func layerScale(_ key: String, _ x: Value) throws(PixelAscentError) -> Value {
    let name = "\(key).scale", rank = dict[key]?.shape.count ?? 1
    try take(key, [x.channels] + Array(repeating: 1, count: rank - 1), as: { [$0[0]] }, to: "\(name).weight")
    set("\(name).bias", Parameter(Tensor(shape: [x.channels], repeating: 0)))
    return add(name, Affine(), [x], channels: x.channels, pixels: x.pixels)
  }
}
