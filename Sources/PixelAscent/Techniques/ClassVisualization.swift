// SPDX-License-Identifier: MIT

/// A class visualization: an image that is changed step by step to raise the score of a class, and so shows what the
/// network thinks the class looks like.
///
/// The ascent maximises s_y(I) − λ‖I‖², the score of class y minus an L2 term (Simonyan, Vedaldi, Zisserman: "Deep
/// inside convolutional networks", 2014; jitter and blur after Stanford's course CS231n). Each iteration rolls the
/// image by a random offset, computes the gradient, rolls the gradient back, makes a step and clamps every channel to
/// the box: the values in normalised space that are colours. Every ``blurEvery`` iterations the ascent also blurs the
/// image a little.
public struct ClassVisualization: Technique {
  /// The recipe, which decides how a step is made and how the result is rendered.
  public let recipe: Recipe
  /// The objective to ascend instead of the score of a class, as ``ObjectiveText`` reads it; nil for the score.
  public var objective: String?
  /// The height of the image in pixels, from 1 to 1,048,576.
  public var height: Int
  /// The width of the image in pixels, from 1 to 1,048,576.
  public var width: Int
  /// The image that the ascent starts from.
  public var start: Start
  /// The number of iterations, with one step each; at least 1.
  public var iterations: Int
  /// The optimizer's learning rate: the length of a step if ``optimizer`` is `normalized`, the factor of the gradient if
  /// it is `sgd`; positive.
  public var learningRate: Double
  /// The weight λ of the L2 term; not negative.
  public var l2: Double
  /// The number of iterations from one blur to the next; 0 for no blur.
  public var blurEvery: Int
  /// The standard deviation of the blur in pixels: above 0, at most 10,000.
  public var blurSigma: Double
  /// The greatest offset of the jitter in pixels, from 0 to 1,000,000.
  public var maxJitter: Int
  /// The number of rolled copies whose gradients a step averages, from 1 to 10,000.
  public var samples: Int
  /// Whether each step clamps every channel to the box, the values in normalised space that are colours. Only pixels can
  /// be clamped; Fourier coefficients always make colours.
  public var clamp: Bool
  /// How the ascent's parameters make the image.
  public var parametrization: Parametrization
  /// The magnitudes of the Fourier coefficients, if ``parametrization`` is `phase`.
  public var spectrum = SpectrumSource.powerLaw
  /// The rule by which a step changes the parameters.
  public var optimizer: Optimizer
  /// The random changes of the image before each evaluation, in this order, after the jitter.
  public var transforms: [ImageTransform]
  /// The weight of ``Regularizer/totalVariation(weight:)``; not negative.
  public var totalVariation: Double
  /// The weight of ``Regularizer/l1(weight:)``; not negative.
  public var l1: Double
  /// The weight of ``Regularizer/alphaNorm(weight:exponent:)`` with the exponent 6; not negative.
  public var alphaNorm: Double
  /// The number of iterations from one shown image to the next; 0 to show only the first and the last.
  public var showEvery: Int
  /// The layout of the figure.
  public var figure = Figure.Style()
  /// How the steps are shown as an animation; nil if they are not.
  public var animation: Animation.Style?
  /// The seed of the noise and the jitter: the key of the random generator Philox 4×32-10 (Salmon et al. 2011).
  public var seed: UInt64

  /// The image that an ascent starts from.
  public enum Start: String, Codable, CaseIterable, Hashable, Sendable {
    /// Random pixels, distributed as the recipe says.
    case noise
    /// The mean image, which is zero in normalised space.
    case zero
    /// An image of ``height`` × ``width`` pixels that the caller passes when the ascent begins. The image is not part
    /// of the parameters.
    case image
  }

  /// Where the magnitudes of the Fourier coefficients come from, if the phases are changed.
  public enum SpectrumSource: String, Codable, CaseIterable, Hashable, Sendable {
    /// Magnitudes that fall as the frequency to the power −1.5.
    case powerLaw = "powerlaw"
    /// Magnitudes that the caller passes when the ascent begins, as ``Subject/spectrum``.
    case given
  }

  /// A named set of defaults for class visualizations, with a step rule and a rendering.
  public enum Recipe: String, Codable, CaseIterable, Hashable, Sendable {
    /// The PyTorch notebook of Stanford's course CS231n, but with steps of fixed length.
    case cs231nPyTorchNormalized = "cs231n-pytorch-normalized"
    /// The PyTorch notebook of Stanford's course CS231n.
    case cs231nPyTorch = "cs231n-pytorch"
    /// The TensorFlow notebook of Stanford's course CS231n.
    case cs231nTensorFlow = "cs231n-tensorflow"
    /// The method of Simonyan, Vedaldi and Zisserman, which starts from the mean image. Each step averages the
    /// gradients of several rolled copies.
    case simonyan
    /// Steps of fixed length from the mean image with much blur and jitter: soft shapes, soon.
    case soft
    /// The method of Lucid: Fourier coefficients in colours that do not correlate, random transforms, and Adam (Olah,
    /// Mordvintsev, Schubert: "Feature visualization", 2017).
    case lucid
    /// MaCo: phases of Fourier coefficients whose magnitudes stay those of photographs, averaged over random boxes of the
    /// image (Fel et al.: "Unlocking feature visualization for deeper networks with magnitude constrained optimization",
    /// 2023).
    case maco

    /// How images in normalised space are rendered as pictures.
    public var rendering: Rendering {
      switch self {
      case .cs231nPyTorchNormalized, .cs231nPyTorch: .stretch
      case .cs231nTensorFlow, .lucid, .maco: .clip
      case .simonyan, .soft: .percentileStretch(low: 0.5, high: 99.5)
      }
    }

    /// The factor in the gradient of the L2 term, −`l2Factor` · λ · I.
    var l2Factor: Double { self == .cs231nTensorFlow ? 1 : 2 }
    /// Whether the jitter's offsets are drawn from −max … max rather than from 0 … max.
    var jitterIsSymmetric: Bool { self == .cs231nTensorFlow }
    /// Whether noise pixels are uniform in [0, 1) and then normalised, rather than standard normal in normalised space.
    var noiseIsUniform: Bool { self == .cs231nTensorFlow }
  }

  /// Creates the defaults of a recipe, for images of 224 × 224 pixels.
  public init(_ recipe: Recipe = .cs231nPyTorchNormalized) {
    self.recipe = recipe
    (height, width) = (224, 224)
    (start, iterations, learningRate, l2) = (.noise, 100, 25, 1e-3)
    (blurEvery, blurSigma, maxJitter, samples) = (10, 0.5, 16, 1)
    (clamp, showEvery, seed) = (true, 25, 0)
    (parametrization, optimizer, transforms) = (.pixels, .sgd, [])
    (totalVariation, l1, alphaNorm) = (0, 0, 0)
    switch recipe {
    case .cs231nPyTorchNormalized: optimizer = .normalized
    case .cs231nPyTorch, .cs231nTensorFlow: break
    case .simonyan:
      (start, iterations, learningRate, l2) = (.zero, 150, 5, 1e-2)
      (blurEvery, samples, clamp) = (0, 4, false)
    case .soft:
      (start, iterations, optimizer, learningRate, l2) = (.zero, 300, .normalized, 8, 0)
      (blurEvery, blurSigma, maxJitter, samples, clamp) = (4, 0.7, 32, 2, false)
    case .lucid:
      (iterations, optimizer, learningRate, l2) = (512, .adam, 0.05, 0)
      (blurEvery, maxJitter, clamp) = (0, 0, false)
      (parametrization, transforms) = (.fourier, ImageTransform.lucid)
    case .maco:
      (iterations, samples, optimizer, learningRate, l2) = (256, 32, .kerasNadam, 1, 0)
      (blurEvery, maxJitter, clamp) = (0, 0, false)
      (parametrization, transforms) = (.phase, ImageTransform.maco)
    }
  }

  /// Changes the parametrization. If it is another than the recipe's, the clamp, the blur, the optimizer and the learning
  /// rate become those that suit it: Fourier coefficients are changed by Adam with a learning rate of 0.05, phases
  /// by Keras's Nadam with a learning rate of 1, and both need no clamp and no blur; pixels are clamped. Phases also start
  /// from noise.
  public mutating func use(_ parametrization: Parametrization) {
    defer { self.parametrization = parametrization }
    if parametrization == self.parametrization { return }
    switch parametrization {
    case .pixels: clamp = true
    case .fourier: (clamp, blurEvery, optimizer, learningRate) = (false, 0, .adam, 0.05)
    case .phase:
      (clamp, blurEvery, optimizer, learningRate) = (false, 0, .kerasNadam, 1)
      start = .noise
    }
  }

  /// The result of an ascent.
  public struct Result: Sendable {
    /// The number of iterations made; fewer than the parameters say if the ascent was stopped.
    public let iterations: Int
    /// The score of the class in each iteration, before the step, for the image rolled by the iteration's jitter. If a
    /// step averages the gradients of several rolled copies, the score is that of the last copy.
    public let scoreHistory: [Float]
    /// The probability of the class for the images of ``scoreHistory``; empty unless the ascent records probabilities and
    /// they are known.
    public let probabilityHistory: [Double]
    /// The last image in normalised space, of shape (C, H, W).
    public let image: Tensor
    /// The last image, rendered as the recipe says.
    public let picture: RGBImage
    /// The scores of all classes for the last image.
    public let scores: [Float]
    /// The score of the class, or the value of the objective, for the last image.
    public let value: Float
    /// The probability of the class for the last image; nil if it is not known (see ``Network/activation``) or the ascent
    /// raised another objective.
    public let probability: Double?
    /// The time of all iterations in seconds.
    public let seconds: Double
    /// The number of times that the ascent took the gradient of the score before the last ReLU, because the score's own
    /// gradient was zero.
    public let gradientsBeforeLastReLU: Int
  }

  /// The name of the technique in the provenance of pictures, and of its command.
  public static let name = "visualize"
  /// The image that the technique needs: ``Subject/start`` if ``start`` is `image`, else none.
  public var source: Subject.Source { start == .image ? .start : .none }
  /// What people call the technique's pictures.
  public static let title = "class visualization"

  /// See ``objective``.
  public var objectiveText: String? { objective }

  /// Begins an ascent of the score of a class.
  ///
  /// - Parameters:
  ///   - network: the network to ask
  ///   - index: the index of the class; nil if ``objective`` says what to ascend
  ///   - start: the image to start from if ``start`` is `image`, in normalised space, of shape (C, ``height``,
  ///     ``width``)
  ///   - spectrum: the magnitudes of the Fourier coefficients if ``spectrum`` is `given`, of shape (C, H, W/2 + 1) for
  ///     images of any size
  ///   - recordsProbabilities: whether to record the class's probability in each iteration. This takes the scores of
  ///     all classes, but does not change the image
  /// - Returns: the ascent, which the caller drives
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range, `sizeLimit`, or
  ///   `classLookup`.
  public func begin(
    _ network: Network, class index: Int? = nil, from start: Tensor? = nil, spectrum: Tensor? = nil,
    recordsProbabilities: Bool = false
  ) throws(PixelAscentError) -> VisualizationAscent {
    try begin(
      network, on: Subject(start: start, spectrum: spectrum, class: index), recordsProbabilities: recordsProbabilities)
  }

  /// Begins an ascent of the subject's class or of ``objective``, as ``begin(_:class:from:spectrum:recordsProbabilities:)``
  /// does.
  package func begin(
    _ network: Network, on subject: Subject, recordsProbabilities: Bool = false
  ) throws(PixelAscentError) -> VisualizationAscent {
    if let index = subject.classIndex { try network.check(class: index) }
    try check(network, subject)
    return try VisualizationAscent(self, network, subject, recordsProbabilities)
  }

  /// Ascends the score of a class and returns the result of all iterations.
  ///
  /// - Parameters:
  ///   - network: the network to ask
  ///   - index: the index of the class; nil if ``objective`` says what to ascend
  ///   - start: the image to start from if ``start`` is `image`, in normalised space, of shape (C, ``height``,
  ///     ``width``)
  ///   - spectrum: the magnitudes of the Fourier coefficients if ``spectrum`` is `given`, of shape (C, H, W/2 + 1) for
  ///     images of any size
  /// - Throws: as ``begin(_:class:from:spectrum:recordsProbabilities:)`` and ``VisualizationAscent/next(update:)`` do.
  public func run(
    _ network: Network, class index: Int? = nil, from start: Tensor? = nil, spectrum: Tensor? = nil
  ) throws(PixelAscentError) -> Result {
    try begin(network, class: index, from: start, spectrum: spectrum).finish()
  }

  /// Ascends the score of the subject's class or the objective, from the subject's start image if ``start`` is `image`.
  ///
  /// - Throws: as ``run(_:class:from:spectrum:)`` does, and ``PixelAscentError`` of kind `invalidParameter` if there is no
  ///   objective and the subject has no class.
  public func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Result {
    try begin(network, on: subject).finish()
  }

  /// Returns the parameters, with ``showEvery`` set to 0 and ``figure`` to ``Figure/Style/row`` unless the picture is a
  /// figure, and ``animation`` to nil unless it is an animation: all other pictures show only the last image.
  public func parameters(of kind: Provenance.Kind) -> ClassVisualization {
    var parameters = self
    if kind != .figure { (parameters.showEvery, parameters.figure) = (0, .row) }
    if kind != .animation { parameters.animation = nil }
    return parameters
  }

  /// Ascends the score of the subject's class and returns one of the technique's pictures.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func picture(
    _ kind: Provenance.Kind, _ network: Network, of subject: Subject
  ) throws(PixelAscentError) -> RGBImage {
    if kind != .figure { return try run(network, on: subject).picture }
    try check(network, subject, copies: ClassVisualization.copiesOfShown)
    let ascent = try begin(network, on: subject)
    var shown: [(iteration: Int, picture: RGBImage)] = []
    while let step = try ascent.next() { if step.isShown { shown.append((step.iteration, step.picture)) } }
    let label = subject.classIndex.map { network.labels[$0] } ?? objective ?? ""
    return try figure(shown, label: label).image(allowedBy: network)
  }

  /// Ascends the score of the subject's class and returns the steps as an animation.
  ///
  /// - Throws: as ``run(_:on:)`` does, and ``PixelAscentError`` of kind `invalidParameter` if ``animation`` is nil.
  public func animation(_ network: Network, of subject: Subject) throws(PixelAscentError) -> Animation {
    guard let style = animation else { throw Self.noStyle }
    let ascent = try begin(network, on: subject)
    var frames: [RGBImage] = []
    while let step = try ascent.next() {
      if style.shows(step.iteration, of: iterations) { frames.append(step.picture) }
    }
    return Animation(frames: frames, style: style)
  }

  /// Returns the seconds that all iterations will take, estimated from the first iterations.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func estimatedSeconds(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Double {
    try begin(network, on: subject).estimatedSeconds(of: iterations)
  }
}
