// SPDX-License-Identifier: MIT

/// One image on its way up the score of a class: the loop's operations on pixels, and the memory they share.
final class Ascent {
  /// X, shape (C, H, W) in normalised space.
  let image: ImagePlanes
  /// The sum of the gradients of a step's samples, shifted back; one alone stays where the workspace has it.
  private let gradient: ImagePlanes
  private let blurred: ImagePlanes
  private let sums: RowSums
  let workspace: Workspace
  private let kernels: Kernels
  private let box: Box
  private let vertical, horizontal: [Float]

  // The last evaluation: its image, and how that was rolled.
  private var source: ImagePlanes
  private var shift = Shift.none

  // The step that is being prepared: its samples, those that are there, its pull, its length as far as it is known.
  private var samples = 1, added = 0, pull = 0.0, norm = 0.0
  private var rate = 0.0, clamps = false

  // What the operations do in some rows. Made once: a closure made in the loop would be allocated there.
  private lazy var roll = Parallel.Body { [unowned self] in
    kernels.roll(workspace.image, source, by: shift, rows: $0.rows)
  }
  private lazy var rollBack = Parallel.Body { [unowned self] in
    kernels.roll(gradient, workspace.gradientPlanes, by: shift.inverse, accumulate: added > 0, rows: $0.rows)
  }
  private lazy var squaresOfSample = Parallel.Body { [unowned self] in
    kernels.squares(workspace.gradientPlanes, workspace.image, 1, Float(pull), sums: sums, rows: $0.rows)
  }
  private lazy var squaresOfMean = Parallel.Body { [unowned self] in
    kernels.squares(gradient, image, 1 / Float(samples), Float(pull), sums: sums, rows: $0.rows)
  }
  private lazy var stepForward = Parallel.Body { [unowned self] in
    let isMean = samples > 1
    kernels.step(
      image, isMean ? gradient : workspace.gradientPlanes, at: isMean ? .none : shift, Float(rate / Double(samples)),
      Float(rate * pull), box: clamps ? box : nil, sums: sums, rows: $0.rows)
  }
  private lazy var blurDown = Parallel.Body { [unowned self] in
    kernels.blurVertical(blurred, image, taps: vertical, rows: $0.rows)
  }
  private lazy var blurAcross = Parallel.Body { [unowned self] in
    kernels.blurHorizontal(image, blurred, taps: horizontal, rows: $0.rows)
  }

  /// - Parameter blurSigma: the standard deviation of `blur`, in pixels; without it there is none
  /// - Throws: `PixelAscentError` of kind `sizeLimit`, as `Workspace` does.
  init(_ network: Network, from start: Tensor, blurSigma: Double? = nil) throws(PixelAscentError) {
    let height = start.shape[1], width = start.shape[2]
    workspace = try Workspace(network, height: height, width: width, gradient: true)
    image = ImagePlanes(channels: network.channels, height: height, width: width)
    gradient = ImagePlanes(channels: network.channels, height: height, width: width)
    blurred = ImagePlanes(channels: network.channels, height: height, width: width)
    sums = RowSums(image)
    source = image
    kernels = network.kernels
    box = Box(network.preprocessing)
    vertical = blurSigma.map { gaussianTaps(sigma: $0, size: height) } ?? []
    horizontal = blurSigma.map { gaussianTaps(sigma: $0, size: width) } ?? []
    image.tensor = start
  }

  /// The threads of its operations.
  var parallel: Parallel { workspace.parallel }

  /// Computes the scores of all classes, or of one only, for the shifted image, or for another image of its size.
  ///
  /// - Throws: as `Workspace.forward` does.
  func evaluate(
    _ other: ImagePlanes? = nil, shift: Shift = .none, only class: Int? = nil
  ) throws(PixelAscentError) {
    (source, self.shift) = (other ?? image, shift)
    parallel.overRows(image.height, roll)
    try workspace.forward(only: `class`)
  }

  /// The scores of all classes at the last evaluation.
  var scores: [Float] { workspace.scores }

  /// The score of a class at the last evaluation.
  func score(_ class: Int) -> Float { workspace.score(`class`) }

  /// Begins a step along d = (mean of the gradients of `samples` evaluations) − pull · X.
  func beginStep(samples: Int = 1, pull: Double = 0) {
    (self.samples, self.pull, added) = (samples, pull, 0)
  }

  /// Adds the gradient of a class's score at the last evaluation to the step.
  ///
  /// - Returns: whether it is that of the score before the last ReLU, since the score's own is exactly zero.
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if neither the score nor the score before the last ReLU has one.
  func addGradient(of class: Int) throws(PixelAscentError) -> Bool {
    var beforeLastReLU = false
    if try !takeGradient(of: `class`, throughLastReLU: true) {
      try workspace.forward(only: `class`)
      beforeLastReLU = true
      guard try takeGradient(of: `class`, throughLastReLU: false) else {
        throw PixelAscentError(
          .zeroGradient,
          "the gradient of class \(`class`)'s score is exactly zero at this image, before the last ReLU too: "
            + "there is no direction to go; start from another image")
      }
    }
    if samples > 1 { parallel.overRows(image.height, rollBack) }
    added += 1
    return beforeLastReLU
  }

  /// Leaves the gradient in the workspace; whether it is anything but zero.
  private func takeGradient(of class: Int, throughLastReLU: Bool) throws(PixelAscentError) -> Bool {
    workspace.backward(.one(`class`), throughLastReLU: throughLastReLU)
    parallel.overRows(image.height, squaresOfSample)
    let norms = sums.norms
    guard norms.gradient.isFinite else { throw Self.tooLarge }
    norm = norms.step
    return norms.gradient > 0
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

  /// Blurs X along H, then along W.
  func blur() {
    parallel.overRows(image.height, blurDown)
    parallel.overRows(image.height, blurAcross)
  }

  private static let tooLarge = PixelAscentError(
    .invalidParameter, "the ascent has left what a float holds: take a smaller learning rate or l2")
}
