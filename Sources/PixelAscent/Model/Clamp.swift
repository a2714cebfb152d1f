// SPDX-License-Identifier: MIT

/// An interval to which values are clamped: ReLU's is [0, ∞), ReLU6's [0, 6]. The derivative is 1 inside, 0 at its ends.
package struct Clamp: Hashable, Sendable {
  package var low, high: Float

  package init(low: Float = -.infinity, high: Float = .infinity) {
    self.low = low
    self.high = high
  }

  package static let none = Clamp()
  package static let relu = Clamp(low: 0)
  package static let relu6 = Clamp(low: 0, high: 6)

  /// Whether the derivative at a value is 1: it lies inside, at no end.
  func passes(_ value: Float) -> Bool { low < value && value < high }

  /// What stands behind an operation's own words: ", ReLU".
  var summary: String {
    switch self {
    case .none: ""
    case .relu: ", ReLU"
    case .relu6: ", ReLU6"
    default: ", clamp \(low) to \(high)"
    }
  }
}
