// SPDX-License-Identifier: MIT

extension Elementwise: RunnableOperation {
  /// The slopes of a leaky ReLU: one a channel, or one for all.
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> [Float]? {
    switch function {
    case .prelu: try parameters.tensor("weight").values
    case .leakyReLU(let slope): [slope]
    default: nil
    }
  }

  func append(_ node: PlanNode, _ slopes: [Float]?, to plan: inout LayerPlan) {
    if case .clamp(let clamp) = function {
      plan.appendElementwise(node, ClampLayer(clamp: clamp), clamp)
      return
    }
    let buffer = slopes.map { slopes in
      FloatBuffer(
        blocksOf: slopes.count == 1 ? [Float](repeating: slopes[0], count: node.shape.channels) : slopes)
    }
    plan.appendElementwise(node, ElementwiseLayer(function: function, slopes: buffer))
  }
}

/// A function of each value by itself.
struct ElementwiseLayer: RunnableLayer {
  let function: ElementFunction
  let slopes: FloatBuffer?

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, function, slopes) = (pass.kernels, pass.y, pass.x, function, slopes)
    return pass.parts { kernels.functionForward(y, x, function, slopes: slopes, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, x, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.x, pass.epilogue)
    let (function, slopes) = (function, slopes)
    return pass.parts { kernels.functionInputGradient(dx, dy, of: x, function, slopes: slopes, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .fromSameBlocks }
}

/// A clamp by itself. The layer that takes the gradient to its output has multiplied it by the derivative already.
struct ClampLayer: RunnableLayer {
  let clamp: Clamp

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, clamp) = (pass.kernels, pass.y, pass.x, clamp)
    return pass.parts { kernels.functionForward(y, x, .clamp(clamp), slopes: nil, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.epilogue)
    return pass.parts { kernels.passGradient(dx, dy, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .fromSameBlocks }
}
