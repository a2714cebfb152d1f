// SPDX-License-Identifier: MIT
//
// Layer and group normalisation as methods.

internal import CPixelKernels

extension Kernels {
  func layerNormForward(
    _ y: Planes, _ x: Planes, scale: FloatBuffer, shift: FloatBuffer, _ norm: LayerNorm, _ part: Part
  ) {
    c.layer_norm_forward(
      y.raw, x.raw, scale.base, shift.base, norm.epsilon, part.blocks.raw, part.rows.raw)
  }

  func layerNormInputGradient(
    _ dx: Planes, _ dy: Planes, of x: Planes, scale: FloatBuffer, _ norm: LayerNorm, _ epilogue: Epilogue, _ part: Part
  ) {
    epilogue.withRaw {
      c.layer_norm_input_grad(
        dx.raw, dy.raw, x.raw, scale.base, norm.epsilon, $0, part.blocks.raw, part.rows.raw)
    }
  }

  func groupNormForward(
    _ y: Planes, _ x: Planes, scale: FloatBuffer, shift: FloatBuffer, _ norm: GroupNorm, _ part: Part
  ) {
    c.group_norm_forward(
      y.raw, x.raw, scale.base, shift.base, Int32(norm.groups), norm.epsilon, part.blocks.raw,
      part.rows.raw)
  }

  func groupNormInputGradient(
    _ dx: Planes, _ dy: Planes, of x: Planes, scale: FloatBuffer, _ norm: GroupNorm, _ epilogue: Epilogue, _ part: Part
  ) {
    epilogue.withRaw {
      c.group_norm_input_grad(
        dx.raw, dy.raw, x.raw, scale.base, Int32(norm.groups), norm.epsilon, $0, part.blocks.raw, part.rows.raw)
    }
  }
}

extension GroupNorm {
  /// The least number of blocks that hold whole groups of a value of `channels` channels.
  func blocksPerRun(channels: Int) -> Int { Int(pxa_group_norm_blocks(Int32(channels / groups))) }
}
