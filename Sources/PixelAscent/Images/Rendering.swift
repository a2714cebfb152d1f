// SPDX-License-Identifier: MIT

/// The conversion of values in normalised space to the 8-bit pixels of a picture.
public enum Rendering: Hashable, Sendable {
  /// Undo the normalisation and clamp to [0, 1]: the image as it is.
  case clip
  /// Undo the normalisation, then make the least value of all channels black and the greatest full intensity.
  case stretch
  /// Undo the normalisation, then make the `low` percentile of all values of all channels black and the `high`
  /// percentile full intensity. The percentiles are from 0 to 100 and linearly interpolated.
  case percentileStretch(low: Double, high: Double)
}

extension [Float] {
  /// Returns a percentile of sorted values, linearly interpolated between neighbours as in NumPy.
  func percentile(_ percent: Double) -> Double {
    let position = percent / 100 * Double(count - 1)
    let index = Swift.min(Int(position), count - 1), next = Swift.min(index + 1, count - 1)
    return Double(self[index]) + (position - Double(index)) * (Double(self[next]) - Double(self[index]))
  }
}

extension RGBImage {
  /// Returns the difference from a picture of the same size, (self − other) · gain + 128, clamped to 0…255. Equal
  /// values become mid grey.
  public func difference(from other: RGBImage, gain: Int = 1) -> RGBImage {
    precondition(width == other.width && height == other.height)
    let grey: Int32 = 128
    var bytes = pixels
    for start in stride(from: 0, to: bytes.count, by: 16) {
      let lanes = Swift.min(16, bytes.count - start)
      var a = SIMD16<Int32>(), b = SIMD16<Int32>()
      for lane in 0..<lanes {
        a[lane] = Int32(pixels[start + lane])
        b[lane] = Int32(other.pixels[start + lane])
      }
      let shifted = (a &- b) &* Int32(gain) &+ grey
      let result = SIMD16<UInt8>(clamping: shifted)
      for lane in 0..<lanes { bytes[start + lane] = result[lane] }
    }
    return RGBImage(width: width, height: height, pixels: bytes)
  }

  /// Returns a map of the changes from a picture of the same size: the greatest absolute difference among each pixel's
  /// values, in the colours ``Colormap/hot``. When the map is shrunk it stays visible, unlike
  /// ``difference(from:gain:)``, in which positive and negative differences cancel.
  package func changes(from other: RGBImage) -> RGBImage {
    let greatest = stride(from: 0, to: pixels.count, by: 3).map { (start: Int) -> Float in
      (start..<start + 3).reduce(0) { max($0, abs(Float(pixels[$1]) - Float(other.pixels[$1]))) }
    }
    return RGBImage(map: Tensor(shape: [height, width], values: greatest))
  }

  /// The space between two pictures of a row.
  static let gap = 4

  /// Returns the width of `count` pictures of `width` pixels side by side, as ``init(row:)`` arranges them.
  package static func rowWidth(_ count: Int, of width: Int) -> Int {
    count * width + gap * Swift.max(count - 1, 0)
  }

  /// Creates a picture of `images` side by side on white, 4 pixels apart and aligned at the top.
  public init(row images: [RGBImage]) {
    let gap = Self.gap
    let width = images.map(\.width).reduce(0, +) + gap * Swift.max(images.count - 1, 0)
    let height = images.map(\.height).max() ?? 0
    var left = 0
    let pictures = images.map { image in
      defer { left += image.width + gap }
      return (image, left, 0)
    }
    self.init(width: width, height: height, showing: pictures)
  }
}
