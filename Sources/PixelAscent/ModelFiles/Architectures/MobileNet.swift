// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// Sandler et al.: "MobileNetV2", arXiv:1801.04381, of any width.
  static let mobileNetV2 = ArchitectureFamily(
    name: "mobilenet_v2", members: ["mobilenet_v2"],
    signature: ["features.0.0", "features.1.conv.0.0", "features.2.conv.0.0"], head: "classifier"
  ) { b throws(PixelAscentError) in
    // Transformers read TensorFlow's weights.
    if let config = b.config { b.epsilon = try config.epsilon(config.layerNormEpsilon, else: 1e-3) }
    try b.config?.check(activation: "relu6")
    let padding = b.config?.hasTensorFlowPadding ?? false ? ArchitectureBuilder.Padding.same : .half
    var x = try b.image(for: "features.0.0")
    x = try b.unit("features.0.0", "features.0.1", x, kernel: 3, stride: 2, padding: padding, then: .relu6)
    for block in 1...17 {
      let name = "features.\(block)"
      let input = x
      let stride = [2, 4, 7, 14].contains(block) ? 2 : 1
      var index = 0
      if b.has("\(name).conv.1.0") {
        x = try b.unit("\(name).conv.0.0", "\(name).conv.0.1", x, kernel: 1, then: .relu6)
        index = 1
      }
      let part = "\(name).conv.\(index)"
      x = try b.unit(
        "\(part).0", "\(part).1", x, kernel: 3, stride: stride, padding: padding, groups: .depthwise, then: .relu6)
      x = try b.unit("\(name).conv.\(index + 1)", "\(name).conv.\(index + 2)", x, kernel: 1)
      // Transformers' first block is part of the stem, which has no shortcut, however many channels it has.
      let hasShortcut = stride == 1 && input.channels == x.channels && (block > 1 || b.config == nil)
      if hasShortcut { x = try b.sum(name, input, x) }
    }
    x = try b.unit("features.18.0", "features.18.1", x, kernel: 1, then: .relu6)
    return try b.head("classifier.1", in: "classifier", b.globalAverage("mean", x))
  }

  /// Howard et al.: "Searching for MobileNetV3", arXiv:1905.02244, of any width.
  static let mobileNetV3 = ArchitectureFamily(
    name: "mobilenet_v3", members: ["mobilenet_v3_small", "mobilenet_v3_large"],
    signature: ["features.0.0", "features.1.block.0.0"], head: "classifier"
  ) { b throws(PixelAscentError) in
    let blocks = b.count(from: 1) { "features.\($0).block.0.0" }
    let isSmall = blocks == 11
    guard isSmall || blocks == 15 else { throw b.fail("has 11 or 15 blocks, found \(blocks)") }
    b.architecture = isSmall ? "mobilenet_v3_small" : "mobilenet_v3_large"
    b.epsilon = 1e-3
    var x = try b.image(for: "features.0.0")
    x = try b.unit("features.0.0", "features.0.1", x, kernel: 3, stride: 2, then: .hardSwish)
    let shrinking = isSmall ? [1, 2, 4, 9] : [2, 4, 7, 13]
    for block in 1...blocks {
      let function = block < (isSmall ? 4 : 7) ? ElementFunction.relu : .hardSwish
      x = try b.invertedResidual(
        "features.\(block)", x, stride: shrinking.contains(block) ? 2 : 1, function: function,
        squeeze: .relu, gate: .pyTorchHardSigmoid)
    }
    x = try b.unit("features.\(blocks + 1).0", "features.\(blocks + 1).1", x, kernel: 1, then: .hardSwish)
    x = b.globalAverage("avgpool", x)
    // Torchvision's head widens before it narrows, and has a hard swish; another head is a fine-tuned network's.
    let modules = b.headModules(in: "classifier")
    guard modules.isEmpty || modules == ["classifier.0", "classifier.3"] && b.shape(modules[0])[0] > x.channels else {
      return try b.head("classifier.3", in: "classifier", x)
    }
    x = try b.linear("classifier.0", x)
    return try b.linear("classifier.3", b.apply(.hardSwish, x))
  }

  /// Tan et al.: "MnasNet", arXiv:1807.11626, in the variant B1.
  static let mnasNet = ArchitectureFamily(
    name: "mnasnet", members: mnasNetWidths.map(\.name),
    signature: ["layers.0", "layers.3", "layers.6", "layers.8.0.layers.0"], head: "classifier"
  ) { b throws(PixelAscentError) in
    let width = b.shape("layers.14").dropFirst().first
    b.architecture = mnasNetWidths.first { $0.width == width }?.name ?? "mnasnet"
    var x = try b.image(for: "layers.0")
    x = try b.unit("layers.0", "layers.1", x, kernel: 3, stride: 2, then: .relu)
    x = try b.unit("layers.3", "layers.4", x, kernel: 3, groups: .depthwise, then: .relu)
    x = try b.unit("layers.6", "layers.7", x, kernel: 1)
    for stage in 8...13 {
      for block in 0..<b.count({ "layers.\(stage).\($0).layers.0" }) {
        let name = "layers.\(stage).\(block)"
        let part = "\(name).layers"
        let input = x
        let stride = block == 0 && stage != 11 && stage != 13 ? 2 : 1
        x = try b.unit("\(part).0", "\(part).1", x, kernel: 1, then: .relu)
        x = try b.unit("\(part).3", "\(part).4", x, stride: stride, groups: .depthwise, then: .relu)
        x = try b.unit("\(part).6", "\(part).7", x, kernel: 1)
        if stride == 1 && input.channels == x.channels { x = try b.sum(name, x, input) }
      }
    }
    x = try b.unit("layers.14", "layers.15", x, kernel: 1, then: .relu)
    return try b.head("classifier.1", in: "classifier", b.globalAverage("mean", x))
  }

  /// The names, each with the width of the last block.
  private static let mnasNetWidths: [(name: String, width: Int)] = [
    ("mnasnet0_5", 160), ("mnasnet0_75", 240), ("mnasnet1_0", 320), ("mnasnet1_3", 416),
  ]
}

extension ArchitectureBuilder {
  /// Adds torchvision's inverted residual block of MobileNetV3 and EfficientNet.
  ///
  /// The block is a 1×1 convolution (unless it expands nothing), a depthwise convolution, squeeze and excitation (if
  /// the file has it) and another 1×1 convolution. In a fused block one larger convolution replaces the first two.
  mutating func invertedResidual(
    _ name: String, _ input: Value, stride: Int, function: ElementFunction, squeeze: ElementFunction,
    gate: ElementFunction
  ) throws(PixelAscentError) -> Value {
    var x = input, index = 0
    func module() -> String { "\(name).block.\(index)" }
    let first = shape("\(name).block.0.0")
    let isDepthwise = first.count == 4 && first[1] == 1
    let isFused = first.count == 4 && !isDepthwise && first[2] > 1
    if !isDepthwise {
      x = try unit("\(module()).0", "\(module()).1", x, stride: isFused ? stride : 1, then: function)
      index += 1
    }
    if !isFused {
      x = try unit("\(module()).0", "\(module()).1", x, stride: stride, groups: .depthwise, then: function)
      index += 1
    }
    if has("\(module()).fc1") {
      x = try squeezeExcitation(
        module(), "\(module()).fc1", "\(module()).fc2", x, function: squeeze, gate: gate)
      index += 1
    }
    // A fused block that expands nothing has no second convolution.
    if !isFused || has("\(module()).0") { x = try unit("\(module()).0", "\(module()).1", x, kernel: 1) }
    return stride == 1 && input.channels == x.channels ? try sum(name, x, input) : x
  }
}
