// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension RGBImage {
  /// How far a picture is from another of the same size.
  public struct Distance: Hashable, Sendable {
    /// The number of values that differ.
    public let count: Int
    /// The greatest difference of a value, in steps of 1/255.
    public let greatest: Int
    /// The peak signal-to-noise ratio 10 · log₁₀(255² / mean squared difference) in decibels; infinite for equal pictures.
    public let psnr: Double
  }

  /// How far the picture is from another; nil if their sizes differ.
  public func distance(from other: RGBImage) -> Distance? {
    guard width == other.width && height == other.height else { return nil }
    var count = 0, greatest = 0, squares = 0
    for (value, otherValue) in zip(pixels, other.pixels) where value != otherValue {
      let difference = abs(Int(value) - Int(otherValue))
      count += 1
      greatest = max(greatest, difference)
      squares += difference * difference
    }
    let ratio = 255 * 255 * Double(pixels.count) / Double(squares)
    return Distance(count: count, greatest: greatest, psnr: 10 * log10(ratio))
  }
}
