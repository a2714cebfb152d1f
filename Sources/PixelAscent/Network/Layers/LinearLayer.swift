// SPDX-License-Identifier: MIT

extension Linear: RunnableOperation {
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> LinearWeights {
    LinearWeights(
      weight: try parameters.buffer("weight"), bias: try FloatBuffer(blocksOf: try parameters.tensor("bias").values),
      clamp: clamp)
  }

  func append(_ node: PlanNode, _ weights: LinearWeights, to plan: inout LayerPlan) {
    let input = plan.vector(node.input, node.name)
    let output = plan.addValue(node.name, channels: node.shape.channels, clamp: clamp, isVector: true)
    plan.layers.append(Layer(node.name, LinearLayer(weights: weights), [input], output))
  }
}

/// Multiplies a vector by a matrix, adds the bias and clamps.
struct LinearLayer: RunnableLayer {
  let weights: LinearWeights

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, weights) = (pass.kernels, pass.y, pass.x, weights)
    return pass.wholeBlocks(multipleOf: pass.evaluation.blocksPerPart(y.blocks)) {
      kernels.linearForward(y, x, weights, blocks: $0)
    }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue, weights) = (pass.kernels, pass.dx, pass.dy, pass.epilogue, weights)
    return pass.wholeBlocks(multipleOf: pass.evaluation.blocksPerPart(dx.blocks)) {
      kernels.linearInputGradient(dx, dy, weights, epilogue, from: pass.gradientBlocks, blocks: $0)
    }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .fromWholeInput }
}
