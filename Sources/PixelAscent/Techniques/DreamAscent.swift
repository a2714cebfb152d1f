// SPDX-License-Identifier: MIT

/// A dream of a photograph, which its caller drives step by step.
public final class DreamAscent: AscentSequence, PhotoAscentImages {
  private let parameters: Dream
  private let network: Network
  private let objective: ObjectiveText
  private let random: RandomSource
  private let sizes: [PixelSize]
  /// The photograph at the size of each octave.
  private var bases: [Tensor]
  private let photo: Tensor
  private var engine: ParametrizedAscent
  private var octave = 0, iteration = 0, gradientsBeforeLastReLU = 0, seconds = 0.0
  private var valueHistory: [Float] = []

  init(_ parameters: Dream, _ network: Network, on photo: RGBImage) throws(PixelAscentError) {
    let size = parameters.size(of: photo, network)
    try parameters.check(network, size)
    (self.parameters, self.network) = (parameters, network)
    objective = try ObjectiveText(parameters.objective, network)
    random = RandomSource(seed: parameters.seed)
    sizes = parameters.sizes(size)
    let isResized = (size.height, size.width) != (photo.height, photo.width)
    self.photo = network.tensor(from: isResized ? photo.resized(width: size.width, height: size.height) : photo)
    bases = Self.bases(self.photo, sizes, network.kernels)
    engine = try Self.engine(parameters, network, objective, random, start: bases[0])
  }

  /// Returns an image at the sizes of the octaves, each made of the next larger one.
  private static func bases(_ image: Tensor, _ sizes: [PixelSize], _ kernels: Kernels) -> [Tensor] {
    var bases = [image]
    for size in sizes.dropLast().reversed() { bases.insert(resized(bases[0], size, kernels), at: 0) }
    return bases
  }

  private static func resized(_ image: Tensor, _ size: PixelSize, _ kernels: Kernels) -> Tensor {
    kernels.apply(
      down: .cornerAligned(from: image.shape[1], to: size.height),
      across: .cornerAligned(from: image.shape[2], to: size.width), to: image)
  }

  private static func engine(
    _ parameters: Dream, _ network: Network, _ objective: ObjectiveText, _ random: RandomSource, start: Tensor
  ) throws(PixelAscentError) -> ParametrizedAscent {
    let parallel = network.parallel
    var settings = ParametrizedAscent.Settings()
    settings.jitter = -parameters.maxJitter...parameters.maxJitter
    (settings.optimizer, settings.rate) = (.meanNormalized, parameters.stepSize)
    (settings.regularizers, settings.clamps) = (objective.regularizers, true)
    return try ParametrizedAscent(
      network, ByteParameters(start, network.preprocessing, parallel), settings, random, parallel)
  }

  /// The image of the octave, enlarged to the size of the dream.
  private var enlarged: Tensor {
    let image = engine.image
    return octave == sizes.count - 1 ? image : Self.resized(image, sizes[sizes.count - 1], network.kernels)
  }

  var picture: RGBImage { network.render(enlarged, .clip) }
  var stepGradient: Tensor { engine.stepGradient }

  /// How many times the time of a step at the smallest size all steps take.
  var totalWork: Double {
    let areas = sizes.map { Double($0.height * $0.width) / Double(sizes[0].height * sizes[0].width) }
    let (dreams, rest) = parameters.stepCount.quotientAndRemainder(dividingBy: sizes.count * parameters.iterations)
    let whole = areas.reduce(0, +) * Double(dreams * parameters.iterations)
    // The steps of a dream that is cut short.
    return areas.enumerated().reduce(whole) { sum, octave in
      let steps = min(parameters.iterations, max(0, rest - octave.offset * parameters.iterations))
      return sum + octave.element * Double(steps)
    }
  }

  /// Makes one step.
  ///
  /// - Parameter update: a step rule that replaces DeepDream's own; nil for its own. Colours are clamped after the rule
  /// - Returns: the step; nil after the last one or in a cancelled task
  /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if the gradient is exactly zero, or `invalidParameter` if
  ///   values become too large for a float or the step rule changes the image's shape.
  public func next(update: AscentUpdate?) throws(PixelAscentError) -> PhotoAscentStep? {
    if iteration >= parameters.stepCount || Task.isCancelled { return nil }
    let begin = ContinuousClock.now
    try network.parallel.withThreads { () throws(PixelAscentError) in
      if iteration > 0 && iteration % parameters.iterations == 0 { try beginOctave() }
      engine.beginStep()
      let target = AscentTarget.objective(objective.objective)
      valueHistory.append(Float(try engine.evaluate(UInt64(iteration), target, allScores: false)))
      if try engine.addGradient(of: target) { gradientsBeforeLastReLU += 1 }
      if let update { try engine.step(by: update) } else { try engine.step() }
    }
    iteration += 1
    seconds += begin.secondsSince
    let isLastOfDream = iteration % (parameters.octaves * parameters.iterations) == 0
    let isFrame =
      parameters.zoomFrames > 0
      ? isLastOfDream || iteration == parameters.stepCount
      : parameters.animation?.shows(iteration - 1, of: parameters.stepCount) ?? false
    return PhotoAscentStep(
      iteration: iteration - 1, part: "octave \(octave + 1)/\(sizes.count)", value: valueHistory[iteration - 1],
      isFrame: parameters.animation != nil && isFrame, ascent: self)
  }

  /// Goes on with the next octave, or with the first one of the next frame.
  private func beginOctave() throws(PixelAscentError) {
    let kernels = network.kernels, image = engine.image
    let start: Tensor
    if octave == sizes.count - 1 {
      // The middle of the last dream is the photograph of the next one.
      func inner(_ side: Int) -> ImageTaps {
        .linear(
          at: (0..<side).map { (1 - Dream.zoom) * Double($0) + Double(side) * Dream.zoom / 2 }, inputs: side)
      }
      let middle = kernels.apply(down: inner(image.shape[1]), across: inner(image.shape[2]), to: image)
      bases = Self.bases(middle, sizes, kernels)
      octave = 0
      start = bases[0]
    } else {
      var detail = image
      for index in detail.values.indices { detail.values[index] -= bases[octave].values[index] }
      octave += 1
      var next = Self.resized(detail, sizes[octave], kernels)
      for index in next.values.indices { next.values[index] += bases[octave].values[index] }
      start = next
    }
    engine = try Self.engine(parameters, network, objective, random, start: start)
  }

  /// Returns the result of the steps made so far.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the objective's value is not finite.
  public func result() throws(PixelAscentError) -> PhotoAscentResult {
    let image = enlarged
    let values = try [photo, image].map { image throws(PixelAscentError) in
      Float(try network.evaluation(of: image, gradient: false).value(of: objective.objective))
    }
    return PhotoAscentResult(
      steps: iteration, valueHistory: valueHistory, valueBefore: values[0], value: values[1], image: image,
      picture: network.render(image, .clip), seconds: seconds, gradientsBeforeLastReLU: gradientsBeforeLastReLU)
  }
}
