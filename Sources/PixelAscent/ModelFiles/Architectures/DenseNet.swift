// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// Huang et al.: "Densely connected convolutional networks", arXiv:1608.06993. timm uses the same names. Files
  /// from torchvision before 0.3 have "norm.1" instead of "norm1".
  static let denseNet = ArchitectureFamily(
    name: "densenet", members: ["densenet121", "densenet161", "densenet169", "densenet201"],
    signature: ["features.conv0", "features.norm0", "features.transition1.conv"], head: "classifier"
  ) { b throws(PixelAscentError) in
    let dot = b.has("features.denseblock1.denselayer1.conv1") ? "" : "."
    var depth = 2
    var x = try b.image(for: "features.conv0")
    x = try b.unit("features.conv0", "features.norm0", x, kernel: 7, stride: 2, then: .relu)
    x = b.maxPool("features.pool0", x, padding: 1)
    for block in 1...4 {
      let name = "features.denseblock\(block)"
      let layers = b.count(from: 1) { "\(name).denselayer\($0).conv\(dot)1" }
      depth += 2 * layers + 1
      for layer in 1..<layers + 1 {
        let part = "\(name).denselayer\(layer)"
        var y = b.relu(try b.batchNorm("\(part).norm\(dot)1", x))
        y = try b.unit("\(part).conv\(dot)1", "\(part).norm\(dot)2", y, kernel: 1, then: .relu)
        y = try b.convolution("\(part).conv\(dot)2", y, kernel: 3)
        x = b.concatenation(layer == layers ? name : "\(part).features", [x, y])
      }
      guard block < 4 else { break }
      let transition = "features.transition\(block)"
      let y = b.relu(try b.batchNorm("\(transition).norm", x))
      x = try b.convolution("\(transition).conv", y, kernel: 1)
      x = b.averagePool("\(transition).pool", x, kernel: 2, stride: 2)
    }
    b.architecture = "densenet\(depth - 1)"
    x = b.relu(try b.batchNorm("features.norm5", x))
    return try b.head("classifier", b.globalAverage("avgpool", x))
  }
}
