// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// Ma et al.: "ShuffleNet V2", arXiv:1807.11164.
  static let shuffleNet = ArchitectureFamily(
    name: "shufflenet_v2", members: shuffleNetWidths.map(\.name),
    signature: ["conv1.0", "stage2.0.branch1.0", "stage2.0.branch2.0"], head: "fc"
  ) { b throws(PixelAscentError) in
    let width = 2 * (b.shape("stage2.0.branch2.0").first ?? 0)
    b.architecture = shuffleNetWidths.first { $0.width == width }?.name ?? "shufflenet_v2"
    var x = try b.image(for: "conv1.0")
    x = try b.unit("conv1.0", "conv1.1", x, kernel: 3, stride: 2, then: .relu)
    x = b.maxPool("maxpool", x, padding: 1)
    for stage in 2...4 {
      for block in 0..<b.count({ "stage\(stage).\($0).branch2.0" }) {
        let name = "stage\(stage).\(block)"
        let stride = block == 0 ? 2 : 1
        var first = x, second = x
        if block == 0 {
          let part = "\(name).branch1"
          first = try b.unit("\(part).0", "\(part).1", x, kernel: 3, stride: 2, groups: .depthwise)
          first = try b.unit("\(part).2", "\(part).3", first, kernel: 1, then: .relu)
        } else {
          first = b.half("\(name).kept", x, second: false)
          second = b.half("\(name).changed", x, second: true)
        }
        let part = "\(name).branch2"
        second = try b.unit("\(part).0", "\(part).1", second, kernel: 1, then: .relu)
        second = try b.unit("\(part).3", "\(part).4", second, kernel: 3, stride: stride, groups: .depthwise)
        second = try b.unit("\(part).5", "\(part).6", second, kernel: 1, then: .relu)
        x = try b.shuffle(name, b.concatenation("\(name).both", [first, second]), groups: 2)
      }
    }
    x = try b.unit("conv5.0", "conv5.1", x, kernel: 1, then: .relu)
    return try b.head("fc", b.globalAverage("mean", x))
  }

  private static let shuffleNetWidths: [(name: String, width: Int)] = [
    ("shufflenet_v2_x0_5", 48), ("shufflenet_v2_x1_0", 116), ("shufflenet_v2_x1_5", 176), ("shufflenet_v2_x2_0", 244),
  ]
}
