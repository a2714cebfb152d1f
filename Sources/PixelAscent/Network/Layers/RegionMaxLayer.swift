// SPDX-License-Identifier: MIT

extension AdaptiveMax: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    plan.appendRegionMax(node, window: nil, isVector: isGlobal)
  }
}

extension LayerPlan {
  /// Adds the maxima of a window's positions or, without a window, of regions that cover the input.
  mutating func appendRegionMax(_ node: PlanNode, window: Window?, isVector: Bool = false) {
    let output = addValue(node.name, channels: node.shape.channels, isVector: isVector)
    let rows = addUnnamedValue(shapeName: node.name, channels: node.shape.channels)
    let columns = addUnnamedValue(shapeName: node.name, channels: node.shape.channels)
    layers.append(
      Layer(node.name, RegionMaxLayer(window: window, rows: rows, columns: columns), node.inputs, output))
  }
}

/// Computes the maximum of each region. The values `rows` and `columns` keep the maximum's position for the backward
/// pass.
struct RegionMaxLayer: RunnableLayer {
  /// The window whose positions are the regions; nil for regions that cover the input, one per output pixel.
  let window: Window?
  let rows, columns: Int

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, window) = (pass.kernels, pass.y, pass.x, window)
    let (rows, columns) = (pass.evaluation.activations[rows], pass.evaluation.activations[columns])
    return pass.parts { kernels.regionMaxForward(y, rows: rows, columns: columns, x, window, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.epilogue)
    let (rows, columns) = (pass.evaluation.activations[rows], pass.evaluation.activations[columns])
    return pass.wholeBlocks {
      kernels.regionMaxInputGradient(dx, dy, rows: rows, columns: columns, epilogue, blocks: $0)
    }
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .fromSameBlocks }
}
