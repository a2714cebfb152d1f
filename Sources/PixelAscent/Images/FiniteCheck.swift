// SPDX-License-Identifier: MIT

extension Tensor {
  /// Whether no element is NaN or infinite.
  package var isFinite: Bool {
    values.withUnsafeBytes { bytes in
      // A finite number times 0 is 0, any other NaN, which no later addition removes.
      var sum = SIMD16<Float>.zero
      let blocks = bytes.count / 64
      for block in 0..<blocks {
        sum += bytes.loadUnaligned(fromByteOffset: 64 * block, as: SIMD16<Float>.self) * 0
      }
      return sum.sum() == 0 && values[(16 * blocks)...].allSatisfy(\.isFinite)
    }
  }

  /// The position in `values` of the first NaN or infinity, if there is one.
  package var firstNonFiniteIndex: Int? {
    isFinite ? nil : values.firstIndex { !$0.isFinite }
  }
}
