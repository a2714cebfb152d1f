// SPDX-License-Identifier: MIT
//
// Networks for the images of CIFAR, 32×32 pixels.

extension ArchitectureFamily {
  /// ResNets for CIFAR, with three stages (He et al. 2015, section 4.2) or with ImageNet's four. ":max_pool" is a network
  /// whose max pool behind the stem was not removed.
  static let cifarResNets: [String] =
    [20, 32, 44, 56, 110].map { "resnet\($0)_cifar" }
    + [18, 34, 50, 101, 152].flatMap { ["resnet\($0)_cifar", "resnet\($0)_cifar:max_pool"] }
}

extension ArchitectureBuilder {
  /// Sets the preprocessing of a network for CIFAR's images: CIFAR-100's mean and standard deviation for 100 classes, or
  /// else those of CIFAR-10.
  mutating func assumeCIFAR(classes: Int) throws(PixelAscentError) {
    let isHundred = classes == 100
    preprocessing = try Preprocessing(
      mean: isHundred ? [0.5071, 0.4867, 0.4408] : [0.4914, 0.4822, 0.4465],
      std: isHundred ? [0.2675, 0.2565, 0.2761] : [0.2023, 0.1994, 0.2010], inputSize: 32)
    notes.append(
      """
      this looks like a network for images of 32×32 pixels: assuming that size, and mean and std of \
      \(isHundred ? "CIFAR-100" : "CIFAR-10"); set others with \(advice: .inputSize), \(advice: .mean) and \(advice: .std)
      """)
  }

  /// Sets the name and the preprocessing of a ResNet for CIFAR.
  mutating func nameCIFARResNet(_ depth: Int) throws(PixelAscentError) {
    let plain = architecture == "resnet\(depth)" && wanted != architecture ? "\(architecture)_cifar" : architecture
    let hasPool = wanted == "\(plain):max_pool"
    architecture = hasPool ? "\(plain):max_pool" : plain
    // Only with torchvision's names the stem alone may have been changed.
    if dict.renaming == nil, wanted == nil, plain.hasSuffix("_cifar"), has("layer4.0.conv1") {
      notes.append(
        """
        the file doesn't say whether a max pool follows its stem of 3×3: assuming none; \
        \(advice: .architecture) \(plain):max_pool has one
        """)
    }
    try assumeCIFAR(classes: shape("fc").first ?? 0)
  }

  /// Checks that a stage has twice the channels of the stage before. Other networks with the names of a ResNet have other
  /// strides too.
  func checkDoubled(_ stage: Int, channels: Int) throws(PixelAscentError) {
    let last = has("layer1.0.conv3") ? "conv3" : "conv2", before = shape("layer\(stage - 1).0.\(last)").first ?? 0
    guard channels == 2 * before else {
      throw fail("for small images has \(2 * before) channels in stage \(stage), found \(channels)")
    }
  }

  /// Adds the shortcut without weights of He et al. 2015, section 4.2: every second pixel of x, between zeros for the
  /// other channels.
  mutating func paddedShortcut(_ name: String, _ x: Value, channels: Int) throws(PixelAscentError) -> Value {
    // The weights are not in the file, so they must be few.
    guard channels == 2 * x.channels, x.channels % 2 == 0, channels <= 1024 else {
      throw fail("expects a shortcut with weights from \(x.channels) to \(channels) channels")
    }
    let first = (channels - x.channels) / 2
    var weights = [Float](repeating: 0, count: channels * x.channels)
    for channel in 0..<x.channels { weights[(first + channel) * x.channels + channel] = 1 }
    return constantConvolution(name, x, Tensor(shape: [channels, x.channels, 1, 1], values: weights), stride: 2)
  }
}
