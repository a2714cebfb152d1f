// SPDX-License-Identifier: MIT

/// The memory of one image's way through a network and back, planned once from its size; nothing is allocated later.
///
/// Not for two threads at once: one ascent, one workspace.
final class Workspace {
  let height, width: Int
  /// The network's input: the image, with the halo the first layer asks for.
  let image: ImagePlanes
  private let imageGradient: ImagePlanes?

  /// The threads of its operations.
  let parallel: Parallel
  /// Called when a pass begins, with nil, and after each of its layers; `isBackward` says which pass. For benchmarks.
  var observer: ((_ layer: Int?, _ isBackward: Bool) -> Void)?

  private let plan: LayerPlan
  private let kernels: Kernels
  private let activations: [Planes]
  private let gradients: [Planes]
  private let gradientWeights: [FloatBuffer?]
  private let poolIndices: [PoolIndex?]
  private let marks: NonzeroMarks
  private let scoreBuffer, scoreGradient: FloatBuffer

  // What the present pass is about.
  private var wanted = 0..<0
  private var throughLastReLU = true

  // What a layer does in a part of its output or of its input's gradient. Made once: a closure made in the loop would be
  // allocated there, again and again.
  private lazy var forwardBodies: [Parallel.Body] = plan.layers.indices.map(forwardBody)
  private lazy var markBodies: [Parallel.Body?] = plan.layers.indices.map(markBody)
  private lazy var backwardBodies: [Parallel.Body] = plan.layers.indices.map(backwardBody)

  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the image is too small for the network, or needs more memory
  ///   than the options allow.
  init(_ network: Network, height: Int, width: Int, gradient: Bool) throws(PixelAscentError) {
    let layout = try ArenaPlan(network.plan, height: height, width: width, gradient: gradient)
    try network.options.checkMemory(layout.bytes, height: height, width: width)
    plan = network.plan
    kernels = network.kernels
    parallel = network.parallel
    self.height = height
    self.width = width

    let arena = FloatBuffer(count: layout.floats)
    image = ImagePlanes(
      arena, at: layout.image, channels: plan.imageChannels, height: height, width: width, halo: plan.imageHalo)
    imageGradient = layout.imageGradient.map {
      ImagePlanes(arena, at: $0, channels: network.plan.imageChannels, height: height, width: width)
    }
    func planes(_ value: Value, _ offsets: [Int], _ halo: (Storage) -> Int) -> Planes {
      let storage = network.plan.storages[value.storage], size = layout.sizes[value.storage]
      return Planes(
        arena, at: offsets[value.storage], channels: storage.channels, height: size.height, width: size.width,
        halo: halo(storage)
      ).slice(firstBlock: value.firstBlock, channels: value.channels)
    }
    activations = plan.values.map { planes($0, layout.activations, \.halo) }
    gradients = gradient ? plan.values.map { planes($0, layout.gradients, \.gradientHalo) } : []
    gradientWeights = gradient ? network.plan.gradientWeights(threads: network.options.threads) : []
    poolIndices = zip(plan.layers, layout.indexBytes).map { layer, bytes in bytes > 0 ? PoolIndex(count: bytes) : nil }
    marks = NonzeroMarks(count: layout.markCount)
    let padded = (plan.classes + 15) / 16 * 16
    scoreBuffer = FloatBuffer(count: padded)
    scoreGradient = FloatBuffer(count: padded)
  }

  /// The gradient with respect to the image that the last `backward` made.
  var gradientPlanes: ImagePlanes {
    guard let imageGradient else { preconditionFailure("this workspace is for the forward pass only") }
    return imageGradient
  }

  /// Whether an image of this size is large enough for the network and its gradient small enough for the memory.
  ///
  /// - Returns: the bytes that it would take
  /// - Throws: as `init` does, before anything is taken.
  @discardableResult
  static func check(_ network: Network, height: Int, width: Int, gradient: Bool) throws(PixelAscentError) -> Int {
    let layout = try ArenaPlan(network.plan, height: height, width: width, gradient: gradient)
    try network.options.checkMemory(layout.bytes, height: height, width: width)
    return layout.bytes
  }

  /// The blocks of the scores of one class, if the network's end can do with one, or of all.
  private func blocks(for class: Int?) -> Range<Int> {
    guard let index = `class`, plan.hasHead else { return 0..<(plan.classes + 15) / 16 }
    return index / 16..<index / 16 + 1
  }

  /// Computes the scores of the image: of every class, or of one only (and of those that come with it for free).
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if one is not finite.
  func forward(only class: Int? = nil) throws(PixelAscentError) {
    observer?(nil, false)
    wanted = blocks(for: `class`)
    for index in plan.layers.indices {
      if let output = plan.layers[index].output {
        let y = activations[output]
        parallel.overParts(
          blocks: plan.layers[index].isHead ? wanted : 0..<y.blocks, together: kernels.blocksTogether(marked: false),
          rows: y.height, forwardBodies[index])
      } else {
        parallel.overParts(blocks: wanted, rows: 1, forwardBodies[index])
      }
      observer?(index, false)
    }
    guard scoreBuffer.isFinite(wanted.lowerBound * 16..<wanted.upperBound * 16) else {
      throw PixelAscentError(
        .invalidParameter, "the network's scores are not finite: its weights or the image's values are too large")
    }
  }

  private func forwardBody(_ index: Int) -> Parallel.Body {
    let layer = plan.layers[index], kernels = kernels
    switch (layer.operation, layer.input.map { activations[$0] }, layer.output.map { activations[$0] }) {
    case (.stem(let shape, let weights, let relu), nil, let y?):
      return Parallel.Body { [image] in kernels.stemForward(y, image, weights, shape, relu: relu, $0) }
    case (.convolution(let shape, let weights, let relu), let x?, let y?):
      return Parallel.Body { kernels.convolutionForward(y, x, weights, shape, relu: relu, $0) }
    case (.maxPool, let x?, let y?):
      guard let indices = poolIndices[index] else { preconditionFailure("a pool without indices") }
      return Parallel.Body { kernels.maxPoolForward(y, indices, x, $0) }
    case (.globalAverage, let x?, nil):
      return Parallel.Body { [scoreBuffer] in kernels.globalAverageForward(scoreBuffer, x, blocks: $0.blocks) }
    default: preconditionFailure("a layer with the wrong ends")
    }
  }

  /// The scores of the last complete `forward()`.
  var scores: [Float] { scoreBuffer.values(0..<plan.classes) }

  /// The score of one class, after a `forward()` that computed it.
  func score(_ class: Int) -> Float { scoreBuffer[`class`] }

  /// Takes a gradient with respect to the scores back to the image. After it the activations are gone.
  ///
  /// - Parameters:
  ///   - seed: the gradient with respect to the scores, after a `forward` that computed those where it is not zero
  ///   - throughLastReLU: whether the ReLU before the average takes part, or the score is meant before it
  func backward(_ seed: ScoreGradient, throughLastReLU: Bool = true) {
    self.throughLastReLU = throughLastReLU
    switch seed {
    case .one(let index):
      wanted = blocks(for: index)
      scoreGradient.fill(wanted.lowerBound * 16..<wanted.upperBound * 16, with: 0)
      scoreGradient.fill(index..<index + 1, with: 1)
    case .all(let values):
      wanted = blocks(for: nil)
      scoreGradient.replace(from: 0, with: values)
    }

    observer?(nil, true)
    var index = plan.layers.count
    while index > 0 {
      index -= 1
      let layer = plan.layers[index]
      if layer.output == nil {
        parallel.overParts(blocks: wanted, rows: 1, backwardBodies[index])
      } else if let input = layer.input {
        let dx = gradients[input]
        if let body = markBodies[index], let output = layer.output {
          parallel.overRows(gradients[output].height, body)
        }
        parallel.overParts(
          blocks: 0..<dx.blocks, together: kernels.blocksTogether(marked: layer.marksGradient), rows: dx.height,
          backwardBodies[index])
      } else {
        parallel.overRows(height, backwardBodies[index])
      }
      observer?(index, true)
    }
  }

  /// The blocks of a layer's output whose gradient there is.
  private func givenBlocks(_ index: Int) -> Range<Int> {
    guard let output = plan.layers[index].output else { return wanted }
    return plan.layers[index].isHead ? wanted : 0..<gradients[output].blocks
  }

  private func markBody(_ index: Int) -> Parallel.Body? {
    guard plan.layers[index].marksGradient, let output = plan.layers[index].output else { return nil }
    let dy = gradients[output]
    return Parallel.Body { [unowned self] in
      kernels.markNonzero(marks, dy.slice(blocks: givenBlocks(index)), rows: $0.rows)
    }
  }

  private func backwardBody(_ index: Int) -> Parallel.Body {
    let layer = plan.layers[index], kernels = kernels
    let mask = layer.masksGradient ? layer.input.map { activations[$0] } : nil
    switch (layer.operation, layer.output.map { gradients[$0] }, layer.input.map { gradients[$0] }) {
    case (.stem(let shape, _, _), let dy?, nil):
      guard let weights = gradientWeights[index] else { preconditionFailure("a convolution without weights") }
      return Parallel.Body { [gradientPlanes] in
        kernels.stemInputGradient(gradientPlanes, dy, weights, shape, rows: $0.rows)
      }
    case (.convolution(let shape, _, _), let dy?, let dx?):
      guard let weights = gradientWeights[index] else { preconditionFailure("a convolution without weights") }
      let marks = layer.marksGradient ? marks : nil
      return Parallel.Body { [unowned self] in
        kernels.convolutionInputGradient(
          dx, dy, marks, weights, shape, mask: mask, accumulate: layer.accumulatesGradient, from: givenBlocks(index), $0
        )
      }
    case (.maxPool, let dy?, let dx?):
      guard let indices = poolIndices[index] else { preconditionFailure("a pool without indices") }
      return Parallel.Body { kernels.maxPoolInputGradient(dx, dy, indices, $0) }
    case (.globalAverage, nil, let dx?):
      return Parallel.Body { [unowned self] in
        kernels.globalAverageInputGradient(
          dx, scoreGradient, mask: throughLastReLU ? mask : nil, blocks: $0.blocks)
      }
    default: preconditionFailure("a layer with the wrong ends")
    }
  }
}

/// The gradient of an objective with respect to the scores.
enum ScoreGradient {
  /// 1 for one class, 0 for the others.
  case one(Int)
  case all([Float])
}

/// Where everything lies in a workspace's arena.
private struct ArenaPlan {
  private(set) var sizes: [(height: Int, width: Int)]
  let activations: [Int]
  private(set) var gradients: [Int] = []
  private(set) var indexBytes: [Int] = []
  private(set) var markCount = 0
  let image: Int
  let imageGradient: Int?
  private(set) var floats = 0

  /// Kernels count in 32 bits.
  private static let longestSide = 1 << 24

  init(_ plan: LayerPlan, height: Int, width: Int, gradient: Bool) throws(PixelAscentError) {
    guard max(height, width) <= ArenaPlan.longestSide else {
      throw PixelAscentError(
        .sizeLimit,
        "a network input of \(height)×\(width) pixels is too large: a side may have \(ArenaPlan.longestSide) at most")
    }
    guard let sizes = try plan.sizes(height: height, width: width) else {
      throw PixelAscentError(
        .sizeLimit,
        "a network input of \(height)×\(width) pixels is too small: the network needs at least "
          + "\(plan.minimumSize)×\(plan.minimumSize)")
    }
    var floats = 0
    func place(_ count: Int) -> Int {
      defer { floats += (count + 15) / 16 * 16 }
      return floats
    }
    func place(_ storage: Int, halo: Int) -> Int {
      let size = sizes[storage]
      return place(
        Planes.floats(
          channels: plan.storages[storage].channels, height: size.height, width: size.width, halo: halo))
    }
    image = place(
      ImagePlanes.floats(channels: plan.imageChannels, height: height, width: width, halo: plan.imageHalo))
    let activations = plan.storages.indices.map { place($0, halo: plan.storages[$0].halo) }
    self.activations = activations
    if gradient {
      gradients = plan.storages.indices.map {
        let storage = plan.storages[$0]
        return storage.isReplacedByGradient ? activations[$0] : place($0, halo: storage.gradientHalo)
      }
    }
    imageGradient = gradient ? place(plan.imageChannels * height * width) : nil
    indexBytes = plan.layers.map { layer in
      guard case .maxPool = layer.operation, let output = layer.output else { return 0 }
      let value = plan.values[output], size = sizes[value.storage]
      return (value.channels + 15) / 16 * 16 * size.height * size.width
    }
    for layer in plan.layers where gradient && layer.marksGradient {
      guard let output = layer.output else { continue }
      let value = plan.values[output], size = sizes[value.storage]
      markCount = max(
        markCount, NonzeroMarks.count(channels: value.channels, height: size.height, width: size.width))
    }
    self.floats = floats
    self.sizes = sizes
  }

  var bytes: Int {
    floats * MemoryLayout<Float>.stride + indexBytes.reduce(0, +) + markCount * MemoryLayout<UInt64>.stride
  }
}

extension LayerPlan {
  /// Every layer's weights for the way back, made when they are first asked for.
  func gradientWeights(threads: Int) -> [FloatBuffer?] {
    sideBySide(layers, threads: threads) { (layer: Layer) -> FloatBuffer? in
      switch layer.operation {
      case .stem(_, let weights, _), .convolution(_, let weights, _): weights.inputGradient
      case .maxPool, .globalAverage: nil
      }
    }
  }

  /// The size of every storage's planes for an image of this size; nil if a layer would be left with nothing.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the parts of a concatenation differ in size.
  func sizes(height: Int, width: Int) throws(PixelAscentError) -> [(height: Int, width: Int)]? {
    var sizes = Array(repeating: (height: 0, width: 0), count: storages.count)
    for layer in layers {
      guard let output = layer.output else { continue }
      let input = layer.input.map { sizes[values[$0].storage] } ?? (height: height, width: width)
      let size =
        switch layer.operation {
        case .stem(let shape, _, _), .convolution(let shape, _, _):
          (height: shape.outputSize(input.height), width: shape.outputSize(input.width))
        case .maxPool:
          (height: maxPoolOutputSize(input.height), width: maxPoolOutputSize(input.width))
        case .globalAverage: input
        }
      if size.height < 1 || size.width < 1 { return nil }
      let storage = values[output].storage
      guard sizes[storage] == (0, 0) || sizes[storage] == size else {
        throw PixelAscentError(
          .invalidModel,
          "the parts of a concatenation have \(sizes[storage].height)×\(sizes[storage].width) and "
            + "\(size.height)×\(size.width) pixels")
      }
      sizes[storage] = size
    }
    return sizes
  }

  /// The least height and width of an image.
  func leastSize() throws(PixelAscentError) -> Int {
    for size in 1...4096 where try sizes(height: size, width: size) != nil { return size }
    throw PixelAscentError(.invalidModel, "the network leaves nothing of an image of 4096×4096 pixels")
  }
}
