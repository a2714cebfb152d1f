// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Invert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invert",
    abstract: "Show what a layer still knows of a photograph, by making an image in which it sees the same.",
    discussion: """
      The image starts from noise. What is missing at the end, or wrong, is what the layer has forgotten: colours go \
      first. `pixelascent inspect` lists the layers. The value is minus the squared distance of the layer's \
      activations, divided by the square of their norm: 0 if the layer sees the same.

      Examples:
        pixelascent invert photo.jpg --layer features.3
        pixelascent invert photo.jpg --layer fire6/concat -o later.png
        pixelascent invert photo.jpg --layer "#12" --animate steps.gif
      """)

  @Argument(help: ArgumentHelp("A JPEG or PNG file.", valueName: "image"), completion: .file())
  var image: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The layer: its name in the file, torchvision's name, or its number.", valueName: "layer"))
  var layer: String

  @Option(parsing: .unconditional, help: ArgumentHelp("Number of iterations.", valueName: "n"))
  var iterations = 201

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Learning rate of the first iteration; it is divided by 10 after iteration 1, 41, 81 and so on.", valueName: "f"))
  var learningRate = 1e4

  @Option(
    name: .customLong("tv"), parsing: .unconditional,
    help: ArgumentHelp("Weight of the squared differences of neighbours.", valueName: "f"))
  var totalVariation = 1e-8

  @Option(parsing: .unconditional, help: ArgumentHelp("Weight of the pixels' sixth powers.", valueName: "f"))
  var alphaNorm = 1e-7

  @Option(parsing: .unconditional, help: ArgumentHelp("Seed of the noise.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The image (default: IMAGE-inverted.png).", valueName: "png"),
    completion: .file())
  var output: String?

  @OptionGroup var animationOptions: AnimationOptions

  @Option(
    help: ArgumentHelp(
      "Also write the image before it is rounded: float32, shape (3,H,W), in normalised space.", valueName: "npy"),
    completion: .file())
  var raw: String?

  @OptionGroup var common: CommonOptions

  func validate() throws { try validated { try UsageError.checking { try inversion.validate() } } }

  private var inversion: Inversion {
    var inversion = Inversion(layer: layer)
    (inversion.iterations, inversion.learningRate) = (iterations, learningRate)
    (inversion.totalVariation, inversion.alphaNorm) = (totalVariation, alphaNorm)
    (inversion.seed, inversion.animation) = (seed, animationOptions.style(scale: 1))
    return inversion
  }

  func run() throws {
    let outputs = OutputRequest(output: output, animation: animationOptions.animation, raw: raw)
    let work = try PhotoAscentWork(inverting: image, inversion, outputs, common.source)
    try work.run(report: work.console.print)
  }
}
