// SPDX-License-Identifier: MIT

/// A technique that makes a picture from a photograph, step by step along the gradient of an objective.
public protocol PhotoAscentTechnique: Technique where Result == PhotoAscentResult {
  /// The ascent that the caller drives.
  associatedtype Ascent: AscentSequence where Ascent.Step == PhotoAscentStep, Ascent.Result == PhotoAscentResult

  /// The number of steps after which the ascent ends, at least 1; nil to make all of them.
  var steps: Int? { get set }
  /// The number of steps that the ascent makes.
  var stepCount: Int { get }
  /// The number of steps after which people want to hear of the progress.
  var stepsInPart: Int { get }
  /// How the steps are shown as an animation; nil if they are not.
  var animation: Animation.Style? { get set }

  /// Begins an ascent from a photograph.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range or names a layer that the
  ///   network does not have, `classLookup`, or `sizeLimit` if the network can't take an image of that size.
  func begin(_ network: Network, on photo: RGBImage) throws(PixelAscentError) -> Ascent

  /// Returns the size of the picture of a photograph.
  func size(of photo: RGBImage, _ network: Network) -> PixelSize

  /// Checks that an ascent can run.
  ///
  /// - Parameters:
  ///   - network: the network to ask
  ///   - size: the size of the picture
  /// - Throws: ``PixelAscentError`` as ``begin(_:on:)`` does.
  func check(_ network: Network, _ size: PixelSize) throws(PixelAscentError)
}

/// The information about one step of an ascent that makes a picture from a photograph.
public struct PhotoAscentStep {
  /// The number of the step, from 0.
  public let iteration: Int
  /// The part of the ascent to which the step belongs, such as "octave 2/4"; nil if the ascent has no parts.
  public let part: String?
  /// The objective's value before the step, for the image after the step's random changes.
  public let value: Float
  /// Whether the image after the step is a frame of the animation that the technique's parameters describe.
  public let isFrame: Bool
  let ascent: any PhotoAscentImages

  /// The image after the step, at the size of the result. Read it before the next step.
  public var picture: RGBImage { ascent.picture }
  /// The gradient of the objective with respect to the image that the step changed, in normalised space, of shape
  /// (C, h, w). Read it before the next step.
  public var gradient: Tensor { ascent.stepGradient }
}

/// What a step's information reads from its ascent.
protocol PhotoAscentImages: AnyObject {
  var picture: RGBImage { get }
  var stepGradient: Tensor { get }
}

/// The result of an ascent that makes a picture from a photograph.
public struct PhotoAscentResult: Sendable {
  /// The number of steps made; fewer than the parameters say if the ascent was stopped.
  public let steps: Int
  /// The objective's value at each step, before the step, for the image after the step's random changes.
  public let valueHistory: [Float]
  /// The objective's value for the image at the start, at the size of the result, and for the last image.
  public let valueBefore, value: Float
  /// The last image in normalised space, of shape (C, H, W).
  public let image: Tensor
  /// The last image as a picture.
  public let picture: RGBImage
  /// The time of all steps in seconds.
  public let seconds: Double
  /// The number of steps whose gradient was taken before a ReLU, because the objective's own gradient was zero.
  public let gradientsBeforeLastReLU: Int
}

extension PhotoAscentTechnique {
  /// The technique needs ``Subject/photo``.
  public var source: Subject.Source { .photo }

  /// Makes all steps from a photograph and returns the result.
  ///
  /// - Throws: as ``begin(_:on:)`` and the ascent do.
  public func run(_ network: Network, on photo: RGBImage) throws(PixelAscentError) -> Result {
    try begin(network, on: photo).finish()
  }

  /// Makes all steps from the subject's photograph.
  ///
  /// - Throws: as ``begin(_:on:)`` and the ascent do, and ``PixelAscentError`` of kind `invalidParameter` if the subject
  ///   has no photograph.
  public func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> Result {
    try run(network, on: Subject.required(subject.photo, "photo"))
  }

  /// Returns the parameters, with ``animation`` set to nil unless the picture is an animation.
  public func parameters(of kind: Provenance.Kind) -> Self {
    var parameters = self
    if kind != .animation { parameters.animation = nil }
    return parameters
  }

  /// Makes all steps from the subject's photograph and returns the last image.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func picture(
    _ kind: Provenance.Kind, _ network: Network, of subject: Subject
  ) throws(PixelAscentError) -> RGBImage { try run(network, on: subject).picture }

  /// Makes all steps from the subject's photograph and returns them as an animation.
  ///
  /// - Throws: as ``run(_:on:)`` does, and ``PixelAscentError`` of kind `invalidParameter` if ``animation`` is nil.
  public func animation(_ network: Network, of subject: Subject) throws(PixelAscentError) -> Animation {
    guard let style = animation else { throw Self.noStyle }
    let ascent = try begin(network, on: Subject.required(subject.photo, "photo"))
    var frames: [RGBImage] = []
    while let step = try ascent.next() { if step.isFrame { frames.append(step.picture) } }
    return Animation(frames: frames, style: style)
  }
}
