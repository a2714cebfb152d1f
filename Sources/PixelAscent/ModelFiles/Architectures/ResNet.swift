// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// He et al.: "Deep residual learning for image recognition", arXiv:1512.03385, with the stride in the 3×3
  /// convolution; ResNeXt (arXiv:1611.05431) and wide ResNet (arXiv:1605.07146) differ in groups and widths. timm uses
  /// the same names. Networks for CIFAR have a stem of 3×3, no pool, and three stages or four.
  static let resNet = ArchitectureFamily(
    name: "resnet",
    members: [
      "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d",
      "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
    ] + cifarResNets,
    signature: ["conv1", "bn1", "layer1.0.conv1", "layer1.0.conv2"]
  ) { b throws(PixelAscentError) in
    let isBottleneck = b.has("layer1.0.conv3")
    let config = b.config
    try config?.check(activation: "relu")
    let isForCIFAR = b.shape("conv1").last == 3
    var depth = 2
    var x = try b.image(for: "conv1")
    x = try b.unit("conv1", "bn1", x, kernel: isForCIFAR ? 3 : 7, stride: isForCIFAR ? 1 : 2, then: .relu)
    if !isForCIFAR || b.wanted?.hasSuffix(":max_pool") ?? false { x = b.maxPool("maxpool", x, padding: 1) }
    for stage in 1...(isForCIFAR && !b.has("layer4.0.conv1") ? 3 : 4) {
      let blocks = b.count { "layer\(stage).\($0).conv1" }
      depth += blocks * (isBottleneck ? 3 : 2)
      for block in 0..<blocks {
        let name = "layer\(stage).\(block)"
        let stride = (stage > 1 || config?.downsamplesInFirstStage ?? false) && block == 0 ? 2 : 1
        let (first, second) = config?.downsamplesInBottleneck ?? false ? (stride, 1) : (1, stride)
        var y = x
        if isBottleneck {
          y = try b.unit("\(name).conv1", "\(name).bn1", y, kernel: 1, stride: first, then: .relu)
          y = try b.unit("\(name).conv2", "\(name).bn2", y, kernel: 3, stride: second, groups: .any, then: .relu)
          y = try b.unit("\(name).conv3", "\(name).bn3", y, kernel: 1)
        } else {
          y = try b.unit("\(name).conv1", "\(name).bn1", y, kernel: 3, stride: stride, then: .relu)
          y = try b.unit("\(name).conv2", "\(name).bn2", y, kernel: 3)
        }
        if b.has("\(name).downsample.0") {
          x = try b.unit("\(name).downsample.0", "\(name).downsample.1", x, kernel: 1, stride: stride)
        } else if isForCIFAR && stride == 2 {
          x = try b.paddedShortcut("\(name).shortcut", x, channels: y.channels)
        }
        x = b.relu(try b.sum(name, y, x))
      }
      if isForCIFAR && stage > 1 { try b.checkDoubled(stage, channels: x.channels) }
    }
    b.architecture = "resnet\(depth)"
    if isBottleneck {
      let width = b.shape("layer1.0.conv2")
      let groups = width[0] / width[1], planes = b.shape("layer1.0.conv3")[0] / 4
      if groups > 1 {
        b.architecture = "resnext\(depth)_\(groups)x\(width[1])d"
      } else if width[0] != planes && planes > 0 {
        b.architecture = "wide_resnet\(depth)_\(width[0] / planes)"
      }
    }
    if isForCIFAR { try b.nameCIFARResNet(depth) }
    return try b.head("fc", b.globalAverage("avgpool", x))
  }

  /// Radosavovic et al.: "Designing network design spaces", arXiv:2003.13678. RegNetY has squeeze and
  /// excitation, RegNetX has not.
  static let regNet = ArchitectureFamily(
    name: "regnet", members: regNetWidths.map(\.name),
    signature: ["stem.0", "trunk_output.block1.block1-0.f.a.0"]
  ) { b throws(PixelAscentError) in
    let hasGates = b.has("trunk_output.block1.block1-0.f.se.fc1")
    let letter = hasGates ? "y" : "x"
    var widths = [Int](), depths = [Int]()
    var x = try b.image(for: "stem.0")
    x = try b.unit("stem.0", "stem.1", x, kernel: 3, stride: 2, then: .relu)
    for stage in 1...4 {
      depths.append(b.count { "trunk_output.block\(stage).block\(stage)-\($0).f.a.0" })
      for block in 0..<depths[stage - 1] {
        let name = "trunk_output.block\(stage).block\(stage)-\(block)"
        let stride = block == 0 ? 2 : 1
        var y = try b.unit("\(name).f.a.0", "\(name).f.a.1", x, kernel: 1, then: .relu)
        y = try b.unit("\(name).f.b.0", "\(name).f.b.1", y, kernel: 3, stride: stride, groups: .any, then: .relu)
        if hasGates {
          y = try b.squeezeExcitation(
            "\(name).f.se", "\(name).f.se.fc1", "\(name).f.se.fc2", y, function: .relu, gate: .sigmoid)
        }
        y = try b.unit("\(name).f.c.0", "\(name).f.c.1", y, kernel: 1)
        if b.has("\(name).proj.0") {
          x = try b.unit("\(name).proj.0", "\(name).proj.1", x, kernel: 1, stride: stride)
        }
        x = b.relu(try b.sum(name, x, y))
      }
      widths.append(x.channels)
    }
    b.architecture =
      regNetWidths.first { $0.name.hasPrefix("regnet_\(letter)") && $0.widths == widths && $0.depths == depths }?.name
      ?? "regnet_\(letter)"
    return try b.head("fc", b.globalAverage("avgpool", x))
  }

  private static let regNetWidths: [(name: String, depths: [Int], widths: [Int])] = [
    ("regnet_y_400mf", [1, 3, 6, 6], [48, 104, 208, 440]),
    ("regnet_y_800mf", [1, 3, 8, 2], [64, 144, 320, 784]),
    ("regnet_y_1_6gf", [2, 6, 17, 2], [48, 120, 336, 888]),
    ("regnet_y_3_2gf", [2, 5, 13, 1], [72, 216, 576, 1512]),
    ("regnet_y_8gf", [2, 4, 10, 1], [224, 448, 896, 2016]),
    ("regnet_y_16gf", [2, 4, 11, 1], [224, 448, 1232, 3024]),
    ("regnet_y_32gf", [2, 5, 12, 1], [232, 696, 1392, 3712]),
    ("regnet_y_128gf", [2, 7, 17, 1], [528, 1056, 2904, 7392]),
    ("regnet_x_400mf", [1, 2, 7, 12], [32, 64, 160, 400]),
    ("regnet_x_800mf", [1, 3, 7, 5], [64, 128, 288, 672]),
    ("regnet_x_1_6gf", [2, 4, 10, 2], [72, 168, 408, 912]),
    ("regnet_x_3_2gf", [2, 6, 15, 2], [96, 192, 432, 1008]),
    ("regnet_x_8gf", [2, 5, 15, 1], [80, 240, 720, 1920]),
    ("regnet_x_16gf", [2, 6, 13, 1], [256, 512, 896, 2048]),
    ("regnet_x_32gf", [2, 7, 13, 1], [336, 672, 1344, 2520]),
  ]
}
