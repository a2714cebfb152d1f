// SPDX-License-Identifier: MIT

extension Affine: RunnableOperation {
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> AffineWeights {
    try AffineWeights(parameters)
  }

  func append(_ node: PlanNode, _ weights: AffineWeights, to plan: inout LayerPlan) {
    plan.appendElementwise(node, AffineLayer(weights: weights, clamp: clamp), clamp)
  }
}

/// One scale and one shift per channel.
struct AffineWeights: Sendable {
  let scale, shift: FloatBuffer

  /// Reads the layer's parameters "weight" and "bias", padded with zeros to whole blocks.
  init(_ parameters: LayerParameters) throws(PixelAscentError) {
    scale = try FloatBuffer(blocksOf: parameters.tensor("weight").values)
    shift = try FloatBuffer(blocksOf: parameters.tensor("bias").values)
  }
}

/// Computes scale[c] · x + shift[c] in each channel c, then clamps.
struct AffineLayer: RunnableLayer {
  let weights: AffineWeights
  let clamp: Clamp

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, weights, clamp) = (pass.kernels, pass.y, pass.x, weights, clamp)
    return pass.parts { kernels.affineForward(y, x, scale: weights.scale, shift: weights.shift, clamp, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue, scale) = (pass.kernels, pass.dx, pass.dy, pass.epilogue, weights.scale)
    return pass.parts { kernels.affineInputGradient(dx, dy, scale: scale, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .fromSameBlocks }
}
