// SPDX-License-Identifier: MIT

/// One image on its way up the score of a class: the loop's operations on pixels, and the memory they share.
final class Ascent {
  /// X, shape (3, H, W) in normalised space.
  let image: ImagePlanes
  private let gradient: ImagePlanes
  private let blurred: ImagePlanes
  let workspace: Workspace
  private let kernels: Kernels
  private let box: Box
  private var shift = Shift.none
  private var samples: Float = 0

  /// - Throws: `PixelAscentError` of kind `sizeLimit`, as `Workspace` does.
  init(_ network: Network, from start: Tensor) throws(PixelAscentError) {
    let height = start.shape[1], width = start.shape[2]
    workspace = try Workspace(network, height: height, width: width, gradient: true)
    image = ImagePlanes(channels: 3, height: height, width: width)
    gradient = ImagePlanes(channels: 3, height: height, width: width)
    blurred = ImagePlanes(channels: 3, height: height, width: width)
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

  /// Starts the sum of gradients of a step anew.
  func beginStep() { samples = 0 }

  /// Adds the gradient of a class's score at the last evaluation, shifted back, to the step's sum.
  ///
  /// - Returns: whether it is that of the score before the last ReLU, since the score's own is exactly zero.
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if neither the score nor the score before the last ReLU has one.
  func addGradient(of class: Int) throws(PixelAscentError) -> Bool {
    let beforeLastReLU = try gradientOfScore(`class`)
    guard let found = workspace.imageGradient else { preconditionFailure("an ascent has a gradient") }
    parallel.overRows(image.height) {
      kernels.roll(gradient, found, by: shift.inverse, accumulate: samples > 0, rows: $0)
    }
    samples += 1
    return beforeLastReLU
  }

  /// X ← X + rate · d, or X + rate · d/‖d‖₂, where d = (mean of the gradients added) − pull · X; then into the allowed box.
  ///
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if d has no direction, `invalidParameter` if X becomes so large
  ///   that a float doesn't hold its square.
  func step(rate: Double, pull: Double, normalized: Bool, clamp: Bool) throws(PixelAscentError) {
    var rate = rate
    if normalized {
      let norm = kernels.norm(gradient, image, 1 / samples, Float(pull), parallel: parallel)
      guard norm.isFinite else { throw Self.tooLarge }
      guard norm > 0 else {
        throw PixelAscentError(
          .zeroGradient, "the gradient of the objective is exactly zero: there is no direction to go")
      }
      rate /= norm
    }
    parallel.overRows(image.height) {
      kernels.step(
        image, gradient, Float(rate / Double(samples)), Float(rate * pull), box: clamp ? box : nil, rows: $0)
    }
    guard kernels.norm(image, image, 1, 0, parallel: parallel).isFinite else { throw Self.tooLarge }
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
      guard let found = workspace.imageGradient else { preconditionFailure("an ascent has a gradient") }
      let norm = kernels.norm(found, found, 1, 0, parallel: parallel)
      guard norm.isFinite else { throw Self.tooLarge }
      if norm > 0 { return !throughLastReLU }
    }
    throw PixelAscentError(
      .zeroGradient,
      "the gradient of class \(`class`)'s score is exactly zero at this image, before the last ReLU too: "
        + "there is no direction to go; start from another image")
  }
}
