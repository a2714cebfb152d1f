// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The classes a network sees in photographs.",
    discussion: """
      Prints score (the network's raw output), probability and class of the greatest scores.

      Examples:
        pixelascent classify photo.jpg
        pixelascent classify --top 1 --json photos/
        find . -name '*.jpg' | pixelascent classify -
      """)

  @Argument(
    help: ArgumentHelp("JPEG or PNG files, folders of them, or - for a list on standard input.", valueName: "image"),
    completion: .file())
  var images: [String]

  @Option(parsing: .unconditional, help: ArgumentHelp("The number of classes to print.", valueName: "n"))
  var top = 5

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard top >= 1 else { throw ValidationError("--top must be 1 or more, found \(top).") }
  }

  func run() throws {
    let network = try common.source.network()
    let inputs = try InputImages(images), memory = MemoryBudget()
    try Batch.run(inputs.paths, network, unit: "images", problems: inputs.problems, common.console) { path, network in
      let (input, scores) = try common.run.settings.withPhoto(path, memory, copies: 3) { image, _ in
        try withErrors(about: path) {
          let input = try network.input(for: image)
          return (input, try network.scores(of: input))
        }
      }
      let predictions = network.predictions(scores, top: top)
      return ClassifyRecord(
        image: path, height: input.shape[1], width: input.shape[2],
        predictions: predictions.map { PredictionRecord($0, network.labels) })
    } report: { record in
      try common.console.listing(record) {
        let lines = record.predictions.map { prediction in
          let score = fixed(prediction.score, 3), column = String(repeating: " ", count: max(0, 10 - score.count))
          return "\(column)\(score)  \(fixed(prediction.probability, 4))  \(prediction.label) (\(prediction.class))"
        }
        return [record.image] + lines
      }
    }
  }
}
