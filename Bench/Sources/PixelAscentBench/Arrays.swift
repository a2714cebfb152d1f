// SPDX-License-Identifier: MIT

import CPixelKernels
import CPixelReference

/// The kind of numbers that fill the arrays of a kernel.
enum Numbers {
  /// Integers from −4 to 4, whose sums are exact in float in any order.
  case integers
  /// Reals in [−1, 1).
  case reals
}

/// A generator of the same random numbers in every run.
struct Random {
  private var state: UInt64

  init(_ seed: UInt64 = 1) { state = seed }

  mutating func next() -> UInt64 { pxa_ref_random(&state) }

  /// Returns `count` numbers. The fraction `zeros` of them, at random positions, is exactly zero.
  mutating func values(_ count: Int, _ numbers: Numbers, zeros: Double = 0) -> [Double] {
    let limit = UInt64(zeros * 0x1p32)
    return (0..<count).map { (_: Int) -> Double in
      let bits = next()
      if bits & 0xFFFF_FFFF < limit { return 0 }
      switch numbers {
      case .integers: return Double(Int(next() % 9) - 4)
      case .reals: return Double(Int64(bitPattern: next()) >> 40) * 0x1p-23
      }
    }
  }
}

/// Memory for floats, aligned to 64 bytes. It holds `values`, then zeros.
final class Floats {
  let base: UnsafeMutablePointer<Float>

  init(_ count: Int, _ values: [Double] = []) {
    base = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
      .initializeMemory(as: Float.self, repeating: 0, count: count)
    for (index, value) in values.enumerated() { base[index] = Float(value) }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }
}

/// Blocked planes that own their memory.
final class BlockedArray {
  private let channels, size, halo: Int
  private let floats: Floats

  /// Makes square planes. From channel `first` on they hold `values`, whose layout is [C][H][W]; all other elements are
  /// zero.
  init(_ channels: Int, _ size: Int, halo: Int, _ values: [Double] = [], from first: Int = 0) {
    (self.channels, self.size, self.halo) = (channels, size, halo)
    floats = Floats(pxa_planes_floats(Int32(channels), Int32(size), Int32(size), Int32(halo)))
    fill(values, from: first)
  }

  var planes: pxa_planes {
    pxa_planes(
      data: floats.base, channels: Int32(channels), height: Int32(size), width: Int32(size), halo: Int32(halo))
  }

  func fill(_ values: [Double], from first: Int = 0) {
    for (index, value) in values.enumerated() { floats.base[offset(first * size * size + index)] = Float(value) }
  }

  /// Fills some channels with NaN, so that the comparison finds elements that a kernel does not write.
  func fillWithNaN(_ channels: Range<Int>) {
    for index in channels.lowerBound * size * size..<channels.upperBound * size * size {
      floats.base[offset(index)] = .nan
    }
  }

  /// Returns the elements of some channels in the layout [C][H][W].
  func values(_ channels: Range<Int>) -> [Double] {
    (channels.lowerBound * size * size..<channels.upperBound * size * size).map { (index: Int) -> Double in
      Double(floats.base[offset(index)])
    }
  }

  private func offset(_ index: Int) -> Int {
    let (channel, pixel) = index.quotientAndRemainder(dividingBy: size * size)
    let row = pixel / size + halo, column = pixel % size + halo, padded = size + 2 * halo
    return (((channel / 16) * padded + row) * padded + column) * 16 + channel % 16
  }
}

/// A square image in plain planes that owns its memory.
final class ImageArray {
  private let size, halo: Int
  private let floats: Floats

  init(_ size: Int, halo: Int = 0, _ values: [Double] = []) {
    (self.size, self.halo) = (size, halo)
    floats = Floats(3 * (size + 2 * halo) * (size + 2 * halo))
    fill(values)
  }

  var image: pxa_image {
    pxa_image(data: floats.base, channels: 3, height: Int32(size), width: Int32(size), halo: Int32(halo))
  }

  func fill(_ values: [Double]) {
    for (index, value) in values.enumerated() { floats.base[offset(index)] = Float(value) }
  }

  func fillWithNaN() {
    for index in 0..<3 * size * size { floats.base[offset(index)] = .nan }
  }

  var values: [Double] {
    (0..<3 * size * size).map { (index: Int) -> Double in Double(floats.base[offset(index)]) }
  }

  private func offset(_ index: Int) -> Int {
    let (channel, pixel) = index.quotientAndRemainder(dividingBy: size * size)
    let padded = size + 2 * halo
    return (channel * padded + pixel / size + halo) * padded + pixel % size + halo
  }
}

extension Range<Int> {
  var raw: pxa_range { pxa_range(begin: Int32(lowerBound), end: Int32(upperBound)) }
}

/// Memory for the nonzero mask of square planes.
final class NonzeroMask {
  let base: UnsafeMutablePointer<UInt64>

  init(_ channels: Int, _ size: Int) {
    base = .allocate(capacity: pxa_nonzero_mask_words(Int32(channels), Int32(size), Int32(size)))
  }

  deinit { base.deallocate() }
}

/// Calls `body` with a pointer to `value`, or with nil if `value` is nil.
func withPointer<Value>(_ value: Value?, _ body: (UnsafePointer<Value>?) -> Void) {
  guard let value else { return body(nil) }
  withUnsafePointer(to: value, body)
}
