// SPDX-License-Identifier: MIT

extension Pad: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let output = plan.addValue(node.name, channels: node.shape.channels)
    let layer: any RunnableLayer =
      if mode == .constant {
        PadLayer(top: top, left: left, value: value)
      } else {
        ResampleLayer { _, _ in (Resampling(mode, before: top), Resampling(mode, before: left)) }
      }
    plan.layers.append(Layer(node.name, layer, node.inputs, output))
  }
}

/// Puts a border of a constant value around each plane. The output's size decides how wide the border is at the right
/// and at the bottom.
struct PadLayer: RunnableLayer {
  let top, left: Int
  let value: Float

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, top, left, value) = (pass.kernels, pass.y, pass.x, top, left, value)
    return pass.parts { kernels.padForward(y, x, top: top, left: left, value: value, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue, top, left) = (pass.kernels, pass.dx, pass.dy, pass.epilogue, top, left)
    return pass.parts { kernels.padInputGradient(dx, dy, top: top, left: left, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .impossible }
}
