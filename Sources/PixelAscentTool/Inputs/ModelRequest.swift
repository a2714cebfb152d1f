// SPDX-License-Identifier: MIT

import PixelAscent

/// What a command says of a model beside the model's file.
package struct ModelRequest: Sendable {
  /// How the file is read, but for the labels.
  private let settings: ModelSettings
  /// The file with the classes' names; nil if the model's own are used.
  package let labels: String?

  package init(_ settings: ModelSettings, labels: String?) { (self.settings, self.labels) = (settings, labels) }

  /// How the model's file is read, with the labels from their own file.
  ///
  /// - Throws: `PixelAscentError` if the file with the labels can't be read.
  package func completeSettings() throws -> ModelSettings {
    var settings = settings
    settings.labels = try labels.map { try Labels(contentsOf: $0) }
    return settings
  }
}

/// The network that a command asks, before it is read.
package struct NetworkSource: Sendable {
  /// The model file; nil if it is looked for.
  package let model: String?
  package let request: ModelRequest
  package let run: RunSettings

  package init(model: String?, _ request: ModelRequest, _ run: RunSettings) {
    (self.model, self.request, self.run) = (model, request, run)
  }

  package var console: Console { run.console }

  /// The files that the network was read from.
  package func files(of network: Network) -> [String] { network.files + [request.labels].compactMap(\.self) }

  /// Reads the network, and prints the notes on it.
  package func network() throws -> Network { try run.network(model, request.completeSettings()) }

  /// Reads the network, and prints the notes on it; beside it, what pictures say of their model. The SHA-256 in there takes
  /// milliseconds, during which the work may begin.
  package func networkAndModel() throws -> (Network, Meanwhile<Provenance.Model>) {
    let settings = try request.completeSettings(), network = try run.network(model, settings)
    let model = Meanwhile(threads: network.options.threads) { () throws(PixelAscentError) in
      try Provenance.Model(network, settings)
    }
    return (network, model)
  }
}
