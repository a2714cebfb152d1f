// SPDX-License-Identifier: MIT

/// What the network thinks a class looks like: an image that climbs the score of the class, s_y(I) − λ‖I‖²
/// (Simonyan, Vedaldi, Zisserman: "Deep inside convolutional networks", 2014; jitter and blur after CS231n).
///
/// Each iteration rolls the image by a random offset, takes the gradient there, steps, undoes the roll, clamps every
/// channel to the allowed box, and now and then blurs a little.
public struct ClassVisualization: Technique {
  /// The recipe: how a step is made, and the defaults of everything else.
  public let recipe: Recipe
  /// Height and width of a noise or zero start.
  public var height: Int, width: Int
  /// The start in normalised space.
  public var start: Start
  /// The number of steps.
  public var iterations: Int
  /// The length of a step, or the factor of the gradient.
  public var learningRate: Double
  /// λ, the weight of the L2 term.
  public var l2: Double
  /// The number of iterations from one blur to the next; 0 never blurs.
  public var blurEvery: Int
  /// The blur's standard deviation in pixels.
  public var blurSigma: Double
  /// The largest offset of a roll in pixels.
  public var maxJitter: Int
  /// The number of rolled copies of an image whose gradients one step averages.
  public var samples: Int
  /// Whether each channel is kept in the allowed box.
  public var clamp: Bool
  /// The number of iterations from one shown image to the next; 0 shows the first and the last only.
  public var showEvery: Int
  /// Seed of the noise and the jitter: the key of the generator Philox 4×32-10 (Salmon et al. 2011).
  public var seed: UInt64

  /// The image an ascent starts from.
  public enum Start: String, Codable, CaseIterable, Hashable, Sendable {
    /// Random pixels, distributed as the recipe says.
    case noise
    /// The mean image.
    case zero
    /// An image of ``height`` × ``width`` pixels that is given where the ascent begins. It is no part of the parameters.
    case image
  }

  /// A way of making class visualizations.
  public enum Recipe: String, Codable, CaseIterable, Hashable, Sendable {
    /// CS231n's PyTorch notebook with steps of fixed length.
    case cs231nPyTorchNormalized = "cs231n-pytorch-normalized"
    /// CS231n's PyTorch notebook.
    case cs231nPyTorch = "cs231n-pytorch"
    /// CS231n's TensorFlow notebook.
    case cs231nTensorFlow = "cs231n-tensorflow"
    /// Simonyan, Vedaldi, Zisserman: from the mean image, the gradient averaged over rolled copies.
    case simonyan

    /// How the result is shown.
    public var rendering: Rendering {
      switch self {
      case .cs231nPyTorchNormalized, .cs231nPyTorch: .stretch
      case .cs231nTensorFlow: .clip
      case .simonyan: .percentileStretch(low: 0.5, high: 99.5)
      }
    }

    /// Whether a step is lr · g/‖g‖₂ rather than lr · g.
    package var normalizesStep: Bool { self == .cs231nPyTorchNormalized }
    /// The gradient of the L2 term is −`l2Factor` · λ · I.
    var l2Factor: Double { self == .cs231nTensorFlow ? 1 : 2 }
    /// Whether offsets are drawn from −max … max rather than 0 … max.
    var jitterIsSymmetric: Bool { self == .cs231nTensorFlow }
    /// Whether noise is uniform in [0, 1) before it is normalised, rather than standard normal after.
    var noiseIsUniform: Bool { self == .cs231nTensorFlow }
  }

  /// The recipe's defaults, for images of 224 × 224 pixels.
  public init(_ recipe: Recipe = .cs231nPyTorchNormalized) {
    let isSimonyan = recipe == .simonyan
    self.recipe = recipe
    (height, width) = (224, 224)
    start = isSimonyan ? .zero : .noise
    iterations = isSimonyan ? 150 : 100
    learningRate = isSimonyan ? 5 : 25
    l2 = isSimonyan ? 1e-2 : 1e-3
    blurEvery = isSimonyan ? 0 : 10
    blurSigma = 0.5
    maxJitter = 16
    samples = isSimonyan ? 4 : 1
    clamp = !isSimonyan
    showEvery = 25
    seed = 0
  }

  /// What an ascent came to.
  public struct Result: Sendable {
    /// The number of iterations made: all, unless the ascent was stopped.
    public let iterations: Int
    /// The score of the class at each iteration, before its step, of the image rolled by its jitter;
    /// of the last one where several rolled copies are averaged.
    public let scoreHistory: [Float]
    /// The probability of the class where ``scoreHistory`` has its score; empty unless the ascent was told to record it.
    public let probabilityHistory: [Double]
    /// The last image in normalised space, shape (C, H, W).
    public let image: Tensor
    /// The last image, shown as the recipe says.
    public let picture: RGBImage
    /// All scores of the last image.
    public let scores: [Float]
    /// The probability of the class for the last image.
    public let probability: Double
    /// The time of the loop alone, in seconds.
    public let seconds: Double
    /// The number of gradients of the score before the last ReLU, taken where the score's own was zero.
    public let gradientsBeforeLastReLU: Int
  }

  /// The name of the technique in pictures, and of its command.
  public static let name = "visualize"
  /// The image to start from, if ``start`` is one.
  public var source: Subject.Source { start == .image ? .start : .none }
  /// What the technique's pictures are called.
  public static let title = "class visualization"

  /// Begins to climb the score of a class.
  ///
  /// - Parameters:
  ///   - network: the network that is asked
  ///   - index: the class
  ///   - start: the image to start from if ``start`` is `image`, in normalised space: shape (C, height, width)
  ///   - recordsProbabilities: whether each iteration's probability is recorded as its score is, for which the scores of all
  ///     classes are computed; the image is the same either way
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range, `sizeLimit`, or `classLookup`.
  public func begin(
    _ network: Network, class index: Int, from start: Tensor? = nil, recordsProbabilities: Bool = false
  ) throws(PixelAscentError) -> VisualizationAscent {
    try network.check(class: index)
    try check(network, start: start)
    return try VisualizationAscent(
      self, network, class: index, from: self.start == .image ? start : nil, recordsProbabilities)
  }

  /// Climbs the score of a class.
  ///
  /// - Throws: as ``begin(_:class:from:recordsProbabilities:)`` and ``VisualizationAscent/next(update:)`` do.
  public func run(
    _ network: Network, class index: Int, from start: Tensor? = nil
  ) throws(PixelAscentError) -> Result {
    try begin(network, class: index, from: start).finish()
  }

  /// Climbs the score of the subject's class, from the subject's start if ``start`` is `image`.
  ///
  /// - Throws: as ``run(_:class:from:)`` does, and of kind `invalidParameter` if the subject has no class.
  public func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Result {
    try run(network, class: Subject.required(subject.classIndex, "class"), from: subject.start)
  }

  /// Only a figure has more than the last image.
  public func parameters(of kind: Provenance.Kind) -> ClassVisualization {
    var parameters = self
    if kind != .figure { parameters.showEvery = 0 }
    return parameters
  }

  /// Makes one of the technique's pictures.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func picture(
    _ kind: Provenance.Kind, _ network: Network, of subject: Subject
  ) throws(PixelAscentError) -> RGBImage {
    if kind != .figure { return try run(network, on: subject).picture }
    try check(network, start: subject.start, copies: ClassVisualization.copiesOfShown)
    let ascent = try begin(network, class: Subject.required(subject.classIndex, "class"), from: subject.start)
    var pictures: [RGBImage] = []
    while let step = try ascent.next() { if step.isShown { pictures.append(step.picture) } }
    return RGBImage(row: pictures)
  }

  /// How many copies of each shown picture are in memory while a figure or a page is written: as a picture, as PNG, as text.
  package static let copiesOfShown = 4

  /// Says what is wrong for every class and every seed.
  ///
  /// - Parameters:
  ///   - start: the image that the ascent starts from, if it is one
  ///   - copies: how many copies of every shown picture are kept
  /// - Returns: the bytes that an ascent's way through the network and these pictures take
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or the start is no image,
  ///   `sizeLimit` if the network can't take its size, or if it or the pictures take more memory than its options allow.
  @discardableResult
  package func check(
    _ network: Network, start image: Tensor? = nil, copies: Int = 0
  ) throws(PixelAscentError) -> Int {
    try validate()
    if start == .image {
      let image = try Subject.required(image, "image to start from")
      try network.check(image)
      guard [height, width] == image.shape.dropFirst() else {
        throw PixelAscentError(
          .invalidParameter,
          "the image to start from must have \(height)×\(width) pixels, found \(image.shape[1])×\(image.shape[2])")
      }
    }
    let bytes = try network.checkSize(height: height, width: width, gradient: true)
    let shown = showEvery > 0 ? min(iterations / showEvery, .max - 2) + 2 : 2
    let pictures = elementCount([copies, shown, height, width, 3]) ?? .max
    try network.options.checkMemory(pictures, of: "keeping the shown pictures (\(advice: .showEvery) \(showEvery))")
    return bytes + pictures
  }

  /// Checks every parameter.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    try checkPositive(learningRate, "learning rate")
    try checkCount(iterations, "iterations", from: 1)
    guard l2.isFinite, l2 >= 0 else {
      throw PixelAscentError(.invalidParameter, "l2 must be a number of 0 or more, found \(l2)")
    }
    try checkCount(blurEvery, "blur every")
    guard blurSigma > 0, blurSigma <= 10_000 else {
      throw PixelAscentError(.invalidParameter, "the blur sigma must be above 0 and at most 10000, found \(blurSigma)")
    }
    try checkCount(maxJitter, "max jitter")
    guard maxJitter <= 1_000_000 else {
      throw PixelAscentError(.invalidParameter, "max jitter must be at most 1000000, found \(maxJitter)")
    }
    try checkCount(samples, "samples", from: 1)
    guard samples <= 10_000 else {
      throw PixelAscentError(.invalidParameter, "samples must be at most 10000, found \(samples)")
    }
    try checkCount(showEvery, "show every")
    guard height >= 1, width >= 1, height <= 1 << 20, width <= 1 << 20 else {
      throw PixelAscentError(.invalidParameter, "the size must be from 1 to 1048576 pixels, found \(height)×\(width)")
    }
  }

  private enum CodingKeys: String, CodingKey {
    case recipe, start, height, width, iterations, l2, samples, clamp, seed
    case learningRate = "learning_rate"
    case blurEvery = "blur_every"
    case blurSigma = "blur_sigma"
    case maxJitter = "max_jitter"
    case showEvery = "show_every"
  }
}
