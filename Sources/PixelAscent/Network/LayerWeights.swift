// SPDX-License-Identifier: MIT

/// A layer's parameters in the order of the hot loops.
enum LayerWeights: Sendable {
  case convolution(Convolution)
  case linear(LinearWeights)
  case affine(scale: FloatBuffer, shift: FloatBuffer)
  /// One a channel, or one for all.
  case slopes([Float])

  /// The weights of all layers that have some, by the layers' names.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a parameter holds a value that is not finite, `unreadableFile`.
  static func load(_ model: Model, threads: Int) throws(PixelAscentError) -> [String: LayerWeights] {
    let hasStem = model.graph.hasStem
    let loaded = sideBySide(model.graph.layers, threads: threads) { (layer: GraphLayer) in
      Result { () throws(PixelAscentError) in
        try LayerWeights(layer, readsImage: hasStem && layer.inputs[0] == Graph.image, model.parameters)
      }
    }
    var weights: [String: LayerWeights] = [:]
    for (layer, result) in zip(model.graph.layers, loaded) { weights[layer.name] = try result.get() }
    return weights
  }

  private init?(_ layer: GraphLayer, readsImage: Bool, _ parameters: [String: Parameter]) throws(PixelAscentError) {
    func parameter(_ suffix: String) throws(PixelAscentError) -> Parameter {
      guard let parameter = parameters["\(layer.name).\(suffix)"] else {
        throw PixelAscentError(.invalidModel, "layer \(layer.name.oneLine) has no \(suffix)")
      }
      return parameter
    }
    func tensor(_ suffix: String) throws(PixelAscentError) -> Tensor {
      let tensor = try parameter(suffix).tensor()
      guard let index = tensor.firstNonFiniteIndex else { return tensor }
      throw LayerWeights.notFinite("\(layer.name).\(suffix)", index)
    }
    // Most of the file: read once, straight to memory of its own, which goes back to the system when it is dropped.
    func weight() throws(PixelAscentError) -> FloatBuffer {
      let source = try parameter("weight"), weight = FloatBuffer(count: source.count)
      try weight.fill(from: source)
      guard let index = weight.firstNonFiniteIndex else { return weight }
      throw LayerWeights.notFinite("\(layer.name).weight", index)
    }
    switch layer.operation {
    case .convolution(let window, let groups, let channels, let clamp):
      let inputs = try parameter("weight").shape[1] * groups
      let isDepthwise = groups > 1 && groups == channels && groups == inputs
      self = .convolution(
        Convolution(
          window, inputs: inputs, outputs: channels, groups: groups, clamp: clamp,
          form: readsImage ? .stem : isDepthwise ? .depthwise : .blocked, weight: try weight(),
          bias: try tensor("bias")))
    case .linear(_, let clamp):
      self = .linear(
        LinearWeights(weight: try weight(), bias: FloatBuffer(blocksOf: try tensor("bias").values), clamp: clamp))
    case .affine:
      self = .affine(
        scale: FloatBuffer(blocksOf: try tensor("weight").values),
        shift: FloatBuffer(blocksOf: try tensor("bias").values))
    case .function(.prelu):
      self = .slopes(try tensor("weight").values)
    case .function(.leakyReLU(let slope)): self = .slopes([slope])
    default: return nil
    }
  }

  private static func notFinite(_ name: String, _ index: Int) -> PixelAscentError {
    PixelAscentError(.invalidModel, "tensor \(name.oneLine) holds a value that is not finite at index \(index)")
  }
}
