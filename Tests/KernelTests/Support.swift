// SPDX-License-Identifier: MIT

import CPixelKernels
import CPixelReference
import Testing

/// The kernel tables this machine runs.
struct Table: CustomStringConvertible, Sendable {
  private let index: Int32
  var kernels: pxa_kernels { pxa_kernels_at(index).pointee }
  var description: String { String(cString: kernels.name) }

  static let all = (0..<pxa_kernels_count()).filter { pxa_kernels_run_here(pxa_kernels_at($0)) }.map(Table.init)
}

/// Blocked planes in memory with guard floats before and after; the interior NaN, halo and guards as they must stay.
final class BlockedArray {
  let channels, height, width, halo: Int
  private let base: UnsafeMutablePointer<Float>
  private let count: Int
  private static let guardFloats = 64
  private static let sentinel: Float = -12345

  /// - Parameter fill: [C][H][W] in reference layout; nil fills with NaN.
  init(_ channels: Int, _ height: Int, _ width: Int, halo: Int, fill: [Double]? = nil) {
    (self.channels, self.height, self.width, self.halo) = (channels, height, width, halo)
    count = pxa_planes_floats(Int32(channels), Int32(height), Int32(width), Int32(halo))
    let raw = UnsafeMutableRawPointer.allocate(byteCount: (count + 2 * Self.guardFloats) * 4, alignment: 64)
    base = raw.initializeMemory(as: Float.self, repeating: Self.sentinel, count: count + 2 * Self.guardFloats)
    for index in 0..<count { base[Self.guardFloats + index] = 0 }
    for block in 0..<Int(pxa_blocks(Int32(channels))) {
      for y in 0..<height {
        for x in 0..<width {
          for lane in 0..<16 {
            let channel = 16 * block + lane
            let value: Float
            if let fill {
              value = channel < channels ? Float(fill[(channel * height + y) * width + x]) : 0
            } else {
              value = .nan
            }
            base[offset(channel, y, x)] = value
          }
        }
      }
    }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  private func offset(_ channel: Int, _ y: Int, _ x: Int) -> Int {
    let row = width + 2 * halo, plane = row * (height + 2 * halo)
    return Self.guardFloats + (channel / 16 * plane + (y + halo) * row + x + halo) * 16 + channel % 16
  }

  var planes: pxa_planes {
    pxa_planes(
      data: base + Self.guardFloats, channels: Int32(channels), height: Int32(height), width: Int32(width),
      halo: Int32(halo))
  }

  /// The elements in reference layout.
  var values: [Double] {
    (0..<channels).flatMap { c in
      (0..<height).flatMap { y in (0..<width).map { x in Double(base[offset(c, y, x)]) } }
    }
  }

  /// Whether halo, lanes beyond the channels and the guards are untouched.
  var isIntactAround: Bool {
    let padded = Int(pxa_blocks(Int32(channels))) * 16
    var inside = Set<Int>()
    for c in 0..<padded { for y in 0..<height { for x in 0..<width { inside.insert(offset(c, y, x)) } } }
    for index in 0..<count + 2 * Self.guardFloats where !inside.contains(index) {
      let isGuard = index < Self.guardFloats || index >= Self.guardFloats + count
      if base[index] != (isGuard ? Self.sentinel : 0) { return false }
    }
    for c in channels..<padded {
      for y in 0..<height { for x in 0..<width where base[offset(c, y, x)] != 0 { return false } }
    }
    return true
  }
}

/// An image in plain planes, likewise.
final class ImageArray {
  let channels, height, width, halo: Int
  private var storage: UnsafeMutablePointer<Float>
  private let count: Int

  init(_ channels: Int, _ height: Int, _ width: Int, halo: Int = 0, fill: [Double]? = nil) {
    (self.channels, self.height, self.width, self.halo) = (channels, height, width, halo)
    count = channels * (height + 2 * halo) * (width + 2 * halo)
    storage = .allocate(capacity: count + 32)
    storage.initialize(repeating: -12345, count: count + 32)
    for index in 0..<count { storage[16 + index] = 0 }
    for c in 0..<channels {
      for y in 0..<height {
        for x in 0..<width {
          storage[offset(c, y, x)] = fill.map { Float($0[(c * height + y) * width + x]) } ?? .nan
        }
      }
    }
  }

  deinit { storage.deallocate() }

  private func offset(_ c: Int, _ y: Int, _ x: Int) -> Int {
    16 + (c * (height + 2 * halo) + y + halo) * (width + 2 * halo) + x + halo
  }

  var image: pxa_image {
    pxa_image(
      data: storage + 16, channels: Int32(channels), height: Int32(height), width: Int32(width), halo: Int32(halo))
  }

  var values: [Double] {
    (0..<channels).flatMap { c in
      (0..<height).flatMap { y in (0..<width).map { x in Double(storage[offset(c, y, x)]) } }
    }
  }

  var isIntactAround: Bool {
    var inside = Set<Int>()
    for c in 0..<channels { for y in 0..<height { for x in 0..<width { inside.insert(offset(c, y, x)) } } }
    return (0..<count + 32).allSatisfy { index in
      inside.contains(index) || storage[index] == (index < 16 || index >= 16 + count ? -12345 : 0)
    }
  }
}

/// Marks of what is not zero in planes.
final class Marks {
  let base: UnsafeMutablePointer<UInt64>

  init(of array: BlockedArray, _ table: Table) {
    let count = pxa_mark_count(Int32(array.channels), Int32(array.height), Int32(array.width))
    base = .allocate(capacity: count)
    base.initialize(repeating: 0xAAAA_AAAA_AAAA_AAAA, count: count)
    for row in 0..<array.height { table.kernels.mark_nonzero(base, array.planes, range(row, row + 1)) }
  }

  deinit { base.deallocate() }
}

/// Floats aligned for a kernel.
final class AlignedFloats {
  let base: UnsafeMutablePointer<Float>

  init(_ count: Int, _ values: [Double] = []) {
    base = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
      .initializeMemory(as: Float.self, repeating: 0, count: count)
    for (index, value) in values.enumerated() { base[index] = Float(value) }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }
}

func range(_ begin: Int, _ end: Int) -> pxa_range { pxa_range(begin: Int32(begin), end: Int32(end)) }
func rows(_ count: Int) -> pxa_range { range(0, count) }
func blocks(_ channels: Int) -> pxa_range { range(0, Int(pxa_blocks(Int32(channels)))) }

/// |error| ≤ (n + 2)·2⁻²⁴·magnitude for each element; the message says how near the worst came.
func expectWithinBound(
  _ found: [Double], _ expected: [Double], magnitude: [Double], terms: Int, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  var worst = 0.0, place = 0
  for index in found.indices {
    let bound = Double(terms + 2) * 0x1p-24 * magnitude[index]
    let error = abs(found[index] - expected[index])
    let share = error == 0 ? 0 : error.isNaN ? .infinity : error / bound
    if share > worst { (worst, place) = (share, index) }
  }
  #expect(
    found.count == expected.count && worst <= 1, "\(what): worst = \(100 * worst) % of bound at \(place)",
    sourceLocation: sourceLocation)
}
