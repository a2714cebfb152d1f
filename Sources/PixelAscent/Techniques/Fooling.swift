// SPDX-License-Identifier: MIT

/// A small push that turns an image into another class for the network: steps of fixed length up the gradient of
/// the target's score, X ← X + lr · g/‖g‖₂ (after Szegedy et al.: "Intriguing properties of neural networks", 2014).
///
/// The result also fools as a file of 8 bits a channel. Where rounding and clipping to [0, 1] undo it, the ascent goes
/// on inside the allowed box, with gradients taken at the rounded image, until that one fools.
public struct Fooling: Technique {
  /// The length of a step in normalised space; positive.
  public var learningRate: Double
  /// The most steps, those on the rounded image included.
  public var maxIterations: Int

  /// Parameters; the defaults are those of CS231n.
  public init(learningRate: Double = 1, maxIterations: Int = 100) {
    self.learningRate = learningRate
    self.maxIterations = maxIterations
  }

  /// The name of the technique in pictures, and of its command.
  public static let name = "fool"
  /// A photograph.
  public var source: Subject.Source { .photo }
  /// What the technique's pictures are called.
  public static let title = "fooling image"

  private enum CodingKeys: String, CodingKey {
    case learningRate = "learning_rate"
    case maxIterations = "max_iterations"
  }

  /// Checks every parameter.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    try checkPositive(learningRate, "learning rate")
    try checkCount(maxIterations, "max iterations")
  }

  /// Begins to change a photograph until the network classifies it as `target`.
  ///
  /// - Parameters:
  ///   - network: the network to fool
  ///   - photo: resized to the network's input
  ///   - target: the class it is to be
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range, `sizeLimit` or `classLookup`.
  public func begin(
    _ network: Network, on photo: RGBImage, target: Int
  ) throws(PixelAscentError) -> FoolingAscent {
    try validate()
    return try FoolingAscent(self, network, on: photo, target: target)
  }

  /// Changes a photograph until the network classifies it as `target`, or the steps are used up.
  ///
  /// - Throws: as ``begin(_:on:target:)`` and ``FoolingAscent/next(update:)`` do.
  public func run(
    _ network: Network, on photo: RGBImage, target: Int
  ) throws(PixelAscentError) -> Result {
    try begin(network, on: photo, target: target).finish()
  }

  /// Changes the subject's photograph until the network classifies it as the subject's class.
  ///
  /// - Throws: as ``run(_:on:target:)`` does, and of kind `invalidParameter` if there is no photograph or class.
  public func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Result {
    try run(
      network, on: Subject.required(subject.photo, "photo"), target: Subject.required(subject.classIndex, "class"))
  }

  /// The parameters that decide a picture of this kind: all of them.
  public func parameters(of kind: Provenance.Kind) -> Fooling { self }

  /// Makes one of the technique's pictures.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func picture(
    _ kind: Provenance.Kind, _ network: Network, of subject: Subject
  ) throws(PixelAscentError) -> RGBImage {
    let result = try run(network, on: subject)
    return kind == .figure ? result.panels : result.image
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
    /// Whether the network takes the 8-bit image for the target.
    public let survives8Bit: Bool
    /// Euclidean norm of the change of the unrounded image, in normalised space.
    public let l2: Double
    /// The largest change of a value of the 8-bit image, in steps of 1/255.
    public var linf8Bit: Int { RGBImage.Distance(image.pixels, original.pixels).greatest }
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
      let saved = try RGBImage(decoding: Files.place(path) == nil ? png : Files.read(path), name: path)
      return try network.evaluation(ofResized: saved, gradient: false).scores()
    }
  }
}
