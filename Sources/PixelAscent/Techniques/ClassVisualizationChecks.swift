// SPDX-License-Identifier: MIT

extension ClassVisualization {
  /// An estimate of the number of copies of each shown picture in memory while a figure or a page is written: the
  /// picture itself, and what the file is made from.
  package static let copiesOfShown = 4

  /// Checks whether an ascent can run, whatever its class and its seed are.
  ///
  /// - Parameters:
  ///   - network: the network to ask
  ///   - subject: the image to start from if ``start`` is `image`, and the spectrum if ``spectrum`` is `given`
  ///   - copies: the number of copies of each shown picture that are kept
  /// - Returns: the bytes that the evaluation of the image and the kept pictures take
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter is out of range, or if the start image or
  ///   the spectrum is missing, of the wrong shape or not finite; `sizeLimit` if the network can't take an image of this size, or if
  ///   the evaluation or the pictures take more memory than the network's options allow.
  @discardableResult
  package func check(
    _ network: Network, _ subject: Subject = Subject(), copies: Int = 0
  ) throws(PixelAscentError) -> Int {
    try validate()
    if spectrum == .given {
      try ImageSpectrum.check(try Subject.required(subject.spectrum, "spectrum"), network)
    }
    if start == .image {
      let image = try Subject.required(subject.start, "image to start from")
      try network.check(image)
      guard [height, width] == image.shape.dropFirst() else {
        throw PixelAscentError(
          .invalidParameter,
          "the image to start from must have \(height)×\(width) pixels, found \(image.shape[1])×\(image.shape[2])")
      }
    }
    let bytes = try checkEngine(network)
    let pictures = elementCount([copies, shownCount, height, width, 3, figure.scale, figure.scale]) ?? .max
    try network.options.checkMemory(pictures, of: "keeping the shown pictures (\(advice: .showEvery) \(showEvery))")
    guard let animation else { return bytes + pictures }
    let size = PixelSize(height: height, width: width)
    return bytes + pictures + (try animation.checkMemory(animation.count(of: iterations), size, network))
  }

  /// Checks that the network can take every image that an ascent evaluates.
  ///
  /// - Returns: the bytes that the ascent takes
  /// - Throws: `PixelAscentError` as ``check(_:_:copies:)`` does.
  private func checkEngine(_ network: Network) throws(PixelAscentError) -> Int {
    let evaluation = try network.checkSize(height: height, width: width, gradient: true)
    if isPlain { return evaluation }
    let size = PixelSize(height: height, width: width)
    let extents = try ImageTransform.extents(
      of: transforms, on: size, input: network.preprocessing.inputSize)
    let (least, most) = (extents.leastResult, extents.largestResult)
    try network.checkSize(height: least.height, width: least.width, gradient: true)
    let transformed = try network.checkSize(height: most.height, width: most.width, gradient: true)
    let others = ParametrizedAscent.bytes(network, transforms, size, largest: extents.largest)
    try network.options.checkMemory(others, of: "the ascent's parameters and transforms")
    return max(evaluation, transformed) + others
  }

  /// The number of shown iterations: the first, the last, and every ``showEvery``th.
  package var shownCount: Int {
    if showEvery <= 0 { return min(2, iterations) }
    return min(iterations / showEvery, .max - 2) + (showEvery > 1 ? 1 : 0)
      + (iterations > 1 && iterations % showEvery != 0 ? 1 : 0)
  }

  /// Checks every parameter.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that names the parameter out of range.
  public func validate() throws(PixelAscentError) {
    try checkPositive(learningRate, .learningRate)
    try checkCount(iterations, .iterations, from: 1)
    try checkWeight(l2, .l2)
    try checkCount(blurEvery, .blurEvery)
    guard blurSigma > 0, blurSigma <= 10_000 else {
      throw PixelAscentError(
        .invalidParameter, "\(advice: .blurSigma) must be above 0 and at most 10000, found \(blurSigma)")
    }
    try checkCount(maxJitter, .maxJitter)
    guard maxJitter <= 1_000_000 else {
      throw PixelAscentError(.invalidParameter, "\(advice: .maxJitter) must be at most 1000000, found \(maxJitter)")
    }
    try checkCount(samples, .samples, from: 1)
    guard samples <= 10_000 else {
      throw PixelAscentError(.invalidParameter, "\(advice: .samples) must be at most 10000, found \(samples)")
    }
    for (weight, name) in [(totalVariation, Advice.totalVariation), (l1, .l1), (alphaNorm, .alphaNorm)] {
      try checkWeight(weight, name)
    }
    guard transforms.count <= 100 else {
      throw PixelAscentError(
        .invalidParameter, "\(advice: .transforms) must be at most 100, found \(transforms.count)")
    }
    for transform in transforms { try transform.validate() }
    guard spectrum == .powerLaw || parametrization == .phase else {
      throw PixelAscentError(
        .invalidParameter,
        "\(advice: .spectrum) belongs to the parametrization phase, found \(parametrization.rawValue)")
    }
    guard parametrization != .phase || start == .noise else {
      throw PixelAscentError(
        .invalidParameter, "the parametrization phase starts from noise, found the start \(start.rawValue)")
    }
    if parametrization != .pixels {
      guard width % 2 == 0 else {
        throw PixelAscentError(
          .invalidParameter, "Fourier coefficients need an even width, found \(height)×\(width)")
      }
      guard !clamp, blurEvery == 0 else {
        throw PixelAscentError(
          .invalidParameter,
          """
          \(advice: .clamp) and \(advice: .blurEvery) change pixels; the parametrization \(parametrization.rawValue) \
          needs neither, because its images are always colours
          """)
      }
    }
    try checkCount(showEvery, .showEvery)
    try figure.validate()
    try animation?.validate()
    guard height >= 1, width >= 1, height <= 1 << 20, width <= 1 << 20 else {
      throw PixelAscentError(.invalidParameter, "the size must be from 1 to 1048576 pixels, found \(height)×\(width)")
    }
  }
}
