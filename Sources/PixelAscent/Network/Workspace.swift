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

  let plan: LayerPlan
  let kernels: Kernels
  let activations: [Planes]
  let gradients: [Planes]
  let poolIndices: [PoolIndex?]
  let marks: NonzeroMarks

  // What the present pass is about.
  private(set) var wanted = 0..<0
  private(set) var throughLastReLU = true

  // What a layer does in a part of its output or of its inputs' gradients. Made once: a closure made in the loop would be
  // allocated there, again and again.
  private lazy var forwardSteps: [[Step]] = plan.layers.indices.map(forwardSteps)
  private lazy var backwardSteps: [[Step]] = plan.layers.indices.map(backwardSteps)

  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the image is too small for the network, or needs more memory
  ///   than the options allow.
  init(_ network: Network, height: Int, width: Int, gradient: Bool) throws(PixelAscentError) {
    let layout = try Self.layout(network, height: height, width: width, gradient: gradient)
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
    if gradient { network.plan.packForGradients(threads: network.options.threads) }
    poolIndices = layout.indexBytes.map { bytes in bytes > 0 ? PoolIndex(count: bytes) : nil }
    marks = NonzeroMarks(count: layout.markCount)
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
    try layout(network, height: height, width: width, gradient: gradient).bytes
  }

  private static func layout(
    _ network: Network, height: Int, width: Int, gradient: Bool
  ) throws(PixelAscentError) -> ArenaPlan {
    let layout = try ArenaPlan(network.plan, height: height, width: width, gradient: gradient)
    try network.options.checkMemory(layout.bytes, of: "a network input of \(height)×\(width) pixels")
    return layout
  }

  private var scorePlanes: Planes { activations[plan.output] }

  /// The blocks of the scores of one class, if the network's end can do with one, or of all.
  private func blocks(for class: Int?) -> Range<Int> {
    guard let index = `class`, plan.hasHead else { return 0..<scorePlanes.blocks }
    return index / 16..<index / 16 + 1
  }

  /// The channels of those blocks that there are.
  private var wantedScores: Range<Int> { wanted.lowerBound * 16..<min(wanted.upperBound * 16, plan.classes) }

  /// Computes the scores of the image: of every class, or of one only (and of those that come with it for free).
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if one is not finite.
  func forward(only class: Int? = nil) throws(PixelAscentError) {
    observer?(nil, false)
    wanted = blocks(for: `class`)
    for index in plan.layers.indices {
      for place in forwardSteps[index].indices { run(forwardSteps[index][place]) }
      observer?(index, false)
    }
    guard scorePlanes.isFinite(wantedScores) else {
      throw PixelAscentError(
        .invalidParameter, "the network's scores are not finite: its weights or the image's values are too large")
    }
  }

  /// The scores of the last complete `forward()`.
  var scores: [Float] { scorePlanes.vector(0..<plan.classes) }

  /// The score of one class, after a `forward()` that computed it.
  func score(_ class: Int) -> Float { scorePlanes[`class`] }

  /// Takes a gradient with respect to the scores back to the image. After it the activations are gone.
  ///
  /// - Parameters:
  ///   - seed: the gradient with respect to the scores, after a `forward` that computed those where it is not zero
  ///   - throughLastReLU: whether the ReLU before the scores' average takes part, or the score is meant before it
  func backward(_ seed: ScoreGradient, throughLastReLU: Bool = true) {
    self.throughLastReLU = throughLastReLU
    let target = gradients[plan.output]
    let clamp = throughLastReLU ? plan.values[plan.output].clamp : nil
    func passes(_ class: Int) -> Bool { clamp.map { $0.low < score(`class`) && score(`class`) < $0.high } ?? true }
    switch seed {
    case .one(let index):
      wanted = blocks(for: index)
      let value: Float = passes(index) ? 1 : 0
      target.setVector(wantedScores, 0)
      target.setVector(index..<index + 1, value)
    case .all(let values):
      wanted = blocks(for: nil)
      target.setVector(clamp == nil ? values : values.indices.map { passes($0) ? values[$0] : 0 })
    }
    observer?(nil, true)
    var index = plan.layers.count
    while index > 0 {
      index -= 1
      for place in backwardSteps[index].indices { run(backwardSteps[index][place]) }
      observer?(index, true)
    }
  }

  private func run(_ step: Step) {
    parallel.overParts(
      blocks: step.isTail ? wanted : step.blocks, together: step.together, rows: step.rows, step.body)
  }
}

/// The gradient of an objective with respect to the scores.
enum ScoreGradient {
  /// 1 for one class, 0 for the others.
  case one(Int)
  case all([Float])
}
