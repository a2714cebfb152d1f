// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// How a network's scores become probabilities: the activation function behind the scores.
public enum Activation: String, Codable, CaseIterable, Hashable, Sendable {
  /// The classes exclude each other: the probability of class c is exp(s_c) / Σ exp(s).
  case softmax
  /// Each class is present or not, whatever the others are: the probability of class c is σ(s_c) = 1 / (1 + exp(−s_c)).
  case sigmoid
  /// The probabilities are not known; there are only scores.
  ///
  /// Where an optional is expected, write `Activation.none`: the compiler takes `.none` for nil.
  case none

  /// Returns the probabilities of all classes, by class index; nil if they are not known.
  public func probabilities(_ scores: [Float]) -> [Double]? {
    switch self {
    case .softmax: PixelAscent.softmax(scores)
    case .sigmoid: scores.map { PixelAscent.sigmoid(Double($0)) }
    case .none: nil
    }
  }

  /// Returns the probability of the class with index `index`, given the scores of all classes; nil if it is not known.
  public func probability(of index: Int, _ scores: [Float]) -> Double? {
    self == .sigmoid ? PixelAscent.sigmoid(Double(scores[index])) : probabilities(scores)?[index]
  }
}

/// Returns the probabilities exp(s_c) / Σ exp(s) of all classes.
package func softmax(_ scores: [Float]) -> [Double] {
  let greatest = Double(scores.max() ?? 0)
  let weights = scores.map { exp(Double($0) - greatest) }
  let total = weights.reduce(0, +)
  return weights.map { $0 / total }
}

/// Returns σ(x) = 1 / (1 + exp(−x)).
package func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
