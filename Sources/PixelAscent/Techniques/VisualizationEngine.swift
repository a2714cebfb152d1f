// SPDX-License-Identifier: MIT

/// What a ``VisualizationAscent`` changes step by step: an image, and the way from the image to the network and back.
protocol VisualizationEngine: AnyObject {
  /// The image in normalised space, of shape (C, H, W).
  var image: Tensor { get }
  /// The evaluation of the last changed copy of the image, or of the image itself.
  var evaluation: Evaluation { get }
  var parallel: Parallel { get }
  /// The mean of the step's gradients with respect to the image, of shape (C, H, W).
  var stepGradient: Tensor { get }

  /// Begins a step.
  func beginStep()
  /// Changes a copy of the image at random, and returns the target's value for it.
  ///
  /// - Parameters:
  ///   - number: the evaluation's number among all of the ascent
  ///   - allScores: whether to compute the scores of all classes, even if the target needs that of one class only
  func evaluate(_ number: UInt64, _ target: AscentTarget, allScores: Bool) throws(PixelAscentError) -> Double
  /// Adds the target's gradient at the last evaluation to the step, and returns whether it is that of a score before the
  /// last ReLU.
  func addGradient(of target: AscentTarget) throws(PixelAscentError) -> Bool
  /// Steps along the step's gradient, as the parameters say.
  func step() throws(PixelAscentError)
  /// Steps along the step's gradient, as a step rule of the caller's own says.
  func step(by update: AscentUpdate) throws(PixelAscentError)
  /// Blurs the image.
  func blur()
  /// Computes the scores of all classes for the image itself.
  func evaluateImage() throws(PixelAscentError)
}

extension ClassVisualization {
  /// Whether the ascent raises the score of a class and changes pixels that are only rolled before an evaluation, and
  /// whose step needs no memory of the steps before. Such an ascent takes less time and memory than the general one.
  var isPlain: Bool {
    objective == nil && parametrization == .pixels && [.sgd, .normalized].contains(optimizer) && transforms.isEmpty
      && regularizers.isEmpty
  }

  /// Makes the engine of an ascent, whose parameters have been checked for the network.
  ///
  /// - Parameters:
  ///   - subject: the image to start from if ``start`` is `image`, and the spectrum if ``spectrum`` is `given`
  ///   - terms: the objective's terms on the image
  func engine(
    _ network: Network, _ subject: Subject, _ terms: [Regularizer]
  ) throws(PixelAscentError) -> any VisualizationEngine {
    let random = RandomSource(seed: seed), start = self.start == .image ? subject.start : nil
    if isPlain {
      return try RollingEngine(self, network, from: start ?? firstImage(network, random), random)
    }
    let parallel = network.parallel
    let parameters: any ImageParameters
    switch parametrization {
    case .pixels: parameters = PixelParameters(start ?? firstImage(network, random), network, parallel)
    case .fourier:
      let fourier = try FourierParameters(network, height: height, width: width, parallel)
      if let start {
        fourier.fill(from: start)
      } else if self.start == .noise {
        fourier.fill(from: random)
      }
      parameters = fourier
    case .phase:
      let given = spectrum == .given ? subject.spectrum : nil
      let magnitude =
        given.map { ImageSpectrum.resized($0, height: height, width: width, network.kernels) }
        ?? ImageSpectrum.powerLaw(channels: network.channels, height: height, width: width)
      let phases = try PhaseParameters(network, height: height, width: width, magnitude: magnitude, parallel)
      phases.fill(from: random)
      parameters = phases
    }
    var settings = ParametrizedAscent.Settings()
    (settings.jitter, settings.transforms) = (jitter, transforms)
    (settings.iterations, settings.samples) = (iterations, samples)
    (settings.optimizer, settings.rate) = (optimizer, learningRate)
    (settings.decay, settings.regularizers) = (recipe.l2Factor * l2, regularizers + terms)
    (settings.clamps, settings.blurSigma) = (clamp, blurEvery > 0 ? blurSigma : nil)
    return try ParametrizedAscent(network, parameters, settings, random, parallel)
  }

  /// The range of the jitter's rows and columns.
  var jitter: ClosedRange<Int> { recipe.jitterIsSymmetric ? -maxJitter...maxJitter : 0...maxJitter }

  /// The regularizers with a weight.
  var regularizers: [Regularizer] {
    [
      .totalVariation(weight: totalVariation), .l1(weight: l1), .alphaNorm(weight: alphaNorm, exponent: 6),
    ].filter { $0.weight > 0 }
  }

  private func firstImage(_ network: Network, _ random: RandomSource) -> Tensor {
    let shape = [network.channels, height, width]
    if start == .zero { return Tensor(shape: shape, repeating: 0) }
    let count = shape.reduce(1, *)
    if !recipe.noiseIsUniform { return Tensor(shape: shape, values: random.normals(count)) }
    return network.normalized(Tensor(shape: shape, values: random.uniforms(count)))
  }
}

/// An ascent on pixels that are rolled before each evaluation, with steps along the gradient.
final class RollingEngine: VisualizationEngine {
  private let parameters: ClassVisualization
  private let ascent: Ascent
  private let random: RandomSource

  init(
    _ parameters: ClassVisualization, _ network: Network, from start: Tensor, _ random: RandomSource
  ) throws(PixelAscentError) {
    (self.parameters, self.random) = (parameters, random)
    // `rolls` is true even without jitter: the step changes the image, and the network's input keeps what was
    // evaluated.
    ascent = try Ascent(
      network, from: start, rolls: true, blurSigma: parameters.blurEvery > 0 ? parameters.blurSigma : nil)
  }

  var image: Tensor { ascent.image.tensor }
  var evaluation: Evaluation { ascent.evaluation }
  var parallel: Parallel { ascent.parallel }
  var stepGradient: Tensor { ascent.stepGradient }

  func beginStep() {
    ascent.beginStep(samples: parameters.samples, decay: parameters.recipe.l2Factor * parameters.l2)
  }

  func evaluate(_ number: UInt64, _ target: AscentTarget, allScores: Bool) throws(PixelAscentError) -> Double {
    let index = Self.class(target), shift = random.jitter(in: parameters.jitter, number)
    try ascent.evaluate(shift: shift, only: allScores ? nil : index)
    return Double(ascent.score(index))
  }

  func addGradient(of target: AscentTarget) throws(PixelAscentError) -> Bool {
    try ascent.addGradient(of: Self.class(target))
  }

  private static func `class`(_ target: AscentTarget) -> Int {
    guard case .score(let index) = target else { preconditionFailure("a plain ascent raises the score of a class") }
    return index
  }

  func step() throws(PixelAscentError) {
    try ascent.step(
      rate: parameters.learningRate, normalized: parameters.optimizer == .normalized, clamp: parameters.clamp)
  }

  func step(by update: AscentUpdate) throws(PixelAscentError) {
    try ascent.step(by: update, clamp: parameters.clamp)
  }

  func blur() { ascent.blur() }
  func evaluateImage() throws(PixelAscentError) { try ascent.evaluate() }
}

extension ParametrizedAscent: VisualizationEngine {}
