// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Fool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fool",
    abstract: "Change a photograph slightly, so that the network takes it for another class.",
    discussion: """
      Takes steps of a fixed length along the gradient of the target's score, until the network sees the target even \
      after the image has been rounded to 8 bits for the file. A network with sigmoid outputs sees a class if its \
      probability is above 0.5; any other network sees the class with the highest score. --preview shows the image, \
      and beside it the pixels that differ from the photo.

      Examples:
        pixelascent fool photo.jpg --target tarantula
        pixelascent fool photo.jpg --target 76 -o fooled.png --figure panels.png
      """)

  @Argument(help: ArgumentHelp("A JPEG or PNG file.", valueName: "image"), completion: .file())
  var image: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The class that the network should see.", valueName: "class"))
  var target: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The length of a step in normalised space.", valueName: "f"))
  var learningRate = 1.0

  @Option(parsing: .unconditional, help: ArgumentHelp("The largest number of steps.", valueName: "n"))
  var maxIterations = 100

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The fooling image (default: IMAGE-as-TARGET.png).", valueName: "png"), completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Also write the original, the fooling image, their difference and 10 times that, in one picture.",
      valueName: "png"),
    completion: .file())
  var figure: String?

  @Option(
    help: ArgumentHelp(
      "Also write the image before it is rounded: float32, shape (3,H,W), in normalised space.", valueName: "npy"),
    completion: .file())
  var raw: String?

  @Option(
    help: ArgumentHelp("Also write a page with the images, the scores and the size of the change.", valueName: "html"),
    completion: .file())
  var report: String?

  @OptionGroup var figureOptions: FigureOptions

  @OptionGroup var previewOptions: PreviewOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    try validated { try UsageError.checking { try fooling.validate() } }
    if ["jpg", "jpeg"].contains((output ?? "").fileEnding) {
      throw ValidationError("A fooling image must be a PNG, because JPEG would lose the change. Write -o NAME.png.")
    }
  }

  private var fooling: Fooling {
    Fooling(learningRate: learningRate, maxIterations: maxIterations, figure: figureOptions.style)
  }

  func run() throws {
    let outputs = OutputRequest(output: output, figure: figure, raw: raw, report: report)
    let work = try FoolWork(
      image, target: target, fooling, outputs, isShown: previewOptions.preview, common.source)
    let outcome = try work.run()
    try work.console.print(outcome.record)
    try outcome.check(work.console)
  }
}
