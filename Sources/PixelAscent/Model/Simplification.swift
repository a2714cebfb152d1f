// SPDX-License-Identifier: MIT

extension Model {
  /// Returns the same model with fewer layers, all of kinds that a network can run: without identities and batch norms,
  /// and without a softmax or sigmoid at the end, which becomes the model's activation.
  ///
  /// If only one layer reads another layer's output, the two can become one: a batch norm or affine layer is folded
  /// into the convolution, linear or affine layer before it; a clamp is merged into the layer before it; a border of
  /// zeros is merged into the convolution or average pool after it. The merged layer keeps the name of the layer into
  /// which the other was folded or merged, and the layers after it are connected to this name. A sum of convolutions or
  /// affine layers that only the sum reads and that have the same input becomes one convolution with the sum's name.
  /// Layers that the output does not depend on are left out, with their parameters. Missing biases become zero.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the graph contradicts itself, a softmax is not the last
  ///   layer, or parameters to be folded don't fit; of kind `unreadableFile` if parameters can't be read.
  package func simplified() throws(PixelAscentError) -> Model {
    try graph.checkConnections()
    var simplifier = Simplifier(self)
    for layer in graph.layers where simplifier.readers[layer.name] != nil {
      do throws(PixelAscentError) {
        try simplifier.add(layer)
      } catch {
        // An error from reading a file names that file, and has nothing to do with the layer.
        throw error.kind == .unreadableFile ? error : error.about("layer \(layer.name.oneLine)")
      }
    }
    return try simplifier.finish()
  }
}

/// Takes a graph's layers in their order and keeps those that are needed.
private struct Simplifier {
  private(set) var model: Model
  /// The number of layers that read each value. The output counts as a reader. A value has no entry if the output does
  /// not depend on it.
  private(set) var readers: [String: Int]
  /// The layers so far, with nil in place of each layer that was merged into a later one.
  private var layers = [GraphLayer?]()
  /// The index of each layer in `layers`, by name.
  private var indices = [String: Int]()
  /// The names of the values that replace the outputs of removed layers.
  private var substitutes = [String: String]()
  /// The names of the values that have 1×1 pixels for every size of the input.
  private var vectors: Set<String> = []

  init(_ model: Model) {
    self.model = model
    readers = [model.graph.output: 1]
    for layer in model.graph.layers.reversed() where readers[layer.name] != nil {
      for input in layer.inputs { readers[input, default: 0] += 1 }
    }
  }

  mutating func add(_ original: GraphLayer) throws(PixelAscentError) {
    var layer = original
    layer.inputs = layer.inputs.map { substitutes[$0] ?? $0 }
    if layer.inputs.count == 1 {
      if doesNothing(layer.operation, on: layer.inputs[0]) { return replace(layer.name, by: layer.inputs[0]) }
      if let merged = try mergedIntoInput(layer) {
        layers[merged.index] = merged.layer
        let name = merged.layer.name
        readers[name] = readers[layer.name]
        return substitutes[layer.name] = name
      }
      mergeBorder(into: &layer)
    }
    try mergeBranches(into: &layer)
    if let norm = layer.operation as? BatchNorm {
      try model.parameters.foldBatchNorm(layer.name, epsilon: norm.epsilon, into: nil)
      layer.operation = Affine()
    } else if layer.operation.isEqual(to: AdaptiveAverage(rows: 1, columns: 1)) {
      layer.operation = GlobalAverage()
    }
    if layer.operation.makesVector(layer.inputs.map(vectors.contains)) { vectors.insert(layer.name) }
    indices[layer.name] = layers.count
    layers.append(layer)
  }

  func finish() throws(PixelAscentError) -> Model {
    var result = model
    var layers = layers.compactMap { $0 }
    var output = substitutes[model.graph.output] ?? model.graph.output
    if let last = layers.last, last.name == output, let activation = last.operation.activation {
      layers.removeLast()
      output = last.inputs[0]
      result.activation = activation
      result.notes.append(Message("the \(last.operation.summary) at the end is left out: its inputs are the scores"))
    }
    for layer in layers where layer.operation is Softmax {
      throw PixelAscentError(
        .invalidModel, "a softmax is supported only as the last layer", about: "layer \(layer.name.oneLine)")
    }
    result.parameters = [:]
    for layer in layers {
      for (suffix, _) in layer.operation.parameterShapes(ValueShape(channels: 0)) {
        let name = "\(layer.name).\(suffix)"
        if let parameter = model.parameters[name] {
          result.parameters[name] = parameter
        } else if suffix == "bias", let weight = model.parameters["\(layer.name).weight"], weight.count > 0 {
          result.parameters[name] = Parameter(Tensor(shape: [weight.shape.first ?? 1], repeating: 0))
        }
      }
    }
    result.graph = Graph(input: model.graph.input, layers: layers, output: output)
    try result.graph.checkConnections()
    return result
  }

  private mutating func replace(_ name: String, by input: String) {
    // The layer was a reader of its input. The layer's own readers replace it.
    readers[input] = readers[input, default: 1] - 1 + readers[name, default: 0]
    substitutes[name] = input
  }

  private func doesNothing(_ operation: any Operation, on input: String) -> Bool {
    if let clamp = (operation as? Elementwise)?.interval, let before = layer(input)?.finalClamp {
      return clamp.low <= before.low && before.high <= clamp.high
    }
    return operation.isIdentity(onVector: vectors.contains(input))
  }

  /// Returns the layer that makes the only input of `layer`, changed so that it computes both layers, and its index.
  /// Nil if the two can't be merged.
  private mutating func mergedIntoInput(
    _ layer: GraphLayer
  ) throws(PixelAscentError) -> (index: Int, layer: GraphLayer)? {
    guard readers[layer.inputs[0]] == 1, let index = indices[layer.inputs[0]], var target = layers[index],
      var operation = target.operation as? any ClampedOperation, operation.clamp == .none
    else { return nil }
    if let clamp = (layer.operation as? Elementwise)?.interval {
      // A convolution also clamps the lanes beyond its channels, and these lanes must stay zero.
      guard clamp.low <= 0, clamp.high >= 0 else { return nil }
      operation.clamp = clamp
    } else {
      guard let into = target.foldTarget else { return nil }
      if let norm = layer.operation as? BatchNorm {
        try model.parameters.foldBatchNorm(layer.name, epsilon: norm.epsilon, into: into)
      } else if let affine = layer.operation as? Affine {
        try model.parameters.foldAffine(layer.name, into: into)
        operation.clamp = affine.clamp
      } else {
        return nil
      }
    }
    target.operation = operation
    return (index, target)
  }

  /// If the input of `layer` is a border of zeros that no other layer reads, turns the border into padding of `layer`.
  private mutating func mergeBorder(into layer: inout GraphLayer) {
    guard readers[layer.inputs[0]] == 1, let index = indices[layer.inputs[0]], let border = layers[index],
      let pad = border.operation as? Pad, pad.mode == .constant, pad.value == 0
    else { return }
    func padded(_ window: Window) -> Window? {
      var window = window
      for (axis, before, after) in [(\Window.y, pad.top, pad.bottom), (\Window.x, pad.left, pad.right)] {
        let (first, isFirstTooLarge) = window[keyPath: axis].before.addingReportingOverflow(before)
        let (second, isSecondTooLarge) = window[keyPath: axis].after.addingReportingOverflow(after)
        if isFirstTooLarge || isSecondTooLarge || before < 0 || after < 0 { return nil }
        window[keyPath: axis].before = first
        window[keyPath: axis].after = second
      }
      return window
    }
    if var convolution = layer.operation as? Convolution {
      guard !convolution.isSame, let window = padded(convolution.window) else { return }
      convolution.window = window
      layer.operation = convolution
    } else if var pool = layer.operation as? AveragePool, !pool.ceilMode {
      // The mean counts the zeros of the border, so it must count the zeros of the pool's own padding too.
      guard pool.countPadding || !pool.window.isPadded, let window = padded(pool.window),
        max(window.y.before, window.y.after) < window.y.kernel, max(window.x.before, window.x.after) < window.x.kernel
      else { return }
      (pool.window, pool.countPadding) = (window, true)
      layer.operation = pool
    } else {
      return
    }
    layers[index] = nil
    layer.inputs = border.inputs
  }

  /// If `layer` adds two layers that can be branches of one convolution, turns it into that convolution. No other layer
  /// may read the branches.
  private mutating func mergeBranches(into layer: inout GraphLayer) throws(PixelAscentError) {
    guard let sum = layer.operation as? Add, sum.clamp.low <= 0, sum.clamp.high >= 0 else { return }
    var branches = [ConvolutionBranch](), input: String?
    for name in layer.inputs {
      guard readers[name] == 1, let layer = self.layer(name), input == nil || layer.inputs == [input],
        let branch = ConvolutionBranch(layer, model.parameters)
      else { return }
      input = layer.inputs[0]
      branches.append(branch)
    }
    guard let input, var convolution = try model.parameters.foldSum(layer.name, of: branches) else { return }
    for branch in branches {
      if let index = indices[branch.name] { layers[index] = nil }
    }
    readers[input, default: 1] -= 1
    convolution.clamp = sum.clamp
    (layer.operation, layer.inputs) = (convolution, [input])
  }

  private func layer(_ name: String) -> GraphLayer? { indices[name].flatMap { layers[$0] } }
}

extension Window {
  fileprivate var isPadded: Bool { [y.before, y.after, x.before, x.after] != [0, 0, 0, 0] }
}

extension Operation {
  /// The activation that the operation is, as the last layer; nil if it is none.
  fileprivate var activation: Activation? {
    if self is Softmax { return .softmax }
    return isEqual(to: Elementwise(.sigmoid)) ? .sigmoid : nil
  }
}

extension Elementwise {
  /// The interval of the clamp; nil if the function is not a clamp.
  fileprivate var interval: Clamp? { if case .clamp(let clamp) = function { clamp } else { nil } }
}

extension GraphLayer {
  /// The clamp with which the layer ends; nil if the layer's operation can't end with a clamp.
  fileprivate var finalClamp: Clamp? {
    switch operation {
    case let clamped as any ClampedOperation: clamped.clamp
    case let elementwise as Elementwise: elementwise.interval
    default: nil
    }
  }

  /// The layer as a target for folding; nil if no scale and shift can be folded into the layer.
  fileprivate var foldTarget: FoldTarget? {
    switch operation {
    case let convolution as Convolution: (name, convolution.outputs)
    case let linear as Linear: (name, linear.outputs)
    case is Affine: (name, nil)
    default: nil
    }
  }
}
