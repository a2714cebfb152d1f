// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Visualize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Noise that climbs, by gradient ascent, to what the network thinks a class looks like.",
    discussion: """
      The three cs231n recipes start from noise; simonyan starts from the mean image and gives the clearest forms.
      Score and probability are those of the ascent's own image; a picture that is stretched to be seen, as all but \
      cs231n-tensorflow's are, may be another class to the network.

      Examples:
        pixelascent visualize --class tarantula
        pixelascent visualize --class 130 --recipe simonyan -o flamingos.png
        pixelascent visualize --class gorilla --seed 4 --figure steps.png --preview
        pixelascent visualize --class tarantula --class gorilla --seeds 0-3 -o out/
      """)

  @Option(
    name: .customLong("class"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("The class; an ascent for each if given several times.", valueName: "class"))
  var classNames: [String]

  @OptionGroup var ascent: AscentOptions

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The picture, or a folder for several (default: CLASS.png; of several seeds CLASS-seed-N.png).",
      valueName: "png"), completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("The pictures of the shown iterations in a row.", valueName: "png"), completion: .file())
  var figure: String?

  @Option(
    help: ArgumentHelp("The last image in normalised space, float32 (3,H,W).", valueName: "npy"), completion: .file())
  var raw: String?

  @Option(
    help: ArgumentHelp("One ascent's shown iterations and scores as a page.", valueName: "html"), completion: .file())
  var report: String?

  @OptionGroup var previewOptions: PreviewOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    let most = PlannedAscent.most
    let count = ascent.request.count(classes: classNames.count, most: most)
    guard count <= most else {
      throw ValidationError("A command makes at most \(most) ascents; --class and --seeds ask for more.")
    }
    guard count == 1 || !previewOptions.preview else {
      throw ValidationError("--preview shows one ascent; --class and --seeds ask for \(count).")
    }
  }

  func run() throws {
    let outputs = OutputRequest(output: output, figure: figure, raw: raw, report: report)
    let work = try VisualizeWork(
      classNames, ascent.request, outputs, isShown: previewOptions.preview, common.source)
    try work.run(report: work.console.print)
  }
}
