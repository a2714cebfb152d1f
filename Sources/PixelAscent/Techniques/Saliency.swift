// SPDX-License-Identifier: MIT

/// Which pixels decided a classification: M[h,w] = max over channels of |∂/∂X[c,h,w]| of a class's score or loss
/// (Simonyan, Vedaldi, Zisserman: "Deep inside convolutional networks", 2014).
public struct Saliency: Technique {
  /// What is differentiated of the class.
  public var objective: Objective.Kind
  /// The colours of the pictures.
  public var colormap: Colormap
  /// The percentile of the map's values from which on all have the last colour: above 0, at most 100.
  public var percentile: Double

  /// A map of an objective, and how it is shown.
  public init(_ objective: Objective.Kind = .score, colormap: Colormap = .hot, percentile: Double = 100) {
    (self.objective, self.colormap, self.percentile) = (objective, colormap, percentile)
  }

  /// The name of the technique in pictures, and of its command.
  public static let name = "saliency"
  /// A photograph.
  public var source: Subject.Source { .photo }
  /// What the technique's pictures are called.
  public static let title = "saliency map"

  /// Checks every parameter.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    guard percentile > 0, percentile <= 100 else {
      throw PixelAscentError(
        .invalidParameter, "the percentile must be above 0 and at most 100, found \(percentile)")
    }
  }

  /// The saliency map of a photograph.
  ///
  /// - Parameters:
  ///   - network: the network that is asked
  ///   - photo: resized to the network's input; the map has the size of that input
  ///   - index: the class; nil is the one of the greatest score
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup` or `invalidParameter`.
  public func run(
    _ network: Network, on photo: RGBImage, class index: Int? = nil
  ) throws(PixelAscentError) -> SaliencyMap {
    try validate()
    let resized = try network.resized(photo)
    return try map(network.evaluation(ofResized: resized), photo: resized, class: index)
  }

  /// The saliency map of an input of shape (C, H, W) in normalised space.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup` or `invalidParameter`.
  public func run(
    _ network: Network, onInput input: Tensor, class index: Int? = nil
  ) throws(PixelAscentError) -> SaliencyMap {
    try validate()
    return try map(network.evaluation(of: input), photo: nil, class: index)
  }

  /// The saliency map of the subject's photograph.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup`, or `invalidParameter` if there is no photograph.
  public func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> SaliencyMap {
    try run(network, on: Subject.required(subject.photo, "photo"), class: subject.classIndex)
  }

  private func map(
    _ evaluation: Evaluation, photo: RGBImage?, class index: Int?
  ) throws(PixelAscentError) -> SaliencyMap {
    let network = evaluation.network
    if let index { try network.check(class: index) }
    return try evaluation.parallel.withThreads { () throws(PixelAscentError) in
      let scores = try evaluation.scores(), index = index ?? network.topClass(scores)
      let gradient = try evaluation.gradient(of: Objective(objective, class: index))
      return SaliencyMap(technique: self, classIndex: index, scores: scores, gradient: gradient, photo: photo)
    }
  }

  /// The parameters that decide a picture of this kind: all of them.
  public func parameters(of kind: Provenance.Kind) -> Saliency { self }

  /// Makes one of the technique's pictures.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func picture(
    _ kind: Provenance.Kind, _ network: Network, of subject: Subject
  ) throws(PixelAscentError) -> RGBImage {
    let photo = try Subject.required(subject.photo, "photo"), map = try run(network, on: subject)
    return switch kind {
    case .result: map.picture
    case .figure: map.figure
    case .overlay: map.overlay(on: photo, network)
    }
  }
}

/// A saliency map.
public struct SaliencyMap: Sendable {
  /// The technique that made it.
  public let technique: Saliency
  /// The class that was asked about.
  public let classIndex: Int
  /// The scores of all classes.
  public let scores: [Float]
  /// The gradient with respect to the input in normalised space, shape (C, H, W).
  public let gradient: Tensor
  /// M, shape (H, W), not negative.
  public let map: Tensor
  /// The photograph at the size of the network's input; nil if the map is that of a tensor.
  public let photo: RGBImage?

  fileprivate init(technique: Saliency, classIndex: Int, scores: [Float], gradient: Tensor, photo: RGBImage?) {
    (self.technique, self.classIndex, self.scores) = (technique, classIndex, scores)
    (self.gradient, self.photo) = (gradient, photo)
    let (channels, height, width) = (gradient.shape[0], gradient.shape[1], gradient.shape[2])
    let plane = height * width, values = gradient.values
    let map = [Float](count: plane) { start in
      var greatest = SIMD16<Float>()
      for channel in 0..<channels {
        let block = values.block(channel * plane + start)
        greatest = pointwiseMax(greatest, pointwiseMax(block, -block))
      }
      return greatest
    }
    self.map = Tensor(shape: [height, width], values: map)
  }

  /// Whether the class's score is dead: the last ReLU lets no gradient through, and the map is zero everywhere.
  public var isZero: Bool { map.values.range.high == 0 }

  /// The map in the technique's colours.
  public var picture: RGBImage {
    RGBImage(map: map, colormap: technique.colormap, percentile: technique.percentile)
  }

  /// The map over the photograph it is of, at the photograph's own size.
  public func overlay(on photo: RGBImage, _ network: Network) -> RGBImage {
    network.overlay(of: map, on: photo, colormap: technique.colormap, percentile: technique.percentile)
  }

  /// The photograph, if there is one, and the map side by side.
  public var figure: RGBImage { RGBImage(row: [photo, picture].compactMap(\.self)) }
}
