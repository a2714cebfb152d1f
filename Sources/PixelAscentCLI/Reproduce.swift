// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Make a picture again as its file describes, and compare the two.",
    discussion: """
      The pictures that saliency, fool, visualize, dream, invert and atlas write say how they were made. The same model, version and \
      instruction set give the same bytes. The command uses the recorded instruction set if this machine has it.

      A file may ask for any number of iterations. The command first makes a few and estimates the time of all.

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

  @Option(
    help: ArgumentHelp(
      "The spectrum that the picture was made with: a .npy file, a photo or a folder.", valueName: "file"),
    completion: .file())
  var spectrum: String?

  @Option(help: ArgumentHelp("The model file: safetensors, .pth or ONNX.", valueName: "file"), completion: .file())
  var model: String?

  @Flag(help: "Make the picture again however long that takes.")
  var yes = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Refuse a picture that would take longer than this to make again.", valueName: "s"))
  var maxSeconds = 60.0

  @OptionGroup var options: RunOptions

  func validate() throws {
    guard maxSeconds > 0 else { throw ValidationError("--max-seconds must be above 0, found \(maxSeconds).") }
  }

  func run() throws {
    let run = options.settings
    let record = try ReproduceWork(file, input: input, spectrum: spectrum, model: model, run)
      .compare(mostSeconds: yes ? .infinity : maxSeconds)
    try run.console.print(record)
    if !record.same { throw ExitStatus.failure }
  }
}
