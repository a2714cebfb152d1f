// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// The parameters of a class visualization; those not given are the recipe's.
struct AscentOptions: ParsableArguments {
  @Option(
    name: .customLong("recipe"),
    help: "What a step is, and the defaults of all that follows; an ascent for each if given several times.")
  var recipes = [ClassVisualization.Recipe.cs231nPyTorchNormalized]

  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      "Start from noise, zero, an image or a .npy (default: noise; simonyan: zero).", valueName: "start"),
    completion: .file())
  var start: String?

  @Option(help: ArgumentHelp("Size in pixels, square or height x width (default: the network's).", valueName: "n|hxw"))
  var size: PixelSize?

  @Option(parsing: .unconditional, help: ArgumentHelp("Number of steps (default: 100; simonyan: 150).", valueName: "n"))
  var iterations: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Length of a step (cs231n-pytorch-normalized), or factor of the gradient (default: 25; simonyan: 5).",
      valueName: "f"))
  var learningRate: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight of the L2 term (default: 0.001; simonyan: 0.01).", valueName: "f"))
  var l2: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Iterations from one blur to the next, 0 for none (default: 10; simonyan: 0).", valueName: "n"))
  var blurEvery: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Standard deviation of the blur in pixels (default: 0.5).", valueName: "f"))
  var blurSigma: Double?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Largest offset of a roll in pixels (default: 16).", valueName: "n"))
  var maxJitter: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rolled copies whose gradients a step averages (default: 1; simonyan: 4).", valueName: "m"))
  var samples: Int?

  @Flag(inversion: .prefixedNo, help: "Keep every pixel in the range of photographs (default: yes; simonyan: no).")
  var clamp: Bool?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Iterations from one shown image to the next, 0 for first and last (default: 25).", valueName: "n"))
  var showEvery: Int?

  @Option(
    name: .customLong("seed"), parsing: .unconditional,
    help: ArgumentHelp("Seed of noise and jitter (generator: Philox 4x32-10; default: 0).", valueName: "n"))
  var oneSeed: UInt64?

  @Option(
    name: .customLong("seeds"), parsing: .unconditional,
    help: ArgumentHelp("Several seeds, as 0-3 or 0,2,5-7: an ascent for each.", valueName: "list"),
    transform: Seeds.init(_:))
  var severalSeeds: Seeds?

  var seeds: Seeds { severalSeeds ?? Seeds(one: oneSeed ?? 0) }

  func validate() throws {
    guard oneSeed == nil || severalSeeds == nil else { throw ValidationError("Give --seed or --seeds, not both.") }
    for recipe in recipes {
      try validated { try UsageError.checking { try parameters(recipe).validate() } }
    }
    guard Set(recipes).count == recipes.count else { throw ValidationError("A --recipe is given twice.") }
  }

  /// The ascents that these options ask for.
  var request: AscentRequest { AscentRequest(recipes.map(parameters), start: start, size: size, seeds: seeds) }

  private func parameters(_ recipe: ClassVisualization.Recipe) -> ClassVisualization {
    var parameters = ClassVisualization(recipe)
    if let size { (parameters.height, parameters.width) = (size.height, size.width) }
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
