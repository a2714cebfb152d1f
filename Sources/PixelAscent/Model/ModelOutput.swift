// SPDX-License-Identifier: MIT

/// An output of the graph in an ONNX file.
public struct ModelOutput: Sendable, Hashable {
  /// The output's name in the file.
  public let name: String
  /// The extents that the file declares, nil for one that it leaves open; empty if the file declares none.
  public let shape: [Int?]
  /// Whether the output is taken for the scores.
  public let isScores: Bool

  package init(name: String, shape: [Int?], isScores: Bool) {
    (self.name, self.shape, self.isScores) = (name, shape, isScores)
  }
}
