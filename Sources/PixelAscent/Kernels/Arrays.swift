// SPDX-License-Identifier: MIT
//
// The memory that kernels work on: `FloatBuffer`, and arrays in it, `Planes` and `ImagePlanes`.

internal import CPixelKernels

/// Floats aligned to 64 bytes, zero at first.
///
/// The threads of one operation write disjoint parts, and whoever reads them waits for the operation's end; packed
/// weights are never written after they are made.
final class FloatBuffer: @unchecked Sendable {  // because threads write disjoint parts and wait for one another
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let memory: ZeroedMemory

  init(count: Int) {
    memory = ZeroedMemory(bytes: count * MemoryLayout<Float>.stride)
    base = memory.base.bindMemory(to: Float.self, capacity: count)
    self.count = count
  }

  /// The floats in `range`.
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
    // A finite number times 0 is 0, any other NaN, which no later addition removes.
    var sum = SIMD16<Float>.zero, index = range.lowerBound
    while index + 16 <= range.upperBound {
      sum += UnsafeRawPointer(base + index).loadUnaligned(as: SIMD16<Float>.self) * 0
      index += 16
    }
    return sum.sum() == 0 && (index..<range.upperBound).allSatisfy { base[$0].isFinite }
  }

  /// The first NaN or infinity, if there is one.
  var firstNonFiniteIndex: Int? {
    isFinite(0..<count) ? nil : (0..<count).first { !base[$0].isFinite }
  }

  func fill(_ range: Range<Int>, with value: Float) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    for index in range { base[index] = value }
  }

  /// Overwrites all floats with those of a parameter of as many elements.
  func fill(from parameter: Parameter) throws(PixelAscentError) {
    precondition(parameter.count == count)
    try parameter.read(into: UnsafeMutableBufferPointer(start: base, count: count))
  }

  /// Overwrites the floats from `offset` on.
  func replace(from offset: Int, with values: some Collection<Float>) {
    precondition(offset >= 0 && offset + values.count <= count)
    _ = UnsafeMutableBufferPointer(start: base + offset, count: values.count).update(from: values)
  }
}

/// Channels in blocks of 16: [⌈C/16⌉][H + 2·halo][W + 2·halo][16], somewhere in a buffer.
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

  /// The channels' values in planes of 1×1 without a halo.
  func vector(_ channels: Range<Int>) -> [Float] {
    precondition(raw.height == 1 && raw.width == 1 && raw.halo == 0)
    return buffer.values(offset + channels.lowerBound..<offset + channels.upperBound)
  }

  /// Overwrites them.
  func setVector(_ channels: Range<Int>, _ value: Float) {
    precondition(raw.height == 1 && raw.width == 1 && raw.halo == 0)
    buffer.fill(offset + channels.lowerBound..<offset + channels.upperBound, with: value)
  }

  func setVector(_ values: [Float]) {
    precondition(raw.height == 1 && raw.width == 1 && raw.halo == 0 && values.count == raw.channels)
    buffer.replace(from: offset, with: values)
  }

  /// The value of one channel.
  subscript(channel: Int) -> Float { buffer[offset + channel] }

  func isFinite(_ channels: Range<Int>) -> Bool {
    buffer.isFinite(offset + channels.lowerBound..<offset + channels.upperBound)
  }

  /// Overwrites some blocks, the halo too, with zeros.
  func clear(blocks: Range<Int>) {
    let plane = Planes.floats(channels: 16, height: height, width: width, halo: Int(raw.halo))
    buffer.fill(offset + blocks.lowerBound * plane..<offset + blocks.upperBound * plane, with: 0)
  }

  /// Some blocks as planes of their own.
  func slice(blocks: Range<Int>) -> Planes {
    slice(firstBlock: blocks.lowerBound, channels: min(16 * blocks.count, Int(raw.channels) - 16 * blocks.lowerBound))
  }

  /// `channels` channels from a block on, as planes of their own.
  func slice(firstBlock: Int, channels: Int) -> Planes {
    let plane = Planes.floats(channels: 16, height: height, width: width, halo: Int(raw.halo))
    return Planes(
      buffer, at: offset + firstBlock * plane, channels: channels, height: height, width: width, halo: Int(raw.halo))
  }
}

/// An image or its gradient in plain planes: [C][H + 2·halo][W + 2·halo], somewhere in a buffer.
struct ImagePlanes {
  let channels, height, width, halo: Int
  private let buffer: FloatBuffer
  private let offset: Int

  init(_ buffer: FloatBuffer, at offset: Int = 0, channels: Int, height: Int, width: Int, halo: Int = 0) {
    precondition(
      offset + ImagePlanes.floats(channels: channels, height: height, width: width, halo: halo) <= buffer.count)
    self.channels = channels
    self.height = height
    self.width = width
    self.halo = halo
    self.buffer = buffer
    self.offset = offset
  }

  /// An image in memory of its own.
  init(channels: Int, height: Int, width: Int) {
    self.init(FloatBuffer(count: channels * height * width), channels: channels, height: height, width: width)
  }

  /// Whether these are the same elements in memory.
  func isSame(as other: ImagePlanes) -> Bool { buffer === other.buffer && offset == other.offset }

  static func floats(channels: Int, height: Int, width: Int, halo: Int) -> Int {
    channels * (height + 2 * halo) * (width + 2 * halo)
  }

  var raw: pxa_image {
    pxa_image(
      data: buffer.base + offset, channels: Int32(channels), height: Int32(height), width: Int32(width),
      halo: Int32(halo))
  }

  /// The elements as a tensor of shape (C, H, W), or the tensor's elements taken over; the halo is left as it is.
  var tensor: Tensor {
    get {
      var values: [Float] = []
      values.reserveCapacity(channels * height * width)
      forEachRow { row, _ in values += buffer.values(row) }
      return Tensor(shape: [channels, height, width], values: values)
    }
    nonmutating set {
      precondition(newValue.shape == [channels, height, width])
      forEachRow { row, start in buffer.replace(from: row.lowerBound, with: newValue.values[start..<start + row.count])
      }
    }
  }

  /// Calls `body` with the place of each row in the buffer, and in an array without a halo. Without a halo all rows are one.
  private func forEachRow(_ body: (_ row: Range<Int>, _ start: Int) -> Void) {
    if halo == 0 { return body(offset..<offset + channels * height * width, 0) }
    let stride = width + 2 * halo
    for channel in 0..<channels {
      for row in 0..<height {
        let first = offset + (channel * (height + 2 * halo) + row + halo) * stride + halo
        body(first..<first + width, (channel * height + row) * width)
      }
    }
  }
}

/// Room for the sums of squares of an image's rows.
final class RowSums: @unchecked Sendable {  // because threads write disjoint parts, as with FloatBuffer
  private let base: UnsafeMutablePointer<Double>
  private let rows: Int

  /// Two sums a row.
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

  init(count: Int) {
    base = .allocate(capacity: max(count, 1))
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }
}

/// A bit for every value of planes: whether it is not zero.
final class NonzeroMask: @unchecked Sendable {  // because threads write disjoint parts, as with FloatBuffer
  private let base: UnsafeMutablePointer<UInt64>
  private let count: Int

  init(count: Int) {
    base = .allocate(capacity: count)
    base.initialize(repeating: 0, count: count)
    self.count = count
  }

  deinit { base.deallocate() }

  static func count(channels: Int, height: Int, width: Int) -> Int {
    pxa_mark_count(Int32(channels), Int32(height), Int32(width))
  }

  func raw(of planes: Planes) -> UnsafeMutablePointer<UInt64> {
    let shape = planes.raw
    precondition(pxa_mark_count(shape.channels, shape.height, shape.width) <= count)
    return base
  }
}
