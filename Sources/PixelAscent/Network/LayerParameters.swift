// SPDX-License-Identifier: MIT

/// A layer's parameters, as an operation reads them to pack its weights.
struct LayerParameters {
  private let layer: GraphLayer
  private let all: [String: Parameter]
  /// Whether the layer is the convolution that reads the image itself.
  let readsImage: Bool

  /// A closure that holds a layer's packed weights and adds the layer to a plan.
  typealias Append = @Sendable (PlanNode, inout LayerPlan) throws(PixelAscentError) -> Void

  /// Packs the weights of all layers, several at the same time.
  ///
  /// - Returns: for each layer, the closure that adds it to a plan; nil if a network can't run the operation
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a parameter holds a value that is not finite, of kind
  ///   `unreadableFile` if it can't be read, of kind `sizeLimit` if the process can't get the memory.
  static func load(_ model: Model, threads: Int) throws(PixelAscentError) -> [Append?] {
    let hasStem = model.graph.hasStem
    let loaded = sideBySide(model.graph.layers, threads: threads) { (layer: GraphLayer) in
      Result { () throws(PixelAscentError) -> Append? in
        guard let operation = layer.operation as? any RunnableOperation else { return nil }
        let readsImage = hasStem && layer.inputs[0] == Graph.image
        return try append(operation, LayerParameters(layer: layer, all: model.parameters, readsImage: readsImage))
      }
    }
    var appends: [Append?] = []
    for result in loaded { appends.append(try result.get()) }
    return appends
  }

  private static func append(
    _ operation: some RunnableOperation, _ parameters: LayerParameters
  ) throws(PixelAscentError) -> Append {
    let weights = try operation.weights(parameters)
    return { node, plan throws(PixelAscentError) in try operation.append(node, weights, to: &plan) }
  }

  /// Returns the parameter `<layer's name>.<suffix>`.
  func parameter(_ suffix: String) throws(PixelAscentError) -> Parameter {
    guard let parameter = all["\(layer.name).\(suffix)"] else {
      throw PixelAscentError(.invalidModel, "layer \(layer.name.oneLine) has no \(suffix)")
    }
    return parameter
  }

  /// Returns a parameter's elements as a tensor.
  func tensor(_ suffix: String) throws(PixelAscentError) -> Tensor {
    let tensor = try parameter(suffix).tensor()
    guard let index = tensor.firstNonFiniteIndex else { return tensor }
    throw .notFinite(name(suffix), index)
  }

  /// Returns a parameter's elements in a buffer, whose memory goes back to the system when it is released. Large
  /// parameters are read this way.
  func buffer(_ suffix: String) throws(PixelAscentError) -> FloatBuffer {
    let source = try parameter(suffix)
    let buffer = try FloatBuffer(count: source.count, for: "a parameter of shape \(shapeText(source.shape)) takes")
    try buffer.fill(from: source)
    guard let index = buffer.firstNonFiniteIndex else { return buffer }
    throw .notFinite(name(suffix), index)
  }

  private func name(_ suffix: String) -> String { "\(layer.name).\(suffix)" }
}
