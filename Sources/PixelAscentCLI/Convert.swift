// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a model file of another program to PixelAscent's own format.",
    discussion: """
      Reads PyTorch state dicts (.pth, .pt, safetensors), ONNX models, and the pickle with SqueezeNet 1.1's original \
      weights. Nothing in a file is executed. The other commands can read these files too, but a converted file loads \
      faster.

      Examples:
        pixelascent convert resnet18.pth -o resnet18.safetensors
        pixelascent convert net.onnx --bgr --labels names.txt -o net.safetensors
      """)

  @Argument(help: "The file to convert.", completion: .file())
  var weights: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The model file to write; - for standard output.", valueName: "model"),
    completion: .file())
  var output: String

  @OptionGroup var modelOptions: ModelOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func validate() throws {
    try validated { try Outputs.check(output, isOf: "safetensors", "A model is written") }
  }

  func run() throws {
    let console = consoleOptions.console.writing(to: Outputs.path(output))
    try console.print(ModelFileWork.convert(weights, to: output, modelOptions.request, console))
  }
}
