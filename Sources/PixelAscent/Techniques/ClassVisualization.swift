// SPDX-License-Identifier: MIT

/// What the network thinks a class looks like: an image that climbs the score of the class, s_y(I) − λ‖I‖²
/// (Simonyan, Vedaldi, Zisserman: "Deep inside convolutional networks", 2014; jitter and blur after CS231n).
///
/// Each iteration rolls the image by a random offset, takes the gradient there, steps, undoes the roll, clamps every
/// channel to the allowed box, and now and then blurs a little.
public struct ClassVisualization: Hashable, Sendable {
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
  public enum Start: Hashable, Sendable {
    /// Random pixels, distributed as the recipe says.
    case noise
    /// The mean image.
    case zero
    /// A tensor of shape (C, H, W) in normalised space.
    case image(Tensor)
  }

  /// A way of making class visualizations.
  public enum Recipe: String, CaseIterable, Hashable, Sendable {
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

  /// The image of one shown iteration.
  public struct Shown: Sendable {
    /// The iteration's number, from 0.
    public let iteration: Int
    /// The score and the probability of the class before the step, at the image's last roll.
    public let score: Float, probability: Double
    /// The image after the iteration, shown as the recipe says.
    public let picture: RGBImage
  }

  /// How far an ascent is.
  public struct Progress: Hashable, Sendable {
    /// The number of iterations made.
    public let iterations: Int
    /// The score of the class at the last of them; nil before the first.
    public let score: Float?
  }

  /// What an ascent came to.
  public struct Result: Sendable {
    /// The number of iterations made: all, unless the ascent was stopped.
    public let iterations: Int
    /// The score of the class at each of them, before its step, of the image rolled by its jitter;
    /// of the last one where several rolled copies are averaged.
    public let scoreHistory: [Float]
    /// The probability of the class at each of them likewise; none unless ``run(_:class:recordsProbabilities:show:shouldStop:)``
    /// was told to record them.
    public let probabilityHistory: [Double]
    /// The last image in normalised space, shape (C, H, W).
    public let image: Tensor
    /// The same, shown as the recipe says.
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

  /// Climbs the score of a class.
  ///
  /// - Parameters:
  ///   - network: the network that is asked
  ///   - index: the class
  ///   - recordsProbabilities: whether each iteration's probability is recorded as its score is, for which the scores of all
  ///     classes are computed; the image is the same either way
  ///   - show: called with the image of iteration 0, of every `showEvery`-th, and of the last
  ///   - shouldStop: asked in each iteration, before the last of its gradients, whether it is to be the last
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or the ascent leaves what
  ///   a float holds, `sizeLimit`, `classLookup`, or `zeroGradient` if there is no direction to go.
  public func run(
    _ network: Network, class index: Int, recordsProbabilities: Bool = false, show: (Shown) -> Void = { _ in },
    shouldStop: (Progress) -> Bool = { _ in false }
  ) throws(PixelAscentError) -> Result {
    try network.check(class: index)
    let random = RandomSource(seed: seed)
    let ascent = try makeAscent(network, random)
    return try ascent.parallel.together { () throws(PixelAscentError) in
      try climb(ascent, network, random, class: index, recordsProbabilities, show, shouldStop)
    }
  }

  func makeAscent(_ network: Network, _ random: RandomSource) throws(PixelAscentError) -> Ascent {
    try check(network)
    return try Ascent(network, from: startImage(network, random), blurSigma: blurEvery > 0 ? blurSigma : nil)
  }

  private func climb(
    _ ascent: Ascent, _ network: Network, _ random: RandomSource, class index: Int, _ recordsProbabilities: Bool,
    _ show: (Shown) -> Void, _ shouldStop: (Progress) -> Bool
  ) throws(PixelAscentError) -> Result {
    var gradientsBeforeLastReLU = 0, last = iterations - 1, iteration = 0
    var scoreHistory: [Float] = [], probabilityHistory: [Double] = []

    let begin = ContinuousClock.now
    while iteration <= last {
      var isShown = false
      gradientsBeforeLastReLU += try iterate(ascent, random, class: index, iteration: iteration) {
        if shouldStop(Progress(iterations: iteration, score: scoreHistory.last)) { last = iteration }
        isShown = self.isShown(iteration, last: last)
        return isShown || recordsProbabilities
      }
      let score = ascent.score(index)
      scoreHistory.append(score)
      if recordsProbabilities { probabilityHistory.append(softmax(ascent.scores)[index]) }
      if isShown {
        show(
          Shown(
            iteration: iteration, score: score, probability: softmax(ascent.scores)[index],
            picture: network.render(ascent.image.tensor, recipe.rendering)))
      }
      iteration += 1
    }
    let seconds = begin.secondsSince

    let image = ascent.image.tensor
    try ascent.evaluate()
    let scores = ascent.scores
    return Result(
      iterations: iteration, scoreHistory: scoreHistory, probabilityHistory: probabilityHistory, image: image,
      picture: network.render(image, recipe.rendering), scores: scores,
      probability: softmax(scores)[index],
      seconds: seconds,
      gradientsBeforeLastReLU: gradientsBeforeLastReLU)
  }

  /// Goes one iteration; it computes the class's score only, or those of all classes if `scoresAll`, asked before the last
  /// sample, says so.
  ///
  /// - Returns: the number of gradients of the score before the last ReLU.
  func iterate(
    _ ascent: Ascent, _ random: RandomSource, class index: Int, iteration: Int, scoresAll: () -> Bool
  ) throws(PixelAscentError) -> Int {
    var gradientsBeforeLastReLU = 0
    ascent.beginStep(samples: samples, pull: recipe.l2Factor * l2)
    for sample in 0..<samples {
      let only = sample == samples - 1 && scoresAll() ? nil : index
      try ascent.evaluate(shift: shift(random, iteration: iteration, sample: sample), only: only)
      if try ascent.addGradient(of: index) { gradientsBeforeLastReLU += 1 }
    }
    try ascent.step(rate: learningRate, normalized: recipe.normalizesStep, clamp: clamp)
    if blurEvery > 0 && iteration % blurEvery == 0 { ascent.blur() }
    return gradientsBeforeLastReLU
  }

  private func isShown(_ iteration: Int, last: Int) -> Bool {
    iteration == 0 || iteration == last || showEvery > 0 && (iteration + 1) % showEvery == 0
  }

  private func shift(_ random: RandomSource, iteration: Int, sample: Int) -> Shift {
    let range = recipe.jitterIsSymmetric ? -maxJitter...maxJitter : 0...maxJitter
    let position = UInt64(iteration) * UInt64(samples) + UInt64(sample)
    return Shift(
      rows: random.integer(in: range, .jitter, position, word: 0),
      columns: random.integer(in: range, .jitter, position, word: 1))
  }

  /// The start of an ascent that ``check(_:)`` has passed.
  func startImage(_ network: Network, _ random: RandomSource) -> Tensor {
    let shape = [network.channels, height, width]
    switch start {
    case .image(let image): return image
    case .zero: return Tensor(shape: shape, repeating: 0)
    case .noise:
      let count = network.channels * height * width
      if !recipe.noiseIsUniform { return Tensor(shape: shape, values: random.normals(count)) }
      return network.normalized(Tensor(shape: shape, values: random.uniforms(count)))
    }
  }

  /// How many copies of each shown picture are in memory while a figure or a page is written: as a picture, as PNG, as text.
  package static let copiesOfShown = 4

  /// Says what is wrong for every class and every seed.
  ///
  /// - Parameter copies: how many copies of every shown picture are kept
  /// - Returns: the bytes that an ascent's way through the network and these pictures take
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or the start is no image,
  ///   `sizeLimit` if the network can't take its size, or if it or the pictures take more memory than its options allow.
  @discardableResult
  package func check(_ network: Network, copies: Int = 0) throws(PixelAscentError) -> Int {
    try validate()
    var size = (height: height, width: width)
    if case .image(let image) = start {
      try network.check(image)
      size = (image.shape[1], image.shape[2])
    }
    let bytes = try Workspace.check(network, height: size.height, width: size.width, gradient: true)
    let shown = showEvery > 0 ? min(iterations / showEvery, .max - 2) + 2 : 2
    let pictures = elementCount([copies, shown, size.height, size.width, 3]) ?? .max
    try network.options.checkMemory(pictures, of: "keeping the shown pictures (--show-every \(showEvery))")
    return bytes + pictures
  }

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
}
