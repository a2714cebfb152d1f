// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show a model file's layers, shapes, memory and preprocessing, and what is not supported.",
    discussion: """
      Shapes and memory are given for an image of the network's input size, or of --input-size.

      Examples:
        pixelascent inspect resnet18.pth
        pixelascent inspect net.onnx --json
      """)

  @Argument(help: ArgumentHelp("The model file.", valueName: "model"), completion: .file())
  var file: String

  @OptionGroup var modelOptions: ModelOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func run() throws {
    let console = consoleOptions.console
    let record = try ModelFileWork.inspect(file, modelOptions.request, console)
    try console.print(record)
    try record.check()
  }
}
