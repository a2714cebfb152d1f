// SPDX-License-Identifier: MIT
//
// The memory that kernels work on: `FloatBuffer`, the blocked planes in such a buffer, and arrays of other types.

internal import CPixelKernels

/// An array of floats that is aligned to 64 bytes and filled with zeros at first.
///
/// The threads of one operation write disjoint parts, and readers wait until the operation has ended. Packed weights do
/// not change after they are made.
final class FloatBuffer: @unchecked Sendable {  // because threads write disjoint parts and wait for one another
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let memory: ZeroedMemory

  /// Creates a buffer that is small, or whose memory was asked for.
  convenience init(count: Int) { self.init(ZeroedMemory(bytes: count * MemoryLayout<Float>.stride), count) }

  /// Creates a buffer of a size that a file decides.
  ///
  /// - Parameter what: the beginning of the error's message, such as "the weights take"
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  convenience init(count: Int, for what: @autoclosure () -> Message) throws(PixelAscentError) {
    self.init(try ZeroedMemory(bytes: count * MemoryLayout<Float>.stride, for: what()), count)
  }

  private init(_ memory: ZeroedMemory, _ count: Int) {
    self.memory = memory
    base = memory.base.bindMemory(to: Float.self, capacity: count)
    self.count = count
  }

  /// Creates a buffer in the memory of another.
  ///
  /// - Precondition: `range` lies within `other` and begins at a multiple of 16.
  init(_ range: Range<Int>, of other: FloatBuffer) {
    precondition(range.lowerBound >= 0 && range.lowerBound % 16 == 0 && range.upperBound <= other.count)
    memory = other.memory
    base = other.base + range.lowerBound
    count = range.count
  }

  /// The floats, 16 at a time. The last of a count that is no multiple of 16 are left out.
  var lanes: UnsafeMutablePointer<SIMD16<Float>> {
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: SIMD16<Float>.self)
  }

  /// Returns the floats in `range`.
  func values(_ range: Range<Int>) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  subscript(index: Int) -> Float {
    precondition(index >= 0 && index < count)
    return base[index]
  }

  func isFinite(_ range: Range<Int>) -> Bool {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    // A finite number times 0 is 0. NaN or infinity times 0 is NaN, and a sum with NaN remains NaN.
    var sum = SIMD16<Float>.zero, index = range.lowerBound
    while index + 16 <= range.upperBound {
      sum += UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<Float>.self) * 0
      index += 16
    }
    return sum.sum() == 0 && (index..<range.upperBound).allSatisfy { base[$0].isFinite }
  }

  /// Returns the sum of the magnitudes of the floats in `range`.
  func sumOfMagnitudes(_ range: Range<Int>) -> Float {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    var sums = SIMD16<Float>.zero, index = range.lowerBound
    while index + 16 <= range.upperBound {
      let values = UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<Float>.self)
      sums += values.replacing(with: -values, where: values .< 0)
      index += 16
    }
    return (index..<range.upperBound).reduce(sums.sum()) { $0 + abs(base[$1]) }
  }

  /// The index of the first NaN or infinity; nil if all floats are finite.
  var firstNonFiniteIndex: Int? {
    isFinite(0..<count) ? nil : (0..<count).first { !base[$0].isFinite }
  }

  func fill(_ range: Range<Int>, with value: Float) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    for index in range { base[index] = value }
  }

  /// Overwrites all floats with the elements of a parameter, which must have the same number of elements.
  func fill(from parameter: Parameter) throws(PixelAscentError) {
    precondition(parameter.count == count)
    try parameter.read(into: UnsafeMutableBufferPointer(start: base, count: count))
  }

  /// Overwrites all floats with those of another buffer of the same size.
  func fill(from other: FloatBuffer) {
    precondition(other.count == count)
    base.update(from: other.base, count: count)
  }

  /// Overwrites the floats from `offset` on with `values`.
  func replace(from offset: Int, with values: some Collection<Float>) {
    precondition(offset >= 0 && offset + values.count <= count)
    _ = UnsafeMutableBufferPointer(start: base + offset, count: values.count).update(from: values)
  }
}

/// Blocked planes, [⌈C/16⌉][H + 2·halo][W + 2·halo][16], at an offset in a buffer.
struct Planes {
  private let buffer: FloatBuffer
  private let offset: Int
  let raw: pxa_planes

  init(_ buffer: FloatBuffer, at offset: Int, channels: Int, height: Int, width: Int, halo: Int) {
    precondition(offset % 16 == 0)
    precondition(offset + Planes.floats(channels: channels, height: height, width: width, halo: halo) <= buffer.count)
    self.buffer = buffer
    self.offset = offset
    raw = pxa_planes(
      data: buffer.base + offset, channels: Int32(channels), height: Int32(height), width: Int32(width),
      halo: Int32(halo))
  }

  static func floats(channels: Int, height: Int, width: Int, halo: Int) -> Int {
    pxa_planes_floats(Int32(channels), Int32(height), Int32(width), Int32(halo))
  }

  var channels: Int { Int(raw.channels) }
  var height: Int { Int(raw.height) }
  var width: Int { Int(raw.width) }
  var blocks: Int { Int(pxa_blocks(raw.channels)) }
  var area: Int { height * width }

  /// Returns the values of `channels` in planes of 1×1 without a halo.
  func vector(_ channels: Range<Int>) -> [Float] {
    precondition(raw.height == 1 && raw.width == 1 && raw.halo == 0)
    return buffer.values(offset + channels.lowerBound..<offset + channels.upperBound)
  }

  /// Overwrites the values of `channels` with `value`, in planes of 1×1 without a halo.
  func setVector(_ channels: Range<Int>, _ value: Float) {
    precondition(raw.height == 1 && raw.width == 1 && raw.halo == 0)
    buffer.fill(offset + channels.lowerBound..<offset + channels.upperBound, with: value)
  }

  func setVector(_ values: [Float]) {
    precondition(raw.height == 1 && raw.width == 1 && raw.halo == 0 && values.count == raw.channels)
    buffer.replace(from: offset, with: values)
  }

  /// The value of one channel in planes of 1×1 without a halo.
  subscript(channel: Int) -> Float { buffer[offset + channel] }

  func isFinite(_ channels: Range<Int>) -> Bool {
    buffer.isFinite(offset + channels.lowerBound..<offset + channels.upperBound)
  }

  /// Overwrites the blocks in a range, including their halo, with zeros.
  func clear(blocks: Range<Int>) {
    let plane = Planes.floats(channels: 16, height: height, width: width, halo: Int(raw.halo))
    buffer.fill(offset + blocks.lowerBound * plane..<offset + blocks.upperBound * plane, with: 0)
  }

  /// Returns planes of the same size without a halo, in new memory.
  func newPlanes() -> Planes {
    let floats = Planes.floats(channels: channels, height: height, width: width, halo: 0)
    return Planes(FloatBuffer(count: floats), at: 0, channels: channels, height: height, width: width, halo: 0)
  }

  /// Overwrites the halo of every block with zeros.
  func clearHalo() {
    let halo = Int(raw.halo), row = 16 * (width + 2 * halo), plane = row * (height + 2 * halo)
    if halo == 0 { return }
    for block in 0..<blocks {
      let start = offset + block * plane
      buffer.fill(start..<start + row * halo, with: 0)
      buffer.fill(start + row * (height + halo)..<start + plane, with: 0)
      for line in halo..<height + halo {
        let left = start + line * row, right = left + row - 16 * halo
        buffer.fill(left..<left + 16 * halo, with: 0)
        buffer.fill(right..<right + 16 * halo, with: 0)
      }
    }
  }

  /// Returns the blocks in a range as planes in the same memory.
  func slice(blocks: Range<Int>) -> Planes {
    slice(firstBlock: blocks.lowerBound, channels: min(16 * blocks.count, Int(raw.channels) - 16 * blocks.lowerBound))
  }

  /// Returns `channels` channels, from the block `firstBlock` on, as planes in the same memory.
  func slice(firstBlock: Int, channels: Int) -> Planes {
    let plane = Planes.floats(channels: 16, height: height, width: width, halo: Int(raw.halo))
    return Planes(
      buffer, at: offset + firstBlock * plane, channels: channels, height: height, width: width, halo: Int(raw.halo))
  }
}

/// The sums of squares over each row of an image.
final class RowSums: @unchecked Sendable {  // because threads write disjoint parts, as with FloatBuffer
  private let base: UnsafeMutablePointer<Double>
  private let rows: Int

  /// Allocates two sums per row.
  init(_ image: ImagePlanes) {
    rows = image.channels * image.height
    base = .allocate(capacity: 2 * rows)
    base.initialize(repeating: 0, count: 2 * rows)
  }

  deinit { base.deallocate() }

  var single: UnsafeMutablePointer<Double> { base }
  var pairs: UnsafeMutablePointer<(Double, Double)> {
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: (Double, Double).self)
  }

  /// ‖X‖₂ after `Kernels.step`.
  var length: Double { total(0..<rows, by: 1) }
  /// ‖G‖₂ and ‖a · G − b · X‖₂ after `Kernels.squares`.
  var norms: (gradient: Double, step: Double) { (total(0..<2 * rows, by: 2), total(1..<2 * rows, by: 2)) }

  private func total(_ range: Range<Int>, by step: Int) -> Double {
    var sum = 0.0
    for index in stride(from: range.lowerBound, to: range.upperBound, by: step) { sum += base[index] }
    return sum.squareRoot()
  }
}

/// The index of the first maximum of every window of a max pool.
final class PoolIndex: @unchecked Sendable {  // because threads write disjoint parts, as with FloatBuffer
  let base: UnsafeMutablePointer<UInt8>
  let count: Int

  init(count: Int) {
    self.count = count
    base = .allocate(capacity: max(count, 1))
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }
}

/// A nonzero mask: for every value of planes, a bit that says whether the value is not zero.
final class NonzeroMask: @unchecked Sendable {  // because threads write disjoint parts, as with FloatBuffer
  private let base: UnsafeMutablePointer<UInt64>
  let count: Int

  init(count: Int) {
    base = .allocate(capacity: count)
    base.initialize(repeating: 0, count: count)
    self.count = count
  }

  deinit { base.deallocate() }

  static func count(channels: Int, height: Int, width: Int) -> Int {
    pxa_nonzero_mask_words(Int32(channels), Int32(height), Int32(width))
  }

  func raw(of planes: Planes) -> UnsafeMutablePointer<UInt64> {
    let shape = planes.raw
    precondition(pxa_nonzero_mask_words(shape.channels, shape.height, shape.width) <= count)
    return base
  }
}
