// SPDX-License-Identifier: MIT

extension AdaptiveAverage: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    plan.appendAverage(node, isVector: isGlobal)
  }
}

extension GlobalAverage: RunnableOperation {
  func weights(_: LayerParameters) {}
  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) { plan.appendAverage(node, isVector: true) }
}

extension LayerPlan {
  fileprivate mutating func appendAverage(_ node: PlanNode, isVector: Bool) {
    let output = addValue(node.name, channels: node.shape.channels, isVector: isVector)
    layers.append(Layer(node.name, AdaptiveAverageLayer(), node.inputs, output))
  }

  /// Returns the value itself if it may have a halo. A vector may not; for a vector, returns a copy that may have one.
  mutating func allowingHalo(_ input: Int, _ name: String) -> Int {
    let value = values[input]
    guard value.isVector else { return input }
    let copy = addUnnamedValue(shapeName: value.shapeName, channels: value.channels)
    layers.append(Layer(name, AdaptiveAverageLayer(), [input], copy))
    return copy
  }
}

/// Computes the means of regions of each channel. The size of the output decides the regions: one per output pixel.
struct AdaptiveAverageLayer: RunnableLayer {
  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x) = (pass.kernels, pass.y, pass.x)
    return pass.parts { kernels.adaptiveAverageForward(y, x, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue, isLast) = (pass.kernels, pass.dx, pass.dy, pass.epilogue, pass.makesScores)
    let unmasked = Epilogue(accumulates: epilogue.accumulates)
    return pass.parts {
      kernels.adaptiveAverageInputGradient(dx, dy, isLast && !pass.evaluation.throughLastReLU ? unmasked : epilogue, $0)
    }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .fromSameBlocks }
}
