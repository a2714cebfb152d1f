// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Dream: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dream",
    abstract: "Change a photograph so that the network sees in it more of what it sees (DeepDream).",
    discussion: """
      The dream begins with a small copy of the photo, and repeats itself at larger and larger sizes, the octaves. Layers \
      near the image make strokes and textures, later ones eyes, animals and buildings; `pixelascent inspect` lists the \
      layers. With --zoom-frames the animation is a journey: each frame is a dream of the middle of the last one.

      Examples:
        pixelascent dream photo.jpg
        pixelascent dream photo.jpg --layer features.7 --octaves 6
        pixelascent dream photo.jpg --objective "class:goose + class:ostrich" -o birds.png
        pixelascent dream photo.jpg --animate steps.gif
        pixelascent dream photo.jpg --animate journey.png --zoom-frames 30 --longest-side 400
      """)

  @Argument(help: ArgumentHelp("A JPEG or PNG file.", valueName: "image"), completion: .file())
  var image: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The layer whose mean square rises (default: features.9 of SqueezeNet, else the layer in the middle).",
      valueName: "layer"))
  var layer: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What rises instead of a layer, as for visualize: channel:L,c, class:C, or a sum.", valueName: "text")
  )
  var objective: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Number of sizes.", valueName: "n"))
  var octaves = 4

  @Option(parsing: .unconditional, help: ArgumentHelp("Ratio of the sides of two successive sizes.", valueName: "f"))
  var octaveScale = 1.4

  @Option(parsing: .unconditional, help: ArgumentHelp("Number of iterations at each size.", valueName: "n"))
  var iterations = 10

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Mean magnitude of a step, for colours from 0 to 255.", valueName: "f"))
  var stepSize = 1.5

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Jitter: the largest random shift of the image in pixels.", valueName: "n"))
  var maxJitter = 32

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Make a photo smaller whose longer side has more pixels than this.", valueName: "n"))
  var longestSide = 1024

  @Option(parsing: .unconditional, help: ArgumentHelp("Seed of the jitter.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Frames of a journey into the dream, for --animate; 0 for none.", valueName: "n"))
  var zoomFrames = 0

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The dream (default: IMAGE-dream.png).", valueName: "png"),
    completion: .file())
  var output: String?

  @OptionGroup var animationOptions: AnimationOptions

  @Option(
    help: ArgumentHelp(
      "Also write the image before it is rounded: float32, shape (3,H,W), in normalised space.", valueName: "npy"),
    completion: .file())
  var raw: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard layer == nil || objective == nil else { throw ValidationError("Give --layer or --objective, not both.") }
    guard zoomFrames == 0 || animationOptions.animation != nil else {
      throw ValidationError("--zoom-frames needs --animate, which names the file of the journey.")
    }
    try validated { try UsageError.checking { try dream.validate() } }
  }

  private var dream: PixelAscent.Dream {
    var dream = PixelAscent.Dream(objective: "")
    (dream.octaves, dream.octaveScale, dream.iterations) = (octaves, octaveScale, iterations)
    (dream.stepSize, dream.maxJitter, dream.longestSide) = (stepSize, maxJitter, longestSide)
    (dream.zoomFrames, dream.seed, dream.animation) = (zoomFrames, seed, animationOptions.style(scale: 1))
    return dream
  }

  func run() throws {
    let outputs = OutputRequest(output: output, animation: animationOptions.animation, raw: raw)
    let work = try PhotoAscentWork(
      dreaming: image, of: objective ?? layer.map { "layer:\($0)" }, dream, outputs, common.source)
    try work.run(report: work.console.print)
  }
}
