// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// What is said of a model beside its file.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("What bare weights belong to (default: recognised by names and shapes).", valueName: "name"),
    completion: .list(Architecture.names))
  var architecture: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Mean of red, green, blue, a pixel being in [0,1].", valueName: "r,g,b"),
    transform: ChannelValues.init
  )
  var mean: ChannelValues?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Standard deviation of red, green, blue.", valueName: "r,g,b"),
    transform: ChannelValues.init)
  var std: ChannelValues?

  @Flag(help: "The network takes blue, green, red.")
  var bgr = false

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Size of the network's input in pixels.", valueName: "n"))
  var inputSize: Int?

  @Option(help: "How a photo gets it: short side, middle square, or both sides.")
  var resize: Preprocessing.Resize?

  @Option(help: ArgumentHelp("The classes' names, a line each, or JSON.", valueName: "file"), completion: .file())
  var labels: String?

  func validate() throws {
    if let architecture, !Architecture.names.contains(architecture) {
      throw ValidationError(
        "No architecture is called \"\(architecture.oneLine)\"; known: \(Architecture.names.joined(separator: ", ")).")
    }
    if let inputSize, !Preprocessing.inputSizes.contains(inputSize) {
      throw ValidationError("--input-size must be from 1 to 65536, found \(inputSize).")
    }
    if let std, !std.values.allSatisfy({ $0 > 0 }) { throw ValidationError("--std must be above 0.") }
    // Those of pixels from 0 to 255 are some 50 or 120.
    for (option, values) in [("--mean", mean?.values ?? []), ("--std", std?.values ?? [])] {
      guard let found = values.first(where: { abs($0) > 3 }) else { continue }
      throw ValidationError(
        "\(option) is that of pixels from 0 to 1, found \(found); divide those of pixels from 0 to 255 by 255.")
    }
    if let mean, let std, mean.values.count != std.values.count {
      throw ValidationError("--mean and --std have \(mean.values.count) and \(std.values.count) numbers.")
    }
  }

  var request: ModelRequest {
    var settings = ModelSettings()
    settings.architecture = architecture
    settings.mean = mean?.values
    settings.std = std?.values
    settings.isBGR = bgr
    settings.inputSize = inputSize
    settings.resize = resize
    return ModelRequest(settings, labels: labels)
  }
}
