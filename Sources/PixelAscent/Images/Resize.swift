// SPDX-License-Identifier: MIT

extension RGBImage {
  /// Returns the picture resized to `height` × `width` with an antialiasing triangle filter. When a picture is shrunk,
  /// the filter's support grows with the factor. Rows are resized first, then columns, with 8-bit values in between.
  ///
  /// The result is that of Pillow's `Image.resize((width, height), Image.BILINEAR)`: bit for bit if Pillow resizes the
  /// rows first too, and within ±1 of 255 if Pillow begins with the columns.
  ///
  /// - Precondition: `width` and `height` are at least 1.
  public func resized(width newWidth: Int, height newHeight: Int) -> RGBImage {
    precondition(newWidth >= 1 && newHeight >= 1, "an image can't be \(newWidth)×\(newHeight)")
    var result = pixels
    if newWidth != width {
      let taps = Taps(from: width, to: newWidth)
      result = Self.resizedRows(result, height: height, width: width, taps: taps)
    }
    if newHeight != height {
      let taps = Taps(from: height, to: newHeight)
      result = Self.resizedColumns(result, rowLength: 3 * newWidth, taps: taps)
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: result)
  }

  /// Resizes the rows: every output pixel is a weighted sum of input pixels of its row.
  private static func resizedRows(_ source: [UInt8], height: Int, width: Int, taps: Taps) -> [UInt8] {
    let (rowLength, newLength) = (3 * width, 3 * taps.count)
    return [UInt8](unsafeUninitializedCapacity: height * newLength) { target, count in
      // `row` has one vector per pixel, so that each tap is one multiplication.
      withUnsafeTemporaryAllocation(of: SIMD4<Int32>.self, capacity: width) { row in
        source.withUnsafeBufferPointer { source in
          taps.withUnsafe { starts, weights in
            for y in 0..<height {
              for x in 0..<width {
                let at = y * rowLength + 3 * x
                row[x] = SIMD4(Int32(source[at]), Int32(source[at + 1]), Int32(source[at + 2]), 0)
              }
              for x in 0..<taps.count {
                var sum = SIMD4<Int32>(repeating: Taps.half)
                for tap in 0..<taps.width {
                  sum &+= row[starts[x] + tap] &* SIMD4(repeating: weights[x * taps.width + tap])
                }
                let value = Taps.byte(sum)
                let at = y * newLength + 3 * x
                target[at] = UInt8(truncatingIfNeeded: value.x)
                target[at + 1] = UInt8(truncatingIfNeeded: value.y)
                target[at + 2] = UInt8(truncatingIfNeeded: value.z)
              }
            }
          }
        }
      }
      count = height * newLength
    }
  }

  /// Resizes the columns: every output row is a weighted sum of input rows, computed 16 values at a time.
  private static func resizedColumns(_ source: [UInt8], rowLength: Int, taps: Taps) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: taps.count * rowLength) { target, count in
      source.withUnsafeBytes { source in
        taps.withUnsafe { starts, weights in
          for y in 0..<taps.count {
            let from = starts[y] * rowLength
            let (to, weights) = (y * rowLength, UnsafeBufferPointer(rebasing: weights[(y * taps.width)...]))
            var x = 0
            while x + 16 <= rowLength {
              var sum = SIMD16<Int32>(repeating: Taps.half)
              for tap in 0..<taps.width {
                let values = source.loadUnaligned(
                  fromByteOffset: from + tap * rowLength + x, as: SIMD16<UInt8>.self)
                sum &+= SIMD16<Int32>(truncatingIfNeeded: values) &* SIMD16(repeating: weights[tap])
              }
              let values = SIMD16<UInt8>(truncatingIfNeeded: Taps.byte(sum))
              UnsafeMutableRawBufferPointer(target).storeBytes(of: values, toByteOffset: to + x, as: SIMD16<UInt8>.self)
              x += 16
            }
            while x < rowLength {
              var sum = Taps.half
              for tap in 0..<taps.width { sum &+= Int32(source[from + tap * rowLength + x]) &* weights[tap] }
              target[to + x] = UInt8(min(sum &>> Taps.shift, 255))
              x += 1
            }
          }
        }
      }
      count = taps.count * rowLength
    }
  }
}

/// The triangle filter's weights for every output position of one axis, in fixed point.
///
/// The weights of a position are ≥ 0. Their sum is 1 except for rounding, so a weighted sum of bytes may exceed 255 and
/// is clamped.
private struct Taps {
  static let shift: Int32 = 22
  static let half: Int32 = 1 << 21

  /// The number of output positions.
  let count: Int
  /// The number of weights per output position; unused weights are zero.
  let width: Int
  private let starts: [Int]
  private let weights: [Int32]

  init(from size: Int, to newSize: Int) {
    let scale = Double(size) / Double(newSize)
    let support = max(scale, 1)
    let width = min(size, Int(support.rounded(.up)) * 2 + 1)
    var starts: [Int] = []
    var weights = [Int32](repeating: 0, count: newSize * width)
    starts.reserveCapacity(newSize)
    for position in 0..<newSize {
      let center = (Double(position) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let end = min(size, Int(center + support + 0.5))
      let exact = (first..<end).map { (tap: Int) -> Double in
        let distance = (Double(tap) - center + 0.5) * (1 / support)
        return max(0, 1 - abs(distance))
      }
      let sum = exact.reduce(0, +)
      // The window of `width` taps must lie inside the picture, even if this position uses fewer taps.
      let start = min(first, size - width)
      for (tap, weight) in exact.enumerated() {
        weights[position * width + first - start + tap] = Int32(weight / sum * Double(1 << Self.shift) + 0.5)
      }
      starts.append(start)
    }
    (self.count, self.width, self.starts, self.weights) = (newSize, width, starts, weights)
  }

  /// Returns the byte for a weighted sum of bytes. The sum must include `half`, for rounding to the nearest byte.
  static func byte<V: SIMD>(_ sum: V) -> V where V.Scalar == Int32 {
    pointwiseMin(sum &>> V(repeating: shift), V(repeating: 255))
  }

  func withUnsafe(_ body: (UnsafeBufferPointer<Int>, UnsafeBufferPointer<Int32>) -> Void) {
    starts.withUnsafeBufferPointer { starts in weights.withUnsafeBufferPointer { body(starts, $0) } }
  }
}
