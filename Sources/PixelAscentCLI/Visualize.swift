// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Visualize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "visualize",
    abstract:
      "Show what the network thinks a class looks like, or what a part of it looks for, by gradient ascent on an image.",
    discussion: """
      lucid gives the clearest pictures, soft calm ones, maco those that look most like photographs, in minutes; simonyan \
      starts from the mean image. The three cs231n recipes start from noise. --objective shows what a neuron, a channel or a layer looks for; `pixelascent \
      inspect` lists the layers.

      The printed score and probability are those of the ascent's own image. All recipes but cs231n-tensorflow, lucid and \
      maco stretch the written picture to the full range of colours, so the network may see another class in it.

      Examples:
        pixelascent visualize --class tarantula
        pixelascent visualize --class 130 --recipe lucid -o flamingos.png
        pixelascent visualize --class gorilla --recipe maco --samples 8 --spectrum photos/
        pixelascent visualize --objective channel:fire9/concat,12 --recipe lucid
        pixelascent visualize --class gorilla --seed 4 --figure steps.png --preview
        pixelascent visualize --class tarantula --recipe lucid --animate steps.gif
        pixelascent visualize --class tarantula --class gorilla --seeds 0-3 -o out/
      """)

  @Option(
    name: .customLong("class"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("The class; give it several times for several ascents.", valueName: "class"))
  var classNames: [String] = []

  @Option(
    name: .customLong("objective"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      What to raise instead of a class's score: neuron:L,c[,y,x], channel:L,c or layer:L of a layer L; score:C, \
      log-probability:C, margin:C, minus-others:C, contrast:C,D of classes; or a sum of these with numbers, such as \
      "channel:fire9/concat,12 - 0.001*tv". Give it several times for several ascents.
      """, valueName: "text"))
  var objectives: [String] = []

  @OptionGroup var ascent: AscentOptions

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The picture, or a folder for several (default: CLASS.png; with several seeds CLASS-seed-N.png).",
      valueName: "png"), completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Also write the shown iterations in one picture.", valueName: "png"), completion: .file())
  var figure: String?

  @OptionGroup var animationOptions: AnimationOptions

  @Option(
    help: ArgumentHelp(
      "Also write the last image: float32, shape (3,H,W), in normalised space.", valueName: "npy"), completion: .file())
  var raw: String?

  @Option(
    help: ArgumentHelp(
      "Also write a page with the shown iterations and the scores; only for a single ascent.", valueName: "html"),
    completion: .file())
  var report: String?

  @OptionGroup var figureOptions: FigureOptions

  @OptionGroup var previewOptions: PreviewOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    let most = PlannedAscent.most
    guard !(classNames + objectives).isEmpty else { throw ValidationError("Give a --class or an --objective.") }
    let count = ascent.request.count(classes: classNames.count + objectives.count, most: most)
    guard count <= most else {
      throw ValidationError(
        "One command makes at most \(most) ascents; --class, --objective, --recipe and --seeds ask for more.")
    }
    guard count == 1 || !previewOptions.preview else {
      throw ValidationError(
        "--preview shows a single ascent; --class, --objective, --recipe and --seeds ask for \(count).")
    }
  }

  func run() throws {
    let outputs = OutputRequest(
      output: output, figure: figure, animation: animationOptions.animation, raw: raw, report: report)
    var request = ascent.request
    request.figure = figureOptions.style
    request.animation = animationOptions.style(scale: figureOptions.scale)
    let work = try VisualizeWork(
      classNames, objectives: objectives, request, outputs, isShown: previewOptions.preview, common.source)
    try work.run(report: work.console.print)
  }
}

extension Visualize: TakesLists {
  static var lists: [String: WritableKeyPath<Self, [String]>] {
    ["--class": \.classNames, "--objective": \.objectives]
  }
}
