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
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the input is too small for the network or too large for the
  ///   memory the options allow, `invalidParameter` if it is no finite tensor of shape (C, H, W).
  public func scores(of input: Tensor) throws(PixelAscentError) -> [Float] {
    try check(input)
    let workspace = try Workspace(self, height: input.shape[1], width: input.shape[2], gradient: false)
    return try workspace.parallel.together { () throws(PixelAscentError) in try forward(input, in: workspace) }
  }

  /// The classes of the greatest scores, the greatest first; equal scores in the order of the classes.
  public func classify(_ image: RGBImage, top count: Int = 5) throws(PixelAscentError) -> [Prediction] {
    predictions(try scores(of: input(for: image)), top: count)
  }

  /// The same from scores.
  public func predictions(_ scores: [Float], top count: Int = 5) -> [Prediction] {
    let probabilities = softmax(scores)
    return scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }.prefix(count).map {
      Prediction(classIndex: $0, score: scores[$0], probability: probabilities[$0])
    }
  }

  /// The gradient of an objective with respect to an input of shape (C, H, W) in normalised space, of the same shape,
  /// and the scores of all classes.
  ///
  /// ReLU'(0) is 0, and a max pool sends its gradient to the first maximum of the window, as in PyTorch. Where
  /// `throughLastReLU` is false, the score before the ReLU that precedes the last average is differentiated.
  ///
  /// - Throws: as ``scores(of:)`` does.
  public func gradient(
    of objective: Objective, at input: Tensor, throughLastReLU: Bool = true
  ) throws(PixelAscentError) -> (gradient: Tensor, scores: [Float]) {
    try check(input)
    try check(class: objective.classIndex)
    let workspace = try Workspace(self, height: input.shape[1], width: input.shape[2], gradient: true)
    return try workspace.parallel.together { () throws(PixelAscentError) in
      let scores = try forward(input, in: workspace)
      return (try backward(objective, scores: scores, throughLastReLU: throughLastReLU, in: workspace), scores)
    }
  }

  /// The class of the greatest score, the first of equals.
  package func topClass(_ scores: [Float]) -> Int {
    scores.indices.max { (scores[$0], $1) < (scores[$1], $0) } ?? 0
  }

  func forward(_ input: Tensor, in workspace: Workspace) throws(PixelAscentError) -> [Float] {
    let planes = ImagePlanes(channels: channels, height: workspace.height, width: workspace.width)
    planes.tensor = input
    kernels.roll(workspace.image, planes, by: .none, rows: 0..<workspace.height)
    try workspace.forward()
    return workspace.scores
  }

  func backward(
    _ objective: Objective, scores: [Float], throughLastReLU: Bool = true, in workspace: Workspace
  ) throws(PixelAscentError) -> Tensor {
    workspace.backward(objective.gradient(scores: scores), throughLastReLU: throughLastReLU)
    let tensor = workspace.gradientPlanes.tensor
    guard tensor.isFinite else {
      throw PixelAscentError(
        .invalidParameter, "the network's gradient is not finite: its weights or the image's values are too large")
    }
    return tensor
  }

  func check(class index: Int) throws(PixelAscentError) {
    guard (0..<classCount).contains(index) else {
      throw PixelAscentError(
        .classLookup, "class \(index) is out of range: the model has classes 0 to \(classCount - 1)")
    }
  }

  package func check(_ input: Tensor) throws(PixelAscentError) {
    guard input.shape.count == 3, input.shape[0] == channels, input.shape[1] > 0, input.shape[2] > 0 else {
      throw PixelAscentError(
        .invalidParameter, "an input image must have the shape (\(channels), H, W), found \(shapeText(input.shape))")
    }
    if let index = input.firstNonFiniteIndex {
      throw PixelAscentError(.invalidParameter, "an input image must be finite, found \(input.values[index])")
    }
  }
}
