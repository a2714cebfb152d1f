// SPDX-License-Identifier: MIT

import PixelAscent

/// Model files whose parameters are at hand.
extension ModelFile {
  package init(
    graph: Graph, labels: Labels, preprocessing: Preprocessing, source: String, licence: String,
    tensors: [String: Tensor], name: String
  ) throws(PixelAscentError) {
    try self.init(
      graph: graph, labels: labels, preprocessing: preprocessing, source: source, licence: licence,
      parameters: tensors.mapValues { Parameter($0) }, name: name)
  }

  package var tensors: [String: Tensor] {
    get throws { try parameters.mapValues { try $0.tensor() } }
  }
}
