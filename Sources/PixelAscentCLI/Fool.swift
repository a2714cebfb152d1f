// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Fool: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "A small push that turns a photograph into another class for the network.",
    discussion: """
      Steps of fixed length up the gradient of the target's score, until the saved 8-bit file is the target too.
      --preview shows the image and where it differs from the photo.

      Examples:
        pixelascent fool photo.jpg --target tarantula
        pixelascent fool photo.jpg --target 76 -o fooled.png --figure panels.png
      """)

  @Argument(help: ArgumentHelp("A JPEG or PNG file.", valueName: "image"), completion: .file())
  var image: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The class to be.", valueName: "class"))
  var target: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The length of a step in normalised space.", valueName: "f"))
  var learningRate = 1.0

  @Option(parsing: .unconditional, help: ArgumentHelp("The most steps.", valueName: "n"))
  var maxIterations = 100

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The image (default: IMAGE-as-TARGET.png).", valueName: "png"),
    completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Original, fooled, difference, difference × 10.", valueName: "png"), completion: .file())
  var figure: String?

  @Option(
    help: ArgumentHelp("The image before it is rounded to 8 bits, float32 (3,H,W).", valueName: "npy"),
    completion: .file())
  var raw: String?

  @Option(help: ArgumentHelp("Panels, scores and size of the push as a page.", valueName: "html"), completion: .file())
  var report: String?

  @OptionGroup var previewOptions: PreviewOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    try validated { try UsageError.checking { try fooling.validate() } }
    if ["jpg", "jpeg"].contains((output ?? "").fileEnding) {
      throw ValidationError("A fooling image is a PNG: JPEG would lose the push. Write -o NAME.png.")
    }
  }

  private var fooling: Fooling { Fooling(learningRate: learningRate, maxIterations: maxIterations) }

  func run() throws {
    let outputs = OutputRequest(output: output, figure: figure, raw: raw, report: report)
    let work = try FoolWork(
      image, target: target, fooling, outputs, isShown: previewOptions.preview, common.source)
    let outcome = try work.run()
    try work.console.print(outcome.record)
    try outcome.check(work.console)
  }
}
