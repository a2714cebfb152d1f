// SPDX-License-Identifier: MIT

/// A layer ready to run: what it computes, from which value, into which value.
struct Layer: Sendable {
  enum Operation: Sendable {
    /// A convolution of the image itself.
    case stem(ConvolutionShape, PackedWeights, relu: Bool)
    case convolution(ConvolutionShape, PackedWeights, relu: Bool)
    /// 3×3, stride 2, ceil mode.
    case maxPool
    /// The last layer: the mean of every channel is the class's score.
    case globalAverage

    var isMaxPool: Bool {
      if case .maxPool = self { true } else { false }
    }

    var isGlobalAverage: Bool {
      if case .globalAverage = self { true } else { false }
    }
  }

  let operation: Operation
  /// Indices into the network's values; of the image and of the scores, nil.
  let input, output: Int?
  /// Whether the gradient of the input is multiplied with the derivative of the ReLU that made it: by the layer that
  /// adds the last contribution.
  var masksGradient = false
  /// Whether the gradient of the input holds another layer's contribution already.
  var accumulatesGradient = false
  /// Whether the gradient of its output is marked where it is not zero, so that the rest can be left out.
  var marksGradient = false
  /// Whether it is the convolution on whose output only the scores depend, so that only the blocks of the wanted classes
  /// need be computed.
  var isHead = false
}

/// A layer's output: blocked planes, possibly a slice of a concatenation's.
struct Value: Sendable {
  let channels: Int
  /// Whether all of it is the output of ReLUs, or the maximum of such outputs: the ReLUs' derivative is 1 where it is
  /// above 0, else 0.
  let isRectified: Bool
  /// The storage it lies in, and the first block there.
  var storage: Int
  var firstBlock: Int
}

/// The memory of one or more values.
struct Storage: Sendable {
  let channels: Int
  /// Zeros around every plane, as wide as the layers that read it ask for.
  var halo = 0
  var gradientHalo = 0
  /// Whether the gradient replaces the activations it is masked with: they are not needed any more.
  var isReplacedByGradient = false
}

/// A graph's layers with packed weights and with the places of their outputs: all that does not depend on the size of
/// the image.
struct LayerPlan: Sendable {
  private(set) var layers: [Layer] = []
  private(set) var values: [Value] = []
  private(set) var storages: [Storage] = []
  private(set) var imageHalo = 0
  let imageChannels: Int
  let classes: Int
  /// The least height and width of an image.
  private(set) var minimumSize = 0

  /// Whether one class's score can be computed without the others'.
  private(set) var hasHead = false

  private var indices: [String: Int] = [:]
  private static let mostLayers = 4096

  /// - Throws: `PixelAscentError` of kind `invalidModel` that names the layer this version can't run.
  init(_ file: ModelFile, threads: Int) throws(PixelAscentError) {
    imageChannels = file.graph.input.channels
    classes = file.labels.count
    guard file.graph.layers.count <= Self.mostLayers else {
      throw PixelAscentError(
        .invalidModel, "\(file.graph.layers.count) layers are more than the \(Self.mostLayers) this version takes")
    }
    let weights = Self.pack(file, threads: threads)
    for layer in file.graph.layers {
      do {
        try append(layer, weights)
      } catch {
        throw error.within("layer \(layer.name.oneLine)")
      }
    }
    guard let last = file.graph.layers.last, last.name == file.graph.output, last.operation == .globalAverage else {
      throw PixelAscentError(.invalidModel, "the scores must be the output of a last layer globalAverage")
    }
    guard layers.filter({ $0.operation.isGlobalAverage }).count == 1 else {
      throw PixelAscentError(
        .invalidModel, "a globalAverage that is not the last layer is not supported by this version")
    }
    try checkReaders(file.graph)
    planGradients()
    planMarks()
    planHead()
    planMemory()
    minimumSize = try leastSize()
  }

  /// The weights of the convolutions this version can run, by the layers' names.
  private static func pack(_ file: ModelFile, threads: Int) -> [String: PackedWeights] {
    let packed = sideBySide(file.graph.layers, threads: threads) { (layer: GraphLayer) -> PackedWeights? in
      guard case .convolution(let kernel, let stride, let padding, _, _) = layer.operation,
        let weight = file.tensors["\(layer.name).weight"], let bias = file.tensors["\(layer.name).bias"]
      else { return nil }
      let shape = ConvolutionShape(kernel: kernel, stride: stride, padding: padding)
      guard shape.isSupported else { return nil }
      return PackedWeights(shape, weight: weight, bias: bias, readsImage: layer.inputs[0] == Graph.image)
    }
    var weights: [String: PackedWeights] = [:]
    for (layer, packed) in zip(file.graph.layers, packed) { weights[layer.name] = packed }
    return weights
  }

  private mutating func append(
    _ layer: GraphLayer, _ weights: [String: PackedWeights]
  ) throws(PixelAscentError) {
    func unsupported(_ what: String) -> PixelAscentError {
      PixelAscentError(.invalidModel, "\(what) is not supported by this version")
    }
    let input = indices[layer.inputs[0]]
    if input == nil && layer.inputs[0] != Graph.image {
      throw unsupported("reading \(layer.inputs[0].oneLine), which has no planes,")
    }
    switch layer.operation {
    case .convolution(let kernel, let stride, let padding, let channels, let relu):
      let shape = ConvolutionShape(kernel: kernel, stride: stride, padding: padding)
      guard shape.isSupported else {
        throw unsupported("a convolution of kernel \(kernel), stride \(stride), padding \(padding)")
      }
      guard let weights = weights[layer.name] else { throw PixelAscentError(.invalidModel, "it has no weights") }
      let output = addValue(layer.name, channels: channels, isRectified: relu)
      if let input {
        storages[values[output].storage].gradientHalo = shape.gradientHalo
        widenHalo(of: input, to: padding)
        layers.append(Layer(operation: .convolution(shape, weights, relu: relu), input: input, output: output))
      } else {
        imageHalo = max(imageHalo, padding)
        guard !layers.contains(where: { $0.input == nil }) else { throw unsupported("a second layer on the image") }
        layers.append(Layer(operation: .stem(shape, weights, relu: relu), input: nil, output: output))
      }
    case .maxPool(let kernel, let stride, let ceilMode):
      guard kernel == 3, stride == 2, ceilMode, let input else {
        throw unsupported(
          "a max pool of kernel \(kernel), stride \(stride), ceil mode \(ceilMode) on \(layer.inputs[0].oneLine)")
      }
      let output = addValue(layer.name, channels: values[input].channels, isRectified: values[input].isRectified)
      layers.append(Layer(operation: .maxPool, input: input, output: output))
    case .concatenate:
      try concatenate(layer, unsupported: unsupported)
    case .globalAverage:
      guard let input else { throw unsupported("an average of the image") }
      layers.append(Layer(operation: .globalAverage, input: input, output: nil))
    }
  }

  private mutating func addValue(_ name: String, channels: Int, isRectified: Bool) -> Int {
    storages.append(Storage(channels: channels))
    values.append(Value(channels: channels, isRectified: isRectified, storage: storages.count - 1, firstBlock: 0))
    indices[name] = values.count - 1
    return values.count - 1
  }

  /// The parts become slices of the concatenation's storage: nothing is ever copied.
  private mutating func concatenate(
    _ layer: GraphLayer, unsupported: (String) -> PixelAscentError
  ) throws(PixelAscentError) {
    let parts = layer.inputs.compactMap { indices[$0] }
    let rectified = parts.filter { values[$0].isRectified }.count
    guard parts.count == layer.inputs.count, Set(parts).count == parts.count else {
      throw unsupported("concatenating the image, or one layer twice,")
    }
    guard rectified == 0 || rectified == parts.count else {
      throw unsupported("concatenating layers with and without ReLU")
    }
    guard parts.dropLast().allSatisfy({ values[$0].channels % 16 == 0 }) else {
      throw unsupported("concatenating layers whose channels are no multiple of 16")
    }
    guard parts.allSatisfy({ part in values.filter { $0.storage == values[part].storage }.count == 1 }) else {
      throw unsupported("concatenating what is concatenated already")
    }

    let whole = addValue(
      layer.name, channels: parts.map { values[$0].channels }.reduce(0, +), isRectified: rectified > 0)
    let storage = values[whole].storage
    var block = 0
    for part in parts {
      storages[storage].gradientHalo = max(
        storages[storage].gradientHalo, storages[values[part].storage].gradientHalo)
      values[part].storage = storage
      values[part].firstBlock = block
      block += values[part].channels / 16
    }
  }

  /// A pool starts the gradient of what it reads, and a concatenation's readers know nothing of its parts': neither
  /// adds to what another layer has contributed.
  private func checkReaders(_ graph: Graph) throws(PixelAscentError) {
    func unsupported(_ layer: Int, _ what: String) -> PixelAscentError {
      // Concatenations are no layers here.
      let names = graph.layers.filter { $0.operation != .concatenate }.map(\.name)
      return PixelAscentError(
        .invalidModel, "layer \(names[layer].oneLine): \(what) is not supported by this version")
    }
    for (index, layer) in layers.enumerated() {
      guard let input = layer.input else { continue }
      if case .maxPool = layer.operation, layers.filter({ $0.input == input }).count > 1 {
        throw unsupported(index, "a max pool of what another layer reads too")
      }
      if values.lastIndex(where: { $0.storage == values[input].storage }) != input {
        throw unsupported(index, "reading a part of a concatenation")
      }
    }
  }

  private mutating func widenHalo(of value: Int, to halo: Int) {
    storages[values[value].storage].halo = max(storages[values[value].storage].halo, halo)
  }

  /// The backward pass runs the layers from last to first; of those that read one value the first to run starts its
  /// gradient, the others add to it, and the last applies the ReLU's mask.
  private mutating func planGradients() {
    for value in values.indices {
      let readers = layers.indices.filter { layers[$0].input == value }
      for reader in readers.dropLast() { layers[reader].accumulatesGradient = true }
      guard let last = readers.first else { continue }
      // What a pool reads is masked already: by who takes the gradient to the pool's output.
      layers[last].masksGradient = values[value].isRectified && !layers[last].operation.isMaxPool
    }
  }

  /// A ReLU leaves many zeros in the gradient. (To find them costs more than it saves where a value is multiplied once, as
  /// in a 1×1 convolution.)
  private mutating func planMarks() {
    for index in layers.indices {
      guard case .convolution(let shape, _, let relu) = layers[index].operation else { continue }
      layers[index].marksGradient = relu && shape.kernel == 3 && shape.stride == 1
    }
  }

  /// Where one layer alone makes a gradient, and writes each element once, it may write over the activations.
  private mutating func planMemory() {
    for storage in storages.indices {
      let readers = layers.filter { $0.input.map { values[$0].storage } == storage }
      guard readers.count == 1, !readers[0].marksGradient else { continue }
      let halo = max(storages[storage].halo, storages[storage].gradientHalo)
      storages[storage] = Storage(
        channels: storages[storage].channels, halo: halo, gradientHalo: halo, isReplacedByGradient: true)
    }
  }

  /// Only a plain convolution leaves out blocks, forward and backward; what made the others' gradients would read theirs.
  private mutating func planHead() {
    guard let average = layers.indices.last, let scored = layers[average].input,
      let maker = layers.indices.last(where: { layers[$0].output == scored }),
      case .convolution = layers[maker].operation, layers.filter({ $0.input == scored }).count == 1
    else { return }
    layers[maker].isHead = true
    hasHead = true
  }
}
