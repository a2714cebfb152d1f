// SPDX-License-Identifier: MIT

/// The interval of a clamp: [0, ∞) for ReLU, [0, 6] for ReLU6. The derivative of the clamp is 1 inside the interval, 0
/// outside and at its ends.
package struct Clamp: Hashable, Sendable {
  package var low, high: Float

  package init(low: Float = -.infinity, high: Float = .infinity) {
    self.low = low
    self.high = high
  }

  package static let none = Clamp()
  package static let relu = Clamp(low: 0)
  package static let relu6 = Clamp(low: 0, high: 6)

  /// Returns whether the derivative at `value` is 1: whether `value` lies inside the interval, not at an end.
  func passes(_ value: Float) -> Bool { low < value && value < high }

  /// The words for the clamp at the end of an operation's summary, such as ", ReLU"; empty for no clamp.
  var summary: String {
    switch self {
    case .none: ""
    case .relu: ", ReLU"
    case .relu6: ", ReLU6"
    default: ", clamp \(low) to \(high)"
    }
  }
}
