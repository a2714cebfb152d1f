// SPDX-License-Identifier: MIT
//
// Helpers for loops over pixels that are in Swift, not in C. Such a loop takes 16 values at a time.

extension [Float] {
  /// Returns the 16 elements from `start` on, with `padding` beyond the array's end.
  @inline(__always)
  func block(_ start: Int, padding: Float = 0) -> SIMD16<Float> {
    if start + 16 <= count {
      return withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: start * MemoryLayout<Float>.stride, as: SIMD16<Float>.self)
      }
    }
    var block = SIMD16<Float>(repeating: padding)
    for index in start..<count { block[index - start] = self[index] }
    return block
  }

  /// Creates an array of `count` elements. `make` returns the 16 elements that begin at the index it is given.
  @inline(__always)
  init(count: Int, blocks make: (Int) -> SIMD16<Float>) {
    self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      for start in stride(from: 0, to: count, by: 16) {
        let block = make(start)
        if start + 16 <= count {
          bytes.storeBytes(of: block, toByteOffset: start * MemoryLayout<Float>.stride, as: SIMD16<Float>.self)
        } else {
          for index in start..<count { buffer.initializeElement(at: index, to: block[index - start]) }
        }
      }
      initialized = count
    }
  }

  /// The least and the greatest element; (0, 0) for an empty array.
  var range: (low: Float, high: Float) {
    guard let first else { return (0, 0) }
    var low = SIMD16(repeating: first), high = low
    for start in stride(from: 0, to: count, by: 16) {
      let block = block(start, padding: first)
      low.replace(with: block, where: block .< low)
      high.replace(with: block, where: block .> high)
    }
    return (low.min(), high.max())
  }
}
