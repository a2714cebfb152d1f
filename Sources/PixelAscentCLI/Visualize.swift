// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Visualize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "visualize",
    abstract: "Show what the network thinks a class looks like, by gradient ascent on an image.",
    discussion: """
      The three cs231n recipes start from noise; simonyan starts from the mean image and gives the clearest shapes.

      The printed score and probability are those of the ascent's own image. All recipes but cs231n-tensorflow stretch \
      the written picture to the full range of colours, so the network may see another class in it.

      Examples:
        pixelascent visualize --class tarantula
        pixelascent visualize --class 130 --recipe simonyan -o flamingos.png
        pixelascent visualize --class gorilla --seed 4 --figure steps.png --preview
        pixelascent visualize --class tarantula --class gorilla --seeds 0-3 -o out/
      """)

  @Option(
    name: .customLong("class"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("The class; give it several times for several ascents.", valueName: "class"))
  var classNames: [String]

  @OptionGroup var ascent: AscentOptions

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The picture, or a folder for several (default: CLASS.png; with several seeds CLASS-seed-N.png).",
      valueName: "png"), completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Also write the shown iterations side by side.", valueName: "png"), completion: .file())
  var figure: String?

  @Option(
    help: ArgumentHelp(
      "Also write the last image: float32, shape (3,H,W), in normalised space.", valueName: "npy"), completion: .file())
  var raw: String?

  @Option(
    help: ArgumentHelp(
      "Also write a page with the shown iterations and the scores; only for a single ascent.", valueName: "html"),
    completion: .file())
  var report: String?

  @OptionGroup var previewOptions: PreviewOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    let most = PlannedAscent.most
    let count = ascent.request.count(classes: classNames.count, most: most)
    guard count <= most else {
      throw ValidationError("One command makes at most \(most) ascents; --class, --recipe and --seeds ask for more.")
    }
    guard count == 1 || !previewOptions.preview else {
      throw ValidationError("--preview shows a single ascent; --class, --recipe and --seeds ask for \(count).")
    }
  }

  func run() throws {
    let outputs = OutputRequest(output: output, figure: figure, raw: raw, report: report)
    let work = try VisualizeWork(
      classNames, ascent.request, outputs, isShown: previewOptions.preview, common.source)
    try work.run(report: work.console.print)
  }
}

extension Visualize: TakesLists {
  static var lists: [String: WritableKeyPath<Self, [String]>] { ["--class": \.classNames] }
}
