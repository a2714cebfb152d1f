// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// What every command takes that asks a network.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The model: safetensors, .pth or ONNX.", valueName: "file"), completion: .file())
  var model: String?

  @OptionGroup var modelOptions: ModelOptions

  @OptionGroup var run: RunOptions

  var console: Console { run.console }

  /// The files that a network was read from.
  func files(of network: Network) -> [String] { network.files + [modelOptions.labels].compactMap(\.self) }

  func network() throws -> Network {
    try network(modelOptions.settings())
  }

  private func network(_ settings: ModelSettings) throws -> Network {
    try Network.read(model, settings, run)
  }

  /// The network, and what pictures say of it: its file's SHA-256 takes milliseconds, in which the work may begin.
  func networkAndModel() throws -> (Network, Meanwhile<Provenance.Model>) {
    let settings = try modelOptions.settings(), network = try network(settings)
    let model = Meanwhile(threads: network.options.threads) { () throws(PixelAscentError) in
      try Provenance.Model(network, settings)
    }
    return (network, model)
  }
}

extension Network {
  /// Reads the model file at `path`, or the one that is found without; says what should be known of it.
  static func read(_ path: String?, _ settings: ModelSettings, _ run: RunOptions) throws -> Network {
    let network = try Network(
      contentsOf: try ModelLocation.find(path), settings: settings, options: try run.computeOptions())
    for note in network.notes { run.console.note("note: \(note)") }
    return network
  }
}
