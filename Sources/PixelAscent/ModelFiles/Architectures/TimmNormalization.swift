// SPDX-License-Identifier: MIT

extension ArchitectureBuilder {
  /// Takes the mean and the standard deviation of the images with which timm's weights of this architecture were trained.
  ///
  /// Timm has several files of weights for most architectures. The mean and the deviation are those of the weights that
  /// timm takes if nobody chooses. If other weights need others, a note says so. Tests/Models/check_normalization.py
  /// compares all architectures with timm.
  mutating func takeTimmNormalization() throws(PixelAscentError) {
    let own = TimmNormalization.own(architecture)
    preprocessing = try Preprocessing(mean: own.mean, std: own.std, inputSize: preprocessing.inputSize)
    let others = TimmNormalization.others(architecture)
    guard let first = others.first else { return }
    var list: Message = "\(first.tags) need \(advice: .mean) \(first.mean.list) \(advice: .std) \(first.std.list)"
    for (mean, std, tags) in others.dropFirst() {
      list = "\(list), \(tags) \(advice: .mean) \(mean.list) \(advice: .std) \(std.list)"
    }
    normalizationNote =
      """
      the file doesn't say how its images were normalised: assuming mean \(own.mean.list), std \(own.std.list); timm's \
      weights \(list)
      """
  }
}

/// The normalisation of the images for timm's weights. "timm's weights" are named by the tags that timm has for them.
private enum TimmNormalization {
  private static let imageNet = (mean: Preprocessing.imageNet.mean, std: Preprocessing.imageNet.std)
  private static let half: (mean: [Float], std: [Float]) = ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
  private static let clip: (mean: [Float], std: [Float]) = (
    [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
  )

  /// Returns the mean and the deviation for the weights of an architecture that timm takes if nobody chooses.
  static func own(_ architecture: String) -> (mean: [Float], std: [Float]) {
    if architecture == "convnext_xxlarge" { return clip }
    let isHalf =
      halves.contains(architecture)
      || ["resnetv2_", "tf_mobilenetv3_", "tf_efficientnet_lite"].contains(where: architecture.hasPrefix)
    return isHalf ? half : imageNet
  }

  /// Returns the means and deviations for other weights of an architecture.
  static func others(_ architecture: String) -> [(mean: [Float], std: [Float], tags: String)] {
    switch architecture {
    case "efficientnet_b1": [(imageNet.mean, imageNet.std, "ft_in1k")]
    case "tf_efficientnet_b8": [(imageNet.mean, imageNet.std, "ra_in1k")]
    case "tf_efficientnetv2_b3": [(imageNet.mean, imageNet.std, "in1k")]
    case "resnet34", "resnet18d", "resnet50d", "efficientnet_b0": [(half.mean, half.std, "ra4_e3600_r224_in1k")]
    case "mobilenetv4_conv_small": [(half.mean, half.std, "e3600_r256_in1k")]
    case "mobilenetv3_large_100":
      [(half.mean, half.std, "ra4_e3600_r224_in1k"), ([0, 0, 0], [1, 1, 1], "miil_in21k…")]
    case "convnext_base": [(clip.mean, clip.std, "clip_…")]
    case "tf_efficientnet_b0", "tf_efficientnet_b1", "tf_efficientnet_b2", "tf_efficientnet_b3", "tf_efficientnet_b4",
      "tf_efficientnet_b5", "tf_efficientnet_b6", "tf_efficientnet_b7":
      [(half.mean, half.std, "ap_in1k")]
    default: []
    }
  }

  private static let halves: Set = [
    "efficientnet_b1", "tf_efficientnet_b8", "tf_efficientnetv2_s", "tf_efficientnetv2_m", "tf_efficientnetv2_l",
    "tf_efficientnetv2_xl", "tf_efficientnetv2_b3", "mobilenetv3_large_150d", "mobilenetv4_conv_small_035",
    "mobilenetv4_conv_small_050",
  ]
}
