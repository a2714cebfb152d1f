// SPDX-License-Identifier: MIT

/// Settings that override what a model file says. A setting of nil leaves the value to the file, or to the
/// architecture.
public struct ModelSettings: Hashable, Sendable {
  /// The name of the architecture that a file of bare weights belongs to.
  public var architecture: String?
  /// Which weights to read if a file of bare weights holds several: `"ema"` for averages of the weights over the
  /// training, `"raw"` for the others, or a dictionary's key, or the prefix of a network's names. By default averages
  /// are read instead of the raw weights of the same network.
  public var weights: String?
  /// The mean of red, green and blue, or of grey, for pixels in [0, 1].
  public var mean: [Float]?
  /// The standard deviation of red, green and blue, or of grey, for pixels in [0, 1].
  public var std: [Float]?
  /// Whether the network takes its channels in the order blue, green, red.
  public var isBGR = false
  /// The size of the network's input in pixels; ``resize`` says how an image gets that size.
  public var inputSize: PixelSize?
  /// How an image is resized to ``inputSize``.
  public var resize: Preprocessing.Resize?
  /// The name of the output of an ONNX file that holds the scores.
  public var onnxOutput: String?
  /// The names of the classes. For a network with one output, either the name of the class that the output speaks for, or
  /// the names of both classes, with that class second.
  public var labels: Labels?
  /// How scores become probabilities.
  public var activation: Activation?

  /// Creates settings that leave everything to the file.
  public init() {}

  /// Returns `preprocessing` with these settings applied, for a network with `channels` input channels.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a setting is out of range, or doesn't fit `channels`.
  func applied(to preprocessing: Preprocessing, channels: Int) throws(PixelAscentError) -> Preprocessing {
    let sized = try preprocessing.sized(inputSize)
    let applied = try Preprocessing(
      mean: mean ?? sized.mean, std: std ?? sized.std, inputSize: sized.inputSize, resize: resize ?? sized.resize,
      sizeBeforeCrop: resize == nil && sized.hasOwnSizeBeforeCrop ? sized.sizeBeforeCrop : nil)
    guard applied.mean.count == channels else {
      throw PixelAscentError(
        .invalidParameter,
        "the network takes \(channels) channels, but \(advice: .mean) and \(advice: .std) have \(applied.mean.count)")
    }
    return applied
  }
}

extension Preprocessing {
  /// Returns the preprocessing with another input size, and the share of a photo that a crop keeps unchanged. Returns it
  /// unchanged if `inputSize` is nil.
  func sized(_ inputSize: PixelSize?) throws(PixelAscentError) -> Preprocessing {
    guard let inputSize, inputSize != self.inputSize else { return self }
    // An input size out of range is reported as one.
    let isScaled = hasOwnSizeBeforeCrop && [inputSize.height, inputSize.width].allSatisfy(Self.inputSizes.contains)
    func side(_ key: KeyPath<PixelSize, Int>) -> Int {
      max(
        sizeBeforeCrop[keyPath: key] * inputSize[keyPath: key] / self.inputSize[keyPath: key], inputSize[keyPath: key])
    }
    return try Preprocessing(
      mean: mean, std: std, inputSize: inputSize, resize: resize,
      sizeBeforeCrop: isScaled ? PixelSize(height: side(\.height), width: side(\.width)) : nil)
  }
}
