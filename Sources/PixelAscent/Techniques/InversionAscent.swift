// SPDX-License-Identifier: MIT

/// The inversion of a layer for a photograph, which its caller drives step by step.
public final class InversionAscent: AscentSequence, PhotoAscentImages {
  private let parameters: Inversion
  private let network: Network
  private let target: AscentTarget
  private let objective: Objective
  private let engine: ParametrizedAscent
  private let valueBefore: Float
  private var iteration = 0, gradientsBeforeLastReLU = 0, seconds = 0.0
  private var valueHistory: [Float] = []

  /// Begins an inversion.
  ///
  /// - Parameters:
  ///   - photo: the photograph in normalised space, of shape (C, H, W)
  ///   - start: the image to start from, of the same shape; nil for noise
  package init(
    _ parameters: Inversion, _ network: Network, on photo: Tensor, from start: Tensor? = nil
  ) throws(PixelAscentError) {
    try parameters.check(network, PixelSize(height: photo.shape[1], width: photo.shape[2]))
    (self.parameters, self.network) = (parameters, network)
    let layer = try Self.layer(parameters.layer, network)
    let seen = try network.evaluation(of: photo, gradient: false).activation(of: layer)
    guard seen.values.contains(where: { $0 != 0 }) else {
      throw PixelAscentError(
        .invalidParameter, "layer \(layer) is 0 everywhere for this photo, so it can't be inverted")
    }
    objective = .activation(of: layer, .inversion(of: seen))
    target = .objective(.sum([(weight: Inversion.weight, objective: objective)]))
    let random = RandomSource(seed: parameters.seed), parallel = network.parallel
    let noise = random.normals(photo.values.count).map { Inversion.startDeviation * $0 }
    let start = start ?? Tensor(shape: photo.shape, values: noise)
    var settings = ParametrizedAscent.Settings()
    settings.optimizer = .momentum
    settings.regularizers = [
      .smoothness(weight: parameters.totalVariation, exponent: 2),
      .alphaNorm(weight: parameters.alphaNorm, exponent: 6),
    ].filter { $0.weight > 0 }
    engine = try ParametrizedAscent(
      network, PixelParameters(start, network, parallel), settings, random, parallel)
    valueBefore = Float(try network.evaluation(of: start, gradient: false).value(of: objective))
  }

  /// Returns the name in the file of a layer.
  private static func layer(_ name: String, _ network: Network) throws(PixelAscentError) -> String {
    String(try ObjectiveText("layer:\(name)", network).text.dropFirst("layer:".count))
  }

  var picture: RGBImage { network.render(engine.image, .clip) }
  var stepGradient: Tensor { engine.stepGradient }

  /// Makes one step.
  ///
  /// - Parameter update: a step rule that replaces the momentum's; nil for its own
  /// - Returns: the step; nil after the last one or in a cancelled task
  /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if the gradient is exactly zero, or `invalidParameter` if
  ///   values become too large for a float or the step rule changes the image's shape.
  public func next(update: AscentUpdate?) throws(PixelAscentError) -> PhotoAscentStep? {
    if iteration >= parameters.stepCount || Task.isCancelled { return nil }
    let begin = ContinuousClock.now
    let falls = iteration == 0 ? 0 : 1 + (iteration - 1) / parameters.stepsInPart
    engine.rate = (0..<falls).reduce(parameters.learningRate) { rate, _ in rate / 10 }
    try network.parallel.withThreads { () throws(PixelAscentError) in
      engine.beginStep()
      let value = try engine.evaluate(UInt64(iteration), target, allScores: false)
      valueHistory.append(Float(value / Inversion.weight))
      if try engine.addGradient(of: target) { gradientsBeforeLastReLU += 1 }
      if let update { try engine.step(by: update) } else { try engine.step() }
    }
    iteration += 1
    seconds += begin.secondsSince
    return PhotoAscentStep(
      iteration: iteration - 1, part: nil, value: valueHistory[iteration - 1],
      isFrame: parameters.animation?.shows(iteration - 1, of: parameters.stepCount) ?? false, ascent: self)
  }

  /// Returns the result of the steps made so far.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the activation is not finite.
  public func result() throws(PixelAscentError) -> PhotoAscentResult {
    let image = engine.image
    let value = Float(try network.evaluation(of: image, gradient: false).value(of: objective))
    return PhotoAscentResult(
      steps: iteration, valueHistory: valueHistory, valueBefore: valueBefore, value: value, image: image,
      picture: picture, seconds: seconds, gradientsBeforeLastReLU: gradientsBeforeLastReLU)
  }
}
