// SPDX-License-Identifier: MIT

/// The inversion of a layer: an image, made from noise, in which a layer sees what it sees in a photograph. What is missing
/// in the image is what the layer no longer knows (Mahendran, Vedaldi: "Understanding deep image representations by
/// inverting them", 2015).
///
/// The ascent maximises −0.1 · ‖A − A*‖² / ‖A*‖² − 10⁻⁷ · Σ|X|⁶ − 10⁻⁸ · Σ((ΔyX)² + (ΔxX)²) for the layer's activations A
/// of the image X, in normalised space, and A* of the photograph. It starts from 0.1 · N(0, 1), and steps by gradient
/// descent with a momentum of 0.9. The learning rate is divided by 10 after the iterations 0, 40, 80 and so on.
public struct Inversion: PhotoAscentTechnique {
  /// The layer, by one of the names that ``ObjectiveText`` knows.
  public var layer: String
  /// The number of iterations, at least 1.
  public var iterations = 201
  /// The learning rate of the first iteration; positive.
  public var learningRate = 1e4
  /// The weight of ``Regularizer/smoothness(weight:exponent:)`` with the exponent 2; not negative.
  public var totalVariation = 1e-8
  /// The weight of ``Regularizer/alphaNorm(weight:exponent:)`` with the exponent 6; not negative.
  public var alphaNorm = 1e-7
  /// See ``PhotoAscentTechnique/steps``.
  public var steps: Int?
  /// See ``PhotoAscentTechnique/animation``.
  public var animation: Animation.Style?
  /// The seed of the noise.
  public var seed: UInt64 = 0

  private enum CodingKeys: String, CodingKey {
    case layer, iterations, steps, animation, seed
    case learningRate = "learning_rate"
    case totalVariation = "tv"
    case alphaNorm = "alpha_norm"
  }

  /// Creates the usual parameters for a layer.
  public init(layer: String) { self.layer = layer }

  /// The name of the technique in the provenance of pictures, and of its command.
  public static let name = "invert"
  /// What people call the technique's pictures.
  public static let title = "inversion"
  /// The layer, as it is named in the provenance.
  public var objectiveText: String? { "layer:\(layer)" }

  /// The number of iterations after which the learning rate falls.
  public var stepsInPart: Int { 40 }
  /// See ``PhotoAscentTechnique/stepCount``.
  public var stepCount: Int { min(steps ?? .max, iterations) }
  /// The weight of the distance of the activations.
  static let weight = 0.1
  /// The standard deviation of the noise at the start.
  static let startDeviation: Float = 0.1

  /// Begins the inversion of a photograph, which is first resized to the network's input.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or the layer is 0 everywhere
  ///   for the photograph, or `sizeLimit` if the network can't take the image.
  public func begin(_ network: Network, on photo: RGBImage) throws(PixelAscentError) -> InversionAscent {
    try InversionAscent(self, network, on: network.input(for: photo))
  }

  /// Returns the size of the network's input for the photograph.
  public func size(of photo: RGBImage, _ network: Network) -> PixelSize {
    let preprocessing = network.preprocessing
    return preprocessing.isCropped
      ? preprocessing.inputSize : preprocessing.resizedSize(width: photo.width, height: photo.height)
  }

  /// Returns the seconds that all iterations will take, estimated from the first iterations.
  public func estimatedSeconds(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Double {
    try begin(network, on: Subject.required(subject.photo, "photo")).estimatedSeconds(of: stepCount)
  }

  /// Checks that the inversion can run; see ``PhotoAscentTechnique/check(_:_:)``.
  public func check(_ network: Network, _ size: PixelSize) throws(PixelAscentError) {
    try validate()
    _ = try ObjectiveText("layer:\(layer)", network)
    try network.checkSize(height: size.height, width: size.width, gradient: true)
    let frames = elementCount([animation?.count(of: stepCount) ?? 0, size.height, size.width, 3]) ?? .max
    try network.options.checkMemory(frames, of: "keeping the frames (\(advice: .every) \(animation?.every ?? 1))")
  }

  /// Checks every parameter but the layer, which only a network can check.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    try checkCount(iterations, .iterations, from: 1)
    try checkPositive(learningRate, .learningRate)
    for (weight, name) in [(totalVariation, Advice.totalVariation), (alphaNorm, .alphaNorm)] {
      try checkWeight(weight, name)
    }
    try checkCount(steps ?? 1, .iterations, from: 1)
    try animation?.validate()
  }
}

/// The inversion of a layer for a photograph, which its caller drives step by step.
public final class InversionAscent: AscentSequence, PhotoAscentImages {
  private let parameters: Inversion
  private let network: Network
  private let target: AscentTarget
  private let objective: Objective
  private let engine: ParametrizedAscent
  private let valueBefore: Float
  private var iteration = 0, gradientsBeforeLastReLU = 0, seconds = 0.0
  private var valueHistory: [Float] = []

  /// Begins an inversion.
  ///
  /// - Parameters:
  ///   - photo: the photograph in normalised space, of shape (C, H, W)
  ///   - start: the image to start from, of the same shape; nil for noise
  package init(
    _ parameters: Inversion, _ network: Network, on photo: Tensor, from start: Tensor? = nil
  ) throws(PixelAscentError) {
    try parameters.check(network, PixelSize(height: photo.shape[1], width: photo.shape[2]))
    (self.parameters, self.network) = (parameters, network)
    let layer = try Self.layer(parameters.layer, network)
    let seen = try network.evaluation(of: photo, gradient: false).activation(of: layer)
    guard seen.values.contains(where: { $0 != 0 }) else {
      throw PixelAscentError(
        .invalidParameter, "layer \(layer) is 0 everywhere for this photo, so it can't be inverted")
    }
    objective = .activation(of: layer, .inversion(of: seen))
    target = .objective(.sum([(weight: Inversion.weight, objective: objective)]))
    let random = RandomSource(seed: parameters.seed), parallel = network.parallel
    let noise = random.normals(photo.values.count).map { Inversion.startDeviation * $0 }
    let start = start ?? Tensor(shape: photo.shape, values: noise)
    var settings = ParametrizedAscent.Settings()
    settings.optimizer = .momentum
    settings.regularizers = [
      .smoothness(weight: parameters.totalVariation, exponent: 2),
      .alphaNorm(weight: parameters.alphaNorm, exponent: 6),
    ].filter { $0.weight > 0 }
    engine = try ParametrizedAscent(
      network, PixelParameters(start, network, parallel), settings, random, parallel)
    valueBefore = Float(try network.evaluation(of: start, gradient: false).value(of: objective))
  }

  /// Returns the name in the file of a layer.
  private static func layer(_ name: String, _ network: Network) throws(PixelAscentError) -> String {
    String(try ObjectiveText("layer:\(name)", network).text.dropFirst("layer:".count))
  }

  var picture: RGBImage { network.render(engine.image, .clip) }
  var stepGradient: Tensor { engine.stepGradient }

  /// Makes one step.
  ///
  /// - Parameter update: a step rule that replaces the momentum's; nil for its own
  /// - Returns: the step; nil after the last one or in a cancelled task
  /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if the gradient is exactly zero, or `invalidParameter` if
  ///   values become too large for a float or the step rule changes the image's shape.
  public func next(update: AscentUpdate?) throws(PixelAscentError) -> PhotoAscentStep? {
    if iteration >= parameters.stepCount || Task.isCancelled { return nil }
    let begin = ContinuousClock.now
    let falls = iteration == 0 ? 0 : 1 + (iteration - 1) / parameters.stepsInPart
    engine.rate = (0..<falls).reduce(parameters.learningRate) { rate, _ in rate / 10 }
    try network.parallel.withThreads { () throws(PixelAscentError) in
      engine.beginStep()
      let value = try engine.evaluate(UInt64(iteration), target, allScores: false)
      valueHistory.append(Float(value / Inversion.weight))
      if try engine.addGradient(of: target) { gradientsBeforeLastReLU += 1 }
      if let update { try engine.step(by: update) } else { try engine.step() }
    }
    iteration += 1
    seconds += begin.secondsSince
    return PhotoAscentStep(
      iteration: iteration - 1, part: nil, value: valueHistory[iteration - 1],
      isFrame: parameters.animation?.shows(iteration - 1, of: parameters.stepCount) ?? false, ascent: self)
  }

  /// Returns the result of the steps made so far.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the activation is not finite.
  public func result() throws(PixelAscentError) -> PhotoAscentResult {
    let image = engine.image
    let value = Float(try network.evaluation(of: image, gradient: false).value(of: objective))
    return PhotoAscentResult(
      steps: iteration, valueHistory: valueHistory, valueBefore: valueBefore, value: value, image: image,
      picture: picture, seconds: seconds, gradientsBeforeLastReLU: gradientsBeforeLastReLU)
  }
}
