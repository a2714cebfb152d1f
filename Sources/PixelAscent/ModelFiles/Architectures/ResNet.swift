// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// He et al.: "Deep residual learning for image recognition", arXiv:1512.03385, with the stride in the 3×3
  /// convolution; ResNeXt (arXiv:1611.05431) and wide ResNet (arXiv:1605.07146) differ in groups and widths. timm uses
  /// the same names, and gives a network with squeeze and excitation a name that begins with "se", one with efficient
  /// channel attention a name that begins with "eca". Networks for CIFAR have a stem of 3×3, no pool, and three stages or
  /// four.
  ///
  /// No file tells where the strides are, so some networks are chosen by their names only: Caffe's have them in the
  /// first 1×1 convolution, and timm's "resnetaa…" and "resnetblur…" have pools in their place.
  static let resNet = ArchitectureFamily(
    name: "resnet",
    members: [
      "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d",
      "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2", "resnet26", "resnet200", "resnext101_32x4d",
      "resnext101_32x16d", "resnext101_32x32d", "resnext101_32x48d", "seresnet18", "seresnet34", "seresnet50",
      "seresnet101", "seresnet152", "seresnext50_32x4d", "seresnext101_32x4d", "seresnext101_32x8d",
      "seresnext101_64x4d", "ecaresnetlight", "resnetaa50", "resnetblur18", "resnetblur50",
      "resnet50:caffe", "resnet101:caffe", "resnet152:caffe",
    ] + cifarResNets,
    signature: ["conv1", "bn1", "layer1.0.conv1", "layer1.0.conv2"], head: "fc"
  ) { b throws(PixelAscentError) in
    var x = try b.image(for: "conv1")
    let isForCIFAR = b.shape("conv1").last == 3
    x = try b.unit("conv1", "bn1", x, kernel: isForCIFAR ? 3 : 7, stride: isForCIFAR ? 1 : 2, then: .relu)
    return try b.residualStages(x, stem: "", isForCIFAR: isForCIFAR)
  }

  /// He et al.: "Bag of tricks for image classification with convolutional neural networks", arXiv:1812.01187, and other
  /// ResNets with three 3×3 convolutions in the stem, with timm's names.
  static let deepStemResNet = ArchitectureFamily(
    name: "resnet-d (timm)",
    members: [
      "resnet10t", "resnet14t", "resnet18d", "resnet26d", "resnet26t", "resnet34d", "resnet50c", "resnet50d",
      "resnet50s", "resnet50t", "resnet101c", "resnet101d", "resnet101s", "resnet152c", "resnet152d", "resnet152s",
      "resnet200d", "resnext50d_32x4d", "seresnet50d", "seresnet50t", "seresnet152d", "seresnet200d", "seresnet269d",
      "seresnext26d_32x4d", "seresnext26t_32x4d", "seresnext101d_32x8d", "resnetaa34d", "resnetaa50d", "resnetaa101d",
      "seresnetaa50d", "seresnextaa101d_32x8d", "seresnextaa201d_32x8d", "resnetblur50d", "resnetblur101d",
      "ecaresnet26t", "ecaresnet50t", "ecaresnet50d", "ecaresnet101d", "ecaresnet200d", "ecaresnet269d",
      "ecaresnext26t_32x4d", "ecaresnext50t_32x4d", "resnetrs50", "resnetrs101", "resnetrs152", "resnetrs200",
      "resnetrs270", "resnetrs350", "resnetrs420",
    ],
    signature: ["conv1.0", "conv1.3", "conv1.6", "bn1", "layer1.0.conv1", "layer1.0.conv2"], head: "fc"
  ) { b throws(PixelAscentError) in
    let widths = ["conv1.0", "conv1.3"].map { b.shape($0).first ?? 0 },
      isAveraged = b.shape("layer2.0.downsample.1").count == 4
    let letter = widths[0] != widths[1] ? "t" : isAveraged ? "d" : widths[0] == 64 ? "s" : "c"
    var x = try b.image(for: "conv1.0")
    x = try b.unit("conv1.0", "conv1.1", x, kernel: 3, stride: 2, then: .relu)
    x = try b.unit("conv1.3", "conv1.4", x, kernel: 3, then: .relu)
    x = try b.unit("conv1.6", "bn1", x, kernel: 3, then: .relu)
    return try b.residualStages(x, stem: letter)
  }
}

extension ArchitectureBuilder {
  /// Adds the layers of a ResNet after its stem and returns the scores.
  ///
  /// - Parameters:
  ///   - letter: the letter that stands for the stem and the downsampling in the architecture's name
  ///   - isForCIFAR: whether the stem is that of a network for images of 32×32 pixels
  fileprivate mutating func residualStages(
    _ stem: Value, stem letter: String, isForCIFAR: Bool = false
  ) throws(PixelAscentError) -> Value {
    try config?.check(activation: "relu")
    let isBottleneck = has("layer1.0.conv3"), hasPool = !has("maxpool.0")
    let gates = has("layer1.0.se.fc1") ? "se" : has("layer1.0.se.conv") ? "eca" : ""
    let wantsCaffe = wanted?.hasSuffix(":caffe") ?? false,
      isCaffe = wantsCaffe || config?.downsamplesInBottleneck ?? false
    let pooling: (infix: String, antiAliasing: AntiAliasing?) =
      if wanted?.contains(/resne[tx]{1,2}aa/) ?? false { ("aa", .average) } else if wanted?.contains("blur") ?? false {
        ("blur", .reflectedBlur)
      } else { ("", nil) }
    var x = stem, depth = 2
    if isForCIFAR {
      if wanted?.hasSuffix(":max_pool") ?? false { x = maxPool("maxpool", x, padding: 1) }
    } else if !hasPool {
      x = try unit("maxpool.0", "maxpool.1", x, kernel: 3, stride: 2, then: .relu)
    } else if pooling.antiAliasing == .average {
      x = halved("maxpool", x, .average)
    } else if let blur = pooling.antiAliasing {
      x = halved("maxpool", maxPool("maxpool.0", x, stride: 1, padding: 1), blur)
    } else {
      x = maxPool("maxpool", x, padding: 1)
    }
    for stage in 1...(isForCIFAR && !has("layer4.0.conv1") ? 3 : 4) {
      let blocks = count { "layer\(stage).\($0).conv1" }
      depth += blocks * (isBottleneck ? 3 : 2)
      for block in 0..<blocks {
        let name = "layer\(stage).\(block)"
        let stride = (stage > 1 || config?.downsamplesInFirstStage ?? false) && block == 0 ? 2 : 1
        // The convolution that has the stride is followed by the pool that replaces the stride.
        let convolutionStride = pooling.antiAliasing == nil ? stride : 1
        var y = x
        if isBottleneck {
          y = try unit("\(name).conv1", "\(name).bn1", y, kernel: 1, stride: isCaffe ? stride : 1, then: .relu)
          y = try unit(
            "\(name).conv2", "\(name).bn2", y, kernel: 3, stride: isCaffe ? 1 : convolutionStride, groups: .any,
            then: .relu)
        } else {
          y = try unit("\(name).conv1", "\(name).bn1", y, kernel: 3, stride: convolutionStride, then: .relu)
        }
        if let antiAliasing = pooling.antiAliasing, stride > 1 { y = halved("\(name).aa", y, antiAliasing) }
        let last = isBottleneck ? 3 : 2
        y = try unit("\(name).conv\(last)", "\(name).bn\(last)", y, kernel: isBottleneck ? 1 : 3)
        switch gates {
        case "se":
          y = try squeezeExcitation(
            "\(name).se", "\(name).se.fc1", "\(name).se.fc2", y, function: .relu, gate: .sigmoid)
        case "eca": y = try channelAttention("\(name).se", y, after: "\(name).conv\(last)")
        default: break
        }
        if isForCIFAR && stride == 2 && !has("\(name).downsample.0") {
          x = try paddedShortcut("\(name).shortcut", x, channels: y.channels)
        } else {
          x = try shortcut(name, x, stride: stride)
        }
        x = relu(try sum(name, y, x))
      }
      if isForCIFAR && stage > 1 { try checkDoubled(stage, channels: x.channels) }
    }
    nameResNet(
      depth, letter: letter, infix: pooling.infix, isBottleneck: isBottleneck, gates: gates, hasPool: hasPool)
    if wantsCaffe { architecture += ":caffe" }
    if isForCIFAR { try nameCIFARResNet(depth) }
    if !isForCIFAR && dict.renaming == nil { try takeTimmNormalization() }
    // Transformers' config.json says where the strides are.
    if config == nil { noteLookAlikes(Self.resNetLookAlikes[architecture] ?? []) }
    return try head("fc", globalAverage("avgpool", x))
  }

  /// Adds what a residual block does to its input before it adds the input to its output.
  private mutating func shortcut(_ name: String, _ x: Value, stride: Int) throws(PixelAscentError) -> Value {
    let first = "\(name).downsample.0", second = "\(name).downsample.1"
    if shape(second).count == 4 {
      let pooled = stride > 1 ? averagePool(first, x, kernel: 2, stride: stride, ceilMode: true) : x
      return try unit(second, "\(name).downsample.2", pooled, kernel: 1)
    }
    return has(first) ? try unit(first, second, x, kernel: 1, stride: stride) : x
  }

  /// Sets the architecture's name from what the file tells.
  private mutating func nameResNet(
    _ depth: Int, letter: String, infix: String, isBottleneck: Bool, gates: String, hasPool: Bool
  ) {
    architecture = hasPool ? "\(gates)resnet\(infix)\(depth)\(letter)" : "resnetrs\(depth)"
    // The names of these two are not their depths.
    if !hasPool {
      architecture = ["resnetrs272": "resnetrs270", "resnetrs419": "resnetrs420"][architecture] ?? architecture
    }
    if architecture == "ecaresnet50", has("layer3.10.conv1") { architecture = "ecaresnetlight" }
    guard isBottleneck else { return }
    let width = shape("layer1.0.conv2")
    let groups = width[0] / width[1], planes = shape("layer1.0.conv3")[0] / 4
    if groups > 1 {
      architecture = "\(gates)resnext\(infix)\(depth)\(letter)_\(groups)x\(width[1])d"
    } else if width[0] != planes && planes > 0 {
      architecture = "\(gates)wide_resnet\(depth)_\(width[0] / planes)"
    }
  }

  /// By the name of an architecture, the others that have tensors of the same names and shapes.
  private static let resNetLookAlikes = [
    "resnet18": ["resnetblur18"], "resnet50": ["resnetaa50", "resnetblur50", "resnet50:caffe"],
    "resnet101": ["resnet101:caffe"], "resnet152": ["resnet152:caffe"],
    "resnet34d": ["resnetaa34d"], "resnet50d": ["resnetaa50d", "resnetblur50d"],
    "resnet101d": ["resnetaa101d", "resnetblur101d"], "seresnet50d": ["seresnetaa50d"],
    "seresnext101d_32x8d": ["seresnextaa101d_32x8d"],
  ]
}
