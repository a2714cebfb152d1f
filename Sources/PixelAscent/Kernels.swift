// SPDX-License-Identifier: MIT
//
// The bridge to the C core: the only file that imports it. Above it memory is `FloatBuffer`, arrays in it are `Planes`
// and `ImagePlanes`, and a kernel is a method of `Kernels`.

internal import CPixelKernels
import Synchronization

/// An instruction set whose kernels this build holds.
public struct InstructionSet: Hashable, Sendable, CustomStringConvertible {
  private let index: Int32

  private init(_ index: Int32) { self.index = index }

  private static var built: [InstructionSet] { (0..<pxa_kernels_count()).map(InstructionSet.init) }

  /// The instruction sets of this build that this machine runs, slowest first; the first is "scalar".
  public static var selectable: [InstructionSet] { built.filter(\.runsHere) }

  /// The fastest of them.
  public static var best: InstructionSet { selectable[selectable.count - 1] }

  /// The one that `name` says: "scalar", "avx2", "avx512" or "neon".
  ///
  /// - Throws: ``PixelAscentError`` of kind `unsupportedMachine` if this build doesn't hold it or this machine doesn't
  ///   run it.
  public static func named(_ name: String) throws(PixelAscentError) -> InstructionSet {
    if let found = selectable.first(where: { $0.name == name }) { return found }
    let reason =
      built.contains { $0.name == name } ? "this CPU doesn't run \(name)" : "this build has no \"\(name.oneLine)\""
    let names = selectable.map(\.name).joined(separator: ", ")
    throw PixelAscentError(.unsupportedMachine, "\(reason); selectable here: \(names)")
  }

  /// The one that the environment variable PIXELASCENT_SIMD names, else the fastest.
  ///
  /// - Throws: as ``named(_:)`` does.
  public static func selected() throws(PixelAscentError) -> InstructionSet {
    guard let name = Files.environment("PIXELASCENT_SIMD") else { return best }
    do {
      return try named(name)
    } catch {
      throw error.within("PIXELASCENT_SIMD")
    }
  }

  /// "scalar", "avx2", "avx512" or "neon".
  public var name: String { String(cString: table.pointee.name) }

  /// The name.
  public var description: String { name }

  private var runsHere: Bool { pxa_kernels_run_here(table) }

  fileprivate var table: UnsafePointer<pxa_kernels> { pxa_kernels_at(index) }
}

/// Floats aligned to 64 bytes, zero at first.
///
/// The threads of one operation write disjoint parts, and whoever reads them waits for the operation's end; packed
/// weights are never written after they are made.
final class FloatBuffer: @unchecked Sendable {  // because threads write disjoint parts and wait for one another
  fileprivate let base: UnsafeMutablePointer<Float>
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
    return range.allSatisfy { base[$0].isFinite }
  }

  func fill(_ range: Range<Int>, with value: Float) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    for index in range { base[index] = value }
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
  fileprivate let raw: pxa_planes

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

  var height: Int { Int(raw.height) }
  var width: Int { Int(raw.width) }
  var blocks: Int { Int(pxa_blocks(raw.channels)) }

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

  static func floats(channels: Int, height: Int, width: Int, halo: Int) -> Int {
    channels * (height + 2 * halo) * (width + 2 * halo)
  }

  fileprivate var raw: pxa_image {
    pxa_image(
      data: buffer.base + offset, channels: Int32(channels), height: Int32(height), width: Int32(width),
      halo: Int32(halo))
  }

  /// The elements as a tensor of shape (C, H, W), or the tensor's elements taken over; without a halo only.
  var tensor: Tensor {
    get {
      precondition(halo == 0)
      return Tensor(
        shape: [channels, height, width], values: buffer.values(offset..<offset + channels * height * width))
    }
    nonmutating set {
      precondition(halo == 0 && newValue.shape == [channels, height, width])
      buffer.replace(from: offset, with: newValue.values)
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

  fileprivate var single: UnsafeMutablePointer<Double> { base }
  fileprivate var pairs: UnsafeMutablePointer<(Double, Double)> {
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
  fileprivate let base: UnsafeMutablePointer<UInt8>

  init(count: Int) {
    base = .allocate(capacity: max(count, 1))
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }
}

/// A bit for every value of planes: whether it is not zero.
final class NonzeroMarks: @unchecked Sendable {  // because threads write disjoint parts, as with FloatBuffer
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

  fileprivate func raw(of planes: Planes) -> UnsafeMutablePointer<UInt64> {
    let shape = planes.raw
    precondition(pxa_mark_count(shape.channels, shape.height, shape.width) <= count)
    return base
  }
}

/// A square convolution's geometry.
struct ConvolutionShape: Hashable, Sendable {
  let kernel, stride, padding: Int

  fileprivate var raw: pxa_conv { pxa_conv(kernel: Int32(kernel), stride: Int32(stride), padding: Int32(padding)) }

  /// Whether the kernels compute it.
  var isSupported: Bool { [1, 3].contains(kernel) && [1, 2].contains(stride) && [0, 1].contains(padding) }

  func outputSize(_ size: Int) -> Int { Int(pxa_conv_output_size(raw, Int32(size))) }

  /// The halo that the gradient with respect to the input needs around the output's gradient.
  var gradientHalo: Int { Int(pxa_conv_grad_halo(raw)) }
}

/// Output rows of a 3×3 max pool of stride 2 in ceil mode.
func maxPoolOutputSize(_ size: Int) -> Int { Int(pxa_max_pool_output_size(Int32(size))) }

/// A convolution's weights in the order of the hot loops.
final class PackedWeights: Sendable {
  let forward, bias: FloatBuffer
  private let shape: ConvolutionShape
  private let outputs, inputs: Int32
  private let readsImage: Bool
  private let gradient = Mutex<FloatBuffer?>(nil)

  /// - Parameters:
  ///   - weight: shape (out, in, kernel, kernel)
  ///   - bias: shape (out)
  ///   - readsImage: whether the input is the image itself rather than blocked planes
  init(_ shape: ConvolutionShape, weight: Tensor, bias: Tensor, readsImage: Bool) {
    self.shape = shape
    self.readsImage = readsImage
    (outputs, inputs) = (Int32(weight.shape[0]), Int32(weight.shape[1]))
    forward = FloatBuffer(
      count: (readsImage ? pxa_stem_packed_floats : pxa_conv_packed_floats)(shape.raw, inputs, outputs))
    let pack = readsImage ? pxa_stem_pack_forward : pxa_conv_pack_forward
    pack(forward.base, weight.values, shape.raw, inputs, outputs)
    self.bias = FloatBuffer(count: Int(pxa_blocks(outputs)) * 16)
    self.bias.replace(from: 0, with: bias.values)
  }

  /// For the gradient with respect to the input; made at the first call.
  var inputGradient: FloatBuffer {
    gradient.withLock { made in
      if let made { return made }
      let count = readsImage ? pxa_stem_grad_packed_floats : pxa_conv_packed_floats
      let pack = readsImage ? pxa_stem_pack_input_grad : pxa_conv_pack_input_grad
      let packed = FloatBuffer(count: count(shape.raw, inputs, outputs))
      pack(packed.base, forward.base, shape.raw, inputs, outputs)
      made = packed
      return packed
    }
  }
}

/// The kernels of one instruction set, with the contracts of `CPixelKernels.h`.
struct Kernels: @unchecked Sendable {  // because the table is constant
  private let table: UnsafePointer<pxa_kernels>

  init(_ set: InstructionSet) { table = set.table }

  private var c: pxa_kernels { table.pointee }

  /// Output blocks that a convolution computes together, with marks or without: the blocks of a part should be a multiple.
  func blocksTogether(marked: Bool) -> Int { marked ? Int(PXA_MARKED_BLOCKS) : Int(c.tile_blocks) }

  func convolutionForward(
    _ y: Planes, _ x: Planes, _ weights: PackedWeights, _ shape: ConvolutionShape, relu: Bool, _ part: Part
  ) {
    c.conv_forward(
      y.raw, x.raw, weights.forward.base, weights.bias.base, shape.raw, relu, part.blocks.raw, part.rows.raw)
  }

  func markNonzero(_ marks: NonzeroMarks, _ dy: Planes, rows: Range<Int>) {
    c.mark_nonzero(marks.raw(of: dy), dy.raw, rows.raw)
  }

  /// `marks` of the blocks `from` of dy, if they were marked.
  func convolutionInputGradient(
    _ dx: Planes, _ dy: Planes, _ marks: NonzeroMarks?, _ weights: FloatBuffer, _ shape: ConvolutionShape,
    mask: Planes?, accumulate: Bool, from: Range<Int>, _ part: Part
  ) {
    withPointer(mask?.raw) {
      c.conv_input_grad(
        dx.raw, dy.raw, marks?.raw(of: dy.slice(blocks: from)), weights.base, $0, accumulate, shape.raw, from.raw,
        part.blocks.raw, part.rows.raw)
    }
  }

  func stemForward(
    _ y: Planes, _ x: ImagePlanes, _ weights: PackedWeights, _ shape: ConvolutionShape, relu: Bool, _ part: Part
  ) {
    c.stem_forward(
      y.raw, x.raw, weights.forward.base, weights.bias.base, shape.raw, relu, part.blocks.raw, part.rows.raw)
  }

  func stemInputGradient(
    _ dx: ImagePlanes, _ dy: Planes, _ weights: FloatBuffer, _ shape: ConvolutionShape, rows: Range<Int>
  ) {
    c.stem_input_grad(dx.raw, dy.raw, weights.base, shape.raw, rows.raw)
  }

  func maxPoolForward(_ y: Planes, _ index: PoolIndex, _ x: Planes, _ part: Part) {
    c.max_pool_forward(y.raw, index.base, x.raw, part.blocks.raw, part.rows.raw)
  }

  func maxPoolInputGradient(_ dx: Planes, _ dy: Planes, _ index: PoolIndex, _ part: Part) {
    c.max_pool_input_grad(dx.raw, dy.raw, index.base, part.blocks.raw, part.rows.raw)
  }

  func globalAverageForward(_ mean: FloatBuffer, _ x: Planes, blocks: Range<Int>) {
    c.global_average_forward(mean.base, x.raw, blocks.raw)
  }

  func globalAverageInputGradient(_ dx: Planes, _ dmean: FloatBuffer, mask: Planes?, blocks: Range<Int>) {
    withPointer(mask?.raw) { c.global_average_input_grad(dx.raw, dmean.base, $0, blocks.raw) }
  }

  /// RGB8 of the same size as `x` into x = scale · RGB8 + offset.
  func normalize(_ x: ImagePlanes, _ rgb: [UInt8], scale: [Float], offset: [Float], rows: Range<Int>) {
    c.normalize(x.raw, rgb, scale, offset, rows.raw)
  }

  /// RGB8 = round(scale · x + offset), clamped.
  func unnormalize(_ x: ImagePlanes, scale: [Float], offset: [Float], parallel: Parallel) -> [UInt8] {
    let count = x.height * x.width * 3
    return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
      guard let base = bytes.baseAddress else { return }
      parallel.overRows(x.height, Parallel.Body { c.unnormalize(base, x.raw, scale, offset, $0.rows.raw) })
      initialized = count
    }
  }

  func roll(_ y: ImagePlanes, _ x: ImagePlanes, by shift: Shift, accumulate: Bool = false, rows: Range<Int>) {
    c.roll(y.raw, x.raw, Int32(shift.rows), Int32(shift.columns), accumulate, rows.raw)
  }

  /// X ← X + a · G − b · X, clamped to the box, G being a gradient at X rolled by `shift`; sums X².
  func step(
    _ x: ImagePlanes, _ g: ImagePlanes, at shift: Shift, _ a: Float, _ b: Float, box: Box?, sums: RowSums,
    rows: Range<Int>
  ) {
    c.step(x.raw, sums.single, g.raw, Int32(shift.rows), Int32(shift.columns), a, b, box?.low, box?.high, rows.raw)
  }

  /// Sums G² and (a · G − b · X)².
  func squares(_ g: ImagePlanes, _ x: ImagePlanes, _ a: Float, _ b: Float, sums: RowSums, rows: Range<Int>) {
    c.row_squares(sums.pairs, g.raw, x.raw, a, b, rows.raw)
  }

  func blurVertical(_ y: ImagePlanes, _ x: ImagePlanes, taps: [Float], rows: Range<Int>) {
    c.blur_vertical(y.raw, x.raw, taps, Int32(taps.count / 2), rows.raw)
  }

  func blurHorizontal(_ y: ImagePlanes, _ x: ImagePlanes, taps: [Float], rows: Range<Int>) {
    c.blur_horizontal(y.raw, x.raw, taps, Int32(taps.count / 2), rows.raw)
  }

  private func withPointer<Value>(_ value: Value?, _ body: (UnsafePointer<Value>?) -> Void) {
    guard let value else { return body(nil) }
    withUnsafePointer(to: value, body)
  }
}

/// The part of blocked planes that one call of a kernel writes.
struct Part: Sendable {
  let blocks, rows: Range<Int>
}

/// A circular shift of an image, as in numpy's and torch's roll.
struct Shift: Hashable, Sendable {
  var rows = 0
  var columns = 0

  static let none = Shift()
  /// The shift that undoes it.
  var inverse: Shift { Shift(rows: -rows, columns: -columns) }
}

/// The allowed interval of every channel.
struct Box: Hashable, Sendable {
  let low, high: [Float]

  init(_ preprocessing: Preprocessing) {
    low = preprocessing.mean.indices.map(preprocessing.lowerBound)
    high = preprocessing.mean.indices.map(preprocessing.upperBound)
  }
}

extension Range<Int> {
  fileprivate var raw: pxa_range { pxa_range(begin: Int32(lowerBound), end: Int32(upperBound)) }
}
