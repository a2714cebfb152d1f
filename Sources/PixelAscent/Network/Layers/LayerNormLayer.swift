// SPDX-License-Identifier: MIT

extension LayerNorm: RunnableOperation {
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> AffineWeights {
    try AffineWeights(parameters)
  }

  func append(_ node: PlanNode, _ weights: AffineWeights, to plan: inout LayerPlan) {
    plan.appendElementwise(node, LayerNormLayer(norm: self, weights: weights))
  }
}

/// Layer normalisation. The way back computes mean and variance again.
struct LayerNormLayer: RunnableLayer {
  let norm: LayerNorm
  let weights: AffineWeights

  /// No part divides what one mean is taken over: a pixel's channels, or the whole image.
  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, norm, weights) = (pass.kernels, pass.y, pass.x, norm, weights)
    if norm.isWhole {
      return pass.wholeBlocks(together: y.blocks) {
        kernels.layerNormForward(
          y, x, scale: weights.scale, shift: weights.shift, norm, Part(blocks: $0, rows: 0..<y.height))
      }
    }
    return pass.parts(together: y.blocks) {
      kernels.layerNormForward(y, x, scale: weights.scale, shift: weights.shift, norm, $0)
    }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, x, into) = (pass.kernels, pass.dx, pass.dy, pass.x, pass.into)
    let (norm, scale) = (norm, weights.scale)
    if norm.isWhole {
      return pass.wholeBlocks(together: dx.blocks) {
        kernels.layerNormInputGradient(
          dx, dy, of: x, scale: scale, norm, into, Part(blocks: $0, rows: 0..<dx.height))
      }
    }
    return pass.parts(together: dx.blocks) {
      kernels.layerNormInputGradient(dx, dy, of: x, scale: scale, norm, into, $0)
    }
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
