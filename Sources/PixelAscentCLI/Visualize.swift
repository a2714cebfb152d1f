// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent

struct Visualize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Noise that climbs, by gradient ascent, to what the network thinks a class looks like.",
    discussion: """
      The three cs231n recipes start from noise; simonyan starts from the mean image and gives the clearest forms.

      Examples:
        pixelascent visualize --class tarantula
        pixelascent visualize --class 130 --recipe simonyan -o flamingos.png
        pixelascent visualize --class gorilla --seed 4 --figure steps.png
      """)

  @Option(name: .customLong("class"), parsing: .unconditional, help: ArgumentHelp("The class.", valueName: "class"))
  var className: String

  @OptionGroup var ascent: AscentOptions

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The picture (default: CLASS.png).", valueName: "png"))
  var output: String?

  @Option(help: ArgumentHelp("The pictures of the shown iterations in a row.", valueName: "png"))
  var figure: String?

  @Option(help: ArgumentHelp("The last image in normalised space, float32 (3,H,W).", valueName: "npy"))
  var raw: String?

  @OptionGroup var common: CommonOptions

  func run() throws {
    let network = try common.network(), labels = network.labels, console = common.console
    let index = try labels.find(className)
    let outputs = try Outputs([(className, labels.slug(index))], output: output, figure: figure, raw: raw)
    let files = outputs.paths(for: className)
    let visualization = try ascent.visualization(network, common)
    var pictures: [RGBImage] = []
    let result = try naming(ascent.startFile) {
      try visualization.run(network, class: index) { shown in
        if figure != nil { pictures.append(shown.picture) }
        console.note(
          "iteration \(shown.iteration + 1)/\(visualization.iterations)  score \(fixed(shown.score, 3))  "
            + "probability \(fixed(shown.probability, 4))")
      }
    }
    if result.gradientsBeforeLastReLU > 0 {
      console.note(
        "note: the score of \(labels[index]) was dead \(result.gradientsBeforeLastReLU) times: "
          + "there the ascent took the score before the last ReLU")
    }
    try outputs.makeFolders()
    try result.picture.write(to: files.output)
    if let figure = files.figure { try RGBImage(row: pictures).write(to: figure) }
    if let raw = files.raw { try result.image.write(to: raw) }
    let record = VisualizeRecord(
      class: index, label: labels[index], recipe: visualization.recipe.rawValue, seed: visualization.seed,
      iterations: visualization.iterations, score: result.scores[index], probability: result.probability,
      seconds: result.seconds, output: files.output)
    try console.result(record, besides: outputs) {
      "\(record.output): \(record.label) (\(record.class)), score \(fixed(record.score, 3)), "
        + "probability \(fixed(record.probability, 4)), \(fixed(record.seconds, 2)) s"
    }
  }
}
