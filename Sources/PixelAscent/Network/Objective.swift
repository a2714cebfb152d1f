// SPDX-License-Identifier: MIT

/// The function of the scores whose gradient is taken.
public enum Objective: Sendable {
  /// The score s_y of class y: the network's output before the softmax or the sigmoid, not a probability.
  case score(class: Int)
  /// The loss −log p_y of class y, where p_y is the class's probability. With sigmoid outputs that is the class's binary
  /// cross-entropy −log σ(s_y), which depends on no other class.
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
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if a weight is not finite, a closure returns the wrong
  ///   number of derivatives or a derivative that is not finite, or the cross-entropy is asked for and `activation` gives
  ///   no probabilities.
  func gradient(scores: [Float], _ activation: Activation) throws(PixelAscentError) -> ScoreGradient {
    switch self {
    case .score(let index): return .one(index)
    case .crossEntropy(let index):
      var gradient = [Double](repeating: 0, count: scores.count)
      switch activation {
      case .softmax:
        gradient = softmax(scores)
        gradient[index] -= 1
      // The derivative σ(s) − 1, without the rounding error of the difference.
      case .sigmoid: gradient[index] = -sigmoid(-Double(scores[index]))
      case .none: throw Self.needsProbabilities
      }
      return .all(gradient.map(Float.init))
    case .weighted(let weights):
      var gradient = [Float](repeating: 0, count: scores.count)
      for (index, weight) in weights { gradient[index] = weight }
      return .all(try Self.checked(gradient, scores.count))
    case .custom(let derivative): return .all(try Self.checked(derivative(scores), scores.count))
    }
  }

  private static let needsProbabilities = PixelAscentError(
    .invalidParameter,
    "the cross-entropy needs probabilities, which are not known; \(advice: .activation) softmax or sigmoid makes them")

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
