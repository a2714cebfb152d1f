// SPDX-License-Identifier: MIT

extension Add: RunnableOperation {
  func weights(_: LayerParameters) {}

  /// Computes the sum in place if possible: in the memory of an input that no other layer reads, that has no clamp and
  /// that lies alone in its storage. The sum and that input then share one gradient.
  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let replaced = node.inputs.indices.last { inputIndex in
      let value = plan.values[node.inputs[inputIndex]], name = node.inputNames[inputIndex]
      return plan.readCounts[name] == 1 && name != Graph.image && value.clamp == nil
        && plan.held[value.storage].count == 1
    }
    guard let replaced else { return plan.appendElementwise(node, AddLayer(clamp: clamp), clamp) }
    let value = plan.values[node.inputs[replaced]]
    let output = plan.addName(
      node.name,
      for: Value(
        shapeName: node.name, channels: value.channels, clamp: clamp == .none ? nil : clamp, isVector: value.isVector,
        storage: value.storage, firstBlock: value.firstBlock), of: [node.inputs[replaced]])
    var layer = Layer(node.name, AddLayer(clamp: clamp), node.inputs, output)
    layer.gradients[replaced].isShared = true
    plan.layers.append(layer)
  }
}

/// Adds two inputs and clamps the sum. When `backward` runs, the pass has already multiplied the output's gradient by
/// the clamp's derivative.
struct AddLayer: RunnableLayer {
  let clamp: Clamp

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, clamp) = (pass.kernels, pass.y, pass.inputs, clamp)
    return pass.parts { kernels.addForward(y, x[0], x[1], clamp, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.epilogue)
    return pass.parts { kernels.addInputGradient(dx, dy, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .impossible }
}
