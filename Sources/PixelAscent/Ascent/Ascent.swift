// SPDX-License-Identifier: MIT

/// A step rule. It gets an image and the gradient of the ascent's objective at that image, and changes the image.
///
/// Image and gradient are in normalised space and have the shape (C, H, W). The objective of a ``ClassVisualization``
/// includes the L2 term.
public typealias AscentUpdate = (_ image: inout Tensor, _ gradient: Tensor) -> Void

/// The image of an ascent, the operations of a step on the image's pixels, and the memory that the operations share.
final class Ascent {
  /// The image X in normalised space, of shape (C, H, W). It is the network's input itself as long as the ascent
  /// evaluates no rolled copy and no other image.
  private(set) var image: ImagePlanes
  /// The sum of the gradients of a step's samples, rolled back. If a step has one sample, its gradient stays in the
  /// evaluation.
  private let gradient: ImagePlanes
  /// The image between the two passes of a blur.
  private let blurred: ImagePlanes
  private let sums: RowSums
  let evaluation: Evaluation
  private let network: Network
  private let kernels: Kernels
  private let box: Box
  /// The weights of the blur along each axis; empty if the ascent does not blur.
  private let vertical, horizontal: [Float]

  /// The shift of the last evaluation.
  private var shift = Shift.none
  /// The shift at which the last gradient was taken.
  private var gradientShift = Shift.none

  // The current step: the number of its samples, the number of gradients taken so far, its weight decay, and the length
  // ‖d‖₂ of its direction d. Then the factor of d, and whether the step clamps the image.
  private var samples = 1, gradientCount = 0, decay = 0.0, norm = 0.0
  private var rate = 0.0, clamps = false

  // Each of these closures runs an operation on some rows. The closures are made once, because making them in the loop
  // would allocate in every iteration.
  private lazy var roll = Parallel.Body { [unowned self] in
    kernels.roll(evaluation.image, image, by: shift, rows: $0.rows)
  }
  private lazy var rollBack = Parallel.Body { [unowned self] in
    kernels.roll(gradient, evaluation.gradientPlanes, by: shift.inverse, accumulate: gradientCount > 0, rows: $0.rows)
  }
  private lazy var squaresOfSample = Parallel.Body { [unowned self] in
    kernels.squares(evaluation.gradientPlanes, evaluation.image, 1, Float(decay), sums: sums, rows: $0.rows)
  }
  private lazy var squaresOfMean = Parallel.Body { [unowned self] in
    kernels.squares(gradient, image, 1 / Float(samples), Float(decay), sums: sums, rows: $0.rows)
  }
  private lazy var stepForward = Parallel.Body { [unowned self] in
    let isMean = samples > 1
    kernels.step(
      image, isMean ? gradient : evaluation.gradientPlanes, at: isMean ? .none : shift, Float(rate / Double(samples)),
      Float(rate * decay), box: clamps ? box : nil, sums: sums, rows: $0.rows)
  }
  private lazy var blurDown = Parallel.Body { [unowned self] in
    kernels.blurVertical(blurred, image, taps: vertical, rows: $0.rows)
  }
  private lazy var blurAcross = Parallel.Body { [unowned self] in
    kernels.blurHorizontal(image, blurred, taps: horizontal, rows: $0.rows)
  }

  /// Allocates the memory of an ascent.
  ///
  /// - Parameters:
  ///   - network: the network that evaluates the image
  ///   - start: the first image in normalised space, of shape (C, H, W)
  ///   - rolls: whether the ascent will evaluate rolled copies of the image
  ///   - blurSigma: the standard deviation of `blur` in pixels; nil if the ascent does not blur
  /// - Throws: `PixelAscentError` of kind `sizeLimit`, as `Evaluation` does.
  init(_ network: Network, from start: Tensor, rolls: Bool, blurSigma: Double? = nil) throws(PixelAscentError) {
    let height = start.shape[1], width = start.shape[2]
    evaluation = try Evaluation(network, height: height, width: width)
    func planes() -> ImagePlanes { ImagePlanes(channels: network.channels, height: height, width: width) }
    image = rolls ? planes() : evaluation.image
    gradient = planes()
    blurred = planes()
    sums = RowSums(image)
    self.network = network
    kernels = network.kernels
    box = Box(network.preprocessing)
    vertical = blurSigma.map { gaussianTaps(sigma: $0, size: height) } ?? []
    horizontal = blurSigma.map { gaussianTaps(sigma: $0, size: width) } ?? []
    image.tensor = start
  }

  /// The threads that run the operations.
  var parallel: Parallel { evaluation.parallel }

  /// Whether X lies in the memory of the network's input.
  private var isInput: Bool { image.isSame(as: evaluation.image) }

  /// Computes the scores of all classes, or of one class only, for the image rolled by `shift`.
  ///
  /// - Throws: as `Evaluation.forward` does.
  func evaluate(shift: Shift = .none, only class: Int? = nil) throws(PixelAscentError) {
    precondition(shift == .none || !isInput, "an image that is the network's input can't be rolled")
    self.shift = shift
    if !isInput { parallel.overRows(image.height, roll) }
    try evaluation.forward(only: `class`)
  }

  /// Computes the scores of all classes for a picture, while X stays as it is.
  ///
  /// - Throws: as `Evaluation.forward` does.
  func evaluate(_ picture: RGBImage) throws(PixelAscentError) {
    if isInput {
      let copy = ImagePlanes(image.tensor)
      image = copy
    }
    shift = .none
    network.normalize(picture, into: evaluation.image)
    try evaluation.forward()
  }

  /// Computes the scores of all classes for the network's input of the last evaluation.
  func evaluateAgain() throws(PixelAscentError) { try evaluation.forward() }

  /// The scores of all classes at the last evaluation.
  var scores: [Float] { evaluation.lastScores }

  /// Returns the score of a class at the last evaluation.
  func score(_ class: Int) -> Float { evaluation.score(`class`) }

  /// Begins a step in the direction d = (mean of the gradients of `samples` evaluations) − decay · X.
  func beginStep(samples: Int = 1, decay: Double = 0) {
    (self.samples, self.decay, gradientCount) = (samples, decay, 0)
  }

  /// Adds the gradient of a class's score at the last evaluation to the step.
  ///
  /// - Returns: whether the gradient is that of the score before the last ReLU, because the gradient of the score itself
  ///   is exactly zero
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if the gradient of the score before the last ReLU is zero too.
  func addGradient(of class: Int) throws(PixelAscentError) -> Bool {
    var beforeLastReLU = false
    if try !takeGradient(of: `class`, throughLastReLU: true) {
      try evaluation.forward(only: `class`)
      beforeLastReLU = true
      guard try takeGradient(of: `class`, throughLastReLU: false) else {
        throw PixelAscentError.noDirection(class: `class`)
      }
    }
    gradientShift = shift
    if samples > 1 { parallel.overRows(image.height, rollBack) }
    gradientCount += 1
    return beforeLastReLU
  }

  /// Computes a gradient, which stays in the evaluation, and returns whether it has an element that is not zero.
  private func takeGradient(of class: Int, throughLastReLU: Bool) throws(PixelAscentError) -> Bool {
    evaluation.backward(.one(`class`), throughLastReLU: throughLastReLU)
    parallel.overRows(image.height, squaresOfSample)
    let norms = sums.norms
    guard norms.gradient.isFinite else { throw tooLarge }
    norm = norms.step
    return norms.gradient > 0
  }

  /// The mean gradient of the step's samples, rolled back to X: shape (C, H, W).
  var stepGradient: Tensor {
    if samples > 1 {
      var mean = gradient.tensor
      for index in mean.values.indices { mean.values[index] /= Float(samples) }
      return mean
    }
    if gradientShift == .none { return evaluation.gradientPlanes.tensor }
    kernels.roll(gradient, evaluation.gradientPlanes, by: gradientShift.inverse, rows: 0..<image.height)
    return gradient.tensor
  }

  /// Steps: X ← X + rate · d, or X ← X + rate · d/‖d‖₂ if `normalized`. Then clamps X to the box if `clamp`.
  ///
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if `normalized` and d is zero, `invalidParameter` if the step
  ///   is too large for a float, or ‖X‖₂ is not finite afterwards.
  func step(rate: Double, normalized: Bool, clamp: Bool) throws(PixelAscentError) {
    precondition(gradientCount == samples)
    (self.rate, clamps) = (rate, clamp)
    if normalized {
      if samples > 1 {
        parallel.overRows(image.height, squaresOfMean)
        norm = sums.norms.step
      }
      guard norm.isFinite else { throw tooLarge }
      guard norm > 0 else {
        throw PixelAscentError(
          .zeroGradient, "the gradient of the objective is exactly zero: there is no direction to go")
      }
      self.rate /= norm
    }
    guard Float(self.rate).isFinite else { throw tooLarge }
    parallel.overRows(image.height, stepForward)
    guard sums.length.isFinite else { throw tooLarge }
  }

  /// Passes X and the step's direction d to a step rule, which changes X. Then clamps X to the box if `clamp`.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the rule changes the shape of X, or X is not finite
  ///   afterwards.
  func step(by update: AscentUpdate, clamp: Bool) throws(PixelAscentError) {
    precondition(gradientCount == samples)
    var changed = image.tensor, direction = stepGradient
    let shape = changed.shape
    if decay != 0 {
      for index in direction.values.indices { direction.values[index] -= Float(decay) * changed.values[index] }
    }
    update(&changed, direction)
    try Self.check(changed, shape: shape)
    image.tensor = changed
    // A step of length 0 clamps and sums X².
    (rate, clamps) = (0, clamp)
    parallel.overRows(image.height, stepForward)
    guard sums.length.isFinite else { throw tooLarge }
  }

  /// Checks an image that a step rule has changed.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` unless the image has the shape and is finite.
  static func check(_ changed: Tensor, shape: [Int]) throws(PixelAscentError) {
    guard changed.shape == shape else {
      throw PixelAscentError(
        .invalidParameter,
        "the step rule must keep the image's shape \(shapeText(shape)), found \(shapeText(changed.shape))")
    }
    guard changed.isFinite else {
      throw PixelAscentError(.invalidParameter, "the step rule left a value that is not finite in the image")
    }
  }

  /// Blurs X along its height, then along its width.
  func blur() {
    parallel.overRows(image.height, blurDown)
    parallel.overRows(image.height, blurAcross)
  }

  /// The error for values that leave the range of a float. Only an ascent with weight decay can change that.
  private var tooLarge: PixelAscentError {
    let settings: Message =
      decay == 0 ? "\(advice: .learningRate)" : "\(advice: .learningRate) or \(advice: .l2)"
    return PixelAscentError(
      .invalidParameter, "the ascent's values are too large for a float: use a smaller \(settings)")
  }
}

extension PixelAscentError {
  /// The error for an objective that has no gradient, before the last ReLU either.
  ///
  /// - Parameter index: the class whose score is the objective; nil for another objective
  static func noDirection(class index: Int? = nil) -> PixelAscentError {
    let objective = index.map { "class \($0)'s score" } ?? "the objective"
    return PixelAscentError(
      .zeroGradient,
      Message(
        "the gradient of \(objective) is exactly zero at this image, before the last ReLU too: "
          + "there is no direction to go; start from another image"))
  }
}
