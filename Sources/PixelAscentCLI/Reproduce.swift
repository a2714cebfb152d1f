// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a picture again as its file describes, and compare the two.",
    discussion: """
      The pictures that saliency, fool, visualize and atlas write say how they were made. The same model, version and \
      instruction set give the same bytes. The command uses the recorded instruction set if this machine has it.

      Examples:
        pixelascent reproduce gorilla.png
        pixelascent reproduce map.png --input photo.jpg
      """)

  @Argument(help: ArgumentHelp("A picture that pixelascent has made.", valueName: "picture"), completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp("The photo or the start image that the picture was made from.", valueName: "file"),
    completion: .file())
  var input: String?

  @Option(help: ArgumentHelp("The model file: safetensors, .pth or ONNX.", valueName: "file"), completion: .file())
  var model: String?

  @OptionGroup var options: RunOptions

  func run() throws {
    let run = options.settings
    let record = try ReproduceWork(file, input: input, model: model, run).compare()
    try run.console.print(record)
    if !record.same { throw ExitStatus.failure }
  }
}
