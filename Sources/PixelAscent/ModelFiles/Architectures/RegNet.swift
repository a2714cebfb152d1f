// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// Radosavovic et al.: "Designing network design spaces", arXiv:2003.13678. RegNetY has squeeze and
  /// excitation, RegNetX has not.
  static let regNet = ArchitectureFamily(
    name: "regnet", members: regNets.map(\.name), signature: ["stem.0", "trunk_output.block1.block1-0.f.a.0"],
    head: "fc"
  ) { b throws(PixelAscentError) in
    try b.regNet(regNets, letters: ("regnet_x", "regnet_y"), stem: ("stem.0", "stem.1"), firstBlock: 0, head: "fc") {
      stage, block in
      let name = "trunk_output.block\(stage).block\(stage)-\(block)"
      return RegNetBlock(
        name: name, units: ["a", "b", "c"].map { ("\(name).f.\($0).0", "\(name).f.\($0).1") }, gates: "\(name).f.se",
        shortcut: ("\(name).proj.0", "\(name).proj.1"))
    }
  }

  /// RegNets with timm's names.
  static let timmRegNet = ArchitectureFamily(
    name: "regnet (timm)", members: timmRegNets.map(\.name),
    signature: ["stem.conv", "s1.b1.conv1.conv", "s1.b1.conv2.conv", "s1.b1.downsample.conv"], head: "head.fc"
  ) { b throws(PixelAscentError) in
    try b.regNet(
      timmRegNets, letters: ("regnetx", "regnety"), stem: ("stem.conv", "stem.bn"), firstBlock: 1, head: "head.fc"
    ) { stage, block in
      let name = "s\(stage).b\(block)"
      return RegNetBlock(
        name: name, units: (1...3).map { ("\(name).conv\($0).conv", "\(name).conv\($0).bn") }, gates: "\(name).se",
        shortcut: ("\(name).downsample.conv", "\(name).downsample.bn"))
    }
  }

  private static let regNets: [RegNet] = [
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

  private static let timmRegNets: [RegNet] = [
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

/// A known RegNet: the blocks of the four stages, and the channels of the stages' outputs.
private typealias RegNet = (name: String, depths: [Int], widths: [Int])

/// The names of a block's modules. A unit is a convolution and a batch norm.
private struct RegNetBlock {
  let name: String
  let units: [(convolution: String, norm: String)]
  let gates: String
  let shortcut: (convolution: String, norm: String)
}

extension ArchitectureBuilder {
  /// Adds the layers of a RegNet.
  ///
  /// - Parameters:
  ///   - letters: how the names of networks without gates and with gates begin
  ///   - firstBlock: the number of a stage's first block
  ///   - names: the names of the modules of a block, from the number of the stage (from 1 on) and of the block
  fileprivate mutating func regNet(
    _ known: [RegNet], letters: (x: String, y: String), stem: (convolution: String, norm: String), firstBlock: Int,
    head: String, names: (_ stage: Int, _ block: Int) -> RegNetBlock
  ) throws(PixelAscentError) -> Value {
    let hasGates = has("\(names(1, firstBlock).gates).fc1")
    var depths: [Int] = [], widths: [Int] = []
    var x = try image(for: stem.convolution)
    x = try unit(stem.convolution, stem.norm, x, kernel: 3, stride: 2, then: .relu)
    for stage in 1...4 {
      let depth = count(from: firstBlock) { names(stage, $0).units[0].convolution }
      for index in 0..<depth {
        let block = names(stage, firstBlock + index), (shortcut, shortcutNorm) = block.shortcut
        let stride = index == 0 ? 2 : 1
        var y = try unit(block.units[0].convolution, block.units[0].norm, x, kernel: 1, then: .relu)
        y = try unit(
          block.units[1].convolution, block.units[1].norm, y, kernel: 3, stride: stride, groups: .any, then: .relu)
        if hasGates {
          y = try squeezeExcitation(
            block.gates, "\(block.gates).fc1", "\(block.gates).fc2", y, function: .relu, gate: .sigmoid)
        }
        y = try unit(block.units[2].convolution, block.units[2].norm, y, kernel: 1)
        if has(shortcut) { x = try unit(shortcut, shortcutNorm, x, kernel: 1, stride: stride) }
        x = relu(try sum(block.name, y, x))
      }
      depths.append(depth)
      widths.append(x.channels)
    }
    let letter = hasGates ? letters.y : letters.x
    architecture =
      known.first { $0.name.hasPrefix(letter) && $0.widths == widths && $0.depths == depths }?.name ?? letter
    return try self.head(head, globalAverage("avgpool", x))
  }
}
