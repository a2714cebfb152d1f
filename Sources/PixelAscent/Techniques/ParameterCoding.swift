// SPDX-License-Identifier: MIT

// The parameters of the techniques as JSON.

extension Fooling: Codable {
  private enum CodingKeys: String, CodingKey {
    case learningRate = "learning_rate"
    case maxIterations = "max_iterations"
  }

  /// Decodes the parameters and checks them as `init(learningRate:maxIterations:)` does.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      learningRate: container.decode(Double.self, forKey: .learningRate),
      maxIterations: container.decode(Int.self, forKey: .maxIterations))
  }

  /// Encodes the parameters.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(learningRate, forKey: .learningRate)
    try container.encode(maxIterations, forKey: .maxIterations)
  }
}

extension ClassVisualization: Codable {
  private enum CodingKeys: String, CodingKey {
    case recipe, start, height, width, iterations, l2, samples, clamp, seed
    case learningRate = "learning_rate"
    case blurEvery = "blur_every"
    case blurSigma = "blur_sigma"
    case maxJitter = "max_jitter"
    case showEvery = "show_every"
  }

  private enum StartName: String, Codable {
    case noise, zero, image
  }

  /// Decodes the parameters and checks them as ``validate()`` does. An image that the ascent starts from is no part of
  /// them: it reads as an image without pixels.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard let recipe = Recipe(rawValue: try container.decode(String.self, forKey: .recipe)) else {
      throw DecodingError.dataCorruptedError(forKey: .recipe, in: container, debugDescription: "an unknown recipe")
    }
    self.init(recipe)
    switch try container.decode(StartName.self, forKey: .start) {
    case .noise: start = .noise
    case .zero: start = .zero
    case .image: start = .image(Tensor(shape: [0, 0, 0], values: []))
    }
    height = try container.decode(Int.self, forKey: .height)
    width = try container.decode(Int.self, forKey: .width)
    iterations = try container.decode(Int.self, forKey: .iterations)
    learningRate = try container.decode(Double.self, forKey: .learningRate)
    l2 = try container.decode(Double.self, forKey: .l2)
    blurEvery = try container.decode(Int.self, forKey: .blurEvery)
    blurSigma = try container.decode(Double.self, forKey: .blurSigma)
    maxJitter = try container.decode(Int.self, forKey: .maxJitter)
    samples = try container.decode(Int.self, forKey: .samples)
    clamp = try container.decode(Bool.self, forKey: .clamp)
    showEvery = try container.decode(Int.self, forKey: .showEvery)
    seed = try container.decode(UInt64.self, forKey: .seed)
    try validate()
  }

  /// Encodes every parameter, but not the pixels of an image that the ascent starts from.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    var (height, width) = (height, width)
    let startName: StartName
    switch start {
    case .noise: startName = .noise
    case .zero: startName = .zero
    case .image(let image):
      startName = .image
      // One that was decoded has none.
      if !image.values.isEmpty { (height, width) = (image.shape[1], image.shape[2]) }
    }
    try container.encode(recipe.rawValue, forKey: .recipe)
    try container.encode(startName, forKey: .start)
    try container.encode(height, forKey: .height)
    try container.encode(width, forKey: .width)
    try container.encode(iterations, forKey: .iterations)
    try container.encode(learningRate, forKey: .learningRate)
    try container.encode(l2, forKey: .l2)
    try container.encode(blurEvery, forKey: .blurEvery)
    try container.encode(blurSigma, forKey: .blurSigma)
    try container.encode(maxJitter, forKey: .maxJitter)
    try container.encode(samples, forKey: .samples)
    try container.encode(clamp, forKey: .clamp)
    try container.encode(showEvery, forKey: .showEvery)
    try container.encode(seed, forKey: .seed)
  }
}
