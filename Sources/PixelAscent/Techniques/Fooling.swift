// SPDX-License-Identifier: MIT

/// A small push that turns an image into another class for the network: steps of fixed length up the gradient of
/// the target's score, X ← X + lr · g/‖g‖₂ (after Szegedy et al.: "Intriguing properties of neural networks", 2014).
///
/// The result also fools as a file of 8 bits a channel. Where rounding and clipping to [0, 1] undo it, the ascent goes
/// on inside the allowed box, with gradients taken at the rounded image, until that one fools.
public struct Fooling: Hashable, Sendable {
  /// The length of a step in normalised space; positive.
  public var learningRate: Double
  /// The most steps, those on the rounded image included.
  public var maxIterations: Int

  /// Parameters; the defaults are those of CS231n.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the learning rate is not finite and positive, or the
  ///   number of iterations negative.
  public init(learningRate: Double = 1, maxIterations: Int = 100) throws(PixelAscentError) {
    try checkPositive(learningRate, "learning rate")
    try checkCount(maxIterations, "max iterations")
    self.learningRate = learningRate
    self.maxIterations = maxIterations
  }

  /// What an ascent towards a target came to.
  public struct Result: Sendable {
    /// The image that was given, at the size of the network's input, and the scores of its classes.
    public let original: RGBImage, originalScores: [Float]
    /// The fooling image as 8-bit pixels, clipped to [0, 1], and the scores of its classes.
    public let image: RGBImage, scores: [Float]
    /// The fooling image in normalised space before it was rounded, shape (C, H, W).
    public let unrounded: Tensor
    /// The number of steps made.
    public let iterations: Int
    /// Whether the network took the image for the target, before it was rounded or after.
    public let isFooled: Bool
    /// Whether the 8-bit image is.
    public let survives8Bit: Bool
    /// Euclidean norm of the change of the unrounded image, in normalised space.
    public let l2: Double
    /// The largest change of a value of the 8-bit image, in steps of 1/255.
    public let linf8Bit: Int
    /// The number of steps that ascended the score before the last ReLU, since the score's own gradient was zero.
    public let stepsBeforeLastReLU: Int

    /// The root of the mean square of all values' changes in the 8-bit image, in steps of 1/255.
    public var rms8Bit: Double { RGBImage.Distance(image.pixels, original.pixels).rms }

    /// The peak signal-to-noise ratio of the 8-bit image, 20 · log₁₀(255 / ``rms8Bit``), in decibels; infinite where nothing
    /// has changed.
    public var psnr: Double { RGBImage.Distance(image.pixels, original.pixels).psnr }

    /// Original, fooled, difference and ten times the difference, side by side.
    public var panels: RGBImage {
      RGBImage(row: [
        original, image, image.difference(from: original), image.difference(from: original, gain: 10),
      ])
    }

    /// Writes the image as PNG that carries the comment along, reads the file back and classifies what it holds: the network's
    /// input, of which ``Preprocessing/Resize/crop`` takes nothing away.
    ///
    /// - Returns: the scores of all classes.
    /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, or of a reading's kind if the file is not what was written.
    public func save(
      to path: String, checkedBy network: Network, comment: String? = nil
    ) throws(PixelAscentError) -> [Float] {
      let png = try image.pngData(comment: comment)
      try Files.write(png, to: path)
      // A pipe, a device or standard output can't be read back.
      let saved = Files.place(path) == nil ? png : try Files.read(path)
      return try network.scores(of: network.tensor(from: RGBImage(decoding: saved, name: path)))
    }
  }

  /// Changes `image` until the network classifies it as `target`.
  ///
  /// - Parameters:
  ///   - network: the network to fool
  ///   - image: resized to the network's input
  ///   - target: the class it is to be
  ///   - progress: called before each step with the number of steps made, the scores, and whether they are those of the
  ///     image rounded to 8 bits
  ///   - show: called after that with what makes the 8-bit image of this moment
  ///   - shouldStop: asked before each step whether to go no further
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup`, `zeroGradient` if there is no direction to go, or
  ///   `invalidParameter` if the ascent leaves what a float holds.
  public func run(
    _ network: Network, on image: RGBImage, target: Int,
    progress: (_ iteration: Int, _ scores: [Float], _ isRounded: Bool) -> Void = { _, _, _ in },
    show: (_ picture: () -> RGBImage) -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws(PixelAscentError) -> Result {
    try network.check(class: target)
    let original = try network.resized(image), start = network.tensor(from: original)
    let ascent = try Ascent(network, from: start)
    return try ascent.parallel.together { () throws(PixelAscentError) in
      try climb(ascent, network, from: original, start, target: target, progress, show, shouldStop)
    }
  }

  private func climb(
    _ ascent: Ascent, _ network: Network, from original: RGBImage, _ start: Tensor, target: Int,
    _ progress: (_ iteration: Int, _ scores: [Float], _ isRounded: Bool) -> Void,
    _ show: (_ picture: () -> RGBImage) -> Void, _ shouldStop: () -> Bool
  ) throws(PixelAscentError) -> Result {
    var picture = original
    let rounded = ImagePlanes(channels: network.channels, height: original.height, width: original.width)
    var iterations = 0, stepsBeforeLastReLU = 0, isStopped = false

    /// The scores of the image as it is, or rounded to 8 bits.
    func scores(rounding: Bool) throws(PixelAscentError) -> [Float] {
      if rounding {
        picture = network.render(ascent.image.tensor, .clip)
        rounded.tensor = network.tensor(from: picture)
      }
      try ascent.evaluate(rounding ? rounded : nil)
      return ascent.scores
    }

    /// Ascends until the image is the target, as it is or rounded; whether it became so, and its scores.
    func ascend(rounding: Bool) throws(PixelAscentError) -> (isTarget: Bool, scores: [Float]) {
      while true {
        let scores = try scores(rounding: rounding), isTarget = network.topClass(scores) == target
        progress(iterations, scores, rounding)
        show { rounding ? picture : network.render(ascent.image.tensor, .clip) }
        isStopped = isStopped || shouldStop()
        if isTarget || isStopped || iterations >= maxIterations { return (isTarget, scores) }
        ascent.beginStep()
        if try ascent.addGradient(of: target) { stepsBeforeLastReLU += 1 }
        try ascent.step(rate: learningRate, normalized: true, clamp: rounding)
        iterations += 1
      }
    }

    let originalScores = try scores(rounding: false)
    _ = try ascend(rounding: false)
    // Not there, or stopped, it is only looked at: rounding alone may be the step that lacks.
    let (survives, finalScores) = try ascend(rounding: true)
    var isFooled = survives
    if !survives { isFooled = network.topClass(try scores(rounding: false)) == target }
    let unrounded = ascent.image.tensor
    return Result(
      original: original, originalScores: originalScores, image: picture, scores: finalScores, unrounded: unrounded,
      iterations: iterations, isFooled: isFooled, survives8Bit: survives,
      l2: zip(unrounded.values, start.values).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot(),
      linf8Bit: RGBImage.Distance(picture.pixels, original.pixels).greatest,
      stepsBeforeLastReLU: stepsBeforeLastReLU)
  }
}

func checkPositive(_ value: Double, _ name: String) throws(PixelAscentError) {
  guard value.isFinite, value > 0 else {
    throw PixelAscentError(.invalidParameter, "the \(name) must be a positive number, found \(value)")
  }
}

func checkCount(_ value: Int, _ name: String, from least: Int = 0) throws(PixelAscentError) {
  guard value >= least else {
    throw PixelAscentError(.invalidParameter, "\(name) must be \(least) or more, found \(value)")
  }
}
