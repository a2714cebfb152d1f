// SPDX-License-Identifier: MIT

/// A saliency map, which shows how much a class's score or loss depends on each pixel:
/// M[h, w] = max over the channels c of |∂f / ∂X[c, h, w]|, where f is the score or the loss
/// (Simonyan, Vedaldi, Zisserman: "Deep inside convolutional networks", 2014).
public struct Saliency: Technique {
  /// The kind of objective to differentiate: the class's score or its cross-entropy loss.
  public var objective: Objective.Kind
  /// The colours of the map's values in pictures.
  public var colormap: Colormap
  /// The percentile of the map's values from which on all values get the last colour: above 0, at most 100.
  public var percentile: Double
  /// The layout of the figure.
  public var figure: Figure.Style

  /// Creates a saliency map's parameters: the objective, and how pictures show the map.
  public init(
    _ objective: Objective.Kind = .score, colormap: Colormap = .hot, percentile: Double = 100,
    figure: Figure.Style = Figure.Style()
  ) {
    (self.objective, self.colormap, self.percentile, self.figure) = (objective, colormap, percentile, figure)
  }

  /// The name of the technique in the provenance of pictures, and of its command.
  public static let name = "saliency"
  /// The image that the technique needs: ``Subject/photo``.
  public var source: Subject.Source { .photo }
  /// What people call the technique's pictures.
  public static let title = "saliency map"

  /// Checks every parameter.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    guard percentile > 0, percentile <= 100 else {
      throw PixelAscentError(
        .invalidParameter, "\(advice: .percentile) must be above 0 and at most 100, found \(percentile)")
    }
    try figure.validate()
  }

  /// Returns the saliency map of a photograph.
  ///
  /// - Parameters:
  ///   - network: the network to ask
  ///   - photo: the photograph, which is first resized to the network's input; the map has the size of that input
  ///   - index: the index of the class; nil for the class with the greatest score
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup` or `invalidParameter`.
  public func run(
    _ network: Network, on photo: RGBImage, class index: Int? = nil
  ) throws(PixelAscentError) -> SaliencyMap {
    try validate()
    let resized = try network.resized(photo)
    return try map(network.evaluation(ofResized: resized), photo: resized, class: index)
  }

  /// Returns the saliency maps of a photograph for several classes, in the order of `classes`.
  ///
  /// One forward pass serves all classes, so this takes less time than ``run(_:on:class:)`` for each class, and gives the
  /// same maps.
  ///
  /// - Parameters:
  ///   - network: the network to ask
  ///   - photo: the photograph, which is first resized to the network's input; the maps have the size of that input
  ///   - classes: the indices of the classes
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup` or `invalidParameter`.
  public func run(
    _ network: Network, on photo: RGBImage, classes: [Int]
  ) throws(PixelAscentError) -> [SaliencyMap] {
    try validate()
    let resized = try network.resized(photo)
    return try maps(network.evaluation(ofResized: resized), photo: resized, classes: classes)
  }

  /// Returns the saliency map of an input in normalised space.
  ///
  /// - Parameters:
  ///   - network: the network to ask
  ///   - input: the image in normalised space, of shape (C, H, W)
  ///   - index: the index of the class; nil for the class with the greatest score
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup` or `invalidParameter`.
  public func run(
    _ network: Network, onInput input: Tensor, class index: Int? = nil
  ) throws(PixelAscentError) -> SaliencyMap {
    try validate()
    return try map(network.evaluation(of: input), photo: nil, class: index)
  }

  /// Returns the saliency maps of an input in normalised space for several classes, in the order of `classes`, with one
  /// forward pass.
  ///
  /// - Parameters:
  ///   - network: the network to ask
  ///   - input: the image in normalised space, of shape (C, H, W)
  ///   - classes: the indices of the classes
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup` or `invalidParameter`.
  public func run(
    _ network: Network, onInput input: Tensor, classes: [Int]
  ) throws(PixelAscentError) -> [SaliencyMap] {
    try validate()
    return try maps(network.evaluation(of: input), photo: nil, classes: classes)
  }

  /// Returns the saliency map of the subject's photograph, for the subject's class; for the class with the greatest
  /// score if the subject has none.
  ///
  /// - Throws: as ``run(_:on:class:)`` does, and ``PixelAscentError`` of kind `invalidParameter` if the subject has no
  ///   photograph.
  public func run(_ network: Network, on subject: Subject) throws(PixelAscentError) -> SaliencyMap {
    try run(network, on: Subject.required(subject.photo, "photo"), class: subject.classIndex)
  }

  /// Returns the saliency map of the image that an evaluation has loaded.
  ///
  /// - Parameters:
  ///   - photo: the loaded image; nil if a tensor was loaded
  ///   - index: the index of the class; nil for the class with the greatest score
  /// - Throws: ``PixelAscentError`` of kind `classLookup` or `invalidParameter`.
  package func map(
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

  /// Returns the saliency maps of the image that an evaluation has loaded, in the order of `classes`.
  private func maps(
    _ evaluation: Evaluation, photo: RGBImage?, classes: [Int]
  ) throws(PixelAscentError) -> [SaliencyMap] {
    evaluation.keepsActivations = true
    var maps: [SaliencyMap] = []
    for index in classes { maps.append(try map(evaluation, photo: photo, class: index)) }
    return maps
  }

  /// Returns the parameters, with ``figure`` set to ``Figure/Style/row`` unless the picture is a figure.
  public func parameters(of kind: Provenance.Kind) -> Saliency {
    var parameters = self
    if kind != .figure { parameters.figure = .row }
    return parameters
  }

  /// Returns 0: a map takes one gradient.
  public func estimatedSeconds(_ network: Network, on subject: Subject) -> Double { 0 }

  /// Returns one of the technique's pictures of the subject's photograph.
  ///
  /// - Throws: as ``run(_:on:)`` does.
  public func picture(
    _ kind: Provenance.Kind, _ network: Network, of subject: Subject
  ) throws(PixelAscentError) -> RGBImage {
    let photo = try Subject.required(subject.photo, "photo"), map = try run(network, on: subject)
    switch kind {
    case .result: return map.picture
    case .figure: return try map.figure(network).image(allowedBy: network)
    case .overlay: return map.overlay(on: photo, network)
    case .animation: throw Self.noSteps
    }
  }
}

/// The saliency map of one image.
public struct SaliencyMap: Sendable {
  /// The technique that made the map.
  public let technique: Saliency
  /// The index of the class that the map is about.
  public let classIndex: Int
  /// The scores of all classes for the image.
  public let scores: [Float]
  /// The gradient of the objective with respect to the image in normalised space, of shape (C, H, W).
  public let gradient: Tensor
  /// The map M, of shape (H, W): for each pixel the greatest absolute value of ``gradient`` over the channels.
  public let map: Tensor
  /// The photograph at the size of the network's input; nil if the map was made from a tensor.
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

  /// Whether the map is zero everywhere. The usual reason is a dead score: a score that the last ReLU has set to zero.
  public var isZero: Bool { map.values.range.high == 0 }

  /// The map in the technique's colours, at the map's size.
  public var picture: RGBImage {
    RGBImage(map: map, colormap: technique.colormap, percentile: technique.percentile)
  }

  /// Returns the photograph with the map drawn over the region that the network saw, at the photograph's own size.
  ///
  /// - Parameters:
  ///   - photo: the photograph that the map was made from
  ///   - network: the network that made the map
  public func overlay(on photo: RGBImage, _ network: Network) -> RGBImage {
    network.overlay(of: map, on: photo, colormap: technique.colormap, percentile: technique.percentile)
  }
}
