// SPDX-License-Identifier: MIT

/// One image in a network: the memory of its way forward and back, planned once from its size.
///
/// Load an image, then ask for scores, for the activation of any layer, and for the gradient of any objective with respect to
/// the image or to a layer, in any order and as often as you like. The scores of an image are computed once. A gradient takes
/// the memory of the activations: an activation or a gradient after it costs another forward pass.
///
/// ```swift
/// let evaluation = try network.evaluation(of: photo)
/// let scores = try evaluation.scores()
/// let features = try evaluation.activation(of: "fire9/concat")
/// let difference = try evaluation.gradient(of: .weighted([76: 1, 99: -1]))
/// ```
///
/// An evaluation is not for two tasks at once; make one for each. Many go side by side best with one thread each
/// (``ComputeOptions/threads``).
public final class Evaluation {
  /// The image's height and width in pixels.
  public let height: Int, width: Int
  /// The network.
  public let network: Network
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
  let nonzeroMask: NonzeroMask

  // What the present pass is about.
  var wanted = 0..<0
  var throughLastReLU = true

  /// Whether an image was loaded.
  private(set) var isLoaded = false
  /// The scores of the image, once they are computed.
  private var known: [Float]?
  /// Whether the activations are those of a whole forward pass. A gradient's way back takes their memory.
  var hasActivations = false

  // What a layer does in a part of its output or of its inputs' gradients. Made once: a closure made in the loop would be
  // allocated there, again and again.
  private lazy var forwardSteps: [[Step]] = plan.layers.indices.map(forwardSteps)
  private lazy var backwardSteps: [[Step]] = plan.layers.indices.map { backwardSteps($0) }

  /// The memory for an image of this size; without `gradient`, for the forward pass alone.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the image is too small for the network, or needs more memory
  ///   than the network's options allow.
  public init(_ network: Network, height: Int, width: Int, gradient: Bool = true) throws(PixelAscentError) {
    guard height > 0, width > 0 else {
      throw PixelAscentError(.sizeLimit, "an image has at least 1×1 pixels, found \(height)×\(width)")
    }
    let layout = try network.layout(height: height, width: width, gradient: gradient)
    self.network = network
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
    nonzeroMask = NonzeroMask(count: layout.nonzeroMaskCount)
  }

  /// The gradient with respect to the image that the last `backward` made.
  var gradientPlanes: ImagePlanes {
    guard let imageGradient else { preconditionFailure("this evaluation is for the forward pass only") }
    return imageGradient
  }

  // MARK: Loading

  /// Loads an image of this evaluation's size: its pixels go straight into the network's input, normalised.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the image has another size; see
  ///   ``Network/resized(_:)``.
  public func load(_ picture: RGBImage) throws(PixelAscentError) {
    guard (picture.height, picture.width) == (height, width) else {
      throw PixelAscentError(
        .invalidParameter,
        "the evaluation is for images of \(height)×\(width) pixels, found \(picture.height)×\(picture.width)")
    }
    network.normalize(picture, into: image)
    forget()
  }

  /// Loads an input of shape (C, H, W) in normalised space.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the input has another shape or is not finite.
  public func load(_ input: Tensor) throws(PixelAscentError) {
    try network.check(input)
    guard (input.shape[1], input.shape[2]) == (height, width) else {
      throw PixelAscentError(
        .invalidParameter,
        "the evaluation is for inputs of \(height)×\(width) pixels, found \(input.shape[1])×\(input.shape[2])")
    }
    image.tensor = input
    forget()
  }

  /// Takes note that the image is another one.
  private func forget() {
    (isLoaded, hasActivations, known) = (true, false, nil)
  }

  /// The image that was loaded, in normalised space: shape (C, H, W).
  ///
  /// - Precondition: an image was loaded.
  public var input: Tensor {
    requireImage()
    return image.tensor
  }

  private func requireImage() { precondition(isLoaded, "no image was loaded") }

  // MARK: Asking

  /// The raw scores of all classes.
  ///
  /// - Precondition: an image was loaded.
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if one is not finite.
  public func scores() throws(PixelAscentError) -> [Float] {
    if let known { return known }
    return try parallel.withThreads { () throws(PixelAscentError) in try computeScores() }
  }

  private func computeScores() throws(PixelAscentError) -> [Float] {
    requireImage()
    if let known, hasActivations { return known }
    try forward()
    hasActivations = true
    let scores = lastScores
    known = scores
    return scores
  }

  /// The output of a layer, after its clamp if it has one: shape (C, H, W).
  ///
  /// - Parameter layer: one of ``Network/layerNames``, or "image"
  /// - Precondition: an image was loaded.
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if there is no such layer, or the activation
  ///   or the scores are not finite.
  public func activation(of layer: String) throws(PixelAscentError) -> Tensor {
    if layer == Graph.image { return input }
    requireImage()
    let position = try network.position(of: layer)
    return try parallel.withThreads { () throws(PixelAscentError) in
      if plan.isOverwritten(position) {
        // A sum that lies in the layer's own memory comes later.
        hasActivations = false
        wanted = blocks(for: nil)
        runForward(position.end)
      } else {
        _ = try computeScores()
      }
      let activation = tensor(activations[position.value])
      guard activation.isFinite else {
        throw PixelAscentError(
          .invalidParameter, "the activation of layer \(layer.oneLine) is not finite: the image's values are too large")
      }
      return activation
    }
  }

  /// The gradient of an objective with respect to the image, in normalised space: shape (C, H, W).
  ///
  /// ReLU'(0) is 0, and a max pool sends its gradient to the first maximum of the window, as in PyTorch.
  ///
  /// - Parameters:
  ///   - objective: what is differentiated
  ///   - throughLastReLU: false to differentiate the scores before the ReLU that precedes the last average
  /// - Precondition: an image was loaded, and the evaluation is not for the forward pass alone.
  /// - Throws: ``PixelAscentError`` of kind `classLookup`, or `invalidParameter` if the objective or a number is not finite.
  public func gradient(
    of objective: Objective, throughLastReLU: Bool = true
  ) throws(PixelAscentError) -> Tensor {
    precondition(imageGradient != nil, "this evaluation is for the forward pass only")
    try network.check(objective)
    return try parallel.withThreads { () throws(PixelAscentError) in
      let seed = try objective.gradient(scores: computeScores())
      backward(seed, throughLastReLU: throughLastReLU)
      return try Self.checked(gradientPlanes.tensor)
    }
  }

  /// The gradient of an objective with respect to the output of a layer, after its clamp if it has one: shape (C, H, W).
  ///
  /// - Parameters:
  ///   - objective: what is differentiated
  ///   - layer: one of ``Network/layerNames``, or "image"
  /// - Precondition: an image was loaded, and the evaluation is not for the forward pass alone.
  /// - Throws: ``PixelAscentError`` of kind `classLookup`, or `invalidParameter` if there is no such layer, or the objective or
  ///   a number is not finite.
  public func gradient(of objective: Objective, at layer: String) throws(PixelAscentError) -> Tensor {
    if layer == Graph.image { return try gradient(of: objective) }
    precondition(imageGradient != nil, "this evaluation is for the forward pass only")
    try network.check(objective)
    let position = try network.position(of: layer)
    return try parallel.withThreads { () throws(PixelAscentError) in
      let seed = try objective.gradient(scores: computeScores()).values(plan.classes)
      backward(seed, to: position)
      return try Self.checked(tensor(gradients[position.value]))
    }
  }

  private static func checked(_ gradient: Tensor) throws(PixelAscentError) -> Tensor {
    guard gradient.isFinite else {
      throw PixelAscentError(
        .invalidParameter, "the network's gradient is not finite: its weights or the image's values are too large")
    }
    return gradient
  }

  /// Blocked planes as a tensor.
  private func tensor(_ planes: Planes) -> Tensor {
    let image = ImagePlanes(channels: planes.channels, height: planes.height, width: planes.width)
    kernels.image(image, of: planes, rows: 0..<planes.height)
    return image.tensor
  }

  // MARK: Passes

  private var scorePlanes: Planes { activations[plan.output] }

  /// The blocks of the scores of one class, if the network's end can do with one, or of all.
  func blocks(for class: Int?) -> Range<Int> {
    guard let index = `class`, plan.hasHead else { return 0..<scorePlanes.blocks }
    return index / 16..<index / 16 + 1
  }

  /// The classes whose scores lie in the wanted blocks.
  private var wantedScores: Range<Int> { wanted.lowerBound * 16..<min(wanted.upperBound * 16, plan.classes) }

  /// Computes the scores of the image: of every class, or of one only (and of those that come with it for free).
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if one is not finite.
  func forward(only class: Int? = nil) throws(PixelAscentError) {
    observer?(nil, false)
    hasActivations = false
    wanted = blocks(for: `class`)
    runForward(plan.layers.count)
    guard scorePlanes.isFinite(wantedScores) else {
      throw PixelAscentError(
        .invalidParameter, "the network's scores are not finite: its weights or the image's values are too large")
    }
  }

  /// Runs the first `count` layers.
  func runForward(_ count: Int) {
    for index in 0..<count {
      for step in forwardSteps[index].indices { run(forwardSteps[index][step]) }
      observer?(index, false)
    }
  }

  /// The scores of the last complete `forward()`.
  var lastScores: [Float] { scorePlanes.vector(0..<plan.classes) }

  /// The score of one class, after a `forward()` that computed it.
  func score(_ class: Int) -> Float { scorePlanes[`class`] }

  /// Takes a gradient with respect to the scores back to the image. After it the activations are gone.
  ///
  /// - Parameters:
  ///   - seed: the gradient with respect to the scores, after a `forward` that computed those where it is not zero
  ///   - throughLastReLU: whether the ReLU before the scores' average takes part, or the score is meant before it
  func backward(_ seed: ScoreGradient, throughLastReLU: Bool = true) {
    self.throughLastReLU = throughLastReLU
    hasActivations = false
    let target = gradients[plan.output]
    let clamp = throughLastReLU ? plan.values[plan.output].clamp : nil
    func passes(_ class: Int) -> Bool { clamp?.passes(score(`class`)) ?? true }
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
      for step in backwardSteps[index].indices { run(backwardSteps[index][step]) }
      observer?(index, true)
    }
  }

  func run(_ step: Step) {
    parallel.overParts(
      blocks: step.isTail ? wanted : step.blocks, multipleOf: step.blockMultiple, rows: step.rows, step.body)
  }
}
