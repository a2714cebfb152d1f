// SPDX-License-Identifier: MIT

extension MaxPool: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    if max(window.y.kernel, window.x.kernel) > Window.widestMaxPool {
      return plan.appendRegionMax(node, window: window)
    }
    let clamp = plan.values[node.input].clamp ?? .none
    let output = plan.addValue(node.name, channels: node.shape.channels, clamp: clamp)
    plan.values[output].inheritsClamp = true
    plan.layers.append(Layer(node.name, MaxPoolLayer(window: window), node.inputs, output))
  }
}

/// Computes the maximum of each window; ``RegionMaxLayer`` computes those of larger windows. The evaluation stores the maximum's position for the backward pass.
struct MaxPoolLayer: RunnableLayer {
  let window: Window

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, window) = (pass.kernels, pass.y, pass.x, window)
    let indices = pass.evaluation.poolIndex(pass.index)
    return pass.parts { kernels.maxPoolForward(y, indices, x, window, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue, window) = (pass.kernels, pass.dx, pass.dy, pass.epilogue, window)
    let indices = pass.evaluation.poolIndex(pass.index)
    return pass.parts { kernels.maxPoolInputGradient(dx, dy, indices, epilogue, window, $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .fromSameBlocks }
}
