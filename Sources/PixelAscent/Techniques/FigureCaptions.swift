// SPDX-License-Identifier: MIT

extension Network {
  /// Returns the caption of a picture that shows a class: the class's first synonym and its probability, such as "goose
  /// 0.94". The probability is left out if it is not known; see ``activation``.
  ///
  /// - Parameters:
  ///   - index: the index of the class
  ///   - scores: the scores of all classes for the picture
  public func caption(ofClass index: Int, _ scores: [Float]) -> Figure.Caption {
    let probability = activation.probability(of: index, scores).map { " \(fixed($0, 2))" }
    return Figure.Caption(labels[index], ending: probability ?? "")
  }
}

extension Fooling.Result {
  /// Returns the figure of four pictures: the original and the fooling image with the classes that the network sees in
  /// them, their difference, and ten times their difference.
  ///
  /// - Parameters:
  ///   - network: the network that was to be fooled
  ///   - style: the figure's layout; ``Fooling/figure`` for the parameters' own
  public func figure(_ network: Network, style: Figure.Style = Figure.Style()) -> Figure {
    let seen = classesSeen(by: network)
    return Figure(
      [
        Figure.Panel(original, caption: network.caption(ofClass: seen.original, originalScores)),
        Figure.Panel(image, caption: network.caption(ofClass: seen.image, scores)),
        Figure.Panel(image.difference(from: original), caption: "difference"),
        Figure.Panel(image.difference(from: original, gain: 10), caption: "difference × 10"),
      ], style: style)
  }

  /// The classes that the captions of ``figure(_:style:)`` name. For the image that is the target if the network sees it:
  /// a network with sigmoid outputs may give another class a greater score.
  private func classesSeen(by network: Network) -> (original: Int, image: Int) {
    (network.topClass(originalScores), network.sees(target, scores) ? target : network.topClass(scores))
  }

  /// The names of the classes that the captions of ``figure(_:style:)`` name, by class index.
  package func names(_ network: Network) -> [Int: String] {
    let seen = classesSeen(by: network)
    return Dictionary(
      [seen.original, seen.image].map { ($0, network.labels[$0]) }, uniquingKeysWith: { first, _ in first })
  }
}

extension SaliencyMap {
  /// Returns the figure of the photograph, if there is one, with the map's class and its probability, and of the map.
  ///
  /// - Parameters:
  ///   - network: the network that made the map
  ///   - style: the figure's layout; ``Saliency/figure`` of the map's technique if none is given
  public func figure(_ network: Network, style: Figure.Style? = nil) -> Figure {
    let photo = photo.map { Figure.Panel($0, caption: network.caption(ofClass: classIndex, scores)) }
    let map = Figure.Panel(picture, caption: "saliency")
    return Figure([photo, map].compactMap(\.self), style: style ?? technique.figure)
  }
}

extension ClassVisualization {
  /// Returns the figure of an ascent's shown iterations, with captions such as "gorilla · iteration 25/100".
  ///
  /// - Parameters:
  ///   - shown: the iterations, numbered from 0, and their images
  ///   - label: the name of the class, or the text of the objective
  public func figure(_ shown: [(iteration: Int, picture: RGBImage)], label: String) -> Figure {
    let panels = shown.map { (iteration: Int, picture: RGBImage) -> Figure.Panel in
      let ending = " · iteration \(iteration + 1)/\(iterations)"
      return Figure.Panel(picture, caption: Figure.Caption(label, ending: ending))
    }
    return Figure(panels, style: figure)
  }
}

extension Figure {
  /// Returns the figure as a picture.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the picture takes more memory than the network's options allow,
  ///   and as ``image()`` does.
  package func image(allowedBy network: Network) throws(PixelAscentError) -> RGBImage {
    if let bytes = byteCount {
      try network.options.checkMemory(bytes, of: "a figure at \(advice: .scale) \(style.scale)")
    }
    return try image()
  }
}

extension Labels {
  /// Returns the labels with other first synonyms for some classes. An index out of range and an empty name are ignored.
  func renamingClasses(_ others: [Int: String]) -> Labels {
    var names = names
    for (index, name) in others where names.indices.contains(index) && name != names[index][0] && !name.isEmpty {
      names[index] = [name]
    }
    return (try? Labels(names: names)) ?? self
  }
}
