// SPDX-License-Identifier: MIT

extension ArchitectureFamily {
  /// Szegedy et al.: "Going deeper with convolutions", arXiv:1409.4842, in torchvision's form: with batch norms, and
  /// with 3×3 convolutions where the paper has 5×5.
  static let googLeNet = ArchitectureFamily(
    name: "googlenet", members: ["googlenet", "googlenet:transform_input"],
    signature: ["conv1.conv", "inception3a.branch1.conv"], head: "fc"
  ) { b throws(PixelAscentError) in
    try b.configure("googlenet", inputSize: 224)
    b.ignore("aux1.", "aux2.")
    var x = try b.image(for: "conv1.conv")
    x = try b.basic("conv1", x, kernel: 7, stride: 2)
    x = b.maxPool("maxpool1", x, ceilMode: true)
    x = try b.basic("conv2", x, kernel: 1)
    x = try b.basic("conv3", x, kernel: 3)
    x = b.maxPool("maxpool2", x, ceilMode: true)
    for block in ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"] {
      let name = "inception\(block)"
      if block == "4a" { x = b.maxPool("maxpool3", x, ceilMode: true) }
      if block == "5a" { x = b.maxPool("maxpool4", x, kernel: 2, ceilMode: true) }
      var branches = [try b.basic("\(name).branch1", x, kernel: 1)]
      for branch in ["branch2", "branch3"] {
        let y = try b.basic("\(name).\(branch).0", x, kernel: 1)
        branches.append(try b.basic("\(name).\(branch).1", y, kernel: 3))
      }
      let pooled = b.maxPool("\(name).branch4.0", x, stride: 1, padding: 1, ceilMode: true)
      branches.append(try b.basic("\(name).branch4.1", pooled, kernel: 1))
      x = b.concatenation(name, branches)
    }
    return try b.head("fc", b.globalAverage("avgpool", x))
  }

  /// Szegedy et al.: "Rethinking the Inception architecture for computer vision", arXiv:1512.00567.
  static let inception = ArchitectureFamily(
    name: "inception_v3", members: ["inception_v3", "inception_v3:transform_input"],
    signature: ["Conv2d_1a_3x3.conv", "Mixed_5b.branch1x1.conv"], head: "fc"
  ) { b throws(PixelAscentError) in
    try b.configure("inception_v3", inputSize: 299)
    b.ignore("AuxLogits.")
    var x = try b.image(for: "Conv2d_1a_3x3.conv")
    x = try b.basic("Conv2d_1a_3x3", x, kernel: 3, stride: 2, padding: .each(0))
    x = try b.basic("Conv2d_2a_3x3", x, kernel: 3, padding: .each(0))
    x = try b.basic("Conv2d_2b_3x3", x, kernel: 3)
    x = b.maxPool("maxpool1", x)
    x = try b.basic("Conv2d_3b_1x1", x, kernel: 1)
    x = try b.basic("Conv2d_4a_3x3", x, kernel: 3, padding: .each(0))
    x = b.maxPool("maxpool2", x)
    let sevens = ["branch7x7_1", "branch7x7_2", "branch7x7_3"]
    let doubled = ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"]
    let doubledSevens = (1...5).map { "branch7x7dbl_\($0)" }
    for block in ["5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"] {
      let name = "Mixed_\(block)"
      switch block {
      case "5b", "5c", "5d":
        let values = try b.rows(name, x, [["branch1x1"], ["branch5x5_1", "branch5x5_2"], doubled])
        x = b.concatenation(name, values + [try b.pooledBranch(name, x)])
      case "6a":
        let values = [
          try b.row(name, ["branch3x3"], x, shrinks: true), try b.row(name, doubled, x, shrinks: true),
          b.maxPool("\(name).branch_pool", x),
        ]
        x = b.concatenation(name, values)
      case "7a":
        let values = [
          try b.row(name, ["branch3x3_1", "branch3x3_2"], x, shrinks: true),
          try b.row(name, (1...4).map { "branch7x7x3_\($0)" }, x, shrinks: true),
          b.maxPool("\(name).branch_pool", x),
        ]
        x = b.concatenation(name, values)
      case "7b", "7c":
        var values = try b.rows(name, x, [["branch1x1"]])
        for (row, last) in [
          (["branch3x3_1"], "branch3x3_2"), (["branch3x3dbl_1", "branch3x3dbl_2"], "branch3x3dbl_3"),
        ] {
          let y = try b.row(name, row, x)
          values.append(try b.row(name, ["\(last)a"], y))
          values.append(try b.row(name, ["\(last)b"], y))
        }
        x = b.concatenation(name, values + [try b.pooledBranch(name, x)])
      default:
        let values = try b.rows(name, x, [["branch1x1"], sevens, doubledSevens])
        x = b.concatenation(name, values + [try b.pooledBranch(name, x)])
      }
    }
    return try b.head("fc", b.globalAverage("avgpool", x))
  }
}

extension ArchitectureBuilder {
  /// Sets the epsilon of the batch norms, the architecture's name and the preprocessing of GoogLeNet or Inception v3.
  ///
  /// Torchvision's own weights were converted from TensorFlow's. They take images that are normalised with the mean 0.5
  /// and the standard deviation 0.5.
  fileprivate mutating func configure(_ name: String, inputSize: PixelSize) throws(PixelAscentError) {
    epsilon = 1e-3
    architecture = wanted ?? name
    if architecture == name {
      preprocessing = try Preprocessing.imageNet.sized(inputSize)
      let owners = name == "inception_v3" ? "torchvision's weights and most of timm's" : "torchvision's own weights"
      notes.append("\(owners) need \(advice: .architecture) \(name):transform_input (mean and std 0.5)")
    } else {
      let halves: [Float] = [0.5, 0.5, 0.5]
      preprocessing = try Preprocessing(mean: halves, std: halves, inputSize: inputSize)
    }
  }

  fileprivate mutating func basic(
    _ name: String, _ x: Value, kernel: Int? = nil, stride: Int = 1, padding: Padding = .half
  ) throws(PixelAscentError) -> Value {
    try unit(
      "\(name).conv", "\(name).bn", x, kernel: kernel, stride: stride, padding: padding, then: .relu)
  }

  /// Adds modules one after another. If `shrinks`, the last one has stride 2 and no padding.
  fileprivate mutating func row(
    _ block: String, _ names: [String], _ x: Value, shrinks: Bool = false
  ) throws(PixelAscentError) -> Value {
    var x = x
    for (index, name) in names.enumerated() {
      let isLast = shrinks && index == names.count - 1
      x = try basic("\(block).\(name)", x, stride: isLast ? 2 : 1, padding: isLast ? .each(0) : .half)
    }
    return x
  }

  fileprivate mutating func rows(_ block: String, _ x: Value, _ rows: [[String]]) throws(PixelAscentError) -> [Value] {
    var values = [Value]()
    for names in rows { values.append(try row(block, names, x)) }
    return values
  }

  fileprivate mutating func pooledBranch(_ block: String, _ x: Value) throws(PixelAscentError) -> Value {
    let pooled = averagePool("\(block).avg_pool", x, kernel: 3, stride: 1, padding: 1)
    return try basic("\(block).branch_pool", pooled, kernel: 1)
  }
}
