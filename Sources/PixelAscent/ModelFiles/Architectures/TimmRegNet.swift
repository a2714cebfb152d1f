// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// Radosavovic et al.: "Designing network design spaces", arXiv:2003.13678, with timm's names.
  static let timmRegNet = ArchitectureFamily(
    name: "regnet (timm)", members: timmRegNets.map(\.name),
    signature: ["stem.conv", "s1.b1.conv1.conv", "s1.b1.conv2.conv", "s1.b1.downsample.conv", "head.fc"]
  ) { b throws(PixelAscentError) in
    let hasGates = b.has("s1.b1.se.fc1")
    var depths = [Int](), widths = [Int]()
    var x = try b.image(for: "stem.conv")
    x = try b.unit("stem.conv", "stem.bn", x, kernel: 3, stride: 2, then: .relu)
    for stage in 1...4 {
      depths.append(b.count(from: 1) { "s\(stage).b\($0).conv1.conv" })
      for block in 1..<depths[stage - 1] + 1 {
        let name = "s\(stage).b\(block)", stride = block == 1 ? 2 : 1
        func unit(
          _ b: inout ArchitectureBuilder, _ part: String, _ x: ArchitectureBuilder.Value, kernel: Int = 1,
          stride: Int = 1, then function: ElementFunction? = nil
        ) throws(PixelAscentError) -> ArchitectureBuilder.Value {
          try b.unit(
            "\(name).\(part).conv", "\(name).\(part).bn", x, kernel: kernel, stride: stride,
            groups: kernel == 3 ? .any : .one, then: function)
        }
        var y = try unit(&b, "conv1", x, then: .relu)
        y = try unit(&b, "conv2", y, kernel: 3, stride: stride, then: .relu)
        if hasGates {
          y = try b.squeezeExcitation(
            "\(name).se", "\(name).se.fc1", "\(name).se.fc2", y, function: .relu, gate: .sigmoid)
        }
        y = try unit(&b, "conv3", y)
        if b.has("\(name).downsample.conv") { x = try unit(&b, "downsample", x, stride: stride) }
        x = b.relu(try b.sum(name, y, x))
      }
      widths.append(x.channels)
    }
    let letter = hasGates ? "y" : "x"
    b.architecture =
      timmRegNets.first { $0.name.hasPrefix("regnet\(letter)") && $0.depths == depths && $0.widths == widths }?.name
      ?? "regnet\(letter)"
    return try b.linear("head.fc", b.globalAverage("head.global_pool", x))
  }

  private static let timmRegNets: [(name: String, depths: [Int], widths: [Int])] = [
    ("regnetx_002", [1, 1, 4, 7], [24, 56, 152, 368]),
    ("regnetx_004", [1, 2, 7, 12], [32, 64, 160, 384]),
    ("regnetx_004_tv", [1, 2, 7, 12], [32, 64, 160, 400]),
    ("regnetx_006", [1, 3, 5, 7], [48, 96, 240, 528]),
    ("regnetx_008", [1, 3, 7, 5], [64, 128, 288, 672]),
    ("regnetx_016", [2, 4, 10, 2], [72, 168, 408, 912]),
    ("regnetx_032", [2, 6, 15, 2], [96, 192, 432, 1008]),
    ("regnetx_040", [2, 5, 14, 2], [80, 240, 560, 1360]),
    ("regnetx_064", [2, 4, 10, 1], [168, 392, 784, 1624]),
    ("regnetx_080", [2, 5, 15, 1], [80, 240, 720, 1920]),
    ("regnetx_120", [2, 5, 11, 1], [224, 448, 896, 2240]),
    ("regnetx_160", [2, 6, 13, 1], [256, 512, 896, 2048]),
    ("regnetx_320", [2, 7, 13, 1], [336, 672, 1344, 2520]),
    ("regnety_002", [1, 1, 4, 7], [24, 56, 152, 368]),
    ("regnety_004", [1, 3, 6, 6], [48, 104, 208, 440]),
    ("regnety_006", [1, 3, 7, 4], [48, 112, 256, 608]),
    ("regnety_008", [1, 3, 8, 2], [64, 128, 320, 768]),
    ("regnety_008_tv", [1, 3, 8, 2], [64, 144, 320, 784]),
    ("regnety_016", [2, 6, 17, 2], [48, 120, 336, 888]),
    ("regnety_032", [2, 5, 13, 1], [72, 216, 576, 1512]),
    ("regnety_040", [2, 6, 12, 2], [128, 192, 512, 1088]),
    ("regnety_064", [2, 7, 14, 2], [144, 288, 576, 1296]),
    ("regnety_080", [2, 4, 10, 1], [168, 448, 896, 2016]),
    ("regnety_080_tv", [2, 4, 10, 1], [224, 448, 896, 2016]),
    ("regnety_120", [2, 5, 11, 1], [224, 448, 896, 2240]),
    ("regnety_160", [2, 4, 11, 1], [224, 448, 1232, 3024]),
    ("regnety_320", [2, 5, 12, 1], [232, 696, 1392, 3712]),
    ("regnety_640", [2, 5, 12, 1], [328, 984, 1968, 4920]),
    ("regnety_1280", [2, 7, 17, 1], [528, 1056, 2904, 7392]),
    ("regnety_2560", [2, 7, 17, 1], [746, 1492, 4103, 10444]),
  ]
}
