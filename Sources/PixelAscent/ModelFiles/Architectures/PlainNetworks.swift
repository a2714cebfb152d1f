// SPDX-License-Identifier: MIT
//
// Networks whose modules form one sequence, "features.0", "features.1", …

extension ArchitectureFamily {
  /// Krizhevsky: "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997.
  static let alexNet = ArchitectureFamily(
    name: "alexnet", members: ["alexnet"],
    signature: ["features.0", "features.3", "features.6", "features.8", "features.10"], head: "classifier"
  ) { b throws(PixelAscentError) in
    var x = try b.image(for: "features.0")
    x = b.relu(try b.convolution("features.0", x, kernel: 11, stride: 4, padding: .each(2)))
    x = b.maxPool("features.2", x)
    x = b.relu(try b.convolution("features.3", x, kernel: 5))
    x = b.maxPool("features.5", x)
    for index in [6, 8, 10] { x = b.relu(try b.convolution("features.\(index)", x, kernel: 3)) }
    x = b.averages("avgpool", b.maxPool("features.12", x), size: 6)
    return try b.head("classifier.6", in: "classifier", x, known: [["1", "4", "6"]])
  }

  /// Simonyan and Zisserman: "Very deep convolutional networks for large-scale image recognition", arXiv:1409.1556.
  /// A gap in the numbers of the convolutions is a pool. timm writes the first linear layers as convolutions. mmpretrain
  /// has a module for each convolution with its batch norm. Networks for CIFAR have no pool of 7×7 pixels at the end.
  static let vgg = ArchitectureFamily(
    name: "vgg",
    members: ["vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"],
    signature: ["features.0"], head: "classifier"
  ) { b throws(PixelAscentError) in
    let hasUnits = b.has("features.0.conv"), part = hasUnits ? ".conv" : ""
    let hasNorm = b.has(hasUnits ? "features.0.bn" : "features.1")
    let step = hasUnits ? 1 : hasNorm ? 3 : 2
    var x = try b.image(for: "features.0\(part)")
    var index = 0, convolutions = 0
    while b.has("features.\(index)\(part)") {
      let name = "features.\(index)\(part)"
      x = try b.convolution(name, x, kernel: 3)
      if hasNorm { x = try b.batchNorm(hasUnits ? "features.\(index).bn" : "features.\(index + 1)", x) }
      x = b.relu(x)
      convolutions += 1
      index += step
      if !b.has("features.\(index)\(part)") {
        x = b.maxPool("features.\(index)", x, kernel: 2)
        index += 1
      }
    }
    b.architecture = "vgg\(convolutions + 3)" + (hasNorm ? "_bn" : "")
    if b.has("pre_logits.fc1") {
      x = b.relu(try b.convolution("pre_logits.fc1", x, kernel: 7, padding: .each(0)))
      x = b.relu(try b.convolution("pre_logits.fc2", x, kernel: 1))
      return try b.linear("head.fc", b.globalAverage("head.global_pool", x))
    }
    let modules = b.headModules(in: "classifier"), first = modules.first.map(b.shape) ?? []
    if first == [first.first ?? 0, x.channels] {
      try b.assumeCIFAR(classes: modules.last.flatMap { b.shape($0).first } ?? 0)
      x = b.globalAverage("avgpool", x)
    } else {
      x = b.averages("avgpool", x, size: 7)
      if modules == ["classifier.1", "classifier.4", "classifier.6"] {
        b.notes.append(
          """
          its linear layers have the numbers of weights from Caffe; most of these take pixels from 0 to 255 in the order \
          blue, green, red: \(advice: .bgr) \(advice: .mean) 0.485,0.458,0.408 \(advice: .std) 0.00392,0.00392,0.00392
          """)
      }
    }
    return try b.head("classifier.6", in: "classifier", x, known: [["0", "3", "6"], ["1", "4", "6"]])
  }

  /// VGG with a module for each convolution and its batch norm.
  static let openMMLabVGG = ArchitectureFamily(
    name: "vgg (OpenMMLab)", members: vgg.members, signature: ["features.0.conv"], head: "classifier", build: vgg.build)

  /// Iandola et al.: "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv:1602.07360.
  /// A gap in the numbers of the fire modules is a pool.
  static let squeezeNet = ArchitectureFamily(
    name: "squeezenet", members: ["squeezenet1_0", "squeezenet1_1"],
    signature: ["features.0", "features.3.squeeze", "classifier.1"], head: ""
  ) { b throws(PixelAscentError) in
    var x = try b.image(for: "features.0")
    let isFirst = b.shape("features.0")[2] == 7
    b.architecture = isFirst ? "squeezenet1_0" : "squeezenet1_1"
    x = b.relu(try b.convolution("features.0", x, kernel: isFirst ? 7 : 3, stride: 2, padding: .each(0)))
    for index in 2...12 {
      let name = "features.\(index)"
      guard b.has("\(name).squeeze") else {
        x = b.maxPool(name, x, ceilMode: true)
        continue
      }
      let squeezed = b.relu(try b.convolution("\(name).squeeze", x, kernel: 1))
      let expanded = [
        b.relu(try b.convolution("\(name).expand1x1", squeezed, kernel: 1)),
        b.relu(try b.convolution("\(name).expand3x3", squeezed, kernel: 3)),
      ]
      x = b.concatenation(name, expanded)
    }
    x = b.relu(try b.convolution("classifier.1", x, kernel: 1))
    return b.globalAverage("classifier.3", x)
  }
}
