// SPDX-License-Identifier: MIT

extension Reduction: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let isVector = !ofChannels || plan.values[node.input].isVector
    let output = plan.addValue(node.name, channels: node.shape.channels, isVector: isVector)
    plan.layers.append(Layer(node.name, ReductionLayer(reduction: self), node.inputs, output))
  }
}

/// Reduces each channel's pixels, or each pixel's channels, to one number. The backward pass reduces them again.
struct ReductionLayer: RunnableLayer {
  let reduction: Reduction

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, reduction) = (pass.kernels, pass.y, pass.x, reduction)
    return pass.parts { kernels.reductionForward(y, x, reduction, $0) }
  }

  /// The elements of a reduction stay in one part.
  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, x, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.x, pass.epilogue)
    let reduction = reduction
    if reduction.ofChannels {
      return pass.parts(multipleOf: dx.blocks) {
        kernels.reductionInputGradient(dx, dy, of: x, reduction, epilogue, $0)
      }
    }
    return pass.wholeBlocks {
      let part = Part(blocks: $0, rows: 0..<dx.height)
      kernels.reductionInputGradient(dx, dy, of: x, reduction, epilogue, part)
    }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { reduction.ofChannels ? .impossible : .fromSameBlocks }
}
