// SPDX-License-Identifier: MIT

extension Multiply: RunnableOperation {
  func weights(_: LayerParameters) {}
  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) { plan.appendElementwise(node, MultiplyLayer()) }
}

/// Multiplies two inputs element by element; one of them may be 1×1.
struct MultiplyLayer: RunnableLayer {
  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x) = (pass.kernels, pass.y, pass.inputs)
    // The kernel expects the input that may be 1×1 second.
    let (a, b) = x[0].area < x[1].area ? (x[1], x[0]) : (x[0], x[1])
    return pass.parts { kernels.multiplyForward(y, a, b, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, other, epilogue) = (
      pass.kernels, pass.dx, pass.dy, pass.inputs[1 - pass.inputIndex], pass.epilogue
    )
    if dx.area < dy.area {
      return pass.wholeBlocks { kernels.multiplyFactorGradient(dx, dy, other, epilogue, blocks: $0) }
    }
    return pass.parts { kernels.multiplyInputGradient(dx, dy, other, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
