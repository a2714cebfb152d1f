// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension RGBImage {
  /// The differences between two pictures of the same size.
  public struct Distance: Hashable, Sendable {
    /// The number of values that differ.
    public let count: Int
    /// The greatest difference between two values, in steps of 1/255.
    public let greatest: Int
    /// The root mean square of the differences, in steps of 1/255.
    public let rms: Double

    /// The peak signal-to-noise ratio 20 · log₁₀(255 / ``rms``) in decibels; infinite for equal pictures.
    public var psnr: Double { 20 * log10(255 / rms) }

    /// Compares `values` with as many `others`.
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

  /// Returns the differences between the picture and `other`; nil if their sizes differ.
  public func distance(from other: RGBImage) -> Distance? {
    width == other.width && height == other.height ? Distance(pixels, other.pixels) : nil
  }
}
