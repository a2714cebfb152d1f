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
    /// The root mean square of the differences, in steps of 1/255.
    public let rms: Double

    /// The peak signal-to-noise ratio 20 · log₁₀(255 / ``rms``) in decibels; infinite for equal pictures.
    public var psnr: Double { 20 * log10(255 / rms) }

    /// How far values are from others, of which there are as many.
    init(_ values: [UInt8], _ others: [UInt8]) {
      var count = 0, greatest = 0, squares = 0
      for (value, other) in zip(values, others) where value != other {
        let difference = abs(Int(value) - Int(other))
        count += 1
        greatest = max(greatest, difference)
        squares += difference * difference
      }
      (self.count, self.greatest) = (count, greatest)
      rms = (Double(squares) / Double(values.count)).squareRoot()
    }
  }

  /// How far the picture is from another; nil if their sizes differ.
  public func distance(from other: RGBImage) -> Distance? {
    width == other.width && height == other.height ? Distance(pixels, other.pixels) : nil
  }
}
