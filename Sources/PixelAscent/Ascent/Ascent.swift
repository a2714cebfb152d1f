// SPDX-License-Identifier: MIT

/// One image on its way up the score of a class: the loop's operations on pixels, and the memory they share.
final class Ascent {
  /// X, shape (3, H, W) in normalised space.
  let image: ImagePlanes
  /// The sum of the gradients of a step's samples, shifted back; one alone stays where the workspace has it.
  private let gradient: ImagePlanes
  private let blurred: ImagePlanes
  private let sums: RowSums
  let workspace: Workspace
  private let kernels: Kernels
  private let box: Box
  private var shift = Shift.none
  /// The step that is being prepared: its samples, how many of them there are, its pull and its length.
  private var samples = 0, added = 0, pull = 0.0, norm = 0.0

  /// - Throws: `PixelAscentError` of kind `sizeLimit`, as `Workspace` does.
  init(_ network: Network, from start: Tensor) throws(PixelAscentError) {
    let height = start.shape[1], width = start.shape[2]
    workspace = try Workspace(network, height: height, width: width, gradient: true)
    image = ImagePlanes(channels: 3, height: height, width: width)
    gradient = ImagePlanes(channels: 3, height: height, width: width)
    blurred = ImagePlanes(channels: 3, height: height, width: width)
    sums = RowSums(image)
    kernels = network.kernels
    box = Box(network.preprocessing)
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
    self.shift = shift
    parallel.overRows(image.height) { kernels.roll(workspace.image, other ?? image, by: shift, rows: $0) }
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
    let beforeLastReLU = try gradientOfScore(`class`)
    if samples > 1 {
      let found = workspace.gradientPlanes
      parallel.overRows(image.height) {
        kernels.roll(gradient, found, by: shift.inverse, accumulate: added > 0, rows: $0)
      }
    }
    added += 1
    return beforeLastReLU
  }

  /// X ← X + rate · d, or X + rate · d/‖d‖₂; then into the allowed box.
  ///
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if d has no direction, `invalidParameter` if X becomes so large
  ///   that a float doesn't hold its square.
  func step(rate: Double, normalized: Bool, clamp: Bool) throws(PixelAscentError) {
    precondition(added == samples)
    var rate = rate
    if normalized {
      if samples > 1 {
        norm = kernels.norms(gradient, image, 1 / Float(samples), Float(pull), sums: sums, parallel: parallel).step
      }
      guard norm.isFinite else { throw Self.tooLarge }
      guard norm > 0 else {
        throw PixelAscentError(
          .zeroGradient, "the gradient of the objective is exactly zero: there is no direction to go")
      }
      rate /= norm
    }
    let length = kernels.step(
      image, samples > 1 ? gradient : workspace.gradientPlanes, at: samples > 1 ? .none : shift,
      Float(rate / Double(samples)), Float(rate * pull), box: clamp ? box : nil, sums: sums, parallel: parallel)
    guard length.isFinite else { throw Self.tooLarge }
  }

  /// Blurs X with weights along H and weights along W.
  func blur(vertical: [Float], horizontal: [Float]) {
    parallel.overRows(image.height) { kernels.blurVertical(blurred, image, taps: vertical, rows: $0) }
    parallel.overRows(image.height) { kernels.blurHorizontal(image, blurred, taps: horizontal, rows: $0) }
  }

  private static let tooLarge = PixelAscentError(
    .invalidParameter, "the ascent has left what a float holds: take a smaller learning rate or l2")

  private func gradientOfScore(_ class: Int) throws(PixelAscentError) -> Bool {
    for throughLastReLU in [true, false] {
      if !throughLastReLU { try workspace.forward(only: `class`) }
      workspace.backward(.one(`class`), throughLastReLU: throughLastReLU)
      let norms = kernels.norms(
        workspace.gradientPlanes, workspace.image, 1, Float(pull), sums: sums, parallel: parallel)
      guard norms.gradient.isFinite else { throw Self.tooLarge }
      norm = norms.step
      if norms.gradient > 0 { return !throughLastReLU }
    }
    throw PixelAscentError(
      .zeroGradient,
      "the gradient of class \(`class`)'s score is exactly zero at this image, before the last ReLU too: "
        + "there is no direction to go; start from another image")
  }
}
