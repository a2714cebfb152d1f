// SPDX-License-Identifier: MIT

/// The function of the scores, or of the activations of layers, whose gradient is taken.
public indirect enum Objective: Sendable {
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

  /// The logarithm of the class's probability: minus ``crossEntropy(class:)``.
  case logProbability(class: Int)
  /// The class's probability. Where it is near 1, its gradient is almost 0.
  case probability(class: Int)
  /// The class's score minus the greatest other score; of equal ones, the first.
  case margin(class: Int)
  /// The class's score minus the mean score of some other classes: why is it this class and not those?
  case contrast(class: Int, others: [Int])
  /// The class's score minus the mean of all other scores.
  case minusOthers(class: Int)
  /// A function of a layer's activation. The layer is one of ``Network/layerNames``.
  case activation(of: String, LayerFunction)
  /// The sum of objectives, each times its weight.
  case sum([(weight: Double, objective: Objective)])

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
    case .score(let index), .crossEntropy(let index), .logProbability(let index), .probability(let index),
      .margin(let index), .minusOthers(let index):
      [index]
    case .contrast(let index, let others): [index] + others
    case .weighted(let weights): weights.keys.sorted()
    case .custom, .activation: []
    case .sum(let terms): terms.flatMap(\.objective.classes)
    }
  }

  /// The objective's terms that read the activation of a layer.
  var layerTerms: [(weight: Double, layer: String, function: LayerFunction)] {
    switch self {
    case .activation(let layer, let function): [(1, layer, function)]
    case .sum(let terms):
      terms.flatMap { term in term.objective.layerTerms.map { (term.weight * $0.weight, $0.layer, $0.function) } }
    default: []
    }
  }

  /// Whether the objective has a term that reads the scores.
  var readsScores: Bool {
    switch self {
    case .activation: false
    case .sum(let terms): terms.contains { $0.objective.readsScores }
    default: true
    }
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
