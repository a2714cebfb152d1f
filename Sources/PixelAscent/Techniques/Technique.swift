// SPDX-License-Identifier: MIT

/// A way to ask a network what it sees, as a value that holds the parameters.
///
/// Making the value never fails; running it checks every parameter. A technique that takes many steps also has a method
/// that begins an ``AscentSequence``, which the caller drives step by step. The provenance of a picture stores the
/// parameters under the technique's name; ``Provenance/techniques`` lists all techniques.
public protocol Technique: Codable, Hashable, Sendable {
  /// The result of the technique.
  associatedtype Result: Sendable

  /// The name of the technique in the provenance of pictures, and of its command.
  static var name: String { get }
  /// What people call the technique's pictures, such as "saliency map".
  static var title: String { get }

  /// What the technique raises instead of a class's score, as ``ObjectiveText`` reads it; nil if it asks about a class.
  var objectiveText: String? { get }

  /// Checks every parameter.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  func validate() throws(PixelAscentError)

  /// Applies the technique to a subject.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or the subject lacks a
  ///   part that the technique needs, `classLookup` if the network does not have the class, `sizeLimit` if the image
  ///   does not suit the network or takes too much memory. Each technique documents its further errors.
  func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Result

  /// The image that the technique needs as input, if any.
  var source: Subject.Source { get }

  /// Returns the parameters that affect a picture of this kind; the others are set to fixed values.
  func parameters(of kind: Provenance.Kind) -> Self

  /// Applies the technique to a subject and returns one of its pictures.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  func picture(_ kind: Provenance.Kind, _ network: Network, of subject: Subject) throws(PixelAscentError) -> RGBImage

  /// Applies the technique to a subject and returns its steps as an animation.
  ///
  /// - Throws: as ``run(_:on:)`` does, and ``PixelAscentError`` of kind `invalidParameter` if the technique's pictures are
  ///   not made in steps.
  func animation(_ network: Network, of subject: Subject) throws(PixelAscentError) -> Animation

  /// Returns the seconds that the technique will take at most, estimated from the time of its first steps; 0 if it takes
  /// no longer than the estimate itself.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  func estimatedSeconds(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Double
}

extension Technique {
  /// A technique asks about a class unless it says otherwise.
  public var objectiveText: String? { nil }

  /// A technique without steps has no animation.
  public func animation(_ network: Network, of subject: Subject) throws(PixelAscentError) -> Animation {
    throw Self.noSteps
  }

  static var noStyle: PixelAscentError {
    PixelAscentError(.invalidParameter, "the parameters do not say how to animate the steps")
  }

  static var noSteps: PixelAscentError { PixelAscentError(.invalidParameter, "a \(title) has no steps to animate") }
}

/// The input of a technique besides the network: an image, a class, or both.
public struct Subject: Hashable, Sendable {
  /// The photograph, at its own size.
  public var photo: RGBImage?
  /// The image that an ascent starts from, in normalised space, of shape (C, H, W).
  public var start: Tensor?
  /// The magnitudes of Fourier coefficients that an ascent on their phases keeps, of shape (C, H, W/2 + 1).
  public var spectrum: Tensor?
  /// The index of the class that the technique asks about.
  public var classIndex: Int?

  /// The image that a technique needs as input.
  public enum Source: Sendable {
    /// The technique needs ``Subject/photo``.
    case photo
    /// The technique needs ``Subject/start``.
    case start
    /// The technique needs no image.
    case none
  }

  /// Creates a subject from the given parts; each technique documents which parts it needs.
  public init(photo: RGBImage? = nil, start: Tensor? = nil, spectrum: Tensor? = nil, class index: Int? = nil) {
    (self.photo, self.start, self.spectrum, classIndex) = (photo, start, spectrum, index)
  }

  /// Returns a part of a subject.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the part is missing. The error calls the part `what`.
  static func required<Part>(_ part: Part?, _ what: String) throws(PixelAscentError) -> Part {
    guard let part else { throw PixelAscentError(.invalidParameter, "the subject has no \(what)") }
    return part
  }
}

/// An ascent that its caller drives step by step:
///
/// ```swift
/// let ascent = try ClassVisualization().begin(network, class: 76)
/// while let step = try ascent.next() { print(step.iteration, step.score) }
/// let result = try ascent.result()
/// ```
///
/// Stop whenever you like: `result()` returns the result of the steps made so far. In a cancelled task `next()` returns
/// nil. Two tasks can't use one ascent at the same time; make one for each task.
public protocol AscentSequence: AnyObject {
  /// The information about one step.
  associatedtype Step
  /// The result of the ascent.
  associatedtype Result

  /// Makes one step.
  ///
  /// - Parameter update: a step rule that replaces the technique's own; nil for the technique's own. The rule gets the
  ///   image and the gradient of the objective, and changes the image. Both are in normalised space and have the shape
  ///   (C, H, W)
  /// - Returns: the step; nil at the end of the ascent or in a cancelled task
  /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if the gradient is exactly zero, `invalidParameter` if
  ///   values become too large for a float or a step rule changes the image's shape.
  func next(update: AscentUpdate?) throws(PixelAscentError) -> Step?

  /// Returns the result of the steps made so far.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the scores are not finite.
  func result() throws(PixelAscentError) -> Result
}

extension AscentSequence {
  /// Makes the first steps, and returns the seconds that `count` steps would take; 0 if the ascent ends within the first
  /// steps. If the answer is many seconds, it takes about two seconds to find.
  func estimatedSeconds(of count: Int) throws(PixelAscentError) -> Double {
    // The first step also makes the memory ready.
    guard try next() != nil else { return 0 }
    let begin = ContinuousClock.now
    var made = 0.0
    while true {
      guard try next() != nil else { return 0 }
      made += 1
      let passed = begin.secondsSince, estimate = passed / made * Double(count)
      if estimate < 20 || passed > 2 { return estimate }
    }
  }

  /// Makes one step with the technique's own step rule.
  ///
  /// - Returns: the step; nil at the end of the ascent or in a cancelled task
  /// - Throws: as `next(update:)` does.
  public func next() throws(PixelAscentError) -> Step? { try next(update: nil) }

  /// Makes all remaining steps and returns the result.
  ///
  /// - Throws: as `next(update:)` and `result()` do.
  public func finish() throws(PixelAscentError) -> Result {
    while try next() != nil {}
    return try result()
  }
}

extension Animation.Style {
  /// Checks that the network's options allow to keep frames of a size.
  ///
  /// - Returns: the bytes that they take
  /// - Throws: `PixelAscentError` of kind `sizeLimit`.
  @discardableResult
  func checkMemory(_ frames: Int, _ size: PixelSize, _ network: Network) throws(PixelAscentError) -> Int {
    let bytes = elementCount([frames, size.height, size.width, 3]) ?? .max
    try network.options.checkMemory(bytes, of: "keeping the frames (\(advice: .every) \(every))")
    return bytes
  }
}

func checkPositive(_ value: Double, _ name: Advice) throws(PixelAscentError) {
  guard value.isFinite, value > 0 else {
    throw PixelAscentError(.invalidParameter, "\(advice: name) must be a positive number, found \(value)")
  }
}

func checkWeight(_ weight: Double, _ name: Advice) throws(PixelAscentError) {
  guard weight.isFinite, weight >= 0 else {
    throw PixelAscentError(.invalidParameter, "\(advice: name) must be a number of 0 or more, found \(weight)")
  }
}

func checkCount(_ value: Int, _ name: Advice, from least: Int = 0) throws(PixelAscentError) {
  guard value >= least else {
    throw PixelAscentError(.invalidParameter, "\(advice: name) must be \(least) or more, found \(value)")
  }
}
