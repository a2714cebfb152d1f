// SPDX-License-Identifier: MIT

/// A dream: a photograph that is changed so that the network sees in it more of what it sees (Mordvintsev, Olah, Tyka:
/// "DeepDream", 2015).
///
/// The ascent begins with a small copy of the photograph, and repeats itself at larger and larger sizes, the octaves; what
/// it has added at one size is enlarged for the next. Each iteration rolls the image by a random offset, takes the gradient
/// of the objective, rolls it back, and makes a step whose mean magnitude is ``stepSize``. Colours stay from 0 to 255.
public struct Dream: PhotoAscentTechnique {
  /// What the dream raises, as ``ObjectiveText`` reads it, such as `layer:features.9`: the mean square of a layer.
  public var objective: String
  /// The number of sizes, from 1 to 20.
  public var octaves = 4
  /// The ratio of the sides of two successive octaves: above 1, at most 10.
  public var octaveScale = 1.4
  /// The iterations at each size, at least 1.
  public var iterations = 10
  /// The mean magnitude of a step, for colours from 0 to 255; positive.
  public var stepSize = 1.5
  /// The greatest offset of the jitter in pixels, from 0 to 1,000,000; offsets are uniform in −maxJitter…maxJitter.
  public var maxJitter = 32
  /// The longest side that the dream may have. A larger photograph is made smaller; at least 1.
  public var longestSide = 1024
  /// The number of frames of a journey into the dream, each a dream of the middle of the last one; 0 for a single dream.
  public var zoomFrames = 0
  /// How the steps, or the frames of the journey, are shown as an animation; nil if they are not.
  public var animation: Animation.Style?
  /// The number of steps after which the dream ends, at least 1; nil to make all of them.
  public var steps: Int?
  /// The seed of the jitter.
  public var seed: UInt64 = 0

  private enum CodingKeys: String, CodingKey {
    case objective, octaves, iterations, animation, steps, seed
    case octaveScale = "octave_scale"
    case stepSize = "step_size"
    case maxJitter = "max_jitter"
    case longestSide = "longest_side"
    case zoomFrames = "zoom_frames"
  }

  /// Creates the defaults of DeepDream for an objective.
  public init(objective: String) { self.objective = objective }

  /// The name of the technique in the provenance of pictures, and of its command.
  public static let name = "dream"
  /// What people call the technique's pictures.
  public static let title = "dream"
  /// See ``objective``.
  public var objectiveText: String? { objective }

  /// Returns the objective that a dream has unless another is chosen: the mean square of SqueezeNet's layer `features.9`,
  /// for other networks that of the layer in the middle of ``Network/layerNames``.
  public static func usualObjective(of network: Network) -> String {
    if let text = try? ObjectiveText("layer:features.9", network).text { return text }
    return "layer:#\(network.layerNames.count / 2)"
  }

  /// The part of each side that a frame of the journey leaves out at the edges.
  static let zoom = 0.05

  /// Begins a dream of a photograph.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or the objective can't be
  ///   read, `classLookup`, or `sizeLimit` if the network can't take the size of an octave.
  public func begin(_ network: Network, on photo: RGBImage) throws(PixelAscentError) -> DreamAscent {
    try DreamAscent(self, network, on: photo)
  }

  /// Returns the seconds that all steps take, if each took as long as the first ones at the smallest size times the ratio
  /// of the areas.
  ///
  /// - Throws: as ``begin(_:on:)`` does.
  public func estimatedSeconds(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Double {
    let ascent = try begin(network, on: Subject.required(subject.photo, "photo"))
    return try ascent.estimatedSeconds(of: 1) * ascent.totalWork
  }

  /// See ``iterations``.
  public var stepsInPart: Int { iterations }

  /// The number of steps of all octaves and frames, or ``steps`` if that is less.
  public var stepCount: Int { min(steps ?? .max, octaves * iterations * (zoomFrames + 1)) }

  /// Checks every parameter but the objective, which only a network can check.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    guard (1...20).contains(octaves) else {
      throw PixelAscentError(.invalidParameter, "\(advice: .octaves) must be from 1 to 20, found \(octaves)")
    }
    guard octaveScale > 1, octaveScale <= 10 else {
      throw PixelAscentError(
        .invalidParameter, "\(advice: .octaveScale) must be above 1 and at most 10, found \(octaveScale)")
    }
    try checkCount(iterations, .iterations, from: 1)
    guard iterations <= 1_000_000 else {
      throw PixelAscentError(.invalidParameter, "\(advice: .iterations) must be at most 1000000, found \(iterations)")
    }
    try checkPositive(stepSize, .stepSize)
    try checkCount(maxJitter, .maxJitter)
    guard maxJitter <= 1_000_000 else {
      throw PixelAscentError(.invalidParameter, "\(advice: .maxJitter) must be at most 1000000, found \(maxJitter)")
    }
    try checkCount(longestSide, .longestSide, from: 1)
    try checkCount(zoomFrames, .zoomFrames)
    guard zoomFrames <= 100_000 else {
      throw PixelAscentError(.invalidParameter, "\(advice: .zoomFrames) must be at most 100000, found \(zoomFrames)")
    }
    try checkCount(steps ?? 1, .iterations, from: 1)
    try animation?.validate()
  }

  /// Returns the size of the dream of a photograph: that of the photograph, unless it is too large.
  public func size(of photo: RGBImage, _ network: Network) -> PixelSize {
    let longest = max(photo.height, photo.width)
    if longest <= longestSide { return PixelSize(height: photo.height, width: photo.width) }
    func scaled(_ side: Int) -> Int {
      max(1, Int((Double(side) * Double(longestSide) / Double(longest)).rounded()))
    }
    return PixelSize(height: scaled(photo.height), width: scaled(photo.width))
  }

  /// Returns the size of each octave, the smallest first.
  func sizes(_ size: PixelSize) -> [PixelSize] {
    func smaller(_ side: Int) -> Int { Int((Double(side) / octaveScale).rounded(.toNearestOrEven)) }
    var sizes = [size]
    for _ in 1..<octaves {
      sizes.append(
        PixelSize(height: smaller(sizes[sizes.count - 1].height), width: smaller(sizes[sizes.count - 1].width)))
    }
    return sizes.reversed()
  }

  /// Checks that the network can take every octave of a dream of a size.
  ///
  /// - Throws: ``PixelAscentError`` as ``begin(_:on:)`` does.
  public func check(_ network: Network, _ size: PixelSize) throws(PixelAscentError) {
    try validate()
    _ = try ObjectiveText(objective, network)
    for size in sizes(size) {
      guard min(size.height, size.width) > 0 else {
        throw PixelAscentError(
          .invalidParameter, "\(advice: .octaves) \(octaves) leaves no pixels of the photo in the smallest octave")
      }
      try network.checkSize(height: size.height, width: size.width, gradient: true)
    }
    let images = elementCount([20, MemoryLayout<Float>.stride, network.channels, size.height, size.width]) ?? .max
    try network.options.checkMemory(images, of: "the octaves of the photo")
    if let animation {
      try animation.checkMemory(zoomFrames > 0 ? zoomFrames + 1 : animation.count(of: stepCount), size, network)
    }
  }
}
