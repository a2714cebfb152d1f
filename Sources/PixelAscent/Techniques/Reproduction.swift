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

extension Provenance {
  /// What is not as it was when the picture was made, a line each: the program's version, the instruction set, the model,
  /// the input.
  ///
  /// - Parameters:
  ///   - network: the network that makes the picture now
  ///   - input: the SHA-256 of the file that it is made from now
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  public func differences(from network: Network, input: String?) throws(PixelAscentError) -> [String] {
    differences(
      version: PixelAscent.version, instructionSet: network.options.instructionSet.name, model: try network.sha256(),
      input: input)
  }

  package func differences(version present: String, instructionSet: String, model: String, input: String?) -> [String] {
    var lines: [String] = []
    if version != present { lines.append("it was made by version \(version.oneLine), this is \(present)") }
    if self.instructionSet != instructionSet {
      lines.append("it was made with the instruction set \(self.instructionSet.oneLine), this is \(instructionSet)")
    }
    if self.model.sha256 != model {
      lines.append("it was made by another model (SHA-256 \(self.model.sha256.oneLine), this one's is \(model))")
    }
    if let input, let recorded = self.input, input != recorded {
      lines.append("it was made from another file (SHA-256 \(recorded.oneLine), this one's is \(input))")
    }
    return lines
  }
}
