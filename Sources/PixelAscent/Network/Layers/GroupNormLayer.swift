// SPDX-License-Identifier: MIT

extension GroupNorm: RunnableOperation {
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> AffineWeights {
    try AffineWeights(parameters)
  }

  func append(_ node: PlanNode, _ weights: AffineWeights, to plan: inout LayerPlan) {
    plan.appendElementwise(node, GroupNormLayer(norm: self, weights: weights))
  }
}

/// Computes a group normalisation. The backward pass computes mean and variance again.
struct GroupNormLayer: RunnableLayer {
  let norm: GroupNorm
  let weights: AffineWeights

  /// The elements that share one mean stay in one part.
  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, norm, weights) = (pass.kernels, pass.y, pass.x, norm, weights)
    return pass.wholeBlocks(multipleOf: norm.blocksPerRun(channels: y.channels)) {
      let part = Part(blocks: $0, rows: 0..<y.height)
      kernels.groupNormForward(y, x, scale: weights.scale, shift: weights.shift, norm, part)
    }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, x, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.x, pass.epilogue)
    let (norm, scale) = (norm, weights.scale)
    return pass.wholeBlocks(multipleOf: norm.blocksPerRun(channels: dx.channels)) {
      let part = Part(blocks: $0, rows: 0..<dx.height)
      kernels.groupNormInputGradient(dx, dy, of: x, scale: scale, norm, epilogue, part)
    }
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
