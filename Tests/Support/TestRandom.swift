// SPDX-License-Identifier: MIT

/// A generator for test data (Steele, Lea, Flood: SplitMix64, 2014). `TestRandom(x).next()` is `splitmix64(x)` of
/// Tests/Golden/noise.py.
package struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Integers from −range to range: their sums are exact in float in any order.
  package mutating func integers(_ count: Int, range: Int = 4) -> [Double] {
    (0..<count).map { _ in Double(Int(next() % UInt64(2 * range + 1)) - range) }
  }

  /// Floats in (−1, 1).
  package mutating func reals(_ count: Int) -> [Double] {
    (0..<count).map { _ in Double(Float(Int64(bitPattern: next()) >> 40) * 0x1p-23) }
  }
}
