// SPDX-License-Identifier: MIT

/// An operator in an ONNX file that this version doesn't support.
public struct UnsupportedOperator: Sendable {
  /// The name of the node, or of its output if the node has none.
  public let layer: String
  /// The operator's type, such as "Conv", or "com.microsoft.FusedConv" with its domain.
  public let `operator`: String
  /// The reason why the operator is not supported, and the nearest one that is.
  public let reason: String
}
