// SPDX-License-Identifier: MIT

/// An ascent towards a class visualization, which its caller drives step by step.
public final class VisualizationAscent: AscentSequence {
  /// The information about one iteration.
  public struct Step {
    /// The iteration's number, from 0.
    public let iteration: Int
    /// The score of the class, or the value of the objective, before the step, for the image after the iteration's random
    /// changes. If the step averages the gradients of several copies, the score is that of the last copy.
    public let score: Float
    /// Whether to show the iteration's image: after the first iteration, every ``ClassVisualization/showEvery``-th and
    /// the last.
    public let isShown: Bool
    /// Whether the iteration's image is a frame of the animation that ``ClassVisualization/animation`` describes.
    public let isFrame: Bool
    fileprivate let ascent: VisualizationAscent

    /// The image after the step, in normalised space, of shape (C, H, W). Read it before the next call of
    /// ``VisualizationAscent/next(update:)``.
    public var image: Tensor { ascent.image }
    /// The image after the step, rendered as the recipe says. Read it before the next call of
    /// ``VisualizationAscent/next(update:)``.
    public var picture: RGBImage { ascent.picture }
    /// The gradient of the class's score, without the L2 term, at the image before the step, of shape (C, H, W). If the
    /// step averages the gradients of several rolled copies, this is their mean. Read it before the next call of
    /// ``VisualizationAscent/next(update:)``.
    public var gradient: Tensor { ascent.engine.stepGradient }

    /// Returns the probability of the class for the image whose score is ``score``; nil if it is not known.
    ///
    /// The call may cost another forward pass. Make it before the next call of ``VisualizationAscent/next(update:)`` or
    /// ``VisualizationAscent/result()``. After `result()`, it returns the probability for the result's image.
    ///
    /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the scores are not finite.
    public func probability() throws(PixelAscentError) -> Double? { try ascent.probability() }
  }

  private let parameters: ClassVisualization
  private let network: Network
  fileprivate let engine: any VisualizationEngine
  /// The evaluation that the ascent uses.
  var evaluation: Evaluation { engine.evaluation }
  /// The class; nil if the ascent raises another objective.
  private let index: Int?
  private let target: AscentTarget
  private let recordsProbabilities: Bool

  private var iteration = 0, gradientsBeforeLastReLU = 0, seconds = 0.0
  private var scoreHistory: [Float] = [], probabilityHistory: [Double] = []
  /// Whether the last evaluation computed the scores of all classes, not only the score of the class.
  private var knowsAllScores = false

  /// Begins an ascent.
  ///
  /// - Precondition: the parameters have been checked for this network.
  init(
    _ parameters: ClassVisualization, _ network: Network, _ subject: Subject, _ recordsProbabilities: Bool
  ) throws(PixelAscentError) {
    (self.parameters, self.network) = (parameters, network)
    let text = try parameters.objective.map { text throws(PixelAscentError) in try ObjectiveText(text, network) }
    if let text {
      (self.index, target) = (nil, .objective(text.objective))
    } else {
      let index = try Subject.required(subject.classIndex, "class")
      (self.index, target) = (index, .score(class: index))
    }
    self.recordsProbabilities = recordsProbabilities
    scoreHistory.reserveCapacity(min(parameters.iterations, 4096))
    engine = try parameters.engine(network, subject, text?.regularizers ?? [])
  }

  /// The current image in normalised space, of shape (C, H, W).
  fileprivate var image: Tensor { engine.image }
  fileprivate var picture: RGBImage { network.render(image, parameters.recipe.rendering) }

  /// Makes one iteration.
  ///
  /// - Parameter update: a step rule that replaces the recipe's own; nil for the recipe's own. After the rule, the
  ///   ascent clamps and blurs the image as the parameters say
  /// - Returns: the iteration; nil after the last iteration or in a cancelled task
  /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if the gradient is exactly zero, or `invalidParameter` if
  ///   values become too large for a float or the step rule changes the image's shape.
  public func next(update: AscentUpdate?) throws(PixelAscentError) -> Step? {
    if iteration >= parameters.iterations || Task.isCancelled { return nil }
    let begin = ContinuousClock.now, isShown = isShown(iteration)
    knowsAllScores = isShown || recordsProbabilities
    let score = try engine.parallel.withThreads { () throws(PixelAscentError) in try iterate(update) }
    scoreHistory.append(score)
    if recordsProbabilities, let probability = currentProbability { probabilityHistory.append(probability) }
    iteration += 1
    seconds += begin.secondsSince
    let isFrame = parameters.animation?.shows(iteration - 1, of: parameters.iterations) ?? false
    return Step(iteration: iteration - 1, score: score, isShown: isShown, isFrame: isFrame, ascent: self)
  }

  private func isShown(_ iteration: Int) -> Bool {
    let every = parameters.showEvery
    return iteration == 0 || iteration == parameters.iterations - 1 || every > 0 && (iteration + 1) % every == 0
  }

  /// Makes one iteration and returns the target's value before the step.
  private func iterate(_ update: AscentUpdate?) throws(PixelAscentError) -> Float {
    let samples = parameters.samples
    var value = 0.0
    engine.beginStep()
    for sample in 0..<samples {
      let number = UInt64(iteration) * UInt64(samples) + UInt64(sample)
      value = try engine.evaluate(number, target, allScores: sample == samples - 1 && knowsAllScores)
      if try engine.addGradient(of: target) { gradientsBeforeLastReLU += 1 }
    }
    if let update { try engine.step(by: update) } else { try engine.step() }
    if parameters.blurEvery > 0 && iteration % parameters.blurEvery == 0 { engine.blur() }
    return Float(value)
  }

  /// The probability of the class at the last evaluation, which computed the scores of all classes.
  private var currentProbability: Double? {
    index.flatMap { network.activation.probability(of: $0, engine.evaluation.lastScores) }
  }

  fileprivate func probability() throws(PixelAscentError) -> Double? {
    if index == nil { return nil }
    if !knowsAllScores {
      try engine.parallel.withThreads { () throws(PixelAscentError) in try engine.evaluation.forward() }
      knowsAllScores = true
    }
    return currentProbability
  }

  /// Returns the result of the iterations made so far.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the scores are not finite.
  public func result() throws(PixelAscentError) -> ClassVisualization.Result {
    try engine.parallel.withThreads { () throws(PixelAscentError) in try engine.evaluateImage() }
    // From now on, the probability of the last step is the probability for this image.
    knowsAllScores = true
    let scores = engine.evaluation.lastScores
    let value: Float
    switch target {
    case .score(let index): value = scores[index]
    case .objective(let objective):
      value = Float(
        try engine.parallel.withThreads { () throws(PixelAscentError) in
          try engine.evaluation.forward(for: objective)
          return try engine.evaluation.value(after: objective)
        })
    }
    return ClassVisualization.Result(
      iterations: iteration, scoreHistory: scoreHistory, probabilityHistory: probabilityHistory, image: image,
      picture: picture, scores: scores, value: value, probability: currentProbability, seconds: seconds,
      gradientsBeforeLastReLU: gradientsBeforeLastReLU)
  }
}
