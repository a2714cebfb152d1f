// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
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
    let count = classNames.count * ascent.recipes.count * ascent.seeds.count(most: most)
    guard count <= most else {
      throw ValidationError("A command makes at most \(most) ascents; --class and --seeds ask for more.")
    }
    guard count == 1 || !previewOptions.preview else {
      throw ValidationError("--preview shows one ascent; --class and --seeds ask for \(count).")
    }
  }

  func run() throws {
    let (network, model) = try common.source.networkAndModel()
    let (visualizations, input) = try ascent.request.visualizations(network, common.run.settings)
    let ascents = try PlannedAscent.all(classNames, visualizations, ascent.seeds, network.labels)
    let outputs = try Outputs(
      ascents.map { ($0.stem, $0.stem) }, OutputRequest(output: output, figure: figure, raw: raw, report: report),
      keeping: [ascent.request.startFile].compactMap(\.self) + common.source.files(of: network))
    let preview = previewOptions.preview ? Preview(common.console) : nil
    let needs = PlannedAscent.Needs(shown: figure != nil || report != nil, probabilities: report != nil)
    let bytes = try withErrors(about: ascent.request.startFile) {
      try visualizations.map { try $0.check(network, copies: needs.shown ? ClassVisualization.copiesOfShown : 0) }.max()
        ?? 0
    }
    try Batch.run(ascents, network, unit: "ascents", bytesEach: bytes, common.console, isDone: { $0.isWhole }) {
      (planned: PlannedAscent, network: Network) -> (record: VisualizeRecord, isWhole: Bool) in
      try withErrors(about: planned.name) {
        let climb = try planned.climb(startFile: ascent.request.startFile, network, needs, common.console, preview)
        let record = try planned.write(climb, network, model.get(), input: input, outputs, common.console)
        return (record, record.iterations == planned.visualization.iterations)
      }
    } report: { record, _ in
      try common.console.result(record, besides: outputs) {
        ascentLine(
          record.output, record.label, record.class, score: record.score, probability: record.probability,
          seconds: record.seconds)
      }
    }
  }
}
