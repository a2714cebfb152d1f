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
  /// The size that a resized photo covers before anything is cropped, or that it has if ``resize`` is `stretch`. For
  /// `crop` it is ⌊H · 256 / 224⌋ × ⌊W · 256 / 224⌋ pixels if the file doesn't say otherwise, and else ``inputSize``.
  public let sizeBeforeCrop: PixelSize

  /// The ways to resize a photograph to the network's input size of H × W pixels, ``inputSize``.
  public enum Resize: String, Codable, CaseIterable, Hashable, Sendable {
    /// The photo becomes just so large that it covers H × W pixels. The aspect ratio is kept and nothing is cropped: if
    /// H = W, the short side becomes H.
    case short
    /// The photo becomes just so large that it covers ``sizeBeforeCrop``. Then the middle H × W pixels are taken.
    case crop
    /// The photo gets the height and the width of ``sizeBeforeCrop``, which is H × W if the file doesn't say otherwise.
    /// Then the middle H × W pixels are taken.
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
  ///   - sizeBeforeCrop: the size before a crop; nil for the usual one. It has no effect if `resize` is `short`
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` unless there are three finite means (or one), as many
  ///   finite, positive standard deviations, an input size whose sides are from 1 to 65,536, and a size before the crop
  ///   that is at least as high and as wide as the input.
  public init(
    mean: [Float], std: [Float], inputSize: PixelSize, resize: Resize = .short, sizeBeforeCrop: PixelSize? = nil
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
    let whole = sizeBeforeCrop ?? inputSize, longest = 2 * Self.inputSizes.upperBound
    try check(
      (inputSize.height...longest).contains(whole.height) && (inputSize.width...longest).contains(whole.width),
      "expected a size of at least \(inputSize) before the crop, found \(whole)")
    self.init(uncheckedMean: mean, std: std, inputSize: inputSize, resize: resize, sizeBeforeCrop: sizeBeforeCrop)
  }

  private init(
    uncheckedMean mean: [Float], std: [Float], inputSize: PixelSize, resize: Resize, sizeBeforeCrop: PixelSize? = nil
  ) {
    self.mean = mean
    self.std = std
    self.inputSize = inputSize
    self.resize = resize
    let usual = Self.usualSizeBeforeCrop(inputSize, resize)
    self.sizeBeforeCrop = resize == .short ? usual : sizeBeforeCrop ?? usual
  }

  /// Returns the size before a crop to `size` if the file doesn't say otherwise.
  private static func usualSizeBeforeCrop(_ size: PixelSize, _ resize: Resize) -> PixelSize {
    resize == .crop ? PixelSize(height: size.height * 256 / 224, width: size.width * 256 / 224) : size
  }

  /// Whether the size before a crop is another than the usual one.
  package var hasOwnSizeBeforeCrop: Bool { sizeBeforeCrop != Self.usualSizeBeforeCrop(inputSize, resize) }

  /// Whether a resized photo may be larger than the network's input, so that its middle is taken.
  var isCropped: Bool { resize == .crop || sizeBeforeCrop != inputSize }

  /// Decodes a preprocessing and checks it as ``init(mean:std:inputSize:resize:sizeBeforeCrop:)`` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      mean: container.decode([Float].self, forKey: .mean),
      std: container.decode([Float].self, forKey: .std),
      inputSize: container.decode(PixelSize.self, forKey: .inputSize),
      resize: container.decodeIfPresent(Resize.self, forKey: .resize) ?? .short,
      sizeBeforeCrop: container.decodeIfPresent(PixelSize.self, forKey: .sizeBeforeCrop))
  }

  /// Encodes the preprocessing. ``resize`` is left out if it is `Resize.short`, and ``sizeBeforeCrop`` if it is the
  /// usual one.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(mean, forKey: .mean)
    try container.encode(std, forKey: .std)
    try container.encode(inputSize, forKey: .inputSize)
    if resize != .short { try container.encode(resize, forKey: .resize) }
    if hasOwnSizeBeforeCrop { try container.encode(sizeBeforeCrop, forKey: .sizeBeforeCrop) }
  }

  private enum CodingKeys: CodingKey { case mean, std, inputSize, resize, sizeBeforeCrop }

  /// Returns black in normalised space, (0 − mean) / std: the least value of a channel (0 red or grey, 1 green, 2 blue)
  /// that is a colour.
  public func lowerBound(_ channel: Int) -> Float { (0 - mean[channel]) / std[channel] }

  /// Returns full intensity in normalised space, (1 − mean) / std: the greatest value of a channel that is a colour.
  public func upperBound(_ channel: Int) -> Float { (1 - mean[channel]) / std[channel] }

  /// Returns a colour from 0 to 1 in normalised space, (colour − mean) / std, for each channel.
  func normalized(_ colour: Double) -> [Float] {
    zip(mean, std).map { Float((colour - Double($0)) / Double($1)) }
  }

  /// Returns the size to which a photo of `width` × `height` pixels is resized before anything is cropped.
  func resizedSize(width: Int, height: Int) -> PixelSize {
    resize == .stretch ? sizeBeforeCrop : RGBImage.size(width: width, height: height, covering: sizeBeforeCrop)
  }

  /// Returns the columns and rows of a photo of `width` × `height` pixels that the network sees; at least one of each.
  func visibleRegion(width: Int, height: Int) -> (columns: Range<Int>, rows: Range<Int>) {
    guard isCropped else { return (0..<width, 0..<height) }
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
