// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// Ding et al.: "RepVGG: Making VGG-style ConvNets great again", arXiv:2101.03697, with timm's names.
  ///
  /// In training, each layer is the sum of a 3×3 convolution, a 1×1 convolution and the layer's input, each with a batch
  /// norm. A deployed network has one convolution in their place.
  static let repVGG = ArchitectureFamily(
    name: "repvgg (timm)", members: repVGGs.map(\.name),
    signature: ["stem.conv_kxk.conv", "stages.0.0.conv_kxk.conv"], head: "head.fc"
  ) { b throws(PixelAscentError) in try b.repVGG(module: "conv_kxk.conv") }

  /// RepVGG after training, with timm's names.
  static let deployedRepVGG = ArchitectureFamily(
    name: "deployed repvgg (timm)", members: repVGGs.map(\.name),
    signature: ["stem.reparam_conv", "stages.0.0.reparam_conv"], head: "head.fc"
  ) { b throws(PixelAscentError) in try b.repVGG(module: "reparam_conv") }

  fileprivate static let repVGGs: [(name: String, depths: [Int], widths: [Int], groups: Int)] = [
    ("repvgg_a0", [2, 4, 14, 1], [48, 96, 192, 1280], 1), ("repvgg_a1", [2, 4, 14, 1], [64, 128, 256, 1280], 1),
    ("repvgg_a2", [2, 4, 14, 1], [96, 192, 384, 1408], 1), ("repvgg_b0", [4, 6, 16, 1], [64, 128, 256, 1280], 1),
    ("repvgg_b1", [4, 6, 16, 1], [128, 256, 512, 2048], 1), ("repvgg_b1g4", [4, 6, 16, 1], [128, 256, 512, 2048], 4),
    ("repvgg_b2", [4, 6, 16, 1], [160, 320, 640, 2560], 1), ("repvgg_b2g4", [4, 6, 16, 1], [160, 320, 640, 2560], 4),
    ("repvgg_b3", [4, 6, 16, 1], [192, 384, 768, 2560], 1), ("repvgg_b3g4", [4, 6, 16, 1], [192, 384, 768, 2560], 4),
    ("repvgg_d2se", [8, 14, 24, 1], [160, 320, 640, 2560], 1),
  ]
}

extension ArchitectureBuilder {
  /// Adds the layers of a RepVGG. Every block has a convolution called `module`.
  fileprivate mutating func repVGG(module: String) throws(PixelAscentError) -> Value {
    var x = try image(for: "stem.\(module)")
    x = try repVGGBlock("stem", x, stride: 2)
    var depths = [Int](), widths = [Int](), groups = 1
    for stage in 0..<4 {
      depths.append(count { "stages.\(stage).\($0).\(module)" })
      for block in 0..<depths[stage] {
        let name = "stages.\(stage).\(block)"
        groups = max(groups, x.channels / max(shape("\(name).\(module)").dropFirst().first ?? 0, 1))
        x = try repVGGBlock(name, x, stride: block == 0 ? 2 : 1)
      }
      widths.append(x.channels)
    }
    architecture =
      ArchitectureFamily.repVGGs.first { $0.depths == depths && $0.widths == widths && $0.groups == groups }?.name
      ?? "repvgg"
    return try linear("head.fc", globalAverage("head.global_pool", x))
  }

  private mutating func repVGGBlock(_ name: String, _ x: Value, stride: Int) throws(PixelAscentError) -> Value {
    var y: Value
    if has("\(name).reparam_conv") {
      y = try convolution("\(name).reparam_conv", x, kernel: 3, stride: stride, groups: .any)
    } else {
      y = try unit("\(name).conv_kxk.conv", "\(name).conv_kxk.bn", x, kernel: 3, stride: stride, groups: .any)
      let point = try unit("\(name).conv_1x1.conv", "\(name).conv_1x1.bn", x, kernel: 1, stride: stride, groups: .any)
      // The last sum has the block's name, unless the block has gates too.
      let last = has("\(name).attn.fc1") ? "\(name).sum" : name, hasIdentity = has("\(name).identity")
      y = try sum(hasIdentity ? "\(name).convolutions" : last, y, point)
      if hasIdentity { y = try sum(last, y, try batchNorm("\(name).identity", x)) }
    }
    if has("\(name).attn.fc1") {
      y = try squeezeExcitation(
        "\(name).attn", "\(name).attn.fc1", "\(name).attn.fc2", y, function: .relu, gate: .sigmoid)
    }
    return relu(y)
  }
}
