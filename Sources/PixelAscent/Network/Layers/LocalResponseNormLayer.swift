// SPDX-License-Identifier: MIT

extension LocalResponseNorm: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let output = plan.addValue(node.name, channels: node.shape.channels)
    let scale = plan.addUnnamedValue(shapeName: node.name, channels: node.shape.channels)
    plan.layers.append(Layer(node.name, LocalResponseNormLayer(norm: self, scale: scale), node.inputs, output))
  }
}

/// Computes a local response normalisation, x / scale^β. The value `scale` is kept for the backward pass.
struct LocalResponseNormLayer: RunnableLayer {
  let norm: LocalResponseNorm
  let scale: Int

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, norm, scale) = (pass.kernels, pass.y, pass.x, norm, pass.evaluation.activations[scale])
    return pass.parts { kernels.localResponseNormForward(y, scale: scale, x, norm, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, x, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.x, pass.epilogue)
    let (norm, scale) = (norm, pass.evaluation.activations[scale])
    return pass.parts { kernels.localResponseNormInputGradient(dx, dy, of: x, scale: scale, norm, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
