// SPDX-License-Identifier: MIT

/// One image on its way up the score of a class: the loop's operations on pixels, and the memory they share.
final class Ascent {
  /// X, shape (3, H, W) in normalised space.
  let image: ImagePlanes
  private let gradient: ImagePlanes
  private let blurred: ImagePlanes
  private let workspace: Workspace
  private let kernels: Kernels
  private let parallel: Parallel
  private let box: Box
  private var samples: Float = 0

  /// - Throws: `PixelAscentError` of kind `sizeLimit`, as `Workspace` does.
  init(_ network: Network, from start: Tensor) throws(PixelAscentError) {
    let height = start.shape[1], width = start.shape[2]
    workspace = try Workspace(network, height: height, width: width, gradient: true)
    image = ImagePlanes(channels: 3, height: height, width: width)
    gradient = ImagePlanes(channels: 3, height: height, width: width)
    blurred = ImagePlanes(channels: 3, height: height, width: width)
    kernels = network.kernels
    parallel = network.parallel
    box = Box(network.preprocessing)
    image.tensor = start
  }

  /// All scores of the image, or of another one of the same size.
  func scores(of other: ImagePlanes? = nil) -> [Float] {
    evaluate(other ?? image, at: .none, only: nil)
    return workspace.scores
  }

  /// What a gradient was taken of.
  struct Evaluation {
    /// The score of the class.
    let score: Float
    /// All scores, if asked for.
    let scores: [Float]?
    /// Whether the gradient is that of the score before the last ReLU, since the score's own is exactly zero.
    let beforeLastReLU: Bool
  }

  /// Starts the sum of gradients of a step anew.
  func beginStep() { samples = 0 }

  /// Adds the gradient of the class's score at the shifted image, shifted back, to the step's sum.
  ///
  /// - Parameters:
  ///   - other: an image to take the gradient at instead of X
  ///   - allScores: whether to compute the scores of all classes, rather than of this one only
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if neither the score nor the score before the last ReLU has one.
  func addGradient(
    of class: Int, at other: ImagePlanes? = nil, shift: Shift = .none, allScores: Bool = false
  ) throws(PixelAscentError) -> Evaluation {
    evaluate(other ?? image, at: shift, only: allScores ? nil : `class`)
    let beforeLastReLU = try gradientOfScore(`class`)
    guard let found = workspace.imageGradient else { preconditionFailure("an ascent has a gradient") }
    parallel.overRows(image.height) {
      kernels.roll(gradient, found, by: shift.inverse, accumulate: samples > 0, rows: $0)
    }
    samples += 1
    return Evaluation(
      score: workspace.score(`class`), scores: allScores ? workspace.scores : nil, beforeLastReLU: beforeLastReLU)
  }

  /// X ← X + rate · d, or X + rate · d/‖d‖₂, where d = (mean of the gradients added) − pull · X; then into the allowed box.
  func step(rate: Double, pull: Double, normalized: Bool, clamp: Bool) throws(PixelAscentError) {
    var rate = rate
    if normalized {
      let norm = kernels.norm(gradient, image, 1 / samples, Float(pull), parallel: parallel)
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
  }

  /// Blurs X with weights along H and weights along W.
  func blur(vertical: [Float], horizontal: [Float]) {
    parallel.overRows(image.height) { kernels.blurVertical(blurred, image, taps: vertical, rows: $0) }
    parallel.overRows(image.height) { kernels.blurHorizontal(image, blurred, taps: horizontal, rows: $0) }
  }

  private func evaluate(_ image: ImagePlanes, at shift: Shift, only class: Int?) {
    parallel.overRows(image.height) { kernels.roll(workspace.image, image, by: shift, rows: $0) }
    workspace.forward(only: `class`)
  }

  private func gradientOfScore(_ class: Int) throws(PixelAscentError) -> Bool {
    for throughLastReLU in [true, false] {
      workspace.backward(.one(`class`), throughLastReLU: throughLastReLU)
      if let found = workspace.imageGradient, kernels.norm(found, found, 1, 0, parallel: parallel) > 0 {
        return !throughLastReLU
      }
    }
    throw PixelAscentError(
      .zeroGradient,
      "the gradient of class \(`class`)'s score is exactly zero at this image, before the last ReLU too: "
        + "there is no direction to go; start from another image")
  }
}
