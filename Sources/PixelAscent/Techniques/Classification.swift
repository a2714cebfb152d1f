// SPDX-License-Identifier: MIT

/// A class with its score and its probability.
public struct Prediction: Hashable, Sendable {
  /// The index of the class.
  public let classIndex: Int
  /// The score s_c of the class.
  public let score: Float
  /// The probability of the class, as ``Network/activation`` makes it from the scores; nil if it is not known.
  public let probability: Double?
}

extension Network {
  /// Returns the scores of all classes for an input of shape (C, H, W) in normalised space.
  ///
  /// - Throws: as ``evaluation(of:gradient:)-(Tensor,_)`` does.
  public func scores(of input: Tensor) throws(PixelAscentError) -> [Float] {
    try evaluation(of: input, gradient: false).scores()
  }

  /// Returns the classes with the greatest scores for an image, the greatest first; classes with equal scores by index.
  ///
  /// - Parameters:
  ///   - image: the image, which is first resized to the network's input
  ///   - count: the number of classes to return; all if the network has fewer
  /// - Throws: as ``evaluation(of:gradient:)-(RGBImage,_)`` and ``Evaluation/scores()`` do.
  public func classify(_ image: RGBImage, top count: Int = 5) throws(PixelAscentError) -> [Prediction] {
    predictions(try evaluation(of: image, gradient: false).scores(), top: count)
  }

  /// Returns the classes with the greatest of the given scores, the greatest first; classes with equal scores by index.
  ///
  /// - Parameters:
  ///   - scores: the score of each class, by class index
  ///   - count: the number of classes to return; all if there are fewer
  public func predictions(_ scores: [Float], top count: Int = 5) -> [Prediction] {
    let probabilities = activation.probabilities(scores)
    return scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }.prefix(max(count, 0)).map {
      Prediction(classIndex: $0, score: scores[$0], probability: probabilities?[$0])
    }
  }

  /// Returns the gradient of an objective with respect to an input, and the scores of all classes.
  ///
  /// - Parameters:
  ///   - objective: the function of the scores to differentiate
  ///   - input: the image in normalised space, of shape (C, H, W)
  ///   - throughLastReLU: as in ``Evaluation/gradient(of:throughLastReLU:)``
  /// - Returns: the gradient, of the input's shape, and the scores by class index
  /// - Throws: as ``evaluation(of:gradient:)-(Tensor,_)`` and ``Evaluation/gradient(of:throughLastReLU:)`` do.
  public func gradient(
    of objective: Objective, at input: Tensor, throughLastReLU: Bool = true
  ) throws(PixelAscentError) -> (gradient: Tensor, scores: [Float]) {
    let evaluation = try evaluation(of: input)
    return (try evaluation.gradient(of: objective, throughLastReLU: throughLastReLU), try evaluation.scores())
  }

  /// Returns the class with the greatest score, the first of several with equal scores.
  package func topClass(_ scores: [Float]) -> Int {
    scores.indices.max { (scores[$0], $1) < (scores[$1], $0) } ?? 0
  }

  /// Returns whether the network sees a class, given the scores of all classes: with sigmoid outputs, whether the class's
  /// probability is above 0.5; else whether the class has the greatest score.
  package func sees(_ class: Int, _ scores: [Float]) -> Bool {
    // σ(s) is above 0.5 if s is above 0.
    activation == .sigmoid ? scores[`class`] > 0 : topClass(scores) == `class`
  }
}
