// SPDX-License-Identifier: MIT

extension AveragePool: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let output = plan.addValue(node.name, channels: node.shape.channels)
    let layer = AveragePoolLayer(window: window, countPadding: countPadding)
    plan.layers.append(Layer(node.name, layer, node.inputs, output))
  }
}

/// Computes the mean of each window.
struct AveragePoolLayer: RunnableLayer {
  let window: Window
  let countPadding: Bool

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, window, countPadding) = (pass.kernels, pass.y, pass.x, window, countPadding)
    return pass.parts { kernels.averagePoolForward(y, x, window, countPadding: countPadding, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.epilogue)
    let (window, countPadding) = (window, countPadding)
    return pass.parts { kernels.averagePoolInputGradient(dx, dy, epilogue, window, countPadding: countPadding, $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .fromSameBlocks }
}
