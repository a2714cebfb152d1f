// SPDX-License-Identifier: MIT
//
// The kernels as methods. The files of this folder are the bridge to the C kernels. No other file of the
// library imports the kernels.

internal import CPixelKernels

/// The kernels of one instruction set. `pxa_kernels.h` has their contracts.
struct Kernels: @unchecked Sendable {  // because the table is constant
  private let table: UnsafePointer<pxa_kernels>

  init(_ set: InstructionSet) { table = set.table }

  var c: pxa_kernels { table.pointee }

  /// Returns the number of output blocks in a convolution's tile, with a nonzero mask (`sparse`) or without. A part
  /// whose number of blocks is not a multiple of this number takes longer per block.
  func blocksPerTile(sparse: Bool) -> Int { sparse ? Int(PXA_SPARSE_BLOCKS) : Int(c.tile_blocks) }

  /// Computes a convolution. `nonzeroMask` is the nonzero mask of `x`; nil if none has been made.
  func convolutionForward(
    _ y: Planes, _ x: Planes, _ nonzeroMask: NonzeroMask?, _ convolution: ConvolutionWeights, _ part: Part
  ) {
    let (weights, bias) = (convolution.forward.base, convolution.bias.base)
    let window = convolution.window(height: x.height, width: x.width).raw, clamp = convolution.clamp.raw
    if convolution.form == .depthwise {
      c.depthwise_forward(y.raw, x.raw, weights, bias, window, clamp, part.blocks.raw, part.rows.raw)
    } else {
      c.conv_forward(
        y.raw, x.raw, nonzeroMask?.raw(of: x), weights, bias, window, Int32(convolution.groups), clamp, part.blocks.raw,
        part.rows.raw)
    }
  }

  func makeNonzeroMask(_ nonzeroMask: NonzeroMask, _ x: Planes, rows: Range<Int>) {
    c.make_nonzero_mask(nonzeroMask.raw(of: x), x.raw, rows.raw)
  }

  /// Computes the input gradient of a convolution. `nonzeroMask` is the nonzero mask of the blocks `from` of `dy`; nil
  /// if none has been made.
  func convolutionInputGradient(
    _ dx: Planes, _ dy: Planes, _ nonzeroMask: NonzeroMask?, _ convolution: ConvolutionWeights, _ weights: FloatBuffer,
    _ epilogue: Epilogue, from: Range<Int>, _ part: Part
  ) {
    let window = convolution.window(height: dx.height, width: dx.width).raw
    epilogue.withRaw {
      if convolution.form == .depthwise {
        c.depthwise_input_grad(
          dx.raw, dy.raw, weights.base, $0, window, part.blocks.raw, part.rows.raw)
      } else {
        c.conv_input_grad(
          dx.raw, dy.raw, nonzeroMask?.raw(of: dy.slice(blocks: from)), weights.base, $0, window,
          Int32(convolution.groups), from.raw, part.blocks.raw, part.rows.raw)
      }
    }
  }

  /// Computes some blocks and some rows of tiles of a convolution by Winograd's method.
  func winogradForward(
    _ y: Planes, _ x: Planes, _ convolution: ConvolutionWeights, _ scratch: UnsafeMutablePointer<Float>, _ part: Part
  ) {
    c.winograd_forward(
      y.raw, x.raw, convolution.winogradForward.base, convolution.bias.base,
      convolution.window(height: x.height, width: x.width).raw, convolution.clamp.raw, scratch, part.blocks.raw,
      part.rows.raw)
  }

  /// Returns whether Winograd's method computes the input gradient of a 3×3 convolution faster than the direct method,
  /// which skips the zeros of `dy`.
  func winogradPays(_ dx: Planes, _ dy: Planes, _ nonzeroMask: NonzeroMask, from: Range<Int>) -> Bool {
    c.winograd_input_grad_pays(dx.raw, dy.raw, nonzeroMask.raw(of: dy.slice(blocks: from)), from.raw)
  }

  /// Computes some blocks and some rows of tiles of a convolution's input gradient by Winograd's method.
  func winogradInputGradient(
    _ dx: Planes, _ dy: Planes, _ convolution: ConvolutionWeights, _ epilogue: Epilogue, from: Range<Int>,
    _ scratch: UnsafeMutablePointer<Float>, _ part: Part
  ) {
    let window = convolution.window(height: dx.height, width: dx.width).raw
    let weights = convolution.winogradGradient(height: dx.height, width: dx.width)
    epilogue.withRaw {
      c.winograd_input_grad(
        dx.raw, dy.raw, weights.base, $0, window, from.raw, scratch, part.blocks.raw, part.rows.raw)
    }
  }

  /// Returns the number of Winograd's tiles that cover `size` pixels along an axis.
  static func tiles(_ size: Int) -> Int { (size + 3) / 4 }

  /// Returns an estimate of the time that Winograd's kernels take for a part, in units of the time in which a pair of
  /// blocks of one pixel is multiplied by one tap.
  static func winogradWork(tiles: Int, inputs: Int, outputs: Int) -> Double {
    Double(pxa_winograd_work(Int32(tiles), Int32(inputs), Int32(outputs)))
  }

  func stemForward(_ y: Planes, _ x: ImagePlanes, _ convolution: ConvolutionWeights, _ part: Part) {
    c.stem_forward(
      y.raw, x.raw, convolution.forward.base, convolution.bias.base,
      convolution.window(height: x.height, width: x.width).raw, convolution.clamp.raw,
      part.blocks.raw, part.rows.raw)
  }

  func stemInputGradient(
    _ dx: ImagePlanes, _ dy: Planes, _ convolution: ConvolutionWeights, _ weights: FloatBuffer, rows: Range<Int>
  ) {
    let window = convolution.window(height: dx.height, width: dx.width).raw
    c.stem_input_grad(dx.raw, dy.raw, weights.base, window, rows.raw)
  }

  func planes(_ y: Planes, of x: ImagePlanes, rows: Range<Int>) { c.image_to_planes(y.raw, x.raw, rows.raw) }

  func image(_ dx: ImagePlanes, of dy: Planes, rows: Range<Int>) { c.planes_to_image(dx.raw, dy.raw, rows.raw) }

  func linearForward(_ y: Planes, _ x: Planes, _ weights: LinearWeights, blocks: Range<Int>) {
    c.linear_forward(y.raw, x.raw, weights.weight.base, weights.bias.base, weights.clamp.raw, blocks.raw)
  }

  func linearInputGradient(
    _ dx: Planes, _ dy: Planes, _ weights: LinearWeights, _ epilogue: Epilogue, from: Range<Int>, blocks: Range<Int>
  ) {
    epilogue.withRaw { c.linear_input_grad(dx.raw, dy.raw, weights.weight.base, $0, from.raw, blocks.raw) }
  }

  func maxPoolForward(_ y: Planes, _ index: PoolIndex, _ x: Planes, _ window: Window, _ part: Part) {
    c.max_pool_forward(y.raw, index.base, x.raw, window.raw, part.blocks.raw, part.rows.raw)
  }

  func maxPoolInputGradient(
    _ dx: Planes, _ dy: Planes, _ index: PoolIndex, _ epilogue: Epilogue, _ window: Window, _ part: Part
  ) {
    epilogue.withRaw {
      c.max_pool_input_grad(dx.raw, dy.raw, index.base, $0, window.raw, part.blocks.raw, part.rows.raw)
    }
  }

  func averagePoolForward(_ y: Planes, _ x: Planes, _ window: Window, countPadding: Bool, _ part: Part) {
    c.average_pool_forward(y.raw, x.raw, window.raw, countPadding, part.blocks.raw, part.rows.raw)
  }

  func averagePoolInputGradient(
    _ dx: Planes, _ dy: Planes, _ epilogue: Epilogue, _ window: Window, countPadding: Bool, _ part: Part
  ) {
    epilogue.withRaw {
      c.average_pool_input_grad(dx.raw, dy.raw, $0, window.raw, countPadding, part.blocks.raw, part.rows.raw)
    }
  }

  func regionMaxForward(
    _ y: Planes, rows: Planes, columns: Planes, _ x: Planes, _ window: Window?, _ part: Part
  ) {
    guard let window else {
      return c.region_max_forward(y.raw, rows.raw, columns.raw, x.raw, nil, part.blocks.raw, part.rows.raw)
    }
    withUnsafePointer(to: window.raw) {
      c.region_max_forward(y.raw, rows.raw, columns.raw, x.raw, $0, part.blocks.raw, part.rows.raw)
    }
  }

  func regionMaxInputGradient(
    _ dx: Planes, _ dy: Planes, rows: Planes, columns: Planes, _ epilogue: Epilogue, blocks: Range<Int>
  ) {
    epilogue.withRaw { c.region_max_input_grad(dx.raw, dy.raw, rows.raw, columns.raw, $0, blocks.raw) }
  }

  func reductionForward(_ y: Planes, _ x: Planes, _ reduction: Reduction, _ part: Part) {
    if reduction.ofChannels {
      c.reduce_channels(y.raw, x.raw, reduction.kind.raw, part.rows.raw)
    } else {
      c.reduce_forward(y.raw, x.raw, reduction.kind.raw, part.blocks.raw)
    }
  }

  func reductionInputGradient(
    _ dx: Planes, _ dy: Planes, of x: Planes, _ reduction: Reduction, _ epilogue: Epilogue, _ part: Part
  ) {
    epilogue.withRaw {
      if reduction.ofChannels {
        c.reduce_channels_grad(dx.raw, dy.raw, x.raw, reduction.kind.raw, $0, part.rows.raw)
      } else {
        c.reduce_input_grad(dx.raw, dy.raw, x.raw, reduction.kind.raw, $0, part.blocks.raw)
      }
    }
  }

  func resampleForward(_ y: Planes, _ x: Planes, _ down: Resampling, _ across: Resampling, _ part: Part) {
    c.resample_forward(y.raw, x.raw, down.raw, across.raw, part.blocks.raw, part.rows.raw)
  }

  func resampleInputGradient(
    _ dx: Planes, _ dy: Planes, _ down: Resampling, _ across: Resampling, _ epilogue: Epilogue, blocks: Range<Int>
  ) {
    epilogue.withRaw { c.resample_input_grad(dx.raw, dy.raw, down.raw, across.raw, $0, blocks.raw) }
  }

  func adaptiveAverageForward(_ y: Planes, _ x: Planes, _ part: Part) {
    c.adaptive_average_forward(y.raw, x.raw, part.blocks.raw, part.rows.raw)
  }

  func adaptiveAverageInputGradient(_ dx: Planes, _ dy: Planes, _ epilogue: Epilogue, _ part: Part) {
    epilogue.withRaw { c.adaptive_average_input_grad(dx.raw, dy.raw, $0, part.blocks.raw, part.rows.raw) }
  }

  func addForward(_ y: Planes, _ a: Planes, _ b: Planes, _ clamp: Clamp, _ part: Part) {
    c.add_forward(y.raw, a.raw, b.raw, clamp.raw, part.blocks.raw, part.rows.raw)
  }

  func addInputGradient(_ dx: Planes, _ dy: Planes, _ epilogue: Epilogue, _ part: Part) {
    epilogue.withRaw { c.add_input_grad(dx.raw, dy.raw, $0, part.blocks.raw, part.rows.raw) }
  }

  func multiplyForward(_ y: Planes, _ a: Planes, _ b: Planes, _ part: Part) {
    c.multiply_forward(y.raw, a.raw, b.raw, part.blocks.raw, part.rows.raw)
  }

  func multiplyInputGradient(_ da: Planes, _ dy: Planes, _ b: Planes, _ epilogue: Epilogue, _ part: Part) {
    epilogue.withRaw { c.multiply_input_grad(da.raw, dy.raw, b.raw, $0, part.blocks.raw, part.rows.raw) }
  }

  func multiplyFactorGradient(_ db: Planes, _ dy: Planes, _ a: Planes, _ epilogue: Epilogue, blocks: Range<Int>) {
    epilogue.withRaw { c.multiply_factor_grad(db.raw, dy.raw, a.raw, $0, blocks.raw) }
  }

  func affineForward(
    _ y: Planes, _ x: Planes, scale: FloatBuffer, shift: FloatBuffer, _ clamp: Clamp, _ part: Part
  ) {
    c.affine_forward(y.raw, x.raw, scale.base, shift.base, clamp.raw, part.blocks.raw, part.rows.raw)
  }

  func affineInputGradient(_ dx: Planes, _ dy: Planes, scale: FloatBuffer, _ epilogue: Epilogue, _ part: Part) {
    epilogue.withRaw { c.affine_input_grad(dx.raw, dy.raw, scale.base, $0, part.blocks.raw, part.rows.raw) }
  }

  func functionForward(
    _ y: Planes, _ x: Planes, _ function: ElementFunction, slopes: FloatBuffer?, _ part: Part
  ) {
    c.function_forward(y.raw, x.raw, function.raw(slopes), part.blocks.raw, part.rows.raw)
  }

  func functionInputGradient(
    _ dx: Planes, _ dy: Planes, of x: Planes, _ function: ElementFunction, slopes: FloatBuffer?, _ epilogue: Epilogue,
    _ part: Part
  ) {
    epilogue.withRaw {
      c.function_input_grad(dx.raw, dy.raw, x.raw, function.raw(slopes), $0, part.blocks.raw, part.rows.raw)
    }
  }

  func selectChannels(_ y: Planes, _ x: Planes, _ map: [Int32], _ part: Part) {
    c.select_channels(y.raw, x.raw, map, part.blocks.raw, part.rows.raw)
  }

  func selectChannelsGradient(_ dx: Planes, _ dy: Planes, inverse map: [Int32], _ epilogue: Epilogue, _ part: Part) {
    epilogue.withRaw { c.select_channels_grad(dx.raw, dy.raw, map, $0, part.blocks.raw, part.rows.raw) }
  }

  func flattenForward(_ y: Planes, _ x: Planes, blocks: Range<Int>) {
    c.flatten_forward(y.raw, x.raw, blocks.raw)
  }

  func flattenInputGradient(_ dx: Planes, _ dy: Planes, _ epilogue: Epilogue, blocks: Range<Int>) {
    epilogue.withRaw { c.flatten_input_grad(dx.raw, dy.raw, $0, blocks.raw) }
  }

  func padForward(_ y: Planes, _ x: Planes, top: Int, left: Int, value: Float, _ part: Part) {
    c.pad_forward(y.raw, x.raw, Int32(top), Int32(left), value, part.blocks.raw, part.rows.raw)
  }

  func padInputGradient(_ dx: Planes, _ dy: Planes, top: Int, left: Int, _ epilogue: Epilogue, _ part: Part) {
    epilogue.withRaw {
      c.pad_input_grad(dx.raw, dy.raw, Int32(top), Int32(left), $0, part.blocks.raw, part.rows.raw)
    }
  }

  func localResponseNormForward(
    _ y: Planes, scale: Planes, _ x: Planes, _ norm: LocalResponseNorm, _ part: Part
  ) {
    c.lrn_forward(y.raw, scale.raw, x.raw, norm.raw, part.blocks.raw, part.rows.raw)
  }

  func localResponseNormInputGradient(
    _ dx: Planes, _ dy: Planes, of x: Planes, scale: Planes, _ norm: LocalResponseNorm, _ epilogue: Epilogue,
    _ part: Part
  ) {
    epilogue.withRaw {
      c.lrn_input_grad(dx.raw, dy.raw, x.raw, scale.raw, norm.raw, $0, part.blocks.raw, part.rows.raw)
    }
  }
}

/// The epilogue of an input gradient: what a kernel does to a finished sum before it stores the sum.
struct Epilogue {
  /// Whether the kernel adds the sum to what other layers have contributed. Otherwise the kernel overwrites what is
  /// there.
  var accumulates = false
  /// The mask with which the kernel multiplies the gradient: the derivative of the `clamp` that made the activation
  /// `value`. Nil if the gradient is not masked.
  var mask: (value: Planes, clamp: Clamp)?

  func withRaw(_ body: (pxa_epilogue) -> Void) {
    guard let mask else { return body(pxa_epilogue(x: nil, clamp: Clamp.none.raw, accumulate: accumulates)) }
    withUnsafePointer(to: mask.value.raw) { body(pxa_epilogue(x: $0, clamp: mask.clamp.raw, accumulate: accumulates)) }
  }
}

extension LocalResponseNorm {
  fileprivate var raw: pxa_lrn { pxa_lrn(size: Int32(size), alpha: alpha, beta: beta, k: k) }
}

extension ElementFunction {
  fileprivate func raw(_ slopes: FloatBuffer?) -> pxa_function {
    func made(_ kind: pxa_function_kind, _ a: Float = 0, _ b: Float = 0, _ c: Float = 0) -> pxa_function {
      pxa_function(kind: kind, a: a, b: b, c: c, slopes: slopes?.base)
    }
    return switch self {
    case .clamp(let clamp): made(PXA_CLAMP, clamp.low, clamp.high)
    case .leakyReLU, .prelu: made(PXA_LEAKY_RELU)
    case .elu(let alpha): made(PXA_ELU, alpha, 1, 1)
    case .celu(let alpha): made(PXA_ELU, alpha, 1 / alpha, 1)
    case .selu(let alpha, let gamma): made(PXA_ELU, alpha * gamma, 1, gamma)
    case .sigmoid: made(PXA_SIGMOID)
    case .hardSigmoid(let alpha, let beta): made(PXA_HARD_SIGMOID, alpha, beta)
    case .hardSwish: made(PXA_HARD_SWISH)
    case .silu: made(PXA_SWISH, 1)
    case .swish(let alpha): made(PXA_SWISH, alpha)
    case .tanh: made(PXA_TANH)
    case .gelu(let tanh): made(tanh ? PXA_GELU_TANH : PXA_GELU)
    case .mish: made(PXA_MISH)
    case .softplus: made(PXA_SOFTPLUS)
    case .erf: made(PXA_ERF)
    case .softsign: made(PXA_SOFTSIGN)
    case .thresholdedReLU(let threshold): made(PXA_THRESHOLD, threshold)
    case .absolute: made(PXA_ABSOLUTE)
    case .squareRoot: made(PXA_SQUARE_ROOT)
    case .reciprocal: made(PXA_RECIPROCAL)
    case .exp: made(PXA_EXP)
    case .log: made(PXA_LOG)
    case .power(let exponent):
      made(PXA_POWER, exponent, exponent.rounded() != exponent ? .nan : exponent.remainder(dividingBy: 2) == 0 ? 1 : -1)
    }
  }
}

extension Reduction.Kind {
  fileprivate var raw: pxa_reduction {
    switch self {
    case .sum: PXA_SUM
    case .norm: PXA_NORM
    case .maximum: PXA_MAXIMUM
    }
  }
}

extension Range<Int> {
  var raw: pxa_range { pxa_range(begin: Int32(lowerBound), end: Int32(upperBound)) }
}
