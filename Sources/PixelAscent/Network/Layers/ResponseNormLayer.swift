// SPDX-License-Identifier: MIT

extension ResponseNorm: RunnableOperation {
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> [Float] {
    try parameters.tensor("weight").values
  }

  func append(_ node: PlanNode, _ weights: [Float], to plan: inout LayerPlan) {
    let input = plan.vector(node.input, node.name)
    let output = plan.addValue(node.name, channels: node.shape.channels, isVector: true)
    plan.layers.append(Layer(node.name, ResponseNormLayer(weights: weights), [input], output))
  }
}

/// Computes 1 + weight · r / mean(r), with r = √x, from a vector x. A vector is short, so one thread computes it.
struct ResponseNormLayer: RunnableLayer {
  let weights: [Float]

  func forward(_ pass: ForwardPass) -> Step {
    let (y, x, weights) = (pass.y, pass.x, weights)
    return pass.undivided { _ in
      let scale = Self.inverseMean(x)
      for channel in weights.indices {
        let root = Double(x[channel]).squareRoot()
        y.setVector(channel..<channel + 1, Float(1 + Double(weights[channel]) * root * scale))
      }
    }
  }

  /// With s = 1 / mean(r) and n channels, ∂L/∂rₖ = s · weightₖ · dyₖ − (s² / n) · Σⱼ weightⱼ · dyⱼ · rⱼ, and
  /// ∂rₖ/∂xₖ = 1 / (2 · rₖ). As in PyTorch's norm, the derivative at 0 is 0.
  func backward(_ pass: BackwardPass) -> Step {
    let (dx, dy, x, epilogue, weights) = (pass.dx, pass.dy, pass.x, pass.epilogue, weights)
    return pass.undivided { _ in
      let scale = Self.inverseMean(x)
      var sum = 0.0
      for channel in weights.indices {
        sum += Double(weights[channel] * dy[channel]) * Double(x[channel]).squareRoot()
      }
      sum *= scale * scale / Double(weights.count)
      for channel in weights.indices {
        let root = Double(x[channel]).squareRoot()
        var gradient = root > 0 ? (scale * Double(weights[channel] * dy[channel]) - sum) / (2 * root) : 0
        if epilogue.accumulates { gradient += Double(dx[channel]) }
        if let (_, clamp) = epilogue.mask, x[channel] <= clamp.low || x[channel] >= clamp.high { gradient = 0 }
        dx.setVector(channel..<channel + 1, Float(gradient))
      }
    }
  }

  /// Returns 1 / mean(√x); 0 if all values are 0.
  private static func inverseMean(_ x: Planes) -> Double {
    var sum = 0.0
    for channel in 0..<x.channels { sum += Double(x[channel]).squareRoot() }
    return sum > 0 ? Double(x.channels) / sum : 0
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
