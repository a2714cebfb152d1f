// SPDX-License-Identifier: MIT

/// The evaluation of one image by a network: the memory for the forward and backward passes, planned once from the
/// image's size.
///
/// Load an image, then ask for scores, for the activation of any layer, and for the gradient of any objective with
/// respect to the image or to a layer, in any order and as often as you like. The scores of an image are computed once.
/// Computing a gradient overwrites the activations, so the next activation or gradient costs another forward pass.
///
/// ```swift
/// let evaluation = try network.evaluation(of: photo)
/// let scores = try evaluation.scores()
/// let features = try evaluation.activation(of: "fire9/concat")
/// let difference = try evaluation.gradient(of: .weighted([76: 1, 99: -1]))
/// ```
///
/// Two tasks can't use one evaluation at the same time; make one for each task. Many evaluations at the same time are
/// fastest with one thread each; ``Network/evaluateEach(_:height:width:gradient:_:report:)`` makes them.
public final class Evaluation {
  /// The image's height in pixels.
  public let height: Int
  /// The image's width in pixels.
  public let width: Int
  /// The network that evaluates the image.
  public let network: Network
  /// The memory of the image, the activations and the gradients.
  let arena: FloatBuffer
  /// The arena after the forward pass for the loaded image, if ``keepsActivations`` and a backward pass has overwritten
  /// it.
  var kept: FloatBuffer?
  /// Whether a copy of the activations is kept for further gradients of the same image, so that these cost no other
  /// forward pass. The copy takes as much memory as the evaluation, and is left out if that is above the limit of the
  /// network's options. The results are the same bits with and without it.
  package var keepsActivations = false
  /// The network's input: the image in normalised space, with the halo that the first layer needs.
  let image: ImagePlanes
  private let imageGradient: ImagePlanes?

  /// The threads that run the layers' steps.
  let parallel: Parallel
  /// A closure that benchmarks set. It is called with nil when a pass begins, then after each layer with the layer's
  /// index.
  var observer: ((_ layer: Int?, _ isBackward: Bool) -> Void)?

  private(set) var plan: LayerPlan
  let kernels: Kernels
  /// The activations of the plan's values.
  let activations: [Planes]
  /// The gradients of the plan's values; empty for an evaluation without a backward pass.
  let gradients: [Planes]
  /// By the index of a layer, the positions of the maxima if the layer is a max pool; nil for every other layer.
  let poolIndices: [PoolIndex?]
  let nonzeroMask: NonzeroMask
  /// Which convolutions Winograd's method computes.
  let winograd: WinogradPlan
  /// The scratch memory of Winograd's method.
  let scratch: Scratch

  /// The blocks of scores that the current pass computes or differentiates.
  var requestedBlocks = 0..<0
  /// Whether the current backward pass multiplies by the derivative of the last ReLU, on the scores or right before
  /// their average.
  var throughLastReLU = true

  /// Whether an image was loaded.
  private(set) var isLoaded = false
  /// The scores of the loaded image; nil until they have been computed.
  private var cachedScores: [Float]?
  /// Whether the activations are those of a whole forward pass. A backward pass overwrites them.
  var hasActivations = false

  // The steps of each layer. They are made once, because making closures in the loop would allocate in every pass.
  private(set) lazy var forwardSteps: [[Step]] = plan.layers.indices.map(forwardSteps)
  private(set) lazy var backwardSteps: [[Step]] = plan.layers.indices.map { backwardSteps($0) }
  /// The activations of the layers that the objective reads, after its forward pass.
  var seedActivations: [Tensor] = []
  /// The memory of the objective's derivatives with respect to these activations.
  private(set) var seedPlanes: [Planes] = []

  /// Plans passes for objectives that read the scores, the activations of some layers, or both. Passes for other
  /// objectives need another plan.
  func plan(scores: Bool, seeds positions: [LayerPosition]) {
    if plan.seeds.map(\.position) == positions && (plan.end == plan.layers.count) == scores { return }
    plan.planGradients(scores: scores, seeds: positions)
    if imageGradient != nil { backwardSteps = plan.layers.indices.map { backwardSteps($0) } }
    seedPlanes = positions.map { activations[$0.value].newPlanes() }
    seedActivations = positions.map { _ in Tensor(shape: [0], values: []) }
  }

  /// Allocates the memory for an image of `height` × `width` pixels.
  ///
  /// - Parameters:
  ///   - network: the network that evaluates the image
  ///   - height: the image's height in pixels
  ///   - width: the image's width in pixels
  ///   - gradient: false for scores and activations alone, which takes less memory
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the image is too small for the network, or needs more memory
  ///   than the network's options allow.
  public convenience init(
    _ network: Network, height: Int, width: Int, gradient: Bool = true
  ) throws(PixelAscentError) {
    try self.init(network, height: height, width: width, gradient: gradient, in: nil, network.parallel)
  }

  /// Creates an evaluation in the memory of another, which may not be used at the same time.
  ///
  /// - Parameters:
  ///   - other: an evaluation whose memory this one uses where that is large enough, the arena always; nil for new memory
  ///   - parallel: the threads that compute
  /// - Throws: as ``init(_:height:width:gradient:)`` does.
  init(
    _ network: Network, height: Int, width: Int, gradient: Bool, in other: Evaluation?, _ parallel: Parallel
  ) throws(PixelAscentError) {
    guard height > 0, width > 0 else {
      throw PixelAscentError(.sizeLimit, "an image has at least 1×1 pixels, found \(height)×\(width)")
    }
    let layout = try network.layout(height: height, width: width, gradient: gradient)
    self.network = network
    plan = network.plan
    kernels = network.kernels
    self.parallel = parallel
    self.height = height
    self.width = width

    let arena: FloatBuffer
    if let other {
      arena = other.arena
    } else {
      arena = try FloatBuffer(count: layout.floats, for: "an image of \(height)×\(width) pixels takes")
    }
    self.arena = arena
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
    if gradient {
      let sizes = gradients.map { (height: $0.height, width: $0.width) }
      try network.plan.packForGradients(
        sizes: sizes, imageSize: (height, width), threads: network.options.threads)
    }
    winograd = WinogradPlan(
      network.plan, try network.arenaLayout(height: height, width: width, gradient: true), withGradient: gradient,
      network.options)
    try network.plan.transformWeights(winograd, threads: network.options.threads)
    if let other, other.winograd.scratchFloats >= winograd.scratchFloats {
      scratch = other.scratch
    } else {
      scratch = try Scratch(threads: network.options.threads, floats: winograd.scratchFloats)
    }
    poolIndices = layout.indexBytes.enumerated().map { layer, bytes in
      if let known = other?.poolIndices[layer], known.count >= bytes { return known }
      return bytes > 0 ? PoolIndex(count: bytes) : nil
    }
    if let known = other?.nonzeroMask, known.count >= layout.nonzeroMaskCount {
      nonzeroMask = known
    } else {
      nonzeroMask = NonzeroMask(count: layout.nonzeroMaskCount)
    }
  }

  /// The input gradient that the last `backward` computed, in plain planes.
  var gradientPlanes: ImagePlanes {
    guard let imageGradient else { preconditionFailure("this evaluation is for the forward pass only") }
    return imageGradient
  }

  // MARK: Loading

  /// Loads an image of this evaluation's size and normalises its pixels.
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

  /// Discards the previous image's scores and activations, after another image was loaded or before one is.
  func forget(isLoaded: Bool = true) {
    (self.isLoaded, hasActivations, cachedScores, kept) = (isLoaded, false, nil, nil)
  }

  /// The loaded image in normalised space: shape (C, H, W).
  ///
  /// - Precondition: an image was loaded.
  public var input: Tensor {
    requireImage()
    return image.tensor
  }

  private func requireImage() { precondition(isLoaded, "no image was loaded") }

  // MARK: Results

  /// Returns the scores of all classes, by class index.
  ///
  /// - Precondition: an image was loaded.
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a score is not finite.
  public func scores() throws(PixelAscentError) -> [Float] {
    if let cachedScores { return cachedScores }
    return try parallel.withThreads { () throws(PixelAscentError) in try computeScores() }
  }

  private func computeScores() throws(PixelAscentError) -> [Float] {
    requireImage()
    if let cachedScores, hasActivations { return cachedScores }
    if let cachedScores, let kept {
      arena.fill(from: kept)
      hasActivations = true
      return cachedScores
    }
    try forward()
    hasActivations = true
    let scores = lastScores
    cachedScores = scores
    return scores
  }

  /// Returns the activation of a layer, after its clamp if it has one: shape (C, H, W).
  ///
  /// - Parameter layer: one of ``Network/layerNames``, or "image"
  /// - Precondition: an image was loaded.
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the network has no such layer, or the activation or
  ///   the scores are not finite.
  public func activation(of layer: String) throws(PixelAscentError) -> Tensor {
    if layer == Graph.image { return input }
    requireImage()
    let position = try network.position(of: layer)
    return try parallel.withThreads { () throws(PixelAscentError) in
      if plan.isOverwritten(position) {
        // A later sum in place would overwrite the activation, so only the layers up to this one run.
        hasActivations = false
        requestedBlocks = blocks(for: nil)
        runForward(position.end)
      } else {
        _ = try computeScores()
      }
      let activation = tensor(activations[position.value])
      guard activation.isFinite else { throw Self.notFinite(layer) }
      return activation
    }
  }

  static func notFinite(_ layer: String) -> PixelAscentError {
    PixelAscentError(
      .invalidParameter, "the activation of layer \(layer.oneLine) is not finite: the image's values are too large")
  }

  /// Returns the gradient of an objective with respect to the image in normalised space: shape (C, H, W).
  ///
  /// ReLU'(0) is 0, and a max pool sends its gradient to the first maximum of the window, as in PyTorch. In areas of one
  /// colour rounding errors decide which of the values in a window is the maximum.
  ///
  /// - Parameters:
  ///   - objective: the function of the scores or of activations to differentiate
  ///   - throughLastReLU: false to leave out the derivative of the last ReLU, if the scores come from it directly or
  ///     through an average; only for an objective that reads no activation
  /// - Precondition: an image was loaded, and the evaluation was made with `gradient: true`.
  /// - Throws: ``PixelAscentError`` of kind `classLookup` if the objective names a class that the network does not
  ///   have, `invalidParameter` if the objective names a layer or a channel that the network does not have, or if the
  ///   objective's derivatives, the scores, an activation or the gradient are not finite.
  public func gradient(
    of objective: Objective, throughLastReLU: Bool = true
  ) throws(PixelAscentError) -> Tensor {
    precondition(imageGradient != nil, "this evaluation is for the forward pass only")
    try network.check(objective)
    return try parallel.withThreads { () throws(PixelAscentError) in
      if objective.layerTerms.isEmpty {
        let seed = try objective.gradient(scores: computeScores(), network.activation)
        backward(seed, throughLastReLU: throughLastReLU)
      } else {
        requireImage()
        try forward(for: objective)
        try backward(for: objective)
      }
      return try Self.checked(gradientPlanes.tensor)
    }
  }

  /// Returns the value of an objective for the loaded image.
  ///
  /// - Precondition: an image was loaded.
  /// - Throws: as ``gradient(of:throughLastReLU:)`` does.
  public func value(of objective: Objective) throws(PixelAscentError) -> Double {
    try network.check(objective)
    return try parallel.withThreads { () throws(PixelAscentError) in
      requireImage()
      try forward(for: objective)
      return try value(after: objective)
    }
  }

  /// Returns the gradient of an objective with respect to the activation of a layer, after its clamp if it has one:
  /// shape (C, H, W).
  ///
  /// - Parameters:
  ///   - objective: the function of the scores to differentiate
  ///   - layer: one of ``Network/layerNames``, or "image"
  /// - Precondition: an image was loaded, and the evaluation was made with `gradient: true`.
  /// - Throws: ``PixelAscentError`` of kind `classLookup` if the objective names a class that the network does not
  ///   have, `invalidParameter` if the network has no such layer, or if the objective's derivatives, the scores or the
  ///   gradient are not finite.
  public func gradient(of objective: Objective, at layer: String) throws(PixelAscentError) -> Tensor {
    if layer == Graph.image { return try gradient(of: objective) }
    precondition(imageGradient != nil, "this evaluation is for the forward pass only")
    try network.check(objective)
    guard objective.layerTerms.isEmpty else {
      throw PixelAscentError(
        .invalidParameter, "the gradient at a layer is that of a function of the scores, not of activations")
    }
    let position = try network.position(of: layer)
    return try parallel.withThreads { () throws(PixelAscentError) in
      let seed = try objective.gradient(scores: computeScores(), network.activation).values(plan.classes)
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

  /// Returns blocked planes as a tensor of shape (C, H, W).
  func tensor(_ planes: Planes) -> Tensor {
    let image = ImagePlanes(channels: planes.channels, height: planes.height, width: planes.width)
    kernels.image(image, of: planes, rows: 0..<planes.height)
    return image.tensor
  }
}
