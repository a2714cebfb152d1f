// SPDX-License-Identifier: MIT

extension Tensor {
  /// Creates a tensor of little-endian float32 values that are copied from `bytes`.
  ///
  /// - Precondition: a tensor of `shape` has `count` elements, and `bytes` holds `count` values from `offset` on.
  init(shape: [Int], floats bytes: [UInt8], at offset: Int, count: Int) {
    precondition(offset >= 0 && count >= 0 && count <= (bytes.count - offset) / 4)
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: .init(rebasing: $0[offset..<offset + 4 * count]))
      }
      initialized = count
    }
    self.init(shape: shape, values: values)
  }
}

/// Returns the number of elements of an array of `shape`; nil if an extent is negative or the number exceeds `Int`.
func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for extent in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    if extent < 0 || overflow { return nil }
    count = product
  }
  return count
}

/// Returns a shape as error lines show it: (64, 3, 3, 3).
func shapeText(_ shape: [Int]) -> String {
  "(\(shape.prefix(8).map(String.init).joined(separator: ", "))\(shape.count > 8 ? ", …" : ""))"
}
