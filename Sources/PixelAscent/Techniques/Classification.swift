// SPDX-License-Identifier: MIT

/// A class and how strongly the network sees it.
public struct Prediction: Hashable, Sendable {
  /// The class's index.
  public let classIndex: Int
  /// The raw output s_c.
  public let score: Float
  /// softmax(s)_c.
  public let probability: Double
}

extension Network {
  /// The raw scores of all classes for an input of shape (C, H, W) in normalised space.
  ///
  /// - Throws: as ``evaluation(of:gradient:)-(Tensor,_)`` does.
  public func scores(of input: Tensor) throws(PixelAscentError) -> [Float] {
    try evaluation(of: input, gradient: false).scores()
  }

  /// The classes of the greatest scores, the greatest first; equal scores in the order of the classes.
  ///
  /// - Parameters:
  ///   - image: resized to the network's input
  ///   - count: how many of them; all if there are fewer
  /// - Throws: as ``evaluation(of:gradient:)-(RGBImage,_)`` and ``Evaluation/scores()`` do.
  public func classify(_ image: RGBImage, top count: Int = 5) throws(PixelAscentError) -> [Prediction] {
    predictions(try evaluation(of: image, gradient: false).scores(), top: count)
  }

  /// The classes that have the greatest of these scores, the greatest first; equal scores in the order of the classes.
  ///
  /// - Parameters:
  ///   - scores: one of each class
  ///   - count: how many of them; all if there are fewer
  public func predictions(_ scores: [Float], top count: Int = 5) -> [Prediction] {
    let probabilities = softmax(scores)
    return scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }.prefix(max(count, 0)).map {
      Prediction(classIndex: $0, score: scores[$0], probability: probabilities[$0])
    }
  }

  /// The gradient of an objective with respect to an input of shape (C, H, W) in normalised space, of the same shape,
  /// and the scores of all classes; see ``Evaluation/gradient(of:throughLastReLU:)``.
  ///
  /// - Throws: as the evaluation does.
  public func gradient(
    of objective: Objective, at input: Tensor, throughLastReLU: Bool = true
  ) throws(PixelAscentError) -> (gradient: Tensor, scores: [Float]) {
    let evaluation = try evaluation(of: input)
    return (try evaluation.gradient(of: objective, throughLastReLU: throughLastReLU), try evaluation.scores())
  }

  /// The class of the greatest score, the first of equals.
  package func topClass(_ scores: [Float]) -> Int {
    scores.indices.max { (scores[$0], $1) < (scores[$1], $0) } ?? 0
  }
}
