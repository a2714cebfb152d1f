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
  private let outputs, inputs: Int32
  /// The weights packed for the input gradient. Their order depends on the window's padding.
  private let gradients = Mutex<[Window: FloatBuffer]>([:])

  /// Packs the weights of a convolution.
  ///
  /// - Parameters:
  ///   - weight: shape (outputs, inputs/groups, kernel rows, kernel columns)
  ///   - bias: shape (outputs)
  init(
    _ window: Window, isSame: Bool, inputs: Int, outputs: Int, groups: Int, clamp: Clamp, form: ConvolutionForm,
    weight: FloatBuffer, bias: Tensor
  ) {
    self.window = window
    self.isSame = isSame
    self.groups = groups
    self.clamp = clamp
    self.form = form
    let (inputs, outputs) = (Int32(inputs), Int32(outputs))
    (self.inputs, self.outputs) = (inputs, outputs)
    switch form {
    case .blocked:
      forward = FloatBuffer(count: pxa_conv_packed_floats(window.raw, Int32(groups), inputs, outputs))
      pxa_conv_pack_forward(forward.base, weight.base, window.raw, Int32(groups), inputs, outputs)
    case .depthwise:
      forward = FloatBuffer(count: pxa_depthwise_packed_floats(window.raw, outputs))
      pxa_depthwise_pack(forward.base, weight.base, window.raw, outputs)
    case .stem:
      forward = FloatBuffer(count: pxa_stem_packed_floats(window.raw, inputs, outputs))
      pxa_stem_pack_forward(forward.base, weight.base, window.raw, inputs, outputs)
    }
    self.bias = FloatBuffer(blocksOf: bias.values)
  }

  /// Returns the window for an input of this size.
  func window(height: Int, width: Int) -> Window { isSame ? window.same(height: height, width: width) : window }

  /// Returns the weights packed for the input gradient of an input of this size. The first call packs them.
  func inputGradient(height: Int, width: Int) -> FloatBuffer {
    let window = window(height: height, width: width)
    return gradients.withLock { made in
      if let packed = made[window] { return packed }
      let packed: FloatBuffer
      switch form {
      case .depthwise: packed = forward
      case .blocked:
        packed = FloatBuffer(count: pxa_conv_grad_packed_floats(window.raw, Int32(groups), inputs, outputs))
        pxa_conv_pack_input_grad(packed.base, forward.base, window.raw, Int32(groups), inputs, outputs)
      case .stem:
        packed = FloatBuffer(count: pxa_stem_grad_packed_floats(window.raw, inputs, outputs))
        pxa_stem_pack_input_grad(packed.base, forward.base, window.raw, inputs, outputs)
      }
      made[window] = packed
      return packed
    }
  }
}

/// A linear layer's matrix, bias and clamp. The matrix is not packed: it has the shape (outputs, inputs) in C order.
struct LinearWeights: Sendable {
  let weight, bias: FloatBuffer
  let clamp: Clamp
}

extension FloatBuffer {
  /// Creates a buffer with one value per channel, and zeros up to the end of the last block.
  convenience init(blocksOf values: [Float]) {
    self.init(count: (values.count + 15) / 16 * 16)
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
