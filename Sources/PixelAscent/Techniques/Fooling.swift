// SPDX-License-Identifier: MIT

/// A small change of a photograph after which the network classifies it as another class, the target.
///
/// A network with softmax classifies an image as the class with the greatest score. One with sigmoid outputs sees every
/// class whose probability is above 0.5; then the target's probability must rise above 0.5. See ``Network/activation``.
///
/// The ascent makes steps of fixed length along the gradient of the target's score, X ← X + lr · g/‖g‖₂ (after Szegedy
/// et al.: "Intriguing properties of neural networks", 2014).
///
/// The result should fool the network as a file with 8 bits per channel, too. If rounding and clipping to [0, 1] undo
/// the effect, the ascent continues with gradients taken at the rounded image, until the rounded image fools the
/// network or ``maxIterations`` steps have been made. In this part every step clamps the image to the box: the values
/// in normalised space that are colours.
public struct Fooling: Technique {
  /// The length of a step in normalised space; positive.
  public var learningRate: Double
  /// The maximum number of steps, including those with gradients taken at the rounded image.
  public var maxIterations: Int
  /// The layout of the figure.
  public var figure: Figure.Style

  /// Creates the parameters; the defaults are those of Stanford's course CS231n.
  public init(learningRate: Double = 1, maxIterations: Int = 100, figure: Figure.Style = Figure.Style()) {
    self.learningRate = learningRate
    self.maxIterations = maxIterations
    self.figure = figure
  }

  /// The name of the technique in the provenance of pictures, and of its command.
  public static let name = "fool"
  /// The image that the technique needs: ``Subject/photo``.
  public var source: Subject.Source { .photo }
  /// What people call the technique's pictures.
  public static let title = "fooling image"

  private enum CodingKeys: String, CodingKey {
    case learningRate = "learning_rate"
    case maxIterations = "max_iterations"
    case figure
  }

  /// Checks every parameter.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    try checkPositive(learningRate, .learningRate)
    try checkCount(maxIterations, .maxIterations)
    try figure.validate()
  }

  /// Begins an ascent that changes a photograph until the network classifies it as `target`.
  ///
  /// - Parameters:
  ///   - network: the network to fool
  ///   - photo: the photograph, which is first resized to the network's input
  ///   - target: the index of the class that the network is to see
  /// - Returns: the ascent, which the caller drives
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range, `sizeLimit` or
  ///   `classLookup`.
  public func begin(
    _ network: Network, on photo: RGBImage, target: Int
  ) throws(PixelAscentError) -> FoolingAscent {
    try validate()
    return try FoolingAscent(self, network, on: photo, target: target)
  }

  /// Changes a photograph until the network classifies it as `target` or ``maxIterations`` steps have been made.
  ///
  /// - Parameters:
  ///   - network: the network to fool
  ///   - photo: the photograph, which is first resized to the network's input
  ///   - target: the index of the class that the network is to see
  /// - Throws: as ``begin(_:on:target:)`` and ``FoolingAscent/next(update:)`` do.
  public func run(
    _ network: Network, on photo: RGBImage, target: Int
  ) throws(PixelAscentError) -> Result {
    try begin(network, on: photo, target: target).finish()
  }

  /// Changes the subject's photograph until the network classifies it as the subject's class.
  ///
  /// - Throws: as ``run(_:on:target:)`` does, and ``PixelAscentError`` of kind `invalidParameter` if the subject has no
  ///   photograph or class.
  public func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Result {
    try run(
      network, on: Subject.required(subject.photo, "photo"), target: Subject.required(subject.classIndex, "class"))
  }

  /// Returns the parameters, with ``figure`` set to ``Figure/Style/row`` unless the picture is a figure.
  public func parameters(of kind: Provenance.Kind) -> Fooling {
    var parameters = self
    if kind != .figure { parameters.figure = .row }
    return parameters
  }

  /// Fools the network with the subject's photograph and returns one of the technique's pictures.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func picture(
    _ kind: Provenance.Kind, _ network: Network, of subject: Subject
  ) throws(PixelAscentError) -> RGBImage {
    let result = try run(network, on: subject)
    return kind == .figure ? try result.figure(network, style: figure).image(allowedBy: network) : result.image
  }

  /// Returns the seconds that ``maxIterations`` steps will take, estimated from the first steps; 0 if these fool the
  /// network.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func estimatedSeconds(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Double {
    let photo = try Subject.required(subject.photo, "photo")
    return try begin(network, on: photo, target: Subject.required(subject.classIndex, "class"))
      .estimatedSeconds(of: maxIterations)
  }

  /// The result of an ascent towards a target.
  public struct Result: Sendable {
    /// The index of the class that the network was to see.
    public let target: Int
    /// The photograph at the size of the network's input.
    public let original: RGBImage
    /// The scores of all classes for ``original``.
    public let originalScores: [Float]
    /// The fooling image with 8 bits per channel, clipped to [0, 1].
    public let image: RGBImage
    /// The scores of all classes for ``image``.
    public let scores: [Float]
    /// The fooling image in normalised space before rounding and clipping, of shape (C, H, W).
    public let unrounded: Tensor
    /// The number of steps made.
    public let iterations: Int
    /// Whether the network classifies ``unrounded`` or ``image`` as the target.
    public let isFooled: Bool
    /// Whether the network classifies ``image`` as the target.
    public let survives8Bit: Bool
    /// The Euclidean norm of the difference between ``unrounded`` and the original, in normalised space.
    public let l2: Double
    /// The greatest difference between a value of ``image`` and of ``original``, in steps of 1/255.
    public var linf8Bit: Int { RGBImage.Distance(image.pixels, original.pixels).greatest }
    /// The number of steps along the gradient of the score before the last ReLU. The ascent made them because the
    /// score's own gradient was zero.
    public let gradientsBeforeLastReLU: Int

    /// The root mean square of the differences between the values of ``image`` and of ``original``, in steps of 1/255.
    public var rms8Bit: Double { RGBImage.Distance(image.pixels, original.pixels).rms }

    /// The peak signal-to-noise ratio of ``image``, 20 · log₁₀(255 / ``rms8Bit``), in decibels; infinite if ``image``
    /// equals ``original``.
    public var psnr: Double { RGBImage.Distance(image.pixels, original.pixels).psnr }

    /// Writes ``image`` as a PNG file, reads the file back and classifies the picture in it.
    ///
    /// The picture already has the size of the network's input, so it is neither resized nor cropped.
    ///
    /// - Parameters:
    ///   - path: the file to write
    ///   - network: the network that classifies the picture
    ///   - comment: text to store in the file, such as ``Provenance/text()``
    /// - Returns: the scores of all classes, by class index
    /// - Throws: ``PixelAscentError`` of kind `unwritableFile` if the file can't be written, and as
    ///   ``RGBImage/init(contentsOf:maxMegapixels:background:)`` does if it can't be read back.
    public func save(
      to path: String, checkedBy network: Network, comment: String? = nil
    ) throws(PixelAscentError) -> [Float] {
      let png = try image.pngData(comment: comment)
      try Files.write(png, to: path)
      // A pipe, a device or standard output can't be read back.
      let saved = try RGBImage(decoding: Files.replacedPath(path) == nil ? png : Files.read(path), name: path)
      return try network.evaluation(ofResized: saved, gradient: false).scores()
    }
  }
}
