// SPDX-License-Identifier: MIT

extension Tensor {
  /// Whether all elements are finite: neither NaN nor infinite.
  package var isFinite: Bool {
    values.withUnsafeBytes { bytes in
      // A finite number times 0 is 0. NaN or infinity times 0 is NaN, and a sum with NaN remains NaN.
      var sum = SIMD16<Float>.zero
      let blocks = bytes.count / 64
      for block in 0..<blocks {
        sum += bytes.loadUnaligned(fromByteOffset: 64 * block, as: SIMD16<Float>.self) * 0
      }
      return sum.sum() == 0 && values[(16 * blocks)...].allSatisfy(\.isFinite)
    }
  }

  /// The index in `values` of the first NaN or infinity; nil if all elements are finite.
  package var firstNonFiniteIndex: Int? {
    isFinite ? nil : values.firstIndex { !$0.isFinite }
  }
}
