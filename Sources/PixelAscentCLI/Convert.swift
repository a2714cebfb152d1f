// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a model file of other programs' weights.",
    discussion: """
      Reads PyTorch state dicts (.pth, .pt, safetensors), ONNX, and the pickle of SqueezeNet 1.1's original weights. \
      Nothing in a file is executed. Every command takes these files directly too; a converted one starts faster.

      Examples:
        pixelascent convert resnet18.pth -o resnet18.safetensors
        pixelascent convert net.onnx --bgr --labels names.txt -o net.safetensors
      """)

  @Argument(help: "The weights.", completion: .file())
  var weights: String

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The model file to write.", valueName: "model"),
    completion: .file())
  var output: String

  @OptionGroup var modelOptions: ModelOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func validate() throws {
    try validated { try Outputs.check(output, isOf: "safetensors", "A model is written") }
  }

  func run() throws {
    let settings = try modelOptions.request.completeSettings()
    try Outputs.keep([weights, modelOptions.labels].compactMap(\.self), from: [output])
    let (classes, notes) = try ModelConverter.convert(contentsOf: weights, settings: settings, to: output)
    let console = consoleOptions.console
    for note in notes { console.note("note: \(note)") }
    try console.result(ConvertRecord(weights: weights, output: output, classes: classes)) {
      "\(output): \(classes) classes, from \(weights)"
    }
  }
}
