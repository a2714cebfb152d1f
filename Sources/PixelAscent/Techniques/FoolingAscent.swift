// SPDX-License-Identifier: MIT

/// A fooling image in the making, a step at a time: first the image as it is, then the image rounded to 8 bits.
public final class FoolingAscent: AscentSequence {
  /// What the network sees in the image of this moment.
  public struct Step {
    /// The number of steps made.
    public let iteration: Int
    /// The scores of all classes.
    public let scores: [Float]
    /// Whether ``scores`` are those of the image rounded to 8 bits.
    public let isRounded: Bool
    /// The score of the target.
    public let score: Float
    /// Whether the network takes the image for the target.
    public let isTarget: Bool
    fileprivate let ascent: FoolingAscent

    /// The image in normalised space, not rounded: shape (C, H, W). It is that of this step until the next is gone.
    public var image: Tensor { ascent.ascent.image.tensor }
    /// The 8-bit image, clipped to [0, 1]. It is that of this step until the next is gone.
    public var picture: RGBImage { isRounded ? ascent.picture : ascent.network.render(image, .clip) }

    /// The gradient of the target's score, along which the next step goes: shape (C, H, W). It is that of this step until
    /// the next is gone.
    ///
    /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if there is no direction to go.
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
  /// The image rounded to 8 bits, as it was last evaluated.
  fileprivate private(set) var picture: RGBImage

  /// The scores of the image at the beginning.
  private var originalScores: [Float]?
  /// The scores of ``picture``, if that is the image of this moment.
  private var roundedScores: [Float]?
  private var isRounding = false, isOver = false
  /// Whether the image was evaluated and no step has been made since.
  private var isWaiting = false
  /// Whether the gradient at that image was taken, and whether it is of the score before the last ReLU.
  private var hasGradient = false, isGradientBeforeLastReLU = false
  /// Whether the image of the last step was rounded, and whether the one in the network's input is.
  private var isStepRounded = false, isInputRounded = false
  private var iterations = 0, stepsBeforeLastReLU = 0

  init(_ parameters: Fooling, _ network: Network, on photo: RGBImage, target: Int) throws(PixelAscentError) {
    try network.check(class: target)
    (self.parameters, self.network, self.target) = (parameters, network, target)
    original = try network.resized(photo)
    start = network.tensor(from: original)
    picture = original
    ascent = try Ascent(network, from: start, rolls: false)
  }

  /// Goes a step, if the image has been looked at, and looks at what it is then.
  ///
  /// - Parameter update: your own step rule; while the image is rounded it is kept in the allowed box
  /// - Returns: what the network sees; nil when it has seen the target in the rounded image, or the steps are used up, or the
  ///   task is cancelled
  /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if there is no direction to go, or `invalidParameter` if the ascent
  ///   leaves what a float holds.
  public func next(update: AscentUpdate?) throws(PixelAscentError) -> Step? {
    if isOver || Task.isCancelled { return nil }
    return try ascent.parallel.withThreads { () throws(PixelAscentError) in
      if isWaiting { try step(update) }
      let isRounded = isRounding, scores = try evaluate(rounding: isRounded)
      isStepRounded = isRounded
      let isTarget = network.topClass(scores) == target
      if !isTarget && iterations < parameters.maxIterations {
        isWaiting = true
      } else if isRounding {
        isOver = true
      } else {
        // Not there, it is only looked at: rounding alone may be the step that lacks.
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
    // A result in between has looked at the other image.
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
    if isGradientBeforeLastReLU { stepsBeforeLastReLU += 1 }
    (isWaiting, hasGradient, roundedScores) = (false, false, nil)
  }

  /// What the ascent has come to so far: the image of the last step, rounded.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the scores are not finite.
  public func result() throws(PixelAscentError) -> Fooling.Result {
    try ascent.parallel.withThreads { () throws(PixelAscentError) in
      if originalScores == nil { _ = try evaluate(rounding: false) }
      var scores = roundedScores ?? []
      if roundedScores == nil { scores = try evaluate(rounding: true) }
      let survives = network.topClass(scores) == target
      let isFooled = survives ? true : network.topClass(try evaluate(rounding: false)) == target
      let unrounded = ascent.image.tensor
      return Fooling.Result(
        original: original, originalScores: originalScores ?? scores, image: picture, scores: scores,
        unrounded: unrounded, iterations: iterations, isFooled: isFooled, survives8Bit: survives,
        l2: unrounded.distance(from: start),
        stepsBeforeLastReLU: stepsBeforeLastReLU)
    }
  }
}

extension Tensor {
  /// ‖self − other‖₂.
  fileprivate func distance(from other: Tensor) -> Double {
    zip(values, other.values).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
  }
}
