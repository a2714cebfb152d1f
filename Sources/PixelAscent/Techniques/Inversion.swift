// SPDX-License-Identifier: MIT

/// The inversion of a layer: an image, made from noise, in which a layer sees what it sees in a photograph. What is missing
/// in the image is what the layer no longer knows (Mahendran, Vedaldi: "Understanding deep image representations by
/// inverting them", 2015).
///
/// The ascent maximises −0.1 · ‖A − A*‖² / ‖A*‖² − 10⁻⁷ · Σ|X|⁶ − 10⁻⁸ · Σ((ΔyX)² + (ΔxX)²) for the layer's activations A
/// of the image X, in normalised space, and A* of the photograph. It starts from 0.1 · N(0, 1), and steps by gradient
/// descent with a momentum of 0.9. The learning rate is divided by 10 after the iterations 0, 40, 80 and so on.
public struct Inversion: PhotoAscentTechnique {
  /// The layer, by one of the names that ``ObjectiveText`` knows.
  public var layer: String
  /// The number of iterations, at least 1.
  public var iterations = 201
  /// The learning rate of the first iteration; positive.
  public var learningRate = 1e4
  /// The weight of ``Regularizer/smoothness(weight:exponent:)`` with the exponent 2; not negative.
  public var totalVariation = 1e-8
  /// The weight of ``Regularizer/alphaNorm(weight:exponent:)`` with the exponent 6; not negative.
  public var alphaNorm = 1e-7
  /// See ``PhotoAscentTechnique/steps``.
  public var steps: Int?
  /// See ``PhotoAscentTechnique/animation``.
  public var animation: Animation.Style?
  /// The seed of the noise.
  public var seed: UInt64 = 0

  private enum CodingKeys: String, CodingKey {
    case layer, iterations, steps, animation, seed
    case learningRate = "learning_rate"
    case totalVariation = "tv"
    case alphaNorm = "alpha_norm"
  }

  /// Creates the usual parameters for a layer.
  public init(layer: String) { self.layer = layer }

  /// The name of the technique in the provenance of pictures, and of its command.
  public static let name = "invert"
  /// What people call the technique's pictures.
  public static let title = "inversion"
  /// The layer, as it is named in the provenance.
  public var objectiveText: String? { "layer:\(layer)" }

  /// The number of iterations after which the learning rate falls.
  public var stepsInPart: Int { 40 }
  /// See ``PhotoAscentTechnique/stepCount``.
  public var stepCount: Int { min(steps ?? .max, iterations) }
  /// The weight of the distance of the activations.
  static let weight = 0.1
  /// The standard deviation of the noise at the start.
  static let startDeviation: Float = 0.1

  /// Begins the inversion of a photograph, which is first resized to the network's input.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or the layer is 0 everywhere
  ///   for the photograph, or `sizeLimit` if the network can't take the image.
  public func begin(_ network: Network, on photo: RGBImage) throws(PixelAscentError) -> InversionAscent {
    try InversionAscent(self, network, on: network.input(for: photo))
  }

  /// Returns the size of the network's input for the photograph.
  public func size(of photo: RGBImage, _ network: Network) -> PixelSize {
    let preprocessing = network.preprocessing
    return preprocessing.isCropped
      ? preprocessing.inputSize : preprocessing.resizedSize(width: photo.width, height: photo.height)
  }

  /// Returns the seconds that all iterations will take, estimated from the first iterations.
  public func estimatedSeconds(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Double {
    try begin(network, on: Subject.required(subject.photo, "photo")).estimatedSeconds(of: stepCount)
  }

  /// Checks that the inversion can run; see ``PhotoAscentTechnique/check(_:_:)``.
  public func check(_ network: Network, _ size: PixelSize) throws(PixelAscentError) {
    try validate()
    _ = try ObjectiveText("layer:\(layer)", network)
    try network.checkSize(height: size.height, width: size.width, gradient: true)
    if let animation { try animation.checkMemory(animation.count(of: stepCount), size, network) }
  }

  /// Checks every parameter but the layer, which only a network can check.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    try checkCount(iterations, .iterations, from: 1)
    try checkPositive(learningRate, .learningRate)
    for (weight, name) in [(totalVariation, Advice.totalVariation), (alphaNorm, .alphaNorm)] {
      try checkWeight(weight, name)
    }
    try checkCount(steps ?? 1, .iterations, from: 1)
    try animation?.validate()
  }
}
