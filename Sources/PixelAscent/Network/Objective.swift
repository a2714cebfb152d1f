// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The function of the scores whose gradient is taken.
public enum Objective: Sendable {
  /// The score s_y of class y: the network's output before the softmax, not a probability.
  case score(class: Int)
  /// The loss −log softmax(s)_y of class y.
  case crossEntropy(class: Int)
  /// The weighted sum Σ weight · s_c of some scores, by class index: `[76: 1, 99: -1]` is the score of class 76 minus
  /// the score of class 99.
  case weighted([Int: Float])
  /// Your own function of the scores. The closure takes the scores of all classes and returns the function's derivative
  /// with respect to each of them.
  case custom(@Sendable (_ scores: [Float]) -> [Float])

  /// An objective of one class, with the name that commands and provenance use.
  public enum Kind: String, Codable, CaseIterable, Hashable, Sendable {
    /// ``Objective/score(class:)``.
    case score
    /// ``Objective/crossEntropy(class:)``.
    case crossEntropy = "cross-entropy"
  }

  /// Creates the objective of a kind for a class.
  public init(_ kind: Kind, class index: Int) {
    self =
      switch kind {
      case .score: .score(class: index)
      case .crossEntropy: .crossEntropy(class: index)
      }
  }

  /// The classes that the objective names.
  var classes: [Int] {
    switch self {
    case .score(let index), .crossEntropy(let index): [index]
    case .weighted(let weights): weights.keys.sorted()
    case .custom: []
    }
  }

  /// Returns the gradient of the objective with respect to the scores.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if a weight is not finite, or a closure returns the wrong
  ///   number of derivatives or a derivative that is not finite.
  func gradient(scores: [Float]) throws(PixelAscentError) -> ScoreGradient {
    switch self {
    case .score(let index): return .one(index)
    case .crossEntropy(let index):
      var gradient = softmax(scores)
      gradient[index] -= 1
      return .all(gradient.map(Float.init))
    case .weighted(let weights):
      var gradient = [Float](repeating: 0, count: scores.count)
      for (index, weight) in weights { gradient[index] = weight }
      return .all(try Self.checked(gradient, scores.count))
    case .custom(let derivative): return .all(try Self.checked(derivative(scores), scores.count))
    }
  }

  private static func checked(_ gradient: [Float], _ count: Int) throws(PixelAscentError) -> [Float] {
    guard gradient.count == count else {
      throw PixelAscentError(
        .invalidParameter, "the objective must have a derivative for each of \(count) scores, found \(gradient.count)")
    }
    guard gradient.allSatisfy(\.isFinite) else {
      throw PixelAscentError(.invalidParameter, "the objective has a derivative that is not finite")
    }
    return gradient
  }
}

/// The gradient of an objective with respect to the scores.
enum ScoreGradient {
  /// 1 for one class, 0 for the others.
  case one(Int)
  case all([Float])

  /// Returns the derivatives with respect to each of `count` scores.
  func values(_ count: Int) -> [Float] {
    switch self {
    case .one(let index): (0..<count).map { $0 == index ? 1 : 0 }
    case .all(let values): values
    }
  }
}

/// Returns the probabilities exp(s_c) / Σ exp(s) of all classes.
package func softmax(_ scores: [Float]) -> [Double] {
  let greatest = Double(scores.max() ?? 0)
  let weights = scores.map { exp(Double($0) - greatest) }
  let total = weights.reduce(0, +)
  return weights.map { $0 / total }
}
