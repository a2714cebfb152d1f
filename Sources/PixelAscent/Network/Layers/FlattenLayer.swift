// SPDX-License-Identifier: MIT

extension Flatten: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    if plan.values[node.input].isVector { return plan.addAlias(node) }
    let output = plan.flattened(node.input, node.name, shapeName: node.name, channels: node.shape.channels)
    plan.setName(node.name, output)
  }
}

extension LayerPlan {
  /// Returns the value itself if it is a vector, else a flattened copy.
  mutating func vector(_ input: Int, _ name: String) -> Int {
    let value = values[input]
    if value.isVector { return input }
    return flattened(input, name, shapeName: value.shapeName, channels: value.channels)
  }

  fileprivate mutating func flattened(_ input: Int, _ name: String, shapeName: String, channels: Int) -> Int {
    let output = addUnnamedValue(shapeName: shapeName, channels: channels, isVector: true)
    layers.append(Layer(name, FlattenLayer(), [input], output))
    return output
  }
}

/// Copies all elements into one vector, in the order channel, row, column.
struct FlattenLayer: RunnableLayer {
  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x) = (pass.kernels, pass.y, pass.x)
    return Step(blocks: 0..<x.blocks, body: Parallel.Body { kernels.flattenForward(y, x, blocks: $0.blocks) })
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.epilogue)
    return pass.wholeBlocks { kernels.flattenInputGradient(dx, dy, epilogue, blocks: $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .impossible }
}
