// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// The options that add to what a model file says, or replace it.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The architecture of a file with weights only (default: recognised by names and shapes).", valueName: "name"),
    completion: .list(Architecture.names))
  var architecture: String?

  @Option(
    help: ArgumentHelp(
      "Which weights of a checkpoint with several: raw, ema (averages; the default) or a dictionary's key.",
      valueName: "raw|ema|key"),
    completion: .list(["raw", "ema"]))
  var weights: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Mean of red, green and blue, for pixels from 0 to 1.", valueName: "r,g,b"),
    transform: ChannelValues.init
  )
  var mean: ChannelValues?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Standard deviation of red, green and blue, for pixels from 0 to 1.", valueName: "r,g,b"),
    transform: ChannelValues.init)
  var std: ChannelValues?

  @Flag(help: "The network takes its channels in the order blue, green, red.")
  var bgr = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Size of the network's input in pixels: one number for a square, or height x width.", valueName: "n|hxw"))
  var inputSize: PixelSize?

  @Option(
    help:
      "How a photo gets that size: scale it to cover that size, scale it and crop the middle, or stretch both sides.")
  var resize: Preprocessing.Resize?

  @Option(
    name: .customLong("onnx-output"),
    help: ArgumentHelp(
      "The output of an ONNX file that holds the scores (default: the one that ends in the classifier).",
      valueName: "name"))
  var onnxOutput: String?

  @Option(
    help: ArgumentHelp("The names of the classes: one per line, or YAML, CSV or JSON.", valueName: "file"),
    completion: .file())
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "How scores become probabilities (default: as the file says, else softmax; sigmoid for one output)."))
  var activation: Activation?

  func validate() throws {
    if let refusal = architecture.flatMap(Architecture.refusal) {
      throw ValidationError("\(refusal.prefix(1).uppercased())\(refusal.dropFirst()).")
    }
    if let size = inputSize,
      let side = [size.height, size.width].first(where: { !Preprocessing.inputSizes.contains($0) })
    {
      throw ValidationError("--input-size must be from 1 to 65536, found \(side).")
    }
    if let found = std?.values.first(where: { $0 <= 0 }) {
      throw ValidationError("--std must be above 0, found \(found).")
    }
    // For pixels from 0 to 255 a mean is about 120, and a standard deviation about 60.
    for (option, values) in [("--mean", mean?.values ?? []), ("--std", std?.values ?? [])] {
      guard let found = values.first(where: { abs($0) > 3 }) else { continue }
      throw ValidationError(
        "\(option) must be for pixels from 0 to 1, found \(found); divide values for pixels from 0 to 255 by 255.")
    }
    if let mean, let std, mean.values.count != std.values.count {
      throw ValidationError(
        "--mean and --std must have equally many numbers, found \(mean.values.count) and \(std.values.count).")
    }
  }

  var request: ModelRequest {
    var settings = ModelSettings()
    (settings.architecture, settings.weights) = (architecture, weights)
    settings.mean = mean?.values
    settings.std = std?.values
    settings.isBGR = bgr
    settings.inputSize = inputSize
    settings.resize = resize
    settings.onnxOutput = onnxOutput
    settings.activation = activation
    return ModelRequest(settings, labels: labels)
  }
}
