// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What is differentiated with respect to the pixels.
public enum Objective: Hashable, Sendable {
  /// The score s_y of class y: the network's raw output, not a probability.
  case score(class: Int)
  /// The loss −log softmax(s)_y of class y.
  case crossEntropy(class: Int)

  /// The class y.
  public var classIndex: Int {
    switch self {
    case .score(let index), .crossEntropy(let index): index
    }
  }

  func gradient(scores: [Float]) -> ScoreGradient {
    switch self {
    case .score(let index): return .one(index)
    case .crossEntropy(let index):
      var gradient = softmax(scores)
      gradient[index] -= 1
      return .all(gradient.map(Float.init))
    }
  }
}

/// The probabilities exp(s_c) / Σ exp(s).
package func softmax(_ scores: [Float]) -> [Double] {
  let greatest = Double(scores.max() ?? 0)
  let weights = scores.map { exp(Double($0) - greatest) }
  let total = weights.reduce(0, +)
  return weights.map { $0 / total }
}

/// Blur weights exp(−½(k/σ)²) of k = −R … R, R = ⌊4σ + ½⌋, with sum 1, for an axis of `size` pixels.
///
/// Half-sample reflection has period 2·size, so where R is larger the weights are those of one period, summed.
func gaussianTaps(sigma: Double, size: Int) -> [Float] {
  let radius = Int(4 * sigma + 0.5)
  var weights = (-radius...radius).map { (k: Int) -> Double in
    let deviations = Double(k) / sigma
    return exp(-0.5 * deviations * deviations)
  }
  let total = weights.reduce(0, +)
  if radius > size {
    var folded = [Double](repeating: 0, count: 2 * size + 1)
    for (index, weight) in weights.enumerated() {
      let offset = (index - radius + size) % (2 * size)
      folded[offset < 0 ? offset + 2 * size : offset] += weight
    }
    weights = folded
  }
  return weights.map { Float($0 / total) }
}
