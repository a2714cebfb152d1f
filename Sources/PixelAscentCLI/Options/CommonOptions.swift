// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// The options of every command that loads a network.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The model file: safetensors, .pth or ONNX.", valueName: "file"), completion: .file())
  var model: String?

  @OptionGroup var modelOptions: ModelOptions

  @Option(
    help: ArgumentHelp(
      "The colour behind the transparent parts of an image: white, black, grey, #rrggbb, or r,g,b from 0 to 255.",
      valueName: "colour"))
  var background = RGBColor.white

  @OptionGroup var run: RunOptions

  var source: NetworkSource {
    var settings = run.settings
    settings.background = background
    return NetworkSource(model: model, modelOptions.request, settings)
  }
}
