// SPDX-License-Identifier: MIT

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
