// SPDX-License-Identifier: MIT

extension Elementwise: RunnableOperation {
  /// Returns the slopes of a leaky ReLU or PReLU: one per channel, or one for all; nil for other functions.
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> [Float]? {
    switch function {
    case .prelu: try parameters.tensor("weight").values
    case .leakyReLU(let slope): [slope]
    default: nil
    }
  }

  func append(_ node: PlanNode, _ slopes: [Float]?, to plan: inout LayerPlan) throws(PixelAscentError) {
    if case .clamp(let clamp) = function {
      plan.appendElementwise(node, ClampLayer(clamp: clamp), clamp)
      return
    }
    var buffer: FloatBuffer?
    if let slopes {
      buffer = try FloatBuffer(
        blocksOf: slopes.count == 1 ? [Float](repeating: slopes[0], count: node.shape.channels) : slopes)
    }
    plan.appendElementwise(node, ElementwiseLayer(function: function, slopes: buffer))
  }
}

/// Applies an activation function to each element.
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

/// Clamps each element. When `backward` runs, the pass has already multiplied the output's gradient by the clamp's
/// derivative.
struct ClampLayer: RunnableLayer {
  let clamp: Clamp

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, clamp) = (pass.kernels, pass.y, pass.x, clamp)
    return pass.parts { kernels.functionForward(y, x, .clamp(clamp), slopes: nil, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.epilogue)
    return pass.parts { kernels.addInputGradient(dx, dy, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .fromSameBlocks }
}
