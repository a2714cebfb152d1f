// SPDX-License-Identifier: MIT

import PixelAscent

/// The options of a command that say how to read a model file.
package struct ModelRequest: Sendable {
  /// How to read the file, without the labels.
  private let settings: ModelSettings
  /// The file with the names of the classes; nil for the names in the model file.
  package let labels: String?

  package init(_ settings: ModelSettings, labels: String?) { (self.settings, self.labels) = (settings, labels) }

  /// Returns the settings for reading the model file, with the labels from their file.
  ///
  /// - Throws: `PixelAscentError` if the file with the labels can't be read.
  package func completeSettings() throws -> ModelSettings {
    var settings = settings
    settings.labels = try labels.map { try Labels(contentsOf: $0) }
    return settings
  }
}

/// The network that a command uses, before it is read.
package struct NetworkSource: Sendable {
  /// The model file; nil for the one that ``ModelLocation/search(_:)`` finds.
  package let model: String?
  package let request: ModelRequest
  package let run: RunSettings

  package init(model: String?, _ request: ModelRequest, _ run: RunSettings) {
    (self.model, self.request, self.run) = (model, request, run)
  }

  package var console: Console { run.console }

  /// Returns the files that the network was read from, including the file with the labels.
  package func files(of network: Network) -> [String] { network.files + [request.labels].compactMap(\.self) }

  /// Reads the network, and prints the notes about it.
  package func network() throws -> Network { try run.network(model, request.completeSettings()) }

  /// Reads the network, and prints the notes about it. Also returns the model's part of a picture's provenance. The
  /// SHA-256 in that part takes milliseconds to compute, so this happens while the caller goes on.
  package func networkAndModel() throws -> (Network, BackgroundResult<Provenance.Model>) {
    let settings = try request.completeSettings(), network = try run.network(model, settings)
    let model = BackgroundResult(threads: network.options.threads) { () throws(PixelAscentError) in
      try Provenance.Model(network, settings)
    }
    return (network, model)
  }
}
