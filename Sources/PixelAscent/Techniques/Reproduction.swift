// SPDX-License-Identifier: MIT

extension Provenance {
  /// Makes the picture again.
  ///
  /// - Parameters:
  ///   - network: the network, read with the settings of ``model``
  ///   - photo: the photograph of a saliency map or a fooling image
  ///   - start: the image, in normalised space, that a class visualization started from, if it was one
  /// - Throws: ``PixelAscentError`` as the technique does, or of kind `invalidParameter` if the input is missing.
  public func picture(
    by network: Network, photo: RGBImage? = nil, start: Tensor? = nil
  ) throws(PixelAscentError) -> RGBImage {
    switch technique {
    case .saliency(let view):
      let photo = try Self.required(photo), resized = try network.resized(photo)
      let map = try network.saliency(ofInput: network.tensor(from: resized)) { _ in view.objective(classIndex) }.map
      if kind == .overlay {
        return network.overlay(of: map, on: photo, colormap: view.colormap, percentile: view.percentile)
      }
      let picture = RGBImage(map: map, colormap: view.colormap, percentile: view.percentile)
      return kind == .figure ? RGBImage(row: [resized, picture]) : picture
    case .fooling(let fooling):
      let result = try fooling.run(network, on: Self.required(photo), target: classIndex)
      return kind == .figure ? result.panels : result.image
    case .visualization(var visualization):
      if case .image = visualization.start { visualization.start = .image(try Self.required(start)) }
      var pictures: [RGBImage] = []
      try visualization.check(network, copies: kind == .figure ? ClassVisualization.copiesOfShown : 0)
      let result = try visualization.run(network, class: classIndex) { shown in
        if kind == .figure { pictures.append(shown.picture) }
      }
      return kind == .figure ? RGBImage(row: pictures) : result.picture
    }
  }

  private static func required<Input>(_ input: Input?) throws(PixelAscentError) -> Input {
    guard let input else {
      throw PixelAscentError(.invalidParameter, "the picture was made from a file that must be given as its input")
    }
    return input
  }
}
