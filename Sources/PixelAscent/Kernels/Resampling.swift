// SPDX-License-Identifier: MIT

internal import CPixelKernels

/// How a resampling reads an axis of its input: a border, or a resize from one size to another.
struct Resampling {
  let raw: pxa_resampling

  /// Creates a border of values of the input. `before` is its width before the input.
  init(_ mode: Pad.Mode, before: Int) {
    let sampling =
      switch mode {
      case .reflect: PXA_REFLECT
      case .edge: PXA_EDGE
      case .wrap: PXA_WRAP
      case .constant: preconditionFailure("a border of a constant value holds no values of the input")
      }
    raw = pxa_resampling(sampling: sampling, shift: Int32(before), step: 1, scale: 1, offset: 0, rounding: PXA_FLOOR)
  }

  /// Creates a resize of an axis from `input` to `output` elements.
  init(_ resize: Interpolate, _ axis: Interpolate.Axis, input: Int, output: Int) {
    var scale = axis.scale ?? Float(output) / Float(input)
    var step: Float = 1, offset: Float = 0
    switch resize.coordinates {
    case .halfPixel: offset = 0.5
    case .pytorchHalfPixel: (scale, offset) = output == 1 ? (.infinity, 0) : (scale, 0.5)
    case .asymmetric: break
    case .alignCorners: (step, scale) = output == 1 ? (1, .infinity) : (Float(input - 1), Float(output - 1))
    }
    let (sampling, rounding) =
      switch resize.sampling {
      case .linear: (PXA_LINEAR, PXA_FLOOR)
      case .floor: (PXA_NEAREST, PXA_FLOOR)
      case .ceil: (PXA_NEAREST, PXA_CEIL)
      case .roundDown: (PXA_NEAREST, PXA_ROUND_DOWN)
      case .roundUp: (PXA_NEAREST, PXA_ROUND_UP)
      }
    raw = pxa_resampling(sampling: sampling, shift: 0, step: step, scale: scale, offset: offset, rounding: rounding)
  }
}
