// SPDX-License-Identifier: MIT

import PixelAscent

/// Models whose parameters are in memory.
extension Model {
  /// Makes a complete model, and checks that its parts fit each other.
  package init(
    graph: Graph, labels: Labels, preprocessing: Preprocessing, source: String, licence: String,
    tensors: [String: Tensor], name: String
  ) throws(PixelAscentError) {
    self.init(
      graph: graph, parameters: tensors.mapValues { Parameter($0) }, preprocessing: preprocessing, labels: labels,
      source: source, licence: licence)
    do {
      try check()
    } catch {
      throw error.about(name)
    }
  }

  package var tensors: [String: Tensor] {
    get throws { try parameters.mapValues { try $0.tensor() } }
  }
}
