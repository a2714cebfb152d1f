// SPDX-License-Identifier: MIT

extension LayerNorm: RunnableOperation {
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> AffineWeights {
    try AffineWeights(parameters)
  }

  func append(_ node: PlanNode, _ weights: AffineWeights, to plan: inout LayerPlan) {
    plan.appendElementwise(node, LayerNormLayer(norm: self, weights: weights))
  }
}

/// Computes a layer normalisation. The backward pass computes mean and variance again.
struct LayerNormLayer: RunnableLayer {
  let norm: LayerNorm
  let weights: AffineWeights

  /// All channels of a pixel, which share one mean, stay in one part.
  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, norm, weights) = (pass.kernels, pass.y, pass.x, norm, weights)
    return pass.parts(multipleOf: y.blocks) {
      kernels.layerNormForward(y, x, scale: weights.scale, shift: weights.shift, norm, $0)
    }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, x, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.x, pass.epilogue)
    let (norm, scale) = (norm, weights.scale)
    return pass.parts(multipleOf: dx.blocks) {
      kernels.layerNormInputGradient(dx, dy, of: x, scale: scale, norm, epilogue, $0)
    }
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
