// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Saliency: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saliency",
    abstract: "Show which pixels decided a classification.",
    discussion: """
      The map has the size of the network's input. The colour of a pixel shows the largest |d score / d pixel| of its \
      channels. --overlay draws the map over a dark grey copy of the photo, at the photo's own size; the parts of the \
      photo that the network did not see are darker still.

      Examples:
        pixelascent saliency photo.jpg
        pixelascent saliency photo.jpg --class "Border terrier" --figure both.png
        pixelascent saliency photo.jpg --overlay over.png --percentile 99
        pixelascent saliency photo.jpg --report goose.html
        pixelascent saliency photo.jpg --class goose --class ostrich -o maps/
        pixelascent saliency photos/ -o maps/
        find photos -name '*.jpg' | pixelascent saliency - -o maps/
      """)

  @Argument(
    help: ArgumentHelp(
      "JPEG or PNG files, folders of such files, or - to read paths from standard input.", valueName: "image"),
    completion: .file())
  var images: [String]

  @Option(
    name: .customLong("class"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "The class; give it several times for a map of each (default: the one with the highest score).",
      valueName: "class"))
  var classNames: [String] = []

  @Option(help: "The function to differentiate: the class's score, or the loss -log probability.")
  var objective = Objective.Kind.score

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The map, or a folder for several (default: IMAGE-saliency.png; with several classes IMAGE-saliency-CLASS.png).",
      valueName: "png"),
    completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Also write the photo and the map side by side.", valueName: "png"), completion: .file())
  var figure: String?

  @Option(
    help: ArgumentHelp("Also write the map over the photo, at the photo's own size.", valueName: "png"),
    completion: .file())
  var overlay: String?

  @Option(help: "The colours of the map.")
  var colormap = Colormap.hot

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Draw all map values above this percentile in the colour of the largest one; 100 changes nothing.",
      valueName: "f"))
  var percentile = 100.0

  @Option(
    help: ArgumentHelp("Also write the gradient: float32, shape (3,H,W).", valueName: "npy"), completion: .file())
  var raw: String?

  @Option(
    help: ArgumentHelp(
      "Also write a page with the photo, map, overlay and scores; only for a single map.", valueName: "html"),
    completion: .file())
  var report: String?

  @OptionGroup var figureOptions: FigureOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    try validated { try UsageError.checking { try saliency.validate() } }
  }

  private var saliency: PixelAscent.Saliency {
    PixelAscent.Saliency(objective, colormap: colormap, percentile: percentile, figure: figureOptions.style)
  }

  func run() throws {
    let outputs = OutputRequest(output: output, figure: figure, overlay: overlay, raw: raw, report: report)
    let work = try SaliencyWork(images, classes: classNames, saliency, outputs, common.source)
    try work.run(report: work.console.print)
  }
}

extension Saliency: TakesLists {
  static var lists: [String: WritableKeyPath<Self, [String]>] { ["": \.images, "--class": \.classNames] }
}
