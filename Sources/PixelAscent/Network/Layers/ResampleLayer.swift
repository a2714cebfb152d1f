// SPDX-License-Identifier: MIT

extension Interpolate: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let output = plan.addValue(node.name, channels: node.shape.channels)
    let layer = ResampleLayer { x, y in
      (
        Resampling(self, self.y, input: x.height, output: y.height),
        Resampling(self, self.x, input: x.width, output: y.width)
      )
    }
    plan.layers.append(Layer(node.name, layer, node.inputs, output))
  }
}

/// Computes each output pixel as a weighted mean of a few pixels of the input.
struct ResampleLayer: RunnableLayer {
  /// Returns how the rows and the columns of an output `y` read those of an input `x`.
  let axes: @Sendable (_ x: Planes, _ y: Planes) -> (down: Resampling, across: Resampling)

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x) = (pass.kernels, pass.y, pass.x), (down, across) = axes(x, y)
    return pass.parts { kernels.resampleForward(y, x, down, across, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.epilogue), (down, across) = axes(dx, dy)
    return pass.wholeBlocks { kernels.resampleInputGradient(dx, dy, down, across, epilogue, blocks: $0) }
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
