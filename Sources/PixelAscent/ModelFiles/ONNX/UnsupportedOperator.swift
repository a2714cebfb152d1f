// SPDX-License-Identifier: MIT

/// An operator that this version doesn't have.
public struct UnsupportedOperator: Sendable {
  /// The node's name, or its output's.
  public let layer: String
  /// "Conv", or with its domain "com.microsoft.FusedConv".
  public let `operator`: String
  /// What is wrong with it, and the nearest that is supported.
  public let reason: String
}
