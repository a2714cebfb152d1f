// SPDX-License-Identifier: MIT

/// A step rule: changes an image along the gradient of an objective, both in normalised space, shape (C, H, W).
public typealias AscentUpdate = (_ image: inout Tensor, _ gradient: Tensor) -> Void

/// One image on its way up the score of a class: the loop's operations on pixels, and the memory they share.
final class Ascent {
  /// X, shape (C, H, W) in normalised space: the network's input itself, as long as only X is evaluated and never rolled.
  private(set) var image: ImagePlanes
  /// The sum of the gradients of a step's samples, shifted back; one alone stays where the evaluation has it.
  private let gradient: ImagePlanes
  private let blurred: ImagePlanes
  private let sums: RowSums
  let evaluation: Evaluation
  private let network: Network
  private let kernels: Kernels
  private let box: Box
  private let vertical, horizontal: [Float]

  /// How the image of the last evaluation was rolled.
  private var shift = Shift.none
  /// How the image was rolled whose gradient was taken last.
  private var gradientShift = Shift.none

  // The step that is being prepared: its samples, those that are there, its weight decay, its length as far as it is known.
  private var samples = 1, added = 0, decay = 0.0, norm = 0.0
  private var rate = 0.0, clamps = false

  // What the operations do in some rows. Made once: a closure made in the loop would be allocated there.
  private lazy var roll = Parallel.Body { [unowned self] in
    kernels.roll(evaluation.image, image, by: shift, rows: $0.rows)
  }
  private lazy var rollBack = Parallel.Body { [unowned self] in
    kernels.roll(gradient, evaluation.gradientPlanes, by: shift.inverse, accumulate: added > 0, rows: $0.rows)
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

  /// - Parameters:
  ///   - rolls: whether the image will be evaluated at shifts
  ///   - blurSigma: the standard deviation of `blur`, in pixels; without it there is none
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

  /// The threads of its operations.
  var parallel: Parallel { evaluation.parallel }

  /// Whether X is the network's input itself.
  private var isInput: Bool { image.isSame(as: evaluation.image) }

  /// Computes the scores of all classes, or of one only, for the shifted image.
  ///
  /// - Throws: as `Evaluation.forward` does.
  func evaluate(shift: Shift = .none, only class: Int? = nil) throws(PixelAscentError) {
    precondition(shift == .none || !isInput, "an image that is the network's input can't be rolled")
    self.shift = shift
    if !isInput { parallel.overRows(image.height, roll) }
    try evaluation.forward(only: `class`)
  }

  /// Computes the scores of all classes for a picture in place of the image.
  ///
  /// - Throws: as `Evaluation.forward` does.
  func evaluate(_ picture: RGBImage) throws(PixelAscentError) {
    if isInput {
      let own = ImagePlanes(channels: image.channels, height: image.height, width: image.width)
      own.tensor = image.tensor
      image = own
    }
    shift = .none
    network.normalize(picture, into: evaluation.image)
    try evaluation.forward()
  }

  /// Computes the scores of all classes once more, for the image as it was last evaluated.
  func evaluateAgain() throws(PixelAscentError) { try evaluation.forward() }

  /// The scores of all classes at the last evaluation.
  var scores: [Float] { evaluation.lastScores }

  /// The score of a class at the last evaluation.
  func score(_ class: Int) -> Float { evaluation.score(`class`) }

  /// Begins a step along d = (mean of the gradients of `samples` evaluations) − decay · X.
  func beginStep(samples: Int = 1, decay: Double = 0) {
    (self.samples, self.decay, added) = (samples, decay, 0)
  }

  /// Adds the gradient of a class's score at the last evaluation to the step.
  ///
  /// - Returns: whether it is that of the score before the last ReLU, since the score's own is exactly zero.
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if neither the score nor the score before the last ReLU has one.
  func addGradient(of class: Int) throws(PixelAscentError) -> Bool {
    var beforeLastReLU = false
    if try !takeGradient(of: `class`, throughLastReLU: true) {
      try evaluation.forward(only: `class`)
      beforeLastReLU = true
      guard try takeGradient(of: `class`, throughLastReLU: false) else {
        throw PixelAscentError(
          .zeroGradient,
          Message(
            "the gradient of class \(`class`)'s score is exactly zero at this image, before the last ReLU too: "
              + "there is no direction to go; start from another image"))
      }
    }
    gradientShift = shift
    if samples > 1 { parallel.overRows(image.height, rollBack) }
    added += 1
    return beforeLastReLU
  }

  /// Leaves the gradient in the evaluation; returns whether it is anything but zero.
  private func takeGradient(of class: Int, throughLastReLU: Bool) throws(PixelAscentError) -> Bool {
    evaluation.backward(.one(`class`), throughLastReLU: throughLastReLU)
    parallel.overRows(image.height, squaresOfSample)
    let norms = sums.norms
    guard norms.gradient.isFinite else { throw Self.tooLarge }
    norm = norms.step
    return norms.gradient > 0
  }

  /// The mean gradient of the step's samples as a tensor: shape (C, H, W), at X.
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

  /// X ← X + rate · d, or X + rate · d/‖d‖₂; then into the allowed box.
  ///
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if d has no direction, `invalidParameter` if X becomes so large
  ///   that a float doesn't hold its square.
  func step(rate: Double, normalized: Bool, clamp: Bool) throws(PixelAscentError) {
    precondition(added == samples)
    (self.rate, clamps) = (rate, clamp)
    if normalized {
      if samples > 1 {
        parallel.overRows(image.height, squaresOfMean)
        norm = sums.norms.step
      }
      guard norm.isFinite else { throw Self.tooLarge }
      guard norm > 0 else {
        throw PixelAscentError(
          .zeroGradient, "the gradient of the objective is exactly zero: there is no direction to go")
      }
      self.rate /= norm
    }
    guard Float(self.rate).isFinite else { throw Self.tooLarge }
    parallel.overRows(image.height, stepForward)
    guard sums.length.isFinite else { throw Self.tooLarge }
  }

  /// Changes X by a rule that is given the step's direction d, then clamps it to the allowed box.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the rule leaves another shape, or what is not finite.
  func step(by update: AscentUpdate, clamp: Bool) throws(PixelAscentError) {
    precondition(added == samples)
    var changed = image.tensor, direction = stepGradient
    let shape = changed.shape
    if decay != 0 {
      for index in direction.values.indices { direction.values[index] -= Float(decay) * changed.values[index] }
    }
    update(&changed, direction)
    guard changed.shape == shape, changed.isFinite else {
      throw PixelAscentError(
        .invalidParameter,
        "the step rule must leave a finite image of shape \(shapeText(shape)), found the shape \(shapeText(changed.shape))"
      )
    }
    image.tensor = changed
    // A step of length 0 clamps.
    (rate, clamps) = (0, clamp)
    parallel.overRows(image.height, stepForward)
    guard sums.length.isFinite else { throw Self.tooLarge }
  }

  /// Blurs X along H, then along W.
  func blur() {
    parallel.overRows(image.height, blurDown)
    parallel.overRows(image.height, blurAcross)
  }

  private static let tooLarge = PixelAscentError(
    .invalidParameter, "the ascent has left what a float holds: take a smaller learning rate or l2")
}
