// SPDX-License-Identifier: MIT

/// What an ascent raises.
enum AscentTarget {
  /// The score of a class.
  case score(class: Int)
  /// Any objective.
  case objective(Objective)
}

/// The image of an ascent that random transforms change before each evaluation, its parameters, and the steps of an
/// optimizer on them.
final class ParametrizedAscent {
  /// What an ascent is made of besides its objective.
  struct Settings {
    /// The range of the jitter's rows and columns.
    var jitter = 0...0
    var transforms: [ImageTransform] = []
    /// The number of iterations, and of the evaluations in each.
    var iterations = 1, samples = 1
    var optimizer = Optimizer.sgd
    /// The learning rate of the first step.
    var rate = 0.0
    /// The factor of the image in the gradient of the L2 term.
    var decay = 0.0
    /// The terms that are subtracted from the objective.
    var regularizers: [Regularizer] = []
    /// Whether a step clamps the pixels to colours; only for `PixelwiseParameters`.
    var clamps = false
    /// The standard deviation of the blur in pixels; nil if the ascent does not blur. Only for parameters that are the
    /// pixels.
    var blurSigma: Double?
  }

  private let parameters: any ImageParameters
  private let settings: Settings
  private let network: Network
  private let chain: TransformChain
  private let evaluations: SizedEvaluations
  private let optimizer: OptimizerState
  /// The sum of the gradients of a step's evaluations with respect to the image.
  private let imageGradient: ImagePlanes
  /// The direction of a step: the mean of these gradients, minus the gradients of the terms on the image.
  private let direction: ImagePlanes
  private let blurred: ImagePlanes?
  /// The evaluation of the last transformed image.
  private(set) var evaluation: Evaluation
  let parallel: Parallel

  /// The learning rate of the next step.
  var rate: Double
  private var gradientCount = 0

  /// Allocates the memory of an ascent.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit`, as `Evaluation` does; of kind `invalidParameter` if a transform
  ///   could leave no pixel.
  init(
    _ network: Network, _ parameters: any ImageParameters, _ settings: Settings, _ random: RandomSource,
    _ parallel: Parallel
  ) throws(PixelAscentError) {
    (self.network, self.parameters, self.settings, self.parallel) = (network, parameters, settings, parallel)
    rate = settings.rate
    let image = parameters.image, (height, width) = (image.height, image.width)
    chain = try TransformChain(
      jitter: settings.jitter, settings.transforms, network, height: height, width: width,
      iterations: settings.iterations, samples: settings.samples, random, parallel)
    evaluations = try SizedEvaluations(
      network, height: max(height, chain.largest.height), width: max(width, chain.largest.width), parallel)
    evaluation = try evaluations.evaluation(height: height, width: width)
    optimizer = OptimizerState(
      settings.optimizer, count: parameters.values.count, trueCount: parameters.trueCount, network.kernels, parallel)
    imageGradient = ImagePlanes(channels: image.channels, height: height, width: width)
    direction = ImagePlanes(channels: image.channels, height: height, width: width)
    blurred = settings.blurSigma == nil ? nil : ImagePlanes(channels: image.channels, height: height, width: width)
    parameters.makeImage()
  }

  /// The bytes that an ascent takes besides the evaluation of its largest input, about, if no image in the chain of its
  /// transforms is larger than `largest`.
  static func bytes(_ network: Network, _ transforms: [ImageTransform], _ size: PixelSize, largest: PixelSize) -> Int {
    // Parameters, their gradient and two moments, and some images.
    let images = elementCount([12, MemoryLayout<Float>.stride, network.channels, size.height, size.width]) ?? .max
    let sum = images.addingReportingOverflow(
      TransformChain.bytes(transforms, channels: network.channels, largest: largest))
    return sum.overflow ? .max : sum.partialValue
  }

  /// The image in normalised space, of shape (C, H, W).
  var image: Tensor { parameters.image.tensor }

  /// Transforms the image at random and computes what the target needs.
  ///
  /// - Parameters:
  ///   - number: the evaluation's number among all of the ascent
  ///   - allScores: whether to compute the scores of all classes, even if the target needs that of one class only
  /// - Returns: the target's value
  /// - Throws: as `Evaluation.forward` does; of kind `sizeLimit` if the network can't take the transformed image's size.
  func evaluate(_ number: UInt64, _ target: AscentTarget, allScores: Bool) throws(PixelAscentError) -> Double {
    let size = chain.draw(number)
    evaluation = try evaluations.evaluation(height: size.height, width: size.width)
    evaluation.forget()
    chain.apply(evaluation.image, parameters.image)
    switch target {
    case .score(let index):
      try evaluation.forward(only: allScores ? nil : index)
      return Double(evaluation.score(index))
    case .objective(let objective):
      try evaluation.forward(for: objective)
      return try evaluation.value(after: objective)
    }
  }

  /// Computes the scores of all classes for the image itself.
  ///
  /// - Throws: as `Evaluation.forward` does.
  func evaluateImage() throws(PixelAscentError) {
    evaluation = try evaluations.evaluation(height: parameters.image.height, width: parameters.image.width)
    evaluation.image.tensor = parameters.image.tensor
    try evaluation.forward()
  }

  /// Begins a step.
  func beginStep() { gradientCount = 0 }

  /// Adds the target's gradient at the last evaluation to the step.
  ///
  /// - Returns: whether the gradient is that before the last ReLU, because the target's own gradient is exactly zero
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if that gradient is zero too.
  func addGradient(of target: AscentTarget) throws(PixelAscentError) -> Bool {
    var beforeLastReLU = false
    switch target {
    case .score(let index): beforeLastReLU = try evaluation.takeNonzeroGradient(of: index)
    case .objective(let objective):
      try evaluation.backward(for: objective)
      if try evaluation.hasGradient() { break }
      beforeLastReLU = true
      try evaluation.forward(for: objective)
      try evaluation.backward(for: objective, throughClamps: false)
      guard try evaluation.hasGradient() else { throw PixelAscentError.noDirection() }
    }
    chain.pullBack(imageGradient, evaluation.gradientPlanes, accumulate: gradientCount > 0)
    gradientCount += 1
    return beforeLastReLU
  }

  /// The mean gradient of the step's evaluations with respect to the image, of shape (C, H, W).
  var stepGradient: Tensor {
    var mean = imageGradient.tensor
    for index in mean.values.indices { mean.values[index] /= Float(gradientCount) }
    return mean
  }

  /// Steps: changes the parameters as the optimizer says, along the mean gradient and the gradients of the L2 term and the
  /// regularizers. Then clamps the pixels if the settings say so.
  ///
  /// - Throws: as `OptimizerState.step` does.
  func step() throws(PixelAscentError) {
    precondition(gradientCount > 0)
    let image = parameters.image
    direction.fill(from: imageGradient, times: 1 / Float(gradientCount))
    if settings.decay != 0 { direction.add(image, times: Float(-settings.decay)) }
    for regularizer in settings.regularizers { regularizer.subtractGradient(from: direction, at: image) }
    parameters.pullBack(direction)
    try optimizer.step(parameters.values, parameters.gradient, rate: rate)
    parameters.makeImage()
    if settings.clamps { (parameters as? any PixelwiseParameters)?.clamp() }
  }

  /// Passes the image and the step's gradient to a step rule, which changes the image.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the parameters are not the pixels, the rule changes the
  ///   image's shape, or a value is not finite afterwards.
  func step(by update: AscentUpdate) throws(PixelAscentError) {
    guard let parameters = parameters as? any PixelwiseParameters else {
      throw PixelAscentError(
        .invalidParameter, "a step rule of one's own changes pixels, so the parametrization must be pixels")
    }
    var changed = image, direction = stepGradient
    for index in direction.values.indices where settings.decay != 0 {
      direction.values[index] -= Float(settings.decay) * changed.values[index]
    }
    let shape = changed.shape
    update(&changed, direction)
    try Ascent.check(changed, shape: shape)
    parameters.set(changed)
    parameters.makeImage()
    if settings.clamps { parameters.clamp() }
  }

  /// Blurs the pixels along their height, then along their width.
  func blur() {
    guard let blurred, let sigma = settings.blurSigma else { preconditionFailure("the ascent does not blur") }
    let kernels = network.kernels, image = parameters.image
    let down = gaussianTaps(sigma: sigma, size: image.height), across = gaussianTaps(sigma: sigma, size: image.width)
    parallel.overRows(
      image.height, Parallel.Body { kernels.blurVertical(blurred, image, taps: down, rows: $0.rows) })
    parallel.overRows(
      image.height, Parallel.Body { kernels.blurHorizontal(image, blurred, taps: across, rows: $0.rows) })
  }
}

extension Evaluation {
  /// Computes the gradient of a class's score at the last `forward`. It stays in `gradientPlanes`.
  ///
  /// - Returns: whether the gradient is that of the score before the last ReLU, because the gradient of the score itself
  ///   is exactly zero
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if the gradient of the score before the last ReLU is zero too, of
  ///   kind `invalidParameter` if the gradient is not finite.
  func takeNonzeroGradient(of class: Int) throws(PixelAscentError) -> Bool {
    for throughLastReLU in [true, false] {
      if !throughLastReLU { try forward(only: `class`) }
      backward(.one(`class`), throughLastReLU: throughLastReLU)
      if try hasGradient() { return !throughLastReLU }
    }
    throw PixelAscentError.noDirection(class: `class`)
  }

  /// Returns whether an element of the last gradient is not zero.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the gradient is not finite.
  fileprivate func hasGradient() throws(PixelAscentError) -> Bool {
    let size = gradientPlanes.sumOfMagnitudes
    guard size.isFinite else {
      throw PixelAscentError(
        .invalidParameter, "the network's gradient is not finite: its weights or the image's values are too large")
    }
    return size > 0
  }
}
