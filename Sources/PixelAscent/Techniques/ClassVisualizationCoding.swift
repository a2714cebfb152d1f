// SPDX-License-Identifier: MIT

extension ClassVisualization: Codable {
  private enum CodingKeys: String, CodingKey {
    case recipe, start, height, width, iterations, l2, samples, clamp, seed
    case learningRate = "learning_rate"
    case blurEvery = "blur_every"
    case blurSigma = "blur_sigma"
    case maxJitter = "max_jitter"
    case showEvery = "show_every"
    case objective, parametrization, spectrum, optimizer, transforms, l1, figure, animation
    case totalVariation = "tv"
    case alphaNorm = "alpha_norm"
  }

  /// Decodes the parameters. A parameter that an earlier version did not have gets the recipe's default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(try container.decode(Recipe.self, forKey: .recipe))
    start = try container.decode(Start.self, forKey: .start)
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
    figure = try container.decode(Figure.Style.self, forKey: .figure)
    animation = try container.decodeIfPresent(Animation.Style.self, forKey: .animation)
    objective = try container.decodeIfPresent(String.self, forKey: .objective)
    parametrization =
      try container.decodeIfPresent(Parametrization.self, forKey: .parametrization) ?? parametrization
    spectrum = try container.decodeIfPresent(SpectrumSource.self, forKey: .spectrum) ?? spectrum
    optimizer = try container.decodeIfPresent(Optimizer.self, forKey: .optimizer) ?? optimizer
    transforms = try container.decodeIfPresent(String.self, forKey: .transforms).map(ImageTransform.list) ?? transforms
    totalVariation = try container.decodeIfPresent(Double.self, forKey: .totalVariation) ?? totalVariation
    l1 = try container.decodeIfPresent(Double.self, forKey: .l1) ?? l1
    alphaNorm = try container.decodeIfPresent(Double.self, forKey: .alphaNorm) ?? alphaNorm
  }

  /// Encodes the parameters. Those that an earlier version did not have are left out if they are the recipe's defaults, so
  /// that the pictures of the recipes of earlier versions keep their bytes.
  public func encode(to encoder: any Encoder) throws {
    let usual = ClassVisualization(recipe)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(recipe, forKey: .recipe)
    try container.encode(start, forKey: .start)
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
    try container.encode(figure, forKey: .figure)
    try container.encodeIfPresent(animation, forKey: .animation)
    try container.encodeIfPresent(objective, forKey: .objective)
    if parametrization != usual.parametrization { try container.encode(parametrization, forKey: .parametrization) }
    if spectrum != usual.spectrum { try container.encode(spectrum, forKey: .spectrum) }
    if optimizer != usual.optimizer { try container.encode(optimizer, forKey: .optimizer) }
    if transforms != usual.transforms {
      try container.encode(transforms.map(\.description).joined(separator: " "), forKey: .transforms)
    }
    if totalVariation != usual.totalVariation { try container.encode(totalVariation, forKey: .totalVariation) }
    if l1 != usual.l1 { try container.encode(l1, forKey: .l1) }
    if alphaNorm != usual.alphaNorm { try container.encode(alphaNorm, forKey: .alphaNorm) }
  }
}
