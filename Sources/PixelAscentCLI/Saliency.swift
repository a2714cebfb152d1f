// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Saliency: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Maps of the pixels that decided a classification.",
    discussion: """
      Writes max over the channels of |d score / d pixel| as colours, at the size of the network's input. --overlay lays \
      them over the photo, grey and half-lit, at its own size; what the network did not see of it is darker.

      Examples:
        pixelascent saliency photo.jpg
        pixelascent saliency photo.jpg --class "Border terrier" --figure both.png
        pixelascent saliency photo.jpg --overlay over.png --percentile 99
        pixelascent saliency photo.jpg --report goose.html
        pixelascent saliency photos/ -o maps/
        find photos -name '*.jpg' | pixelascent saliency - -o maps/
      """)

  @Argument(
    help: ArgumentHelp("JPEG or PNG files, folders of them, or - for a list on standard input.", valueName: "image"),
    completion: .file())
  var images: [String]

  @Option(
    name: .customLong("class"), parsing: .unconditional,
    help: ArgumentHelp("The class (default: the network's first).", valueName: "class"))
  var className: String?

  @Option(help: "What is differentiated: the class's score, or the loss -log softmax.")
  var objective = Objective.Kind.score

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The map (default: IMAGE-saliency.png).", valueName: "png"),
    completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Photo and map side by side.", valueName: "png"), completion: .file())
  var figure: String?

  @Option(help: ArgumentHelp("The map over the photo, at the photo's own size.", valueName: "png"), completion: .file())
  var overlay: String?

  @Option(help: "The colours of the pictures.")
  var colormap = Colormap.hot

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Give the last colour to all above this percentile of the map, 100 being its greatest value.", valueName: "f"))
  var percentile = 100.0

  @Option(help: ArgumentHelp("The gradient as float32 (3,H,W).", valueName: "npy"), completion: .file())
  var raw: String?

  @Option(
    help: ArgumentHelp("One image's photo, map, overlay and scores as a page.", valueName: "html"), completion: .file())
  var report: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard percentile > 0, percentile <= 100 else {
      throw ValidationError("--percentile must be above 0 and at most 100, found \(percentile).")
    }
  }

  func run() throws {
    let outputs = OutputRequest(output: output, figure: figure, overlay: overlay, raw: raw, report: report)
    let saliency = PixelAscent.Saliency(objective, colormap: colormap, percentile: percentile)
    let work = try SaliencyWork(images, class: className, saliency, outputs, common.source)
    try work.run(report: work.console.print)
  }
}
