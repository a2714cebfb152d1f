// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// The networks of inverted residual blocks with timm's names: EfficientNet (arXiv:1905.11946, arXiv:2104.00298),
  /// EfficientNet-Lite, MobileNet v2 to v4 (arXiv:1801.04381, arXiv:1905.02244, arXiv:2404.10518) and MnasNet
  /// (arXiv:1807.11626).
  ///
  /// An architecture whose name begins with "tf_" has TensorFlow's padding and epsilon, which no file tells.
  static let timmEfficientNet = ArchitectureFamily(
    name: "efficientnet (timm)", members: TimmNetwork.all.flatMap(\.names) + [TimmNetwork.mobileNetV3RW.base],
    signature: ["conv_stem", "bn1", "conv_head"], head: "classifier"
  ) { b throws(PixelAscentError) in
    var depths = [Int](), widths = [Int](), kinds = ""
    while let kind = b.kind(ofBlock: "blocks.\(depths.count).0") {
      let stage = "blocks.\(depths.count)"
      var count = 1
      while b.kind(ofBlock: "\(stage).\(count)") != nil { count += 1 }
      widths.append(b.outputs(ofBlock: "\(stage).\(count - 1)"))
      depths.append(count)
      kinds.append(kind)
    }
    let fitting = TimmNetwork.all.filter { $0.depths == depths && $0.kinds == kinds }
    guard var network = fitting.first(where: { $0.widths == widths }) ?? fitting.first(where: \.style.isOfAnyWidth)
    else {
      throw b.fail(
        "with stages of \(shapeText(depths)) blocks and \(shapeText(widths)) channels is read as ONNX only: "
          + OtherNetwork.exportCommand(b.dict))
    }
    if network.style == .mobileNetV3 && b.dict["conv_head.bias"] == nil { network = .mobileNetV3RW }
    let variant = network.variant(named: b.wanted)
    b.architecture = network.name(variant)
    b.noteLookAlikes(network.names.filter { $0 != b.architecture })
    if variant == .tensorFlow || network.style == .mobileNetV3RW { b.epsilon = 1e-3 }
    try b.takeTimmNormalization()
    let padding = variant == .tensorFlow ? ArchitectureBuilder.Padding.same : .half
    let function = network.style.function
    var x = try b.image(for: "conv_stem")
    x = try b.unit("conv_stem", "bn1", x, kernel: 3, stride: 2, padding: padding, then: function)
    for (stage, depth) in depths.enumerated() {
      for block in 0..<depth {
        x = try b.block(
          "blocks.\(stage).\(block)", network, stage: stage, x, stride: block == 0 ? network.strides[stage] : 1,
          padding: padding, antiAliasing: variant.antiAliasing)
      }
    }
    switch network.style {
    case .mobileNetV3, .mobileNetV3RW, .minimal:
      x = b.apply(function, try b.convolution("conv_head", b.globalAverage("global_pool", x), kernel: 1))
    case .mobileNetV4:
      x = try b.unit("conv_head", "norm_head", b.globalAverage("global_pool", x), kernel: 1, then: function)
    case .efficientNet, .mobileNetV2, .mnasNet:
      x = b.globalAverage("global_pool", try b.unit("conv_head", "bn2", x, kernel: 1, then: function))
    }
    return try b.linear("classifier", x)
  }
}

/// One of timm's networks of inverted residual blocks: what identifies it, and what its file does not tell.
private struct TimmNetwork: Sendable {
  /// The activation functions and the head.
  enum Style {
    case efficientNet, mobileNetV2, mnasNet, mobileNetV3, mobileNetV3RW, minimal, mobileNetV4

    /// Whether the depths identify the network without the widths.
    var isOfAnyWidth: Bool { self != .efficientNet }

    /// The activation function of the stem and of the head.
    var function: ElementFunction {
      switch self {
      case .efficientNet: .silu
      case .mobileNetV2: .relu6
      case .mnasNet, .minimal, .mobileNetV4: .relu
      case .mobileNetV3, .mobileNetV3RW: .hardSwish
      }
    }
  }

  /// Networks with the same tensors that compute something else.
  enum Variant {
    /// PyTorch's padding and epsilon.
    case plain
    /// TensorFlow's padding and epsilon.
    case tensorFlow
    /// A blur or an average pool instead of the stride of a block's convolution.
    case blur, average

    var antiAliasing: AntiAliasing? {
      switch self {
      case .plain, .tensorFlow: nil
      case .blur: .blur
      case .average: .average
      }
    }
  }

  let base: String
  let style: Style
  let depths: [Int]
  /// The channels of each stage's output.
  let widths: [Int]
  /// The first block of each stage: a convolution (c), a depthwise separable convolution (d), an inverted residual
  /// block (i), one with a fused first convolution (e) or MobileNet v4's (u). A capital letter is a block with gates.
  let kinds: String
  /// The existing variants. A file is read as the first one unless a name is given.
  let variants: [Variant]

  init(
    _ base: String, _ style: Style, _ depths: [Int], _ widths: [Int], _ kinds: String, _ variants: [Variant] = [.plain]
  ) {
    (self.base, self.style, self.depths, self.widths, self.kinds) = (base, style, depths, widths, kinds)
    self.variants = variants
  }

  var names: [String] { variants.map(name) }

  func name(_ variant: Variant) -> String {
    switch variant {
    case .plain: base
    case .tensorFlow: "tf_\(base)"
    case .blur: base.replacing("_conv_", with: "_conv_blur_")
    case .average: base.replacing("_conv_", with: "_conv_aa_")
    }
  }

  func variant(named name: String?) -> Variant { variants.first { self.name($0) == name } ?? variants[0] }

  /// The stride of each stage's first block.
  var strides: [Int] {
    switch style {
    case .mobileNetV4: [2, 2, 2, 2, 1]
    case .mobileNetV3, .mobileNetV3RW, .minimal: depths.count == 6 ? [2, 2, 2, 1, 2, 1] : [1, 2, 2, 2, 1, 2, 1]
    case .efficientNet, .mobileNetV2, .mnasNet: [1, 2, 2, 2, 1, 2, 1]
    }
  }

  /// The activation function of a stage's blocks. The last stages of MobileNet v3 have another one than the first.
  func function(stage: Int) -> ElementFunction {
    switch style {
    case .mobileNetV3, .mobileNetV3RW: stage < (depths.count == 6 ? 2 : 3) ? .relu : .hardSwish
    case .efficientNet, .mobileNetV2, .mnasNet, .minimal, .mobileNetV4: style.function
    }
  }

  static let mobileNetV3RW = TimmNetwork(
    "mobilenetv3_rw", .mobileNetV3RW, [1, 2, 3, 4, 2, 3, 1], [16, 24, 40, 80, 112, 160, 960], "diIiIIc")

  /// All networks but ``mobileNetV3RW``. TensorFlow's variant is the first one where timm has weights only for that one.
  static let all: [TimmNetwork] = {
    let both: [Variant] = [.plain, .tensorFlow], imported: [Variant] = [.tensorFlow, .plain]
    func efficientNet(_ name: String, _ depths: [Int], _ widths: [Int], _ variants: [Variant]) -> TimmNetwork {
      TimmNetwork("efficientnet_\(name)", .efficientNet, depths, widths, "DIIIIII", variants)
    }
    func lite(_ number: Int, _ depths: [Int], _ widths: [Int]) -> TimmNetwork {
      TimmNetwork(
        "efficientnet_lite\(number)", .mobileNetV2, depths, widths, "diiiiii", number == 0 ? both : imported)
    }
    func second(
      _ name: String, _ depths: [Int], _ widths: [Int], _ kinds: String, _ variants: [Variant]
    ) -> TimmNetwork {
      TimmNetwork("efficientnetv2_\(name)", .efficientNet, depths, widths, kinds, variants)
    }
    func mobileNetV2(_ name: String, _ depths: [Int], _ widths: [Int]) -> TimmNetwork {
      TimmNetwork("mobilenetv2_\(name)", .mobileNetV2, depths, widths, "diiiiii")
    }
    let v2 = [1, 2, 3, 4, 3, 3, 1]
    func mnasNet(_ width: String, _ widths: [Int]) -> TimmNetwork {
      TimmNetwork("mnasnet_\(width)", .mnasNet, [1, 3, 3, 3, 2, 4, 1], widths, "diiiiii")
    }
    func seMnasNet(_ width: String, _ widths: [Int]) -> TimmNetwork {
      TimmNetwork("semnasnet_\(width)", .mnasNet, [1, 2, 3, 4, 2, 3, 1], widths, "diIiIIi")
    }
    func large(_ width: String, _ depths: [Int], _ widths: [Int], _ variants: [Variant]) -> TimmNetwork {
      TimmNetwork("mobilenetv3_large_\(width)", .mobileNetV3, depths, widths, "diIiIIc", variants)
    }
    func small(_ width: String, _ widths: [Int], _ variants: [Variant]) -> TimmNetwork {
      TimmNetwork("mobilenetv3_small_\(width)", .mobileNetV3, [1, 2, 3, 2, 3, 1], widths, "DiIIIc", variants)
    }
    func fourth(
      _ name: String, _ depths: [Int], _ widths: [Int], _ kinds: String, _ variants: [Variant] = [.plain]
    ) -> TimmNetwork {
      TimmNetwork("mobilenetv4_conv_\(name)", .mobileNetV4, depths, widths, kinds, variants)
    }
    let v3 = [1, 2, 3, 4, 2, 3, 1]
    return [
      efficientNet("b0", [1, 2, 2, 3, 3, 4, 1], [16, 24, 40, 80, 112, 192, 320], both),
      efficientNet("b1", [2, 3, 3, 4, 4, 5, 2], [16, 24, 40, 80, 112, 192, 320], both),
      efficientNet("b2", [2, 3, 3, 4, 4, 5, 2], [16, 24, 48, 88, 120, 208, 352], both),
      efficientNet("b3", [2, 3, 3, 5, 5, 6, 2], [24, 32, 48, 96, 136, 232, 384], both),
      efficientNet("b4", [2, 4, 4, 6, 6, 8, 2], [24, 32, 56, 112, 160, 272, 448], both),
      efficientNet("b5", [3, 5, 5, 7, 7, 9, 3], [24, 40, 64, 128, 176, 304, 512], both),
      efficientNet("b6", [3, 6, 6, 8, 8, 11, 3], [32, 40, 72, 144, 200, 344, 576], imported),
      efficientNet("b7", [4, 7, 7, 10, 10, 13, 4], [32, 48, 80, 160, 224, 384, 640], imported),
      efficientNet("b8", [4, 8, 8, 11, 11, 15, 4], [32, 56, 88, 176, 248, 424, 704], imported),
      efficientNet("l2", [6, 11, 11, 16, 16, 22, 6], [72, 104, 176, 344, 480, 824, 1376], imported),
      lite(0, [1, 2, 2, 3, 3, 4, 1], [16, 24, 40, 80, 112, 192, 320]),
      lite(1, [1, 3, 3, 4, 4, 5, 1], [16, 24, 40, 80, 112, 192, 320]),
      lite(2, [1, 3, 3, 4, 4, 5, 1], [16, 24, 48, 88, 120, 208, 352]),
      lite(3, [1, 3, 3, 5, 5, 6, 1], [24, 32, 48, 96, 136, 232, 384]),
      lite(4, [1, 4, 4, 6, 6, 8, 1], [24, 32, 56, 112, 160, 272, 448]),
      mobileNetV2("100", v2, [16, 24, 32, 64, 96, 160, 320]),
      mobileNetV2("035", v2, [8, 8, 16, 24, 32, 56, 112]),
      mobileNetV2("050", v2, [8, 16, 16, 32, 48, 80, 160]),
      mobileNetV2("075", v2, [16, 24, 24, 48, 72, 120, 240]),
      mobileNetV2("140", v2, [24, 32, 48, 88, 136, 224, 448]),
      mobileNetV2("110d", [1, 3, 4, 5, 4, 4, 1], [16, 24, 32, 72, 104, 176, 352]),
      mobileNetV2("120d", [1, 3, 5, 6, 5, 5, 1], [24, 32, 40, 80, 112, 192, 384]),
      mnasNet("100", [16, 24, 40, 80, 96, 192, 320]), mnasNet("050", [8, 16, 24, 40, 48, 96, 160]),
      mnasNet("075", [16, 24, 32, 64, 72, 144, 240]), mnasNet("140", [24, 32, 56, 112, 136, 272, 448]),
      seMnasNet("100", [16, 24, 40, 80, 112, 160, 320]), seMnasNet("050", [8, 16, 24, 40, 56, 80, 160]),
      seMnasNet("075", [16, 24, 32, 64, 88, 120, 240]), seMnasNet("140", [24, 32, 56, 112, 160, 224, 448]),
      TimmNetwork("mnasnet_small", .mnasNet, [1, 1, 2, 4, 3, 3, 1], [8, 16, 16, 32, 32, 88, 144], "diiIIIi"),
      second("s", [2, 4, 4, 6, 9, 15], [24, 48, 64, 128, 160, 256], "ceeIII", imported),
      second("m", [3, 5, 5, 7, 14, 18, 5], [24, 48, 80, 160, 176, 304, 512], "ceeIIII", imported),
      second("l", [4, 7, 7, 10, 19, 25, 7], [32, 64, 96, 192, 224, 384, 640], "ceeIIII", imported),
      second("xl", [4, 8, 8, 16, 24, 32, 8], [32, 64, 96, 192, 256, 512, 640], "ceeIIII", imported),
      second("b0", [1, 2, 2, 3, 5, 8], [16, 32, 48, 96, 112, 192], "ceeIII", [.tensorFlow]),
      second("b1", [2, 3, 3, 4, 6, 9], [16, 32, 48, 96, 112, 192], "ceeIII", [.tensorFlow]),
      second("b2", [2, 3, 3, 4, 6, 10], [16, 32, 56, 104, 120, 208], "ceeIII", [.tensorFlow]),
      second("b3", [2, 3, 3, 5, 7, 12], [16, 40, 56, 112, 136, 232], "ceeIII", [.tensorFlow]),
      second("rw_t", [2, 4, 4, 6, 9, 14], [24, 40, 48, 104, 128, 208], "ceeIII", [.plain]),
      second("rw_s", [2, 4, 4, 6, 9, 15], [24, 48, 64, 128, 160, 272], "eeeIII", [.plain]),
      second("rw_m", [3, 5, 5, 8, 15, 24], [32, 56, 80, 152, 192, 328], "eeeIII", [.plain]),
      large("100", v3, [16, 24, 40, 80, 112, 160, 960], both),
      large("075", v3, [16, 24, 32, 64, 88, 120, 720], imported),
      large("150d", [2, 3, 4, 5, 3, 4, 2], [24, 40, 64, 120, 168, 240, 1440], [.plain]),
      small("100", [16, 24, 40, 48, 96, 576], both), small("050", [8, 16, 24, 24, 48, 288], [.plain]),
      small("075", [16, 24, 32, 40, 72, 432], both),
      TimmNetwork(
        "mobilenetv3_large_minimal_100", .minimal, v3, [16, 24, 40, 80, 112, 160, 960], "diiiiic", [.tensorFlow]),
      TimmNetwork(
        "mobilenetv3_small_minimal_100", .minimal, [1, 2, 3, 2, 3, 1], [16, 24, 40, 48, 96, 576], "diiiic",
        [.tensorFlow]),
      fourth("small", [2, 2, 6, 6, 1], [32, 64, 96, 128, 960], "ccuuc"),
      fourth("small_035", [2, 2, 6, 6, 1], [16, 24, 32, 48, 336], "ccuuc"),
      fourth("small_050", [2, 2, 6, 6, 1], [16, 32, 48, 64, 480], "ccuuc"),
      fourth("medium", [1, 2, 8, 11, 1], [48, 80, 160, 256, 960], "euuuc", [.plain, .blur, .average]),
      fourth("large", [1, 2, 11, 13, 1], [48, 96, 192, 512, 960], "euuuc", [.plain, .average]),
    ]
  }()
}

extension ArchitectureBuilder {
  /// Returns the letter of a block as in ``TimmNetwork/kinds``; nil if the file has no such block.
  fileprivate func kind(ofBlock name: String) -> Character? {
    let kind: Character? =
      if has("\(name).pw_exp.conv") { "u" } else if has("\(name).conv_exp") { "e" } else if has("\(name).conv_pwl") {
        "i"
      } else if has("\(name).conv_pw") { "d" } else if has("\(name).conv") { "c" } else { nil }
    return has("\(name).se.conv_reduce") ? kind.flatMap { $0.uppercased().first } : kind
  }

  /// Returns the channels of a block's output.
  fileprivate func outputs(ofBlock name: String) -> Int {
    let last = ["pw_proj.conv", "conv_pwl", "conv_pw", "conv"].first { has("\(name).\($0)") } ?? ""
    return shape("\(name).\(last)").first ?? 0
  }

  /// Adds a block of a kind that its modules tell.
  fileprivate mutating func block(
    _ name: String, _ network: TimmNetwork, stage: Int, _ input: Value, stride: Int, padding: Padding,
    antiAliasing: AntiAliasing?
  ) throws(PixelAscentError) -> Value {
    let function = network.function(stage: stage)
    var x = input
    /// Adds a convolution and a batch norm; with anti-aliasing, the convolution keeps every position.
    func unit(
      _ b: inout ArchitectureBuilder, _ module: String, _ norm: String, _ x: Value, stride: Int = 1,
      groups: Groups = .one, then function: ElementFunction?
    ) throws(PixelAscentError) -> Value {
      let y = try b.unit(
        "\(name).\(module)", "\(name).\(norm)", x, stride: antiAliasing == nil ? stride : 1, padding: padding,
        groups: groups, then: function)
      guard let antiAliasing, stride > 1 else { return y }
      return b.halved("\(name).\(module).aa", y, antiAliasing)
    }
    func gates(_ b: inout ArchitectureBuilder, _ x: Value) throws(PixelAscentError) -> Value {
      let se = "\(name).se"
      guard b.has("\(se).conv_reduce") else { return x }
      let isThird = network.style == .mobileNetV3 || network.style == .mobileNetV3RW
      return try b.squeezeExcitation(
        se, "\(se).conv_reduce", "\(se).conv_expand", x, function: network.style == .mobileNetV3 ? .relu : function,
        gate: isThird ? .pyTorchHardSigmoid : .sigmoid)
    }
    switch kind(ofBlock: name).map({ $0.lowercased() }) {
    case "c":
      x = try unit(&self, "conv", "bn1", x, stride: stride, then: function)
      // Only EfficientNet v2 has convolutions with a sum.
      if network.style != .efficientNet { return x }
    case "d":
      x = try unit(&self, "conv_dw", "bn1", x, stride: stride, groups: .depthwise, then: function)
      x = try unit(&self, "conv_pw", "bn2", try gates(&self, x), then: nil)
    case "e":
      x = try unit(&self, "conv_exp", "bn1", x, stride: stride, then: function)
      x = try unit(&self, "conv_pwl", "bn2", try gates(&self, x), then: nil)
    case "u":
      let isEarly = has("\(name).dw_start.conv"), hasMiddle = has("\(name).dw_mid.conv")
      if isEarly {
        x = try unit(
          &self, "dw_start.conv", "dw_start.bn", x, stride: hasMiddle ? 1 : stride, groups: .depthwise, then: nil)
      }
      x = try unit(&self, "pw_exp.conv", "pw_exp.bn", x, then: function)
      if hasMiddle {
        x = try unit(&self, "dw_mid.conv", "dw_mid.bn", x, stride: stride, groups: .depthwise, then: function)
      }
      x = try unit(&self, "pw_proj.conv", "pw_proj.bn", x, then: nil)
    default:
      x = try unit(&self, "conv_pw", "bn1", x, then: function)
      x = try unit(&self, "conv_dw", "bn2", x, stride: stride, groups: .depthwise, then: function)
      x = try unit(&self, "conv_pwl", "bn3", try gates(&self, x), then: nil)
    }
    let isSummed = network.style != .mobileNetV3RW || stage > 0
    return isSummed && stride == 1 && input.channels == x.channels ? try sum(name, x, input) : x
  }
}
