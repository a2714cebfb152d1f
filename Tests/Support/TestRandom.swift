// SPDX-License-Identifier: MIT

import CPixelReference

/// A generator for test data. `TestRandom(x).next()` is `splitmix64(x)` of Tests/Golden/noise.py.
package struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 { pxa_ref_random(&state) }

  /// Returns integers from −range to range. Their sums are exact in float in any order.
  package mutating func integers(_ count: Int, range: Int = 4) -> [Double] {
    (0..<count).map { _ in Double(Int(next() % UInt64(2 * range + 1)) - range) }
  }

  /// Returns numbers in [−1, 1) that float holds exactly.
  package mutating func reals(_ count: Int) -> [Double] {
    (0..<count).map { _ in Double(Float(Int64(bitPattern: next()) >> 40) * 0x1p-23) }
  }
}
