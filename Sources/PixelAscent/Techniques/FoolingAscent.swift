// SPDX-License-Identifier: MIT

/// An ascent towards a fooling image, which its caller drives step by step.
///
/// The ascent first evaluates the image unrounded. Once the network classifies it as the target, or the steps are used
/// up, the ascent evaluates the image rounded to 8 bits.
public final class FoolingAscent: AscentSequence {
  /// The network's scores for the image after the steps made so far.
  public struct Step {
    /// The number of steps made.
    public let iteration: Int
    /// The scores of all classes.
    public let scores: [Float]
    /// Whether ``scores`` are the scores of the image rounded to 8 bits.
    public let isRounded: Bool
    /// The score of the target.
    public let score: Float
    /// Whether the network classifies the image as the target.
    public let isTarget: Bool
    fileprivate let ascent: FoolingAscent

    /// The image in normalised space, unrounded, of shape (C, H, W). Read it before the next call of
    /// ``FoolingAscent/next(update:)``.
    public var image: Tensor { ascent.ascent.image.tensor }
    /// The image rounded to 8 bits and clipped to [0, 1]. Read it before the next call of
    /// ``FoolingAscent/next(update:)``.
    public var picture: RGBImage { isRounded ? ascent.picture : ascent.network.render(image, .clip) }

    /// Returns the gradient of the target's score, along which the ascent makes its next step, of shape (C, H, W). Call
    /// this before the next call of ``FoolingAscent/next(update:)``.
    ///
    /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if the gradient is exactly zero.
    public func gradient() throws(PixelAscentError) -> Tensor {
      try ascent.takeGradient()
      return ascent.ascent.stepGradient
    }
  }

  private let parameters: Fooling
  fileprivate let network: Network
  fileprivate let ascent: Ascent
  private let target: Int
  private let original: RGBImage, start: Tensor
  /// The rounded image that was evaluated last; before the first such evaluation, the photograph.
  fileprivate private(set) var picture: RGBImage

  /// The scores of the image before the first step.
  private var originalScores: [Float]?
  /// The scores of ``picture``; nil before the first rounded image was evaluated, and after every step.
  private var roundedScores: [Float]?
  /// Whether evaluations are at the rounded image from now on, and whether the ascent is at its end.
  private var isRounding = false, isFinished = false
  /// Whether the next call must make a step before it evaluates the image.
  private var needsStep = false
  /// Whether the gradient at the evaluated image was computed, and whether it is of the score before the last ReLU.
  private var hasGradient = false, isGradientBeforeLastReLU = false
  /// Whether the last returned step evaluated the rounded image, and whether the network's input is the rounded image.
  private var isStepRounded = false, isInputRounded = false
  private var iterations = 0, gradientsBeforeLastReLU = 0

  init(_ parameters: Fooling, _ network: Network, on photo: RGBImage, target: Int) throws(PixelAscentError) {
    try network.check(class: target)
    (self.parameters, self.network, self.target) = (parameters, network, target)
    original = try network.resized(photo)
    start = network.tensor(from: original)
    picture = original
    ascent = try Ascent(network, from: start, rolls: false)
  }

  /// Makes a step if one is due, then evaluates the image.
  ///
  /// No step is due in the first call, nor before the first evaluation of the rounded image.
  ///
  /// - Parameter update: a step rule that replaces the technique's own; nil for the technique's own. While the ascent
  ///   evaluates rounded images, it clamps the image to the box after the step
  /// - Returns: the network's scores; nil in a cancelled task, and after the rounded image was evaluated if the network
  ///   classified it as the target or no step is left
  /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if the gradient is exactly zero, or `invalidParameter` if
  ///   values become too large for a float or the step rule changes the image's shape.
  public func next(update: AscentUpdate?) throws(PixelAscentError) -> Step? {
    if isFinished || Task.isCancelled { return nil }
    return try ascent.parallel.withThreads { () throws(PixelAscentError) in
      if needsStep { try step(update) }
      let isRounded = isRounding, scores = try evaluate(rounding: isRounded)
      isStepRounded = isRounded
      let isTarget = network.sees(target, scores)
      if !isTarget && iterations < parameters.maxIterations {
        needsStep = true
      } else if isRounding {
        isFinished = true
      } else {
        // The next call evaluates the rounded image without a step. If the steps are used up, rounding alone may reach
        // the target.
        isRounding = true
      }
      return Step(
        iteration: iterations, scores: scores, isRounded: isRounded, score: scores[target], isTarget: isTarget,
        ascent: self)
    }
  }

  private func evaluate(rounding: Bool) throws(PixelAscentError) -> [Float] {
    if rounding {
      picture = network.render(ascent.image.tensor, .clip)
      try ascent.evaluate(picture)
      roundedScores = ascent.scores
    } else {
      try ascent.evaluate()
    }
    (isInputRounded, hasGradient) = (rounding, false)
    if originalScores == nil { originalScores = ascent.scores }
    return ascent.scores
  }

  fileprivate func takeGradient() throws(PixelAscentError) {
    // Since the last step, `result()` may have evaluated the rounded image instead of the unrounded one, or the other
    // way round.
    if isInputRounded != isStepRounded { _ = try evaluate(rounding: isStepRounded) }
    if hasGradient { return }
    ascent.beginStep()
    isGradientBeforeLastReLU = try ascent.addGradient(of: target)
    hasGradient = true
  }

  private func step(_ update: AscentUpdate?) throws(PixelAscentError) {
    try takeGradient()
    if let update {
      try ascent.step(by: update, clamp: isRounding)
    } else {
      try ascent.step(rate: parameters.learningRate, normalized: true, clamp: isRounding)
    }
    iterations += 1
    if isGradientBeforeLastReLU { gradientsBeforeLastReLU += 1 }
    (needsStep, hasGradient, roundedScores) = (false, false, nil)
  }

  /// Returns the result of the steps made so far, for the image rounded to 8 bits.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the scores are not finite.
  public func result() throws(PixelAscentError) -> Fooling.Result {
    try ascent.parallel.withThreads { () throws(PixelAscentError) in
      if originalScores == nil { _ = try evaluate(rounding: false) }
      var scores = roundedScores ?? []
      if roundedScores == nil { scores = try evaluate(rounding: true) }
      let survives = network.sees(target, scores)
      let isFooled = survives ? true : network.sees(target, try evaluate(rounding: false))
      let unrounded = ascent.image.tensor
      return Fooling.Result(
        target: target, original: original, originalScores: originalScores ?? scores, image: picture, scores: scores,
        unrounded: unrounded, iterations: iterations, isFooled: isFooled, survives8Bit: survives,
        l2: unrounded.distance(from: start),
        gradientsBeforeLastReLU: gradientsBeforeLastReLU)
    }
  }
}

extension Tensor {
  /// Returns ‖self − other‖₂.
  fileprivate func distance(from other: Tensor) -> Double {
    zip(values, other.values).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
  }
}
