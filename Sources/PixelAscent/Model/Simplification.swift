// SPDX-License-Identifier: MIT

extension Model {
  /// The same model in fewer layers, of those that a network has: without identities, batch norms and softmax.
  ///
  /// A batch norm or affine layer goes into the convolution, linear or affine layer before it, as does a clamp, a border of
  /// zeros into what comes after it, where nothing else reads the value between. The merged layer keeps the name of the one
  /// that has the window or matrix, its readers are rewired. Layers that the output does not depend on are left out, with
  /// their parameters. Missing biases are zero.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the graph contradicts itself, a softmax is not the last layer,
  ///   or a batch norm's parameters don't fit; of kind `unreadableFile`.
  package func simplified() throws(PixelAscentError) -> Model {
    try graph.checkConnections()
    var simplifier = Simplifier(self)
    for layer in graph.layers where simplifier.readers[layer.name] != nil {
      do throws(PixelAscentError) {
        try simplifier.add(layer)
      } catch {
        throw error.within("layer \(layer.name.oneLine)")
      }
    }
    return try simplifier.finish()
  }
}

/// Takes layers in the graph's order and keeps those that are needed.
private struct Simplifier {
  private(set) var model: Model
  /// How many layers read a value, the output counting as one; nil if the output does not depend on it.
  private(set) var readers: [String: Int]
  /// The layers so far; nil where one was merged into a later one.
  private var layers = [GraphLayer?]()
  private var places = [String: Int]()
  /// What stands for the layers that are gone.
  private var substitutes = [String: String]()
  /// The values of 1×1 pixels, as far as that does not depend on the input's size.
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
        layers[merged.place] = merged.layer
        let name = merged.layer.name
        readers[name] = readers[layer.name]
        return substitutes[layer.name] = name
      }
      takeBorder(&layer)
    }
    switch layer.operation {
    case .batchNorm(let epsilon):
      try model.parameters.foldBatchNorm(layer.name, epsilon: epsilon, into: nil)
      layer.operation = .affine(clamp: .none)
    case .adaptiveAverage(rows: 1, columns: 1):
      layer.operation = .globalAverage
    default: break
    }
    if isVector(layer) { vectors.insert(layer.name) }
    places[layer.name] = layers.count
    layers.append(layer)
  }

  func finish() throws(PixelAscentError) -> Model {
    var result = model
    var layers = layers.compactMap { $0 }
    var output = substitutes[model.graph.output] ?? model.graph.output
    if let last = layers.last, last.name == output, case .softmax = last.operation {
      layers.removeLast()
      output = last.inputs[0]
      result.notes.append("the softmax at the end is left out: a score is what comes before it")
    }
    for layer in layers {
      if case .softmax = layer.operation {
        throw PixelAscentError(
          .invalidModel, "layer \(layer.name.oneLine): a softmax is supported as the last layer only")
      }
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
    // The layer was one reader of its input; those of the layer take its place.
    readers[input] = readers[input, default: 1] - 1 + readers[name, default: 0]
    substitutes[name] = input
  }

  private func doesNothing(_ operation: Operation, on input: String) -> Bool {
    switch operation {
    case .identity, .concatenate, .shuffle(groups: 1), .pad(top: 0, left: 0, bottom: 0, right: 0, _): true
    case .flatten, .globalAverage, .adaptiveAverage(rows: 1, columns: 1): vectors.contains(input)
    case .function(.clamp(let clamp)):
      if let before = layer(input)?.operation.clamp {
        clamp.low <= before.low && before.high <= clamp.high
      } else {
        false
      }
    default: false
    }
  }

  /// The layer that makes its only input, changed so that it does what both do; nil if that can't be.
  private mutating func mergedIntoInput(
    _ layer: GraphLayer
  ) throws(PixelAscentError) -> (place: Int, layer: GraphLayer)? {
    guard readers[layer.inputs[0]] == 1, let place = places[layer.inputs[0]], var target = layers[place],
      target.operation.clamp == Clamp.none
    else { return nil }
    switch layer.operation {
    case .function(.clamp(let clamp)):
      // A convolution clamps the lanes beyond its channels too, and they must stay zero.
      guard clamp.low <= 0, clamp.high >= 0, target.operation.setClamp(clamp) else { return nil }
    case .batchNorm(let epsilon):
      guard let into = target.operation.foldTarget(target.name) else { return nil }
      try model.parameters.foldBatchNorm(layer.name, epsilon: epsilon, into: into)
    case .affine(let clamp):
      guard let into = target.operation.foldTarget(target.name) else { return nil }
      try model.parameters.foldAffine(layer.name, into: into)
      _ = target.operation.setClamp(clamp)
    default: return nil
    }
    return (place, target)
  }

  /// Makes a border of zeros that only this layer reads its own padding.
  private mutating func takeBorder(_ layer: inout GraphLayer) {
    guard readers[layer.inputs[0]] == 1, let place = places[layer.inputs[0]], let border = layers[place],
      case .pad(let top, let left, let bottom, let right, value: 0) = border.operation
    else { return }
    func padded(_ window: Window) -> Window? {
      var window = window
      for (axis, before, after) in [(\Window.y, top, bottom), (\Window.x, left, right)] {
        let (first, isFirstTooLarge) = window[keyPath: axis].before.addingReportingOverflow(before)
        let (second, isSecondTooLarge) = window[keyPath: axis].after.addingReportingOverflow(after)
        if isFirstTooLarge || isSecondTooLarge || before < 0 || after < 0 { return nil }
        window[keyPath: axis].before = first
        window[keyPath: axis].after = second
      }
      return window
    }
    switch layer.operation {
    case .convolution(let window, let groups, let outputs, let clamp):
      guard let window = padded(window) else { return }
      layer.operation = .convolution(window, groups: groups, outputChannels: outputs, clamp: clamp)
    case .averagePool(let window, ceilMode: false, let countPadding):
      // Zeros of the border count; so must those of the pool's own padding, if there are any.
      guard countPadding || !window.isPadded, let window = padded(window),
        max(window.y.before, window.y.after) < window.y.kernel, max(window.x.before, window.x.after) < window.x.kernel
      else { return }
      layer.operation = .averagePool(window, ceilMode: false, countPadding: true)
    default: return
    }
    layers[place] = nil
    layer.inputs = border.inputs
  }

  private func layer(_ name: String) -> GraphLayer? { places[name].flatMap { layers[$0] } }

  private func isVector(_ layer: GraphLayer) -> Bool {
    switch layer.operation {
    case .linear, .flatten, .globalAverage, .adaptiveAverage(rows: 1, columns: 1): true
    case .convolution(let window, _, _, _):
      vectors.contains(layer.inputs[0]) && window.y == WindowAxis(kernel: 1) && window.x == WindowAxis(kernel: 1)
    case .maxPool, .averagePool, .adaptiveAverage, .pad: false
    default: layer.inputs.allSatisfy(vectors.contains)
    }
  }
}

extension Window {
  fileprivate var isPadded: Bool { [y.before, y.after, x.before, x.after] != [0, 0, 0, 0] }
}

extension Operation {
  /// What values are clamped to at its end; nil if it has no such part.
  fileprivate var clamp: Clamp? {
    switch self {
    case .convolution(_, _, _, let clamp), .linear(_, let clamp), .affine(let clamp), .add(let clamp),
      .function(.clamp(let clamp)):
      clamp
    default: nil
    }
  }

  fileprivate mutating func setClamp(_ clamp: Clamp) -> Bool {
    switch self {
    case .convolution(let window, let groups, let outputs, _):
      self = .convolution(window, groups: groups, outputChannels: outputs, clamp: clamp)
    case .linear(let outputs, _): self = .linear(outputs: outputs, clamp: clamp)
    case .affine: self = .affine(clamp: clamp)
    case .add: self = .add(clamp: clamp)
    default: return false
    }
    return true
  }

  /// The layer of this operation as one that a scale and a shift can go into; nil if it isn't.
  fileprivate func foldTarget(_ name: String) -> FoldTarget? {
    switch self {
    case .convolution(_, _, let outputs, _), .linear(let outputs, _): (name, outputs)
    case .affine: (name, nil)
    default: nil
    }
  }
}
