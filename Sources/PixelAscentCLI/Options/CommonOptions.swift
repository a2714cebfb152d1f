// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

/// The options of every command that loads a network.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The model file: safetensors, .pth or ONNX.", valueName: "file"), completion: .file())
  var model: String?

  @OptionGroup var modelOptions: ModelOptions

  @OptionGroup var run: RunOptions

  var source: NetworkSource { NetworkSource(model: model, modelOptions.request, run.settings) }
}
