// SPDX-License-Identifier: MIT

/// The conversion of a photograph to a network's input: the size, and the mean and standard deviation of the channels,
/// which are red, green and blue, or grey alone.
///
/// A pixel p in [0, 1] becomes (p − mean) / std in *normalised space*.
public struct Preprocessing: Codable, Hashable, Sendable {
  /// The mean of every channel, for pixels from 0 to 1.
  public let mean: [Float]
  /// The standard deviation of every channel, for pixels from 0 to 1; positive.
  public let std: [Float]
  /// The size of an input image in pixels. What it means for a photograph's size depends on ``resize``.
  public let inputSize: PixelSize
  /// The way in which a photograph is resized.
  public let resize: Resize
  /// The short side in pixels of the size that a resized photo covers, before anything is cropped. It is that of
  /// ⌊H · 256 / 224⌋ × ⌊W · 256 / 224⌋ pixels if the file doesn't say otherwise.
  public let shortSide: Int

  /// The ways to resize a photograph to the network's input size of H × W pixels, ``inputSize``.
  public enum Resize: String, Codable, CaseIterable, Hashable, Sendable {
    /// The photo becomes just so large that it covers H × W pixels. The aspect ratio is kept and nothing is cropped: if
    /// H = W, the short side becomes H.
    case short
    /// The photo becomes just so large that it covers H × W pixels, enlarged until their short side is ``shortSide``. Then
    /// the middle H × W pixels are taken.
    case crop
    /// The height becomes H and the width W.
    case stretch
  }

  /// The input sizes that are allowed, in pixels.
  package static let inputSizes = 1...65_536

  /// The usual preprocessing of networks that were trained on ImageNet: torchvision's mean and standard deviation,
  /// short side 224.
  public static let imageNet = Preprocessing(
    uncheckedMean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], inputSize: 224, resize: .short)

  /// Returns the input size that is assumed for images of this many channels.
  static func usualSize(channels: Int) -> PixelSize { channels == 1 ? 28 : imageNet.inputSize }

  /// Creates a preprocessing from the means and standard deviations of red, green and blue, or of grey.
  ///
  /// - Parameters:
  ///   - mean: the mean of each channel, for pixels from 0 to 1
  ///   - std: the standard deviation of each channel, for pixels from 0 to 1
  ///   - inputSize: the size of the network's input in pixels
  ///   - resize: how a photograph gets that size
  ///   - shortSide: the short side before a crop; nil for the usual one. Without a crop it has no effect
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` unless there are three finite means (or one), as many
  ///   finite, positive standard deviations, an input size whose sides are from 1 to 65,536, and a short side that is at
  ///   least as long as the input's.
  public init(
    mean: [Float], std: [Float], inputSize: PixelSize, resize: Resize = .short, shortSide: Int? = nil
  ) throws(PixelAscentError) {
    func check(_ holds: Bool, _ message: @autoclosure () -> String) throws(PixelAscentError) {
      if !holds { throw PixelAscentError(.invalidParameter, Message(message()), about: "preprocessing") }
    }
    try check(mean.count == 3 || mean.count == 1, "expected the mean of 3 channels or of 1, found \(mean.count)")
    try check(
      std.count == mean.count,
      "the mean has \(mean.count == 1 ? "1 channel" : "\(mean.count) channels"), the standard deviation \(std.count)")
    try check(mean.allSatisfy(\.isFinite), "expected finite means, found \(mean.list)")
    try check(
      std.allSatisfy { $0.isFinite && $0 > 0 }, "expected finite standard deviations above 0, found \(std.list)")
    if let side = [inputSize.height, inputSize.width].first(where: { !Self.inputSizes.contains($0) }) {
      try check(false, "the input size must be from 1 to 65536, found \(side)")
    }
    try check(
      (inputSize.shortSide...2 * Self.inputSizes.upperBound).contains(shortSide ?? inputSize.shortSide),
      "expected a short side of at least \(inputSize.shortSide) before the crop, found \(shortSide ?? 0)")
    self.init(uncheckedMean: mean, std: std, inputSize: inputSize, resize: resize, shortSide: shortSide)
  }

  private init(uncheckedMean mean: [Float], std: [Float], inputSize: PixelSize, resize: Resize, shortSide: Int? = nil) {
    self.mean = mean
    self.std = std
    self.inputSize = inputSize
    self.resize = resize
    self.shortSide = resize == .crop ? shortSide ?? Self.usualSize(cropped: inputSize).shortSide : inputSize.shortSide
  }

  /// Returns the size that a photo covers before it is cropped to `size`, if the file doesn't say otherwise.
  private static func usualSize(cropped size: PixelSize) -> PixelSize {
    PixelSize(height: size.height * 256 / 224, width: size.width * 256 / 224)
  }

  /// Whether the short side before a crop is another than the usual one.
  package var hasOwnShortSide: Bool { resize == .crop && shortSide != Self.usualSize(cropped: inputSize).shortSide }

  /// Decodes a preprocessing and checks it as ``init(mean:std:inputSize:resize:shortSide:)`` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      mean: container.decode([Float].self, forKey: .mean),
      std: container.decode([Float].self, forKey: .std),
      inputSize: container.decode(PixelSize.self, forKey: .inputSize),
      resize: container.decodeIfPresent(Resize.self, forKey: .resize) ?? .short,
      shortSide: container.decodeIfPresent(Int.self, forKey: .shortSide))
  }

  /// Encodes the preprocessing. ``resize`` is left out if it is `Resize.short`, and ``shortSide`` if it is
  /// the usual one.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(mean, forKey: .mean)
    try container.encode(std, forKey: .std)
    try container.encode(inputSize, forKey: .inputSize)
    if resize != .short { try container.encode(resize, forKey: .resize) }
    if hasOwnShortSide { try container.encode(shortSide, forKey: .shortSide) }
  }

  private enum CodingKeys: CodingKey { case mean, std, inputSize, resize, shortSide }

  /// Returns black in normalised space, (0 − mean) / std: the least value of a channel (0 red or grey, 1 green, 2 blue)
  /// that is a colour.
  public func lowerBound(_ channel: Int) -> Float { (0 - mean[channel]) / std[channel] }

  /// Returns full intensity in normalised space, (1 − mean) / std: the greatest value of a channel that is a colour.
  public func upperBound(_ channel: Int) -> Float { (1 - mean[channel]) / std[channel] }

  /// Returns the size to which a photo of `width` × `height` pixels is resized before anything is cropped.
  func resizedSize(width: Int, height: Int) -> PixelSize {
    func covering(_ size: PixelSize) -> PixelSize { RGBImage.size(width: width, height: height, covering: size) }
    switch resize {
    case .short: return covering(inputSize)
    case .crop where hasOwnShortSide:
      let short = inputSize.shortSide
      return covering(
        PixelSize(height: inputSize.height * shortSide / short, width: inputSize.width * shortSide / short))
    case .crop: return covering(Self.usualSize(cropped: inputSize))
    case .stretch: return inputSize
    }
  }

  /// Returns the columns and rows of a photo of `width` × `height` pixels that the network sees; at least one of each.
  func visibleRegion(width: Int, height: Int) -> (columns: Range<Int>, rows: Range<Int>) {
    guard resize == .crop else { return (0..<width, 0..<height) }
    let resized = resizedSize(width: width, height: height)
    /// Returns the range of a photo's side that is left when the side is resized to `resized` pixels and then cropped to
    /// `part`.
    func middle(_ side: Int, _ resized: Int, _ part: Int) -> Range<Int> {
      let first = RGBImage.middle(part, of: resized), scale = Double(side) / Double(resized)
      let lower = min(Int((Double(first) * scale).rounded()), side - 1)
      return lower..<max(lower + 1, Int((Double(first + part) * scale).rounded()))
    }
    return (middle(width, resized.width, inputSize.width), middle(height, resized.height, inputSize.height))
  }
}

extension [Float] {
  /// The numbers as the options take them, separated by commas.
  var list: String { map { "\($0)" }.joined(separator: ",") }
}
