// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// He et al.: "Identity mappings in deep residual networks", arXiv:1603.05027, and "Big Transfer", arXiv:1912.11370,
  /// with timm's names.
  ///
  /// Norms and ReLUs come before the convolutions. A network with group norms and a 7×7 convolution in the stem is Big
  /// Transfer's: the weights of each convolution are standardised.
  static let resNetV2 = ArchitectureFamily(
    name: "resnetv2 (timm)", members: resNetV2Members,
    signature: ["stages.0.blocks.0.norm1", "stages.0.blocks.0.conv1", "stages.0.blocks.0.conv2", "norm"],
    head: "head.fc"
  ) { b throws(PixelAscentError) in
    let isDeep = b.has("stem.conv1"), isGrouped = b.dict["norm.running_mean"] == nil
    let isBottleneck = b.has("stages.0.blocks.0.conv3"), isTransfer = isGrouped && !isDeep
    var x = try b.image(for: isDeep ? "stem.conv1" : "stem.conv")
    if isDeep {
      x = try b.convolution("stem.conv1", x, kernel: 3, stride: 2)
      x = try b.convolution("stem.conv2", try b.norm("stem.norm1", x), kernel: 3)
      x = try b.convolution("stem.conv3", try b.norm("stem.norm2", x), kernel: 3)
    } else {
      x = try b.convolution("stem.conv", x, kernel: 7, stride: 2, isStandardized: isTransfer)
    }
    // The pool's border has zeros, and not all values are positive.
    x = isTransfer ? b.maxPool("stem.pool", b.border("stem.pad", x, width: 1)) : b.maxPool("stem.pool", x, padding: 1)
    let width = x.channels / 64
    var depth = 2
    for stage in 0..<4 {
      let blocks = b.count { "stages.\(stage).blocks.\($0).conv1" }
      depth += blocks * (isBottleneck ? 3 : 2)
      for block in 0..<blocks {
        let name = "stages.\(stage).blocks.\(block)", stride = stage > 0 && block == 0 ? 2 : 1
        var y = try b.norm("\(name).norm1", x)
        if b.has("\(name).downsample.conv") {
          let isAveraged = isDeep && stride > 1
          let z = isAveraged ? b.averagePool("\(name).downsample.pool", y, kernel: 2, stride: 2, ceilMode: true) : y
          x = try b.convolution(
            "\(name).downsample.conv", z, kernel: 1, stride: isAveraged ? 1 : stride, isStandardized: isTransfer)
        }
        let strides = isBottleneck ? [1, stride, 1] : [stride, 1]
        for (index, stride) in strides.enumerated() {
          if index > 0 { y = try b.norm("\(name).norm\(index + 1)", y) }
          let kernel = isBottleneck && index != 1 ? 1 : 3
          y = try b.convolution(
            "\(name).conv\(index + 1)", y, kernel: kernel, stride: stride, isStandardized: isTransfer)
        }
        x = try b.sum(name, y, x)
      }
    }
    let widths = isDeep ? ["stem.conv1", "stem.conv2"].map { b.shape($0)[0] } : []
    let letter = widths.isEmpty ? "" : widths[0] == widths[1] ? "d" : "t"
    b.architecture =
      isTransfer ? "resnetv2_\(depth)x\(width)_bit" : "resnetv2_\(depth)\(letter)\(isGrouped ? "_gn" : "")"
    try b.takeTimmNormalization()
    x = try b.norm("norm", x)
    return try b.convolution("head.fc", b.globalAverage("head.global_pool", x), kernel: 1)
  }

  private static let resNetV2Members = [
    "resnetv2_18", "resnetv2_18d", "resnetv2_34", "resnetv2_34d", "resnetv2_50", "resnetv2_50d", "resnetv2_50t",
    "resnetv2_101", "resnetv2_101d", "resnetv2_152", "resnetv2_152d", "resnetv2_50d_gn", "resnetv2_50x1_bit",
    "resnetv2_50x3_bit", "resnetv2_101x1_bit", "resnetv2_101x3_bit", "resnetv2_152x2_bit", "resnetv2_152x4_bit",
  ]
}

extension ArchitectureBuilder {
  /// Adds a batch norm, or a group norm of 32 groups if the file has no statistics, and a ReLU.
  fileprivate mutating func norm(_ name: String, _ x: Value) throws(PixelAscentError) -> Value {
    relu(try dict["\(name).running_mean"] == nil ? groupNorm(name, x, groups: 32) : batchNorm(name, x))
  }
}
