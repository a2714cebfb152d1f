// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

// The values of objectives that read the scores, and their gradients with respect to the scores.
extension Objective {
  /// Returns the value of the terms that read the scores.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the objective needs probabilities and `activation` gives
  ///   none, or if the value of a closure is asked for.
  func value(scores: [Float], _ activation: Activation) throws(PixelAscentError) -> Double {
    func score(_ index: Int) -> Double { Double(scores[index]) }
    func logProbability(_ index: Int) throws(PixelAscentError) -> Double {
      switch activation {
      case .softmax: return score(index) - logSumOfExponentials(scores)
      // log σ(s), which does not overflow.
      case .sigmoid: return min(0, score(index)) - log1p(exp(-abs(score(index))))
      case .none: throw needsProbabilities
      }
    }
    switch self {
    case .score(let index): return score(index)
    case .crossEntropy(let index): return -(try logProbability(index))
    case .logProbability(let index): return try logProbability(index)
    case .probability(let index): return exp(try logProbability(index))
    case .margin(let index): return score(index) - (Self.best(scores, but: index).map(score) ?? 0)
    case .contrast(let index, let others):
      return score(index) - others.reduce(0) { $0 + score($1) } / Double(others.count)
    case .minusOthers(let index):
      let sum = scores.reduce(0) { $0 + Double($1) } - score(index)
      return score(index) - (scores.count > 1 ? sum / Double(scores.count - 1) : 0)
    case .weighted(let weights): return weights.reduce(0) { $0 + Double($1.value) * score($1.key) }
    case .custom:
      throw PixelAscentError(.invalidParameter, "an objective that is a closure has derivatives but no value")
    case .activation: return 0
    case .sum(let terms):
      var sum = 0.0
      for (weight, objective) in terms { sum += weight * (try objective.value(scores: scores, activation)) }
      return sum
    }
  }

  /// Returns the gradient of the terms that read the scores, with respect to the scores.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if a weight is not finite, a closure returns the wrong
  ///   number of derivatives or a derivative that is not finite, or the objective needs probabilities and `activation`
  ///   gives none.
  func gradient(scores: [Float], _ activation: Activation) throws(PixelAscentError) -> ScoreGradient {
    var gradient = [Double](repeating: 0, count: scores.count)
    switch self {
    case .score(let index): return .one(index)
    case .crossEntropy(let index): gradient = try ofLoss(index, scores, activation)
    case .logProbability(let index): gradient = try ofLoss(index, scores, activation).map { -$0 }
    case .probability(let index):
      // dp = p · d log p.
      let probability = try value(scores: scores, activation)
      gradient = try ofLoss(index, scores, activation).map { -probability * $0 }
    case .margin(let index):
      gradient[index] = 1
      if let other = Self.best(scores, but: index) { gradient[other] = -1 }
    case .contrast(let index, let others):
      gradient[index] += 1
      for other in others { gradient[other] -= 1 / Double(others.count) }
    case .minusOthers(let index):
      for other in scores.indices where other != index { gradient[other] = -1 / Double(scores.count - 1) }
      gradient[index] = 1
    case .weighted(let weights):
      for (index, weight) in weights { gradient[index] = Double(weight) }
    case .custom(let derivative):
      let values = derivative(scores)
      guard values.count == scores.count else {
        throw PixelAscentError(
          .invalidParameter,
          "the objective must have a derivative for each of \(scores.count) scores, found \(values.count)")
      }
      gradient = values.map(Double.init)
    case .activation: break
    case .sum(let terms):
      for (weight, objective) in terms {
        let term = try objective.gradient(scores: scores, activation).values(scores.count)
        for index in scores.indices { gradient[index] += weight * Double(term[index]) }
      }
    }
    let values = gradient.map(Float.init)
    guard values.allSatisfy(\.isFinite) else {
      throw PixelAscentError(.invalidParameter, "the objective has a derivative that is not finite")
    }
    return .all(values)
  }

  /// Returns the gradient of the cross-entropy of a class.
  private func ofLoss(
    _ index: Int, _ scores: [Float], _ activation: Activation
  ) throws(PixelAscentError) -> [Double] {
    switch activation {
    case .softmax:
      var gradient = softmax(scores)
      gradient[index] -= 1
      return gradient
    case .sigmoid:
      var gradient = [Double](repeating: 0, count: scores.count)
      // The derivative σ(s) − 1, without the rounding error of the difference.
      gradient[index] = -sigmoid(-Double(scores[index]))
      return gradient
    case .none: throw needsProbabilities
    }
  }

  /// Returns the class with the greatest score but for one class, the first of equal ones; nil if there is no other.
  private static func best(_ scores: [Float], but index: Int) -> Int? {
    scores.indices.filter { $0 != index }.max { scores[$0] < scores[$1] || scores[$0] == scores[$1] && $0 > $1 }
  }

  private var needsProbabilities: PixelAscentError {
    let name = if case .crossEntropy = self { "cross-entropy" } else { "objective" }
    return PixelAscentError(
      .invalidParameter,
      "the \(name) needs probabilities, which are not known; \(advice: .activation) softmax or sigmoid makes them")
  }
}

/// Returns log Σ exp(s).
private func logSumOfExponentials(_ scores: [Float]) -> Double {
  let greatest = Double(scores.max() ?? 0)
  return greatest + log(scores.reduce(0) { $0 + exp(Double($1) - greatest) })
}
