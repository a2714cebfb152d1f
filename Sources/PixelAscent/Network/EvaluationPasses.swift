// SPDX-License-Identifier: MIT

// Runs the layers forward and backward.
extension Evaluation {
  private var scorePlanes: Planes { activations[plan.output] }

  /// Returns the block that holds a class's score if the network can compute that block alone, else all blocks of
  /// scores.
  func blocks(for class: Int?) -> Range<Int> {
    guard let index = `class`, plan.hasPartialLayers else { return 0..<scorePlanes.blocks }
    return index / 16..<index / 16 + 1
  }

  /// The classes whose scores lie in the requested blocks.
  private var requestedClasses: Range<Int> {
    requestedBlocks.lowerBound * 16..<min(requestedBlocks.upperBound * 16, plan.classes)
  }

  /// Computes the scores of all classes for the loaded image, or only the block of scores that holds one class.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if a computed score is not finite.
  func forward(only class: Int? = nil) throws(PixelAscentError) {
    observer?(nil, false)
    hasActivations = false
    requestedBlocks = blocks(for: `class`)
    runForward(plan.layers.count)
    guard scorePlanes.isFinite(requestedClasses) else {
      throw PixelAscentError(
        .invalidParameter, "the network's scores are not finite: its weights or the image's values are too large")
    }
  }

  /// Runs the first `count` layers.
  func runForward(_ count: Int) {
    for index in 0..<count {
      for step in forwardSteps[index].indices { run(forwardSteps[index][step]) }
      observer?(index, false)
    }
  }

  /// The scores of all classes after a `forward()` for all of them.
  var lastScores: [Float] { scorePlanes.vector(0..<plan.classes) }

  /// Returns the score of a class after a `forward()` that computed it.
  func score(_ class: Int) -> Float { scorePlanes[`class`] }

  /// Runs the backward pass from the scores to the image. The pass overwrites the activations.
  ///
  /// - Parameters:
  ///   - seed: the gradient of the objective with respect to the scores
  ///   - throughLastReLU: false to leave out the derivative of the last ReLU, if the scores come from it directly or
  ///     through an average
  /// - Precondition: the last `forward` computed every score whose derivative in `seed` is not zero.
  func backward(_ seed: ScoreGradient, throughLastReLU: Bool = true) {
    self.throughLastReLU = throughLastReLU
    if keepsActivations && hasActivations && kept == nil { kept = copyOfArena() }
    hasActivations = false
    let target = gradients[plan.output]
    let clamp = throughLastReLU ? plan.values[plan.output].clamp : nil
    func passes(_ class: Int) -> Bool { clamp?.passes(score(`class`)) ?? true }
    switch seed {
    case .one(let index):
      requestedBlocks = blocks(for: index)
      let value: Float = passes(index) ? 1 : 0
      target.setVector(requestedClasses, 0)
      target.setVector(index..<index + 1, value)
    case .all(let values):
      requestedBlocks = blocks(for: nil)
      target.setVector(clamp == nil ? values : values.indices.map { passes($0) ? values[$0] : 0 })
    }
    observer?(nil, true)
    var index = plan.layers.count
    while index > 0 {
      index -= 1
      for step in backwardSteps[index].indices { run(backwardSteps[index][step]) }
      observer?(index, true)
    }
  }

  /// Returns a copy of the arena; nil if it would take more memory than the options allow or the system has.
  private func copyOfArena() -> FloatBuffer? {
    let bytes = arena.count * MemoryLayout<Float>.stride
    guard 2 * bytes <= network.options.maxMemory, ZeroedMemory.isAvailable(bytes) else { return nil }
    let copy = FloatBuffer(count: arena.count)
    copy.fill(from: arena)
    return copy
  }

  /// Runs the parts of a step on the evaluation's threads.
  func run(_ step: Step) {
    let step = step.fastest
    let blocks = step.isPartial ? requestedBlocks : step.blocks
    parallel.overParts(blocks: blocks, multipleOf: step.blockMultiple, rows: step.rows, step.body)
  }
}
