// SPDX-License-Identifier: MIT

/// A graph's layers with packed weights and with the places of their outputs: all that does not depend on the size of
/// the image.
struct LayerPlan: Sendable {
  var layers: [Layer] = []
  var values: [Value] = []
  var storages: [Storage] = []
  private(set) var imageHalo = 0
  let graph: Graph
  /// The value that holds the scores.
  private(set) var output = 0
  /// Whether one class's score can be computed without the others'.
  var hasHead = false

  private var indices: [String: Int] = [:]
  /// How often the graph reads each value.
  private var readers: [String: Int] = [:]

  var imageChannels: Int { graph.input.channels }
  var classes: Int { values[output].channels }

  /// - Throws: `PixelAscentError` of kind `invalidModel` that names the layer this version can't run, `unreadableFile`.
  init(_ model: Model, threads: Int) throws(PixelAscentError) {
    let shapes = try model.check()
    graph = model.graph
    for name in graph.layers.flatMap(\.inputs) + [graph.output] { readers[name, default: 0] += 1 }
    let weights = try LayerWeights.load(model, threads: threads)
    if !graph.hasStem { appendImage() }
    for layer in graph.layers {
      do {
        try append(layer, weights[layer.name], shapes[layer.name, default: ValueShape(channels: 0)])
      } catch {
        throw error.within("layer \(layer.name.oneLine)")
      }
    }
    guard let scores = indices[graph.output], let shape = shapes[graph.output], shape.isVector else {
      throw PixelAscentError(
        .invalidModel,
        "the output \(graph.output.oneLine) has the shape \(shapes[graph.output]?.description ?? "()"), expected a score for "
          + "each class")
    }
    output = vector(scores, "the scores")
    planGradients()
    planTail()
    planMemory()
  }

  private mutating func appendImage() {
    let value = addValue(Graph.image, channels: imageChannels)
    layers.append(Layer(Graph.image, .imageToPlanes, [], value))
    indices[Graph.image] = value
  }

  private mutating func append(
    _ layer: GraphLayer, _ weights: LayerWeights?, _ shape: ValueShape
  ) throws(PixelAscentError) {
    let inputs = layer.inputs.compactMap { indices[$0] }
    func unsupported(_ what: String) -> PixelAscentError {
      PixelAscentError(.invalidModel, "\(what) is not supported by this version")
    }
    switch (layer.operation, weights) {
    case (.convolution(let window, _, _, let clamp), .convolution(let convolution)):
      guard window.taps <= Window.mostTaps else {
        throw unsupported("a kernel of \(window.y.kernel)×\(window.x.kernel)")
      }
      // Lanes beyond the channels are zero before the clamp, and must be after it.
      guard clamp.low <= 0, clamp.high >= 0 else { throw unsupported("a convolution's clamp that leaves out 0") }
      let output = addValue(layer.name, channels: shape.channels, clamp: clamp)
      if convolution.form == .stem {
        imageHalo = window.halo
        layers.append(Layer(layer.name, .convolution(convolution), [], output))
      } else {
        let input = window.halo > 0 ? notVector(inputs[0], layer.name) : inputs[0]
        storages[values[output].storage].gradientHalo = window.gradientHalo
        storages[values[input].storage].halo = max(storages[values[input].storage].halo, window.halo)
        layers.append(Layer(layer.name, .convolution(convolution), [input], output))
      }
    case (.linear, .linear(let matrix)):
      let input = vector(inputs[0], layer.name)
      let output = addValue(layer.name, channels: shape.channels, clamp: matrix.clamp, isVector: true)
      layers.append(Layer(layer.name, .linear(matrix), [input], output))
    case (.affine(let clamp), .affine(let scale, let shift)):
      appendElementwise(layer, .affine(scale: scale, shift: shift, clamp), inputs, clamp)
    case (.function(.clamp(let clamp)), _):
      appendElementwise(layer, .function(.clamp(clamp), slopes: nil), inputs, clamp)
    case (.function(let function), let weights):
      var slopes: FloatBuffer?
      if case .slopes(let found)? = weights {
        slopes = FloatBuffer(
          blocksOf: found.count == 1 ? [Float](repeating: found[0], count: shape.channels) : found)
      }
      appendElementwise(layer, .function(function, slopes: slopes), inputs)
    case (.maxPool(let window, _), _):
      guard max(window.y.kernel, window.x.kernel) <= Window.widestMaxPool else {
        throw unsupported("a max pool of \(window.y.kernel)×\(window.x.kernel)")
      }
      let output = addValue(layer.name, channels: shape.channels, clamp: values[inputs[0]].clamp ?? .none)
      values[output].inheritsClamp = true
      layers.append(Layer(layer.name, .maxPool(window), inputs, output))
    case (.averagePool(let window, _, let countPadding), _):
      let output = addValue(layer.name, channels: shape.channels)
      layers.append(Layer(layer.name, .averagePool(window, countPadding: countPadding), inputs, output))
    case (.globalAverage, _):
      let output = addValue(layer.name, channels: shape.channels, isVector: true)
      layers.append(Layer(layer.name, .adaptiveAverage, inputs, output))
    case (.adaptiveAverage(let rows, let columns), _):
      let output = addValue(layer.name, channels: shape.channels, isVector: rows == 1 && columns == 1)
      layers.append(Layer(layer.name, .adaptiveAverage, inputs, output))
    case (.add(let clamp), _): appendSum(layer, inputs, clamp)
    case (.multiply, _): appendElementwise(layer, .multiply, inputs)
    case (.concatenate, _): concatenate(layer, inputs)
    case (.slice(let first, let count), _): slice(layer, inputs[0], first..<first + count)
    case (.shuffle(let groups), _):
      let size = shape.channels / groups
      let map = (0..<shape.channels).map { ($0 % groups) * size + $0 / groups }
      let output = addValue(layer.name, channels: shape.channels, isVector: values[inputs[0]].isVector)
      appendSelect(layer.name, inputs[0], output, map)
    case (.flatten, _):
      if values[inputs[0]].isVector {
        rename(layer)
      } else {
        indices[layer.name] = flattened(inputs[0], layer.name, channels: shape.channels)
      }
    case (.pad(let top, let left, _, _, let value), _):
      let output = addValue(layer.name, channels: shape.channels)
      layers.append(Layer(layer.name, .pad(top: top, left: left, value: value), inputs, output))
    case (.localResponseNorm(let size, let alpha, let beta, let k), _):
      let norm = LocalResponseNorm(size: size, alpha: alpha, beta: beta, k: k)
      let output = addValue(layer.name, channels: shape.channels), name = layer.name
      storages.append(Storage(channels: shape.channels))
      values.append(Value(shape: name, channels: shape.channels, storage: storages.count - 1))
      layers.append(Layer(name, .localResponseNorm(norm, scale: values.count - 1), inputs, output))
    case (.identity, _): rename(layer)
    case (.batchNorm, _), (.softmax, _), (.convolution, _), (.linear, _), (.affine, _):
      throw unsupported("this operation here")
    }
  }

  private mutating func addValue(
    _ name: String, channels: Int, clamp: Clamp = .none, isVector: Bool = false
  ) -> Int {
    storages.append(Storage(channels: channels))
    values.append(
      Value(
        shape: name, channels: channels, clamp: clamp == .none ? nil : clamp, isVector: isVector,
        storage: storages.count - 1))
    indices[name] = values.count - 1
    return values.count - 1
  }

  /// A layer that does nothing here: its input goes by its name too.
  private mutating func rename(_ layer: GraphLayer) {
    let input = layer.inputs[0], count = readers[input, default: 0] + readers[layer.name, default: 0] - 1
    (readers[input], readers[layer.name]) = (count, count)
    indices[layer.name] = indices[input]
  }

  /// What has the shape of its inputs.
  private mutating func appendElementwise(
    _ layer: GraphLayer, _ operation: Layer.Operation, _ inputs: [Int], _ clamp: Clamp = .none
  ) {
    let output = addValue(
      layer.name, channels: values[inputs[0]].channels, clamp: clamp,
      isVector: inputs.allSatisfy { values[$0].isVector })
    layers.append(Layer(layer.name, operation, inputs, output))
  }

  /// A sum goes where an input was that nobody else reads; then the two have one gradient.
  private mutating func appendSum(_ layer: GraphLayer, _ inputs: [Int], _ clamp: Clamp) {
    let replaced = inputs.indices.last { place in
      let value = values[inputs[place]]
      return readers[layer.inputs[place]] == 1 && layer.inputs[place] != Graph.image && value.clamp == nil
        && values.filter { $0.storage == value.storage }.count == 1
    }
    guard let replaced else { return appendElementwise(layer, .add(clamp), inputs, clamp) }
    var value = values[inputs[replaced]]
    value = Value(
      shape: layer.name, channels: value.channels, clamp: clamp == .none ? nil : clamp, isVector: value.isVector,
      storage: value.storage, firstBlock: value.firstBlock)
    values.append(value)
    indices[layer.name] = values.count - 1
    var added = Layer(layer.name, .add(clamp), inputs, values.count - 1)
    added.gradients[replaced].isShared = true
    layers.append(added)
  }

  /// The parts become slices of one storage where whole blocks do; else they are copied.
  private mutating func concatenate(_ layer: GraphLayer, _ parts: [Int]) {
    let channels = parts.map { values[$0].channels }.reduce(0, +)
    if let first = joined(parts) {
      values.append(
        Value(
          shape: layer.name, channels: channels, clamp: values[first].clamp,
          isVector: parts.allSatisfy { values[$0].isVector }, storage: values[first].storage,
          firstBlock: values[first].firstBlock))
      indices[layer.name] = values.count - 1
      return
    }
    let output = addValue(layer.name, channels: channels, isVector: parts.allSatisfy { values[$0].isVector })
    var start = 0
    for part in parts {
      let count = values[part].channels, range = start..<start + count
      appendSelect(layer.name, part, output, (0..<channels).map { range.contains($0) ? $0 - range.lowerBound : -1 })
      start += count
    }
  }

  /// Lets the parts' storages follow one another in that of the first; nil, and nothing changed, if that can't be.
  ///
  /// In a dense block each concatenation adds to the one before it: its first parts lie in one storage already.
  private mutating func joined(_ parts: [Int]) -> Int? {
    let first = values[parts[0]], storage = first.storage
    // A vector has no halo, another value of 1×1 may have one.
    guard Set(parts).count == parts.count, parts.dropLast().allSatisfy({ values[$0].channels % 16 == 0 }),
      parts.allSatisfy({ values[$0].isVector == first.isVector })
    else { return nil }
    var end = first.firstBlock, moved: [(storage: Int, by: Int)] = []
    for part in parts {
      let value = values[part]
      if value.storage == storage && moved.isEmpty {
        guard value.firstBlock == end else { return nil }
      } else {
        guard value.storage != storage, value.firstBlock == 0, storages[value.storage].channels == value.channels,
          !moved.contains(where: { $0.storage == value.storage })
        else { return nil }
        if moved.isEmpty && storages[storage].channels != 16 * end { return nil }
        moved.append((value.storage, end))
      }
      end += value.blocks.count
    }
    guard shareClamp(parts) else { return nil }
    for (from, offset) in moved {
      for index in values.indices where values[index].storage == from {
        values[index].storage = storage
        values[index].firstBlock += offset
      }
      storages[storage].channels = 16 * offset + storages[from].channels
      storages[storage].halo = max(storages[storage].halo, storages[from].halo)
      storages[storage].gradientHalo = max(storages[storage].gradientHalo, storages[from].gradientHalo)
    }
    return parts[0]
  }

  /// Whether one clamp made all the parts, or none; that of a max pool is forgotten where it stands in the way.
  private mutating func shareClamp(_ parts: [Int]) -> Bool {
    if Set(parts.map { values[$0].clamp }).count == 1 { return true }
    guard Set(parts.filter { !values[$0].inheritsClamp }.map { values[$0].clamp }) == [nil] else { return false }
    for part in parts where values[part].inheritsClamp {
      // Other values of its storage would still have it.
      guard values.filter({ $0.storage == values[part].storage }).count == 1 else { return false }
    }
    for part in parts { values[part].clamp = nil }
    return true
  }

  private mutating func slice(_ layer: GraphLayer, _ input: Int, _ channels: Range<Int>) {
    let value = values[input]
    if channels.lowerBound % 16 == 0 && (channels.count % 16 == 0 || channels.upperBound == value.channels) {
      values.append(
        Value(
          shape: layer.name, channels: channels.count, clamp: value.clamp, isVector: value.isVector,
          storage: value.storage, firstBlock: value.firstBlock + channels.lowerBound / 16))
      indices[layer.name] = values.count - 1
    } else {
      let output = addValue(layer.name, channels: channels.count, isVector: value.isVector)
      appendSelect(layer.name, input, output, Array(channels))
    }
  }

  private mutating func appendSelect(_ name: String, _ input: Int, _ output: Int, _ map: [Int]) {
    var inverse = [Int32](repeating: -1, count: values[input].channels)
    for (to, from) in map.enumerated() where from >= 0 { inverse[from] = Int32(to) }
    layers.append(Layer(name, .select(map: map.map(Int32.init), inverse: inverse), [input], output))
  }

  private mutating func flattened(_ input: Int, _ name: String, channels: Int) -> Int {
    storages.append(Storage(channels: channels))
    values.append(Value(shape: name, channels: channels, isVector: true, storage: storages.count - 1))
    layers.append(Layer(name, .flatten, [input], values.count - 1))
    return values.count - 1
  }

  /// The value as one whose channels follow one another.
  private mutating func vector(_ input: Int, _ name: String) -> Int {
    let value = values[input]
    if value.isVector { return input }
    storages.append(Storage(channels: value.channels))
    values.append(
      Value(shape: value.shape, channels: value.channels, isVector: true, storage: storages.count - 1))
    layers.append(Layer(name, .flatten, [input], values.count - 1))
    return values.count - 1
  }

  /// The value as one that may have a halo.
  private mutating func notVector(_ input: Int, _ name: String) -> Int {
    let value = values[input]
    guard value.isVector else { return input }
    storages.append(Storage(channels: value.channels))
    values.append(Value(shape: value.shape, channels: value.channels, storage: storages.count - 1))
    layers.append(Layer(name, .adaptiveAverage, [input], values.count - 1))
    return values.count - 1
  }
}

extension Graph {
  /// Whether the image is read by one convolution alone, which can take it as it is.
  var hasStem: Bool {
    let readers = layers.filter { $0.inputs.contains(Graph.image) }
    guard readers.count == 1, case .convolution(let window, 1, _, _) = readers[0].operation else { return false }
    return max(window.y.kernel, window.x.kernel) <= Window.widestStem && window.y.dilation == 1
      && window.x.dilation == 1
  }
}
