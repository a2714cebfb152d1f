// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

/// What every command takes that asks a network.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The model: safetensors, .pth or ONNX.", valueName: "file"), completion: .file())
  var model: String?

  @OptionGroup var modelOptions: ModelOptions

  @OptionGroup var run: RunOptions

  var source: NetworkSource { NetworkSource(model: model, modelOptions.request, run.settings) }
}
