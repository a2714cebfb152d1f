// SPDX-License-Identifier: MIT

/// What a user knows about a model better than its file; nil leaves it to the file, or to the architecture.
public struct ModelSettings: Hashable, Sendable {
  /// The name of the architecture that a file of bare weights belongs to.
  public var architecture: String?
  /// The mean of red, green and blue, or of grey, in units where a pixel lies in [0, 1].
  public var mean: [Float]?
  /// The standard deviation of each channel, in the same units.
  public var std: [Float]?
  /// Whether the network takes blue, green and red in this order.
  public var isBGR = false
  /// The length in pixels of an input image's short side, or of both.
  public var inputSize: Int?
  /// How an image gets that size.
  public var resize: Preprocessing.Resize?
  /// The names of the classes.
  public var labels: Labels?

  /// Settings that leave all to the file.
  public init() {}

  /// The preprocessing, for a network of so many input channels, with what these settings say.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter`.
  func applied(to preprocessing: Preprocessing, channels: Int) throws(PixelAscentError) -> Preprocessing {
    let applied = try Preprocessing(
      mean: mean ?? preprocessing.mean, std: std ?? preprocessing.std, inputSize: inputSize ?? preprocessing.inputSize,
      resize: resize ?? preprocessing.resize)
    guard applied.mean.count == channels else {
      throw PixelAscentError(
        .invalidParameter,
        "the network takes \(channels) channels, \(advice: .mean) and \(advice: .std) have \(applied.mean.count)")
    }
    return applied
  }
}

extension Preprocessing {
  /// The same for an input of another size, if one is given.
  func sized(_ inputSize: Int?) throws(PixelAscentError) -> Preprocessing {
    try Preprocessing(mean: mean, std: std, inputSize: inputSize ?? self.inputSize, resize: resize)
  }
}
