// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// The parameters of a class visualization. A parameter that is not given has the recipe's default.
struct AscentOptions: ParsableArguments {
  @Option(
    name: .customLong("recipe"),
    help: "The step rule, and the defaults of the options below; give it several times for several ascents.")
  var recipes = [ClassVisualization.Recipe.cs231nPyTorchNormalized]

  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      "Start from noise, from zero (the mean image), or from an image or .npy file (default: noise; simonyan and soft: zero).",
      valueName: "start"),
    completion: .file())
  var start: String?

  @Option(
    help: ArgumentHelp(
      "Size in pixels: one number for a square, or height x width (default: the network's input size).",
      valueName: "n|hxw"))
  var size: PixelSize?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Number of iterations (default: 100; simonyan: 150; soft: 300; lucid: 512; maco: 256).", valueName: "n"))
  var iterations: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Length of a step of the optimizer normalized; for other optimizers the factor of the gradient (default: 25; "
        + "simonyan: 5; soft: 8; lucid: 0.05; maco: 1).",
      valueName: "f"))
  var learningRate: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Weight decay: the factor of the L2 term (default: 0.001; simonyan: 0.01; soft, lucid and maco: 0).",
      valueName: "f"))
  var l2: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Blur the image every n iterations, or never if 0 (default: 10; soft: 4; simonyan, lucid and maco: 0).",
      valueName: "n")
  )
  var blurEvery: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Standard deviation of the blur in pixels (default: 0.5; soft: 0.7).", valueName: "f"))
  var blurSigma: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Jitter: the largest random shift of the image in pixels (default: 16; soft: 32; lucid and maco: 0).",
      valueName: "n"))
  var maxJitter: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Number of randomly changed copies whose gradients are averaged in each step (default: 1; simonyan: 4; soft: 2; "
        + "maco: 32).",
      valueName: "m"))
  var samples: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Clamp every pixel to colours from 0 to 1 (default: yes; simonyan, soft, lucid and maco: no).")
  var clamp: Bool?

  @Option(
    help: """
      What the ascent changes: pixels, Fourier coefficients, or only their phases (default: pixels; lucid: fourier; maco: \
      phase).
      """)
  var parametrization: Parametrization?

  @Option(
    help: ArgumentHelp(
      """
      The magnitudes that belong to the phases: powerlaw, or those of a .npy file, of a photo, or of the photos in a folder \
      (default: powerlaw; `make spectrum` fetches those of ImageNet).
      """, valueName: "spectrum"), completion: .file())
  var spectrum: String?

  @Option(
    help: ArgumentHelp(
      "The rule of a step (default: normalized for cs231n-pytorch-normalized and soft, adam for lucid, keras-nadam for maco, sgd for others).",
      valueName: "rule"))
  var optimizer: Optimizer?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Random changes of the image before each evaluation, in order: jitter:n, pad:n, crop:n, scale:list, rotate:list, \
      flip, noise:f, uniform:f, blur:f, zoom:f..f, resize-to-net; none for none (default: none; lucid: "pad:12 crop:8 \
      scale:0.9..1.1/0.02 rotate:-10..10/1,0,0,0,0,0 crop:4"; maco: "zoom:0.5..0.05 noise:0.08 uniform:0.04").
      """, valueName: "list"), transform: TransformList.init(_:))
  var transforms: TransformList?

  @Option(
    name: .customLong("tv"), parsing: .unconditional,
    help: ArgumentHelp("Weight of the total variation, which smooths the image (default: 0).", valueName: "f"))
  var totalVariation: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight of the sum of the pixels' magnitudes (default: 0).", valueName: "f"))
  var l1: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight of the sum of the pixels' sixth powers (default: 0).", valueName: "f"))
  var alphaNorm: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Show the image every n iterations, or only the first and the last if 0 (default: 25).", valueName: "n"))
  var showEvery: Int?

  @Option(
    name: .customLong("seed"), parsing: .unconditional,
    help: ArgumentHelp("Seed of the noise and the jitter (generator: Philox 4x32-10; default: 0).", valueName: "n"))
  var oneSeed: UInt64?

  @Option(
    name: .customLong("seeds"), parsing: .unconditional,
    help: ArgumentHelp("Several seeds, such as 0-3 or 0,2,5-7, with one ascent for each.", valueName: "list"),
    transform: Seeds.init(_:))
  var severalSeeds: Seeds?

  var seeds: Seeds { severalSeeds ?? Seeds(one: oneSeed ?? 0) }

  func validate() throws {
    guard oneSeed == nil || severalSeeds == nil else { throw ValidationError("Give --seed or --seeds, not both.") }
    for recipe in recipes {
      try validated { try UsageError.checking { try parameters(recipe).validate() } }
    }
    guard Set(recipes).count == recipes.count else { throw ValidationError("The same --recipe is given twice.") }
  }

  /// The ascents that these options ask for.
  var request: AscentRequest {
    AscentRequest(recipes.map(parameters), start: start, spectrum: spectrumFile, size: size, seeds: seeds)
  }

  private var spectrumFile: String? {
    spectrum == ClassVisualization.SpectrumSource.powerLaw.rawValue ? nil : spectrum
  }

  private func parameters(_ recipe: ClassVisualization.Recipe) -> ClassVisualization {
    var parameters = ClassVisualization(recipe)
    if let size { (parameters.height, parameters.width) = (size.height, size.width) }
    if let parametrization { parameters.use(parametrization) }
    if let start { parameters.start = ClassVisualization.Start(ofCommand: start) }
    if spectrumFile != nil { parameters.spectrum = .given }
    if let optimizer { parameters.optimizer = optimizer }
    if let transforms { parameters.transforms = transforms.transforms }
    if let totalVariation { parameters.totalVariation = totalVariation }
    if let l1 { parameters.l1 = l1 }
    if let alphaNorm { parameters.alphaNorm = alphaNorm }
    if let iterations { parameters.iterations = iterations }
    if let learningRate { parameters.learningRate = learningRate }
    if let l2 { parameters.l2 = l2 }
    if let blurEvery { parameters.blurEvery = blurEvery }
    if let blurSigma { parameters.blurSigma = blurSigma }
    if let maxJitter { parameters.maxJitter = maxJitter }
    if let samples { parameters.samples = samples }
    if let clamp { parameters.clamp = clamp }
    if let showEvery { parameters.showEvery = showEvery }
    return parameters
  }
}
