// SPDX-License-Identifier: MIT

// Liu et al.: "A ConvNet for the 2020s", arXiv:2201.03545, and Woo et al.: "ConvNeXt V2", arXiv:2301.00808. Torchvision
// and timm give the modules different names.
extension ArchitectureFamily {
  static let convNeXt = ArchitectureFamily(
    name: "convnext", members: torchvisionConvNeXts.map(\.name),
    signature: ["features.0.0", "features.1.0.block.0", "features.1.0.block.5"], head: "classifier.2"
  ) { b throws(PixelAscentError) in
    // Torchvision uses the same epsilon and GELU for every width and depth.
    try b.convNeXt(
      torchvisionConvNeXts, acceptsUnknown: true, stem: "features.0", head: ("classifier.0", "classifier.2"),
      downsampling: { stage in ("features.\(2 * stage).0", "features.\(2 * stage).1") },
      block: { stage, block in
        let name = "features.\(2 * stage + 1).\(block)"
        return ConvNeXtBlock(
          name: name, convolution: "\(name).block.0", norm: "\(name).block.2", first: "\(name).block.3",
          second: "\(name).block.5", scale: "\(name).layer_scale")
      })
  }

  static let timmConvNeXt = ArchitectureFamily(
    name: "convnext (timm)", members: timmConvNeXts.map(\.name) + secondConvNeXts.map(\.name),
    signature: ["stem.0", "stages.0.blocks.0.conv_dw", "stages.0.blocks.0.mlp.fc2"], head: "head.fc"
  ) { b throws(PixelAscentError) in
    let isSecond = b.has("stages.0.blocks.0.mlp.grn")
    let scores = try b.convNeXt(
      isSecond ? secondConvNeXts : timmConvNeXts, acceptsUnknown: b.dict.renaming != nil, stem: "stem",
      head: ("head.norm", "head.fc"),
      downsampling: { stage in ("stages.\(stage).downsample.0", "stages.\(stage).downsample.1") },
      block: { stage, block in
        let name = "stages.\(stage).blocks.\(block)"
        return ConvNeXtBlock(
          name: name, convolution: "\(name).conv_dw", norm: "\(name).norm", first: "\(name).mlp.fc1",
          second: "\(name).mlp.fc2", scale: "\(name).gamma", response: "\(name).mlp.grn")
      })
    if b.dict.renaming == nil { try b.takeTimmNormalization() }
    return scores
  }

  private static let torchvisionConvNeXts = [
    ConvNeXt("convnext_tiny", 96, [3, 3, 9, 3]), ConvNeXt("convnext_small", 96, [3, 3, 27, 3]),
    ConvNeXt("convnext_base", 128, [3, 3, 27, 3]), ConvNeXt("convnext_large", 192, [3, 3, 27, 3]),
  ]

  private static let secondConvNeXts = [
    ConvNeXt("convnextv2_atto", 40, [2, 2, 6, 2]), ConvNeXt("convnextv2_femto", 48, [2, 2, 6, 2]),
    ConvNeXt("convnextv2_pico", 64, [2, 2, 6, 2]), ConvNeXt("convnextv2_nano", 80, [2, 2, 8, 2]),
    ConvNeXt("convnextv2_tiny", 96, [3, 3, 9, 3]), ConvNeXt("convnextv2_small", 96, [3, 3, 27, 3]),
    ConvNeXt("convnextv2_base", 128, [3, 3, 27, 3]), ConvNeXt("convnextv2_large", 192, [3, 3, 27, 3]),
    ConvNeXt("convnextv2_huge", 352, [3, 3, 27, 3]),
  ]

  /// Timm's networks whose width and depth tell the epsilon and the GELU. CLIP's convnext_xxlarge has another epsilon.
  private static let timmConvNeXts =
    [
      ConvNeXt("convnext_atto", 40, [2, 2, 6, 2]), ConvNeXt("convnext_femto", 48, [2, 2, 6, 2]),
      ConvNeXt("convnext_pico", 64, [2, 2, 6, 2]), ConvNeXt("convnext_nano", 80, [2, 2, 8, 2]),
    ] + torchvisionConvNeXts + [
      ConvNeXt("convnext_xlarge", 256, [3, 3, 27, 3]), ConvNeXt("convnext_xxlarge", 384, [3, 4, 30, 3], epsilon: 1e-5),
    ]
}

/// A known ConvNeXt. The channels of the first stage and the number of blocks in each stage identify the
/// network. The file does not hold the epsilon, so it stands here.
private struct ConvNeXt: Sendable {
  let name: String
  let width: Int
  let blocks: [Int]
  let epsilon: Float

  init(_ name: String, _ width: Int, _ blocks: [Int], epsilon: Float = 1e-6) {
    (self.name, self.width, self.blocks, self.epsilon) = (name, width, blocks, epsilon)
  }
}

/// The names of a block's modules.
private struct ConvNeXtBlock {
  let name, convolution, norm, first, second, scale: String
  /// The global response normalisation, which only the second version has.
  var response = ""
}

extension ArchitectureBuilder {
  /// Adds the layers of a ConvNeXt.
  ///
  /// - Parameter acceptsUnknown: whether a network of unknown width and depth gets the usual epsilon; if false, such a
  ///   network is an error
  fileprivate mutating func convNeXt(
    _ known: [ConvNeXt], acceptsUnknown: Bool, stem: String, head: (norm: String, linear: String),
    downsampling: (Int) -> (norm: String, convolution: String),
    block: (_ stage: Int, _ block: Int) -> ConvNeXtBlock
  ) throws(PixelAscentError) -> Value {
    let blocks = (0..<4).map { stage in count { block(stage, $0).convolution } }
    let width = shape("\(stem).0").first ?? 0
    let own = known.first { $0.width == width && $0.blocks == blocks }
    guard acceptsUnknown || own != nil else {
      throw fail("with a width of \(width) and stages of \(shapeText(blocks)) blocks is not known")
    }
    architecture = own?.name ?? (has(block(0, 0).response) ? "convnextv2" : "convnext")
    // Transformers have another epsilon in the last norm only.
    try config?.check(activation: "gelu")
    let epsilon = dict.renaming == nil ? own?.epsilon ?? 1e-6 : 1e-6
    let last = try Float(config?.epsilon(config?.layerNormEpsilon, else: 1e-12) ?? Double(epsilon))
    var x = try image(for: "\(stem).0")
    x = try convolution("\(stem).0", x, kernel: 4, stride: 4, padding: .each(0))
    x = try layerNorm("\(stem).1", x, epsilon: epsilon)
    for stage in 0..<4 {
      if stage > 0 {
        let (norm, name) = downsampling(stage)
        x = try layerNorm(norm, x, epsilon: epsilon)
        x = try convolution(name, x, kernel: 2, stride: 2, padding: .each(0))
      }
      for index in 0..<blocks[stage] { x = try convNeXtBlock(block(stage, index), x, epsilon: epsilon) }
    }
    x = try layerNorm(head.norm, globalAverage("avgpool", x), epsilon: last)
    return try self.head(head.linear, x)
  }

  private mutating func convNeXtBlock(
    _ block: ConvNeXtBlock, _ x: Value, epsilon: Float
  ) throws(PixelAscentError) -> Value {
    var y = try convolution(block.convolution, x, kernel: 7, groups: .depthwise)
    y = try layerNorm(block.norm, y, epsilon: epsilon)
    y = apply(.gelu(tanh: false), try pointwise(block.first, y))
    if has(block.response) { y = try globalResponseNorm(block.response, y) }
    y = try pointwise(block.second, y)
    if dict[block.scale] != nil { y = try layerScale(block.scale, y) }
    return try sum(block.name, y, x)
  }
}
