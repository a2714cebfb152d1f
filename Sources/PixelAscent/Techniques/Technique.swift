// SPDX-License-Identifier: MIT

/// A way to ask a network what it sees, as a value: its parameters.
///
/// Every technique has this shape. Making the value never fails; running it checks every parameter. Whatever takes many steps
/// is an ``AscentSequence`` as well, which the caller drives. The parameters are what a picture says about how it was made,
/// under the technique's name; ``Provenance/techniques`` lists all of them.
public protocol Technique: Codable, Hashable, Sendable {
  /// What the technique makes.
  associatedtype Result: Sendable

  /// The name under which pictures record the technique: that of its command.
  static var name: String { get }
  /// What its pictures are called: "saliency map".
  static var title: String { get }

  /// Checks every parameter.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  func validate() throws(PixelAscentError)

  /// Applies the technique.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or the subject lacks something,
  ///   `classLookup`, `sizeLimit`, and what the technique says.
  func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Result

  /// What the technique is applied to beside a class.
  var source: Subject.Source { get }

  /// The parameters that decide a picture of this kind; others have their usual values.
  func parameters(of kind: Provenance.Kind) -> Self

  /// Makes one of the technique's pictures.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  func picture(_ kind: Provenance.Kind, _ network: Network, of subject: Subject) throws(PixelAscentError) -> RGBImage
}

/// What a technique is applied to.
public struct Subject: Hashable, Sendable {
  /// The photograph, at its own size.
  public var photo: RGBImage?
  /// The image that an ascent starts from, in normalised space: shape (C, H, W).
  public var start: Tensor?
  /// The class that is asked about.
  public var classIndex: Int?

  /// What a technique is applied to beside a class.
  public enum Source: Sendable {
    /// A photograph.
    case photo
    /// An image in normalised space.
    case start
    /// Nothing.
    case none
  }

  /// A subject of these parts; each technique says which it needs.
  public init(photo: RGBImage? = nil, start: Tensor? = nil, class index: Int? = nil) {
    (self.photo, self.start, classIndex) = (photo, start, index)
  }

  /// A part that a technique can't do without.
  static func required<Part>(_ part: Part?, _ what: String) throws(PixelAscentError) -> Part {
    guard let part else { throw PixelAscentError(.invalidParameter, "the subject has no \(what)") }
    return part
  }
}

/// An ascent that its caller drives, a step at a time:
///
/// ```swift
/// let ascent = try ClassVisualization().begin(network, class: 76)
/// while let step = try ascent.next() { print(step.iteration, step.score) }
/// let result = try ascent.result()
/// ```
///
/// Stop whenever you like: `result()` is what the ascent has come to so far. In a task that is cancelled `next()` returns nil.
/// An ascent is not for two tasks at once; make one for each.
public protocol AscentSequence: AnyObject {
  /// What is known after a step.
  associatedtype Step
  /// What the ascent has come to.
  associatedtype Result

  /// Goes one step.
  ///
  /// - Parameter update: your own step rule in place of the technique's: changes the image, given the gradient of the objective
  ///   at it; both in normalised space, shape (C, H, W)
  /// - Returns: the step, or nil at the end of the ascent
  /// - Throws: ``PixelAscentError`` of kind `zeroGradient` if there is no direction to go, `invalidParameter` if the image
  ///   becomes too large or a step rule leaves another shape.
  func next(update: AscentUpdate?) throws(PixelAscentError) -> Step?

  /// What the ascent has come to so far.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the scores are not finite.
  func result() throws(PixelAscentError) -> Result
}

extension AscentSequence {
  /// Goes one step by the technique's own rule.
  ///
  /// - Throws: as `next(update:)` does.
  public func next() throws(PixelAscentError) -> Step? { try next(update: nil) }

  /// Goes all steps that are left.
  ///
  /// - Throws: as `next(update:)` and `result()` do.
  public func finish() throws(PixelAscentError) -> Result {
    while try next() != nil {}
    return try result()
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
