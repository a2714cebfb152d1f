// SPDX-License-Identifier: MIT
//
// Weights in the order in which the kernels read them.

internal import CPixelKernels
import Synchronization

/// The form of a convolution: it decides how the weights are packed, and which kernels compute the convolution.
enum ConvolutionForm: Sendable {
  /// The input consists of blocked planes.
  case blocked
  /// The input consists of blocked planes, and each output channel reads one input channel.
  case depthwise
  /// The input is the image.
  case stem
}

/// A convolution's packed weights and bias, and its other arguments for the kernels.
final class ConvolutionWeights: Sendable {
  let window: Window
  /// Whether the size of the input decides the padding: TensorFlow's "SAME". Then `window` has the greatest padding.
  private let isSame: Bool
  let groups: Int
  let clamp: Clamp
  let form: ConvolutionForm
  let forward, bias: FloatBuffer
  /// Whether an output channel has a bias of almost zero and weights that are not. Where all its inputs are zero, its
  /// output is the bias. Winograd's rounding errors could change the sign of that output, and a ReLU after it would pass
  /// another gradient.
  let hasTinyBias: Bool
  private let outputs, inputs: Int32
  /// The weights packed for the input gradient. Their order depends on the window's padding.
  private let gradients = Mutex<[Window: FloatBuffer]>([:])
  /// The weights transformed for Winograd's method.
  private let winograd = Mutex<[WinogradPass: TransformedWeights]>([:])

  /// Packs the weights of a convolution.
  ///
  /// - Parameters:
  ///   - weight: shape (outputs, inputs/groups, kernel rows, kernel columns)
  ///   - bias: shape (outputs)
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  init(
    _ window: Window, isSame: Bool, inputs: Int, outputs: Int, groups: Int, clamp: Clamp, form: ConvolutionForm,
    weight: FloatBuffer, bias: Tensor
  ) throws(PixelAscentError) {
    self.window = window
    self.isSame = isSame
    self.groups = groups
    self.clamp = clamp
    self.form = form
    let (inputs, outputs) = (Int32(inputs), Int32(outputs))
    (self.inputs, self.outputs) = (inputs, outputs)
    switch form {
    case .blocked:
      forward = try FloatBuffer(
        count: pxa_conv_packed_floats(window.raw, Int32(groups), inputs, outputs), for: Self.memory)
      pxa_conv_pack_forward(forward.base, weight.base, window.raw, Int32(groups), inputs, outputs)
    case .depthwise:
      forward = try FloatBuffer(count: pxa_depthwise_packed_floats(window.raw, outputs), for: Self.memory)
      pxa_depthwise_pack(forward.base, weight.base, window.raw, outputs)
    case .stem:
      forward = try FloatBuffer(count: pxa_stem_packed_floats(window.raw, inputs, outputs), for: Self.memory)
      pxa_stem_pack_forward(forward.base, weight.base, window.raw, inputs, outputs)
    }
    self.bias = try FloatBuffer(blocksOf: bias.values)
    let each = weight.count / bias.values.count
    hasTinyBias = bias.values.enumerated().contains { channel, bias in
      // Rounding errors of an output are below this, if the inputs beside the zeros are below about 4.
      abs(bias) < 0x1p-22 * weight.sumOfMagnitudes(channel * each..<(channel + 1) * each)
    }
  }

  /// Returns the window for an input of this size.
  func window(height: Int, width: Int) -> Window { isSame ? window.same(height: height, width: width) : window }

  /// Returns the weights packed for the input gradient of an input of this size.
  ///
  /// - Precondition: ``packForGradient(height:width:)`` has packed them.
  func inputGradient(height: Int, width: Int) -> FloatBuffer {
    if form == .depthwise { return forward }
    guard let packed = gradients.withLock({ $0[window(height: height, width: width)] }) else {
      preconditionFailure("the weights are not packed for a gradient of this size")
    }
    return packed
  }

  /// Packs the weights for the input gradient of an input of this size. Only the first call does any work.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  func packForGradient(height: Int, width: Int) throws(PixelAscentError) {
    if form == .depthwise { return }
    let window = window(height: height, width: width)
    let result = gradients.withLock { made in
      Result { () throws(PixelAscentError) in
        if made[window] == nil { made[window] = try packed(for: window) }
      }
    }
    try result.get()
  }

  private func packed(for window: Window) throws(PixelAscentError) -> FloatBuffer {
    if form == .stem {
      let packed = try FloatBuffer(count: pxa_stem_grad_packed_floats(window.raw, inputs, outputs), for: Self.memory)
      pxa_stem_pack_input_grad(packed.base, forward.base, window.raw, inputs, outputs)
      return packed
    }
    let packed = try FloatBuffer(
      count: pxa_conv_grad_packed_floats(window.raw, Int32(groups), inputs, outputs), for: Self.memory)
    pxa_conv_pack_input_grad(packed.base, forward.base, window.raw, Int32(groups), inputs, outputs)
    return packed
  }

  // MARK: Winograd's method

  /// Returns whether Winograd's method is possible and faster for the output, of the size `output`, or for the gradient of
  /// the input, if no zeros are skipped.
  func winogradPays(
    _ pass: WinogradPass, input: (height: Int, width: Int), output: (height: Int, width: Int)
  ) -> Bool {
    guard form == .blocked else { return false }
    let (from, to, size) = pass == .forward ? (inputs, outputs, output) : (outputs, inputs, input)
    return pxa_winograd_pays(
      window(height: input.height, width: input.width).raw, Int32(groups), from, to, Int32(size.height),
      Int32(size.width))
  }

  /// The number of floats in the weights that are transformed for one pass.
  var winogradFloats: Int { pxa_winograd_packed_floats(inputs, outputs) }

  /// Returns the floats of scratch memory that a thread needs for a pass.
  func winogradScratchFloats(_ pass: WinogradPass) -> Int {
    pxa_winograd_scratch_floats(pass == .forward ? inputs : outputs)
  }

  func hasWinogradMemory(_ pass: WinogradPass) -> Bool { winograd.withLock { $0[pass] != nil } }

  /// Sets the memory, of ``winogradFloats`` floats, in which the weights are transformed for a pass when they are first
  /// needed; has no effect if it was set before.
  func setWinogradMemory(_ pass: WinogradPass, _ memory: FloatBuffer) {
    winograd.withLock { if $0[pass] == nil { $0[pass] = TransformedWeights(memory) } }
  }

  /// The weights transformed for the output.
  ///
  /// - Precondition: ``setWinogradMemory(_:_:)`` was called for the forward pass.
  var winogradForward: FloatBuffer {
    transformed(.forward).made { pxa_winograd_pack_forward($0, forward.base, inputs, outputs) }
  }

  /// Returns the weights transformed for the gradient of an input of this size.
  ///
  /// - Precondition: ``packForGradient(height:width:)`` was called for this size, and ``setWinogradMemory(_:_:)`` for the
  ///   gradient.
  func winogradGradient(height: Int, width: Int) -> FloatBuffer {
    // With a stride of 1 the order of the packed weights does not depend on the padding, so these serve every size.
    transformed(.gradient).made {
      pxa_winograd_pack_input_grad($0, inputGradient(height: height, width: width).base, inputs, outputs)
    }
  }

  private func transformed(_ pass: WinogradPass) -> TransformedWeights {
    guard let weights = winograd.withLock({ $0[pass] }) else { preconditionFailure("no memory was set") }
    return weights
  }

  private static let memory: Message = "the packed weights of a layer take"
}

/// What Winograd's method computes: the output of a convolution, or the gradient of its input.
enum WinogradPass: Sendable {
  case forward, gradient
}

/// Weights that are transformed when they are first needed.
private final class TransformedWeights: Sendable {
  private let memory: FloatBuffer
  private let isMade = Mutex(false)

  init(_ memory: FloatBuffer) { self.memory = memory }

  /// Returns the weights. The first call makes them with `transform`; threads that call at the same time wait.
  func made(_ transform: (UnsafeMutablePointer<Float>) -> Void) -> FloatBuffer {
    isMade.withLock { isMade in
      if !isMade { transform(memory.base) }
      isMade = true
    }
    return memory
  }
}

/// A linear layer's matrix, bias and clamp. The matrix is not packed: it has the shape (outputs, inputs) in C order.
struct LinearWeights: Sendable {
  let weight, bias: FloatBuffer
  let clamp: Clamp
}

extension FloatBuffer {
  /// Creates a buffer with one value per channel, and zeros up to the end of the last block.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  convenience init(blocksOf values: [Float]) throws(PixelAscentError) {
    try self.init(count: (values.count + 15) / 16 * 16, for: "a value per channel takes")
    replace(from: 0, with: values)
  }
}

extension WindowAxis {
  fileprivate var raw: pxa_axis {
    pxa_axis(
      kernel: Int32(kernel), stride: Int32(stride), before: Int32(before), after: Int32(after),
      dilation: Int32(dilation))
  }
}

extension Window {
  var raw: pxa_window { pxa_window(y: y.raw, x: x.raw) }

  /// The halo that a convolution needs around its input.
  var halo: Int { Int(pxa_conv_halo(raw)) }

  /// The halo that a convolution's input gradient needs with the padding "SAME", whatever the input's size.
  var sameGradientHalo: Int { max(greatestSame.gradientHalo, leastSame.gradientHalo) }

  /// The halo that the input gradient of a convolution needs around the output's gradient.
  var gradientHalo: Int { Int(pxa_conv_grad_halo(raw)) }

  var taps: Int { y.kernel * x.kernel }

  static let mostTaps = Int(PXA_MAX_TAPS)
  static let widestStem = Int(PXA_STEM_MAX_KERNEL)
  static let widestMaxPool = Int(PXA_MAX_POOL_KERNEL)
}

extension Clamp {
  var raw: pxa_clamp { pxa_clamp(low: low, high: high) }
}
