// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// Tan and Le: "EfficientNet", arXiv:1905.11946, and "EfficientNetV2", arXiv:2104.00298, with torchvision's names.
  static let efficientNet = ArchitectureFamily(
    name: "efficientnet", members: efficientNetStages.map(\.name),
    signature: ["features.0.0", "features.1.0.block.0.0"], head: "classifier"
  ) { b throws(PixelAscentError) in
    var stages = [[String]](), widths = [Int]()
    while b.has("features.\(stages.count + 1).0.block.0.0") {
      let stage = stages.count + 1
      stages.append((0..<b.count { "features.\(stage).\($0).block.0.0" }).map { "features.\(stage).\($0)" })
      let last = (0...3).last { b.has("features.\(stage).0.block.\($0).0") } ?? 0
      widths.append(b.shape("features.\(stage).0.block.\(last).0").first ?? 0)
    }
    guard let known = efficientNetStages.first(where: { $0.depths == stages.map(\.count) && $0.widths == widths })
    else {
      throw b.fail(
        "is supported as b0 to b7, v2_s, v2_m and v2_l; found stages of \(shapeText(stages.map(\.count))) blocks and "
          + "\(shapeText(widths)) channels")
    }
    b.architecture = known.name
    let isSecond = known.name.hasPrefix("efficientnet_v2")
    if isSecond || ["5", "6", "7"].contains(known.name.last) { b.epsilon = 1e-3 }
    if known.name == "efficientnet_v2_l" {
      b.preprocessing = try Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], inputSize: 224)
    }
    var x = try b.image(for: "features.0.0")
    x = try b.unit("features.0.0", "features.0.1", x, kernel: 3, stride: 2, then: .silu)
    for (stage, strides) in zip(stages, isSecond ? [1, 2, 2, 2, 1, 2, 1] : efficientNetStrides) {
      for (index, name) in stage.enumerated() {
        x = try b.invertedResidual(
          name, x, stride: index == 0 ? strides : 1, function: .silu, squeeze: .silu, gate: .sigmoid)
      }
    }
    let head = "features.\(stages.count + 1)"
    x = try b.unit("\(head).0", "\(head).1", x, kernel: 1, then: .silu)
    return try b.head("classifier.1", in: "classifier", b.globalAverage("avgpool", x))
  }

  /// EfficientNet-Lite0 and B0 to B7 with the names of efficientnet-lite-pytorch and EfficientNet-PyTorch, which
  /// transformers' names become too. These networks have TensorFlow's epsilon. For an input of the size that a network
  /// was trained with they have TensorFlow's padding, and for other sizes the same padding.
  static let efficientNetLite = ArchitectureFamily(
    name: "efficientnet_lite",
    members: ["efficientnet_lite0"] + efficientNetSizes.indices.map { "efficientnet_b\($0)" },
    signature: ["_conv_stem", "_blocks.0._depthwise_conv"], head: "_fc"
  ) { b throws(PixelAscentError) in
    let blocks = b.count { "_blocks.\($0)._depthwise_conv" }
    let hasGates = b.has("_blocks.0._se_reduce"), width = b.shape("_conv_head")
    let index = efficientNetSizes.indices.first { index in
      let stages = efficientNetStages[index]
      return stages.depths.reduce(0, +) == blocks && (!hasGates || width.dropFirst().first == stages.widths.last)
    }
    guard let index, hasGates || index == 0 else {
      throw b.fail(
        "is supported as lite0 and b0 to b7; found \(blocks) blocks and a last convolution \(shapeText(width))")
    }
    let depths = efficientNetStages[index].depths
    b.architecture = hasGates ? efficientNetStages[index].name : "efficientnet_lite0"
    b.epsilon = try b.config?.epsilon(b.config?.batchNormEpsilon, else: 1e-3) ?? 1e-3
    try b.config?.check(activation: "swish")
    if !hasGates {
      // The weights take (x − 127) / 128 for x from 0 to 255.
      let mean = [Float](repeating: 127 / 255, count: 3), deviation = [Float](repeating: 128 / 255, count: 3)
      b.preprocessing = try Preprocessing(mean: mean, std: deviation, inputSize: 224)
    }
    let function = hasGates ? ElementFunction.silu : .relu6
    var x = try b.image(for: "_conv_stem")
    x = try b.unit("_conv_stem", "_bn0", x, kernel: 3, stride: 2, padding: .shifted, then: function)
    var number = 0, size = efficientNetSizes[index] / 2
    for (depth, stride) in zip(depths, efficientNetStrides) {
      for block in 0..<depth {
        let name = "_blocks.\(number)"
        let parts = BlockParts(
          expand: b.has("\(name)._expand_conv") ? ("_expand_conv", "_bn0") : nil,
          depthwise: ("_depthwise_conv", "_bn1"),
          gates: ("_se_reduce", "_se_expand"), project: ("_project_conv", "_bn2"))
        // TensorFlow shifts the padding of a stride of 2 if the input's size is even.
        let isShifted =
          block == 0 && stride == 2 && b.config?.depthwisePadding.map { !$0.contains(number) } ?? (size % 2 == 0)
        let padding = isShifted ? ArchitectureBuilder.Padding.shifted : .half
        x = try b.block(name, parts, x, stride: block == 0 ? stride : 1, padding: padding, function: function)
        if block == 0 && stride == 2 { size = (size + 1) / 2 }
        number += 1
      }
    }
    x = try b.unit("_conv_head", "_bn1", x, kernel: 1, then: function)
    return try b.head("_fc", b.globalAverage("_avg_pooling", x))
  }

  private static let efficientNetStrides = [1, 2, 2, 2, 1, 2, 1]

  /// The input sizes with which B0 to B7 were trained.
  private static let efficientNetSizes = [224, 240, 260, 300, 380, 456, 528, 600]

  private typealias Stages = (name: String, depths: [Int], widths: [Int])

  private static let efficientNetStages: [Stages] = [
    ("efficientnet_b0", [1, 2, 2, 3, 3, 4, 1], [16, 24, 40, 80, 112, 192, 320]),
    ("efficientnet_b1", [2, 3, 3, 4, 4, 5, 2], [16, 24, 40, 80, 112, 192, 320]),
    ("efficientnet_b2", [2, 3, 3, 4, 4, 5, 2], [16, 24, 48, 88, 120, 208, 352]),
    ("efficientnet_b3", [2, 3, 3, 5, 5, 6, 2], [24, 32, 48, 96, 136, 232, 384]),
    ("efficientnet_b4", [2, 4, 4, 6, 6, 8, 2], [24, 32, 56, 112, 160, 272, 448]),
    ("efficientnet_b5", [3, 5, 5, 7, 7, 9, 3], [24, 40, 64, 128, 176, 304, 512]),
    ("efficientnet_b6", [3, 6, 6, 8, 8, 11, 3], [32, 40, 72, 144, 200, 344, 576]),
    ("efficientnet_b7", [4, 7, 7, 10, 10, 13, 4], [32, 48, 80, 160, 224, 384, 640]),
    ("efficientnet_v2_s", [2, 4, 4, 6, 9, 15], [24, 48, 64, 128, 160, 256]),
    ("efficientnet_v2_m", [3, 5, 5, 7, 14, 18, 5], [24, 48, 80, 160, 176, 304, 512]),
    ("efficientnet_v2_l", [4, 7, 7, 10, 19, 25, 7], [32, 64, 96, 192, 224, 384, 640]),
  ]
}

/// The names of a block's modules.
private struct BlockParts {
  let expand: (convolution: String, norm: String)?
  let depthwise: (convolution: String, norm: String)
  let gates: (first: String, second: String)
  let project: (convolution: String, norm: String)
}

extension ArchitectureBuilder {
  /// Adds an inverted residual block. Its squeeze and excitation, if it has one, uses the block's activation function.
  fileprivate mutating func block(
    _ name: String, _ parts: BlockParts, _ input: Value, stride: Int, padding: Padding, function: ElementFunction
  ) throws(PixelAscentError) -> Value {
    var x = input
    if let expand = parts.expand {
      x = try unit("\(name).\(expand.convolution)", "\(name).\(expand.norm)", x, kernel: 1, then: function)
    }
    x = try unit(
      "\(name).\(parts.depthwise.convolution)", "\(name).\(parts.depthwise.norm)", x, stride: stride, padding: padding,
      groups: .depthwise, then: function)
    let (first, second) = ("\(name).\(parts.gates.first)", "\(name).\(parts.gates.second)")
    if has(first) {
      x = try squeezeExcitation("\(name).se", first, second, x, function: function, gate: .sigmoid)
    }
    x = try unit("\(name).\(parts.project.convolution)", "\(name).\(parts.project.norm)", x, kernel: 1)
    return stride == 1 && input.channels == x.channels ? try sum(name, x, input) : x
  }
}
