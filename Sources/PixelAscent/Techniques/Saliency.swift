// SPDX-License-Identifier: MIT

/// Which pixels decided a classification: M[h,w] = max over channels of |∂/∂X[c,h,w]| of a class's score or loss
/// (Simonyan, Vedaldi, Zisserman: "Deep inside convolutional networks", 2014).
public struct SaliencyMap: Sendable {
  /// What was differentiated.
  public let objective: Objective
  /// The scores of all classes.
  public let scores: [Float]
  /// The gradient with respect to the input in normalised space, shape (C, H, W).
  public let gradient: Tensor
  /// M, shape (H, W), not negative.
  public let map: Tensor

  /// Whether the class's score is dead: the last ReLU lets no gradient through, and the map is zero everywhere.
  public var isZero: Bool { map.values.range.high == 0 }

  /// The map in the colours "hot", from its least to its greatest value.
  public var picture: RGBImage { RGBImage(map: map) }
}

extension Network {
  /// The saliency map of an image.
  ///
  /// - Parameters:
  ///   - image: resized to the network's input; the map has the size of that input
  ///   - makeObjective: the objective, given the class of the greatest score
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` or `classLookup`.
  public func saliency(
    of image: RGBImage, objective makeObjective: (_ topClass: Int) -> Objective = { .score(class: $0) }
  ) throws(PixelAscentError) -> SaliencyMap {
    try saliency(ofInput: input(for: image), objective: makeObjective)
  }

  /// The saliency map of an input of shape (C, H, W) in normalised space.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`, `classLookup` or `invalidParameter`.
  public func saliency(
    ofInput input: Tensor, objective makeObjective: (_ topClass: Int) -> Objective = { .score(class: $0) }
  ) throws(PixelAscentError) -> SaliencyMap {
    try check(input)
    let workspace = try Workspace(self, height: input.shape[1], width: input.shape[2], gradient: true)
    let (objective, scores, gradient) = try workspace.parallel.together { () throws(PixelAscentError) in
      let scores = try forward(input, in: workspace)
      let objective = makeObjective(topClass(scores))
      try check(class: objective.classIndex)
      return (objective, scores, try backward(objective, scores: scores, in: workspace))
    }
    let plane = input.shape[1] * input.shape[2], values = gradient.values
    let map = [Float](count: plane) { start in
      var greatest = SIMD16<Float>()
      for channel in 0..<channels {
        let block = values.block(channel * plane + start)
        greatest = pointwiseMax(greatest, pointwiseMax(block, -block))
      }
      return greatest
    }
    return SaliencyMap(
      objective: objective, scores: scores, gradient: gradient,
      map: Tensor(shape: [input.shape[1], input.shape[2]], values: map))
  }

  /// A saliency map over the photo it is of, at the photo's own size: where the network saw it, however that was resized or
  /// cropped. The photo is grey and half-lit there, darker elsewhere; see `RGBImage.init(map:colormap:percentile:)`.
  public func overlay(
    of map: Tensor, on photo: RGBImage, colormap: Colormap = .hot, percentile: Double = 100
  ) -> RGBImage {
    let seen = preprocessing.seen(width: photo.width, height: photo.height)
    return photo.overlaid(
      by: map, columns: seen.columns, rows: seen.rows, colormap: colormap, percentile: percentile)
  }
}
