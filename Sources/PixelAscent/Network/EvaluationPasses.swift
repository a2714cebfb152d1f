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
    try checkScores()
  }

  private func checkScores() throws(PixelAscentError) {
    guard scorePlanes.isFinite(requestedClasses) else {
      throw PixelAscentError(
        .invalidParameter, "the network's scores are not finite: its weights or the image's values are too large")
    }
  }

  /// Runs the first `count` layers, or those from `start` on.
  func runForward(_ count: Int, from start: Int = 0) {
    for index in start..<count {
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
    plan(scores: true, seeds: [])
    writeScoreGradient(seed, throughLastReLU: throughLastReLU)
    runBackward()
  }

  private func writeScoreGradient(_ seed: ScoreGradient, throughLastReLU: Bool) {
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
  }

  /// Runs the layers of the backward pass that the objective depends on, and adds the seeds.
  private func runBackward() {
    observer?(nil, true)
    var index = plan.end
    while index > 0 {
      index -= 1
      if !plan.seeds.isEmpty { addSeeds(after: index) }
      if !plan.layers[index].isOnTheWay { continue }
      for step in backwardSteps[index].indices { run(backwardSteps[index][step]) }
      observer?(index, true)
    }
  }

  /// Adds the seeds of the layers that end with the layer `index` to these layers' gradients.
  private func addSeeds(after index: Int) {
    for (seed, planes) in zip(plan.seeds, seedPlanes) where seed.position.end == index + 1 {
      let gradient = gradients[seed.position.value]
      for block in seed.blocksToClear { gradient.clear(blocks: block..<block + 1) }
      let body = Parallel.Body { [kernels] in
        kernels.addInputGradient(gradient, planes, Epilogue(accumulates: true), $0)
      }
      parallel.overParts(blocks: 0..<gradient.blocks, rows: gradient.height, body)
    }
  }

  /// Runs the layers that an objective needs, for the loaded image.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if an activation that the objective reads, or a score, is not
  ///   finite.
  func forward(for objective: Objective) throws(PixelAscentError) {
    try plan(for: objective)
    observer?(nil, false)
    hasActivations = false
    requestedBlocks = blocks(for: nil)
    var done = 0
    // A later sum in place may overwrite an activation, so each is read as soon as it is complete.
    for seed in plan.seeds.indices.sorted(by: { plan.seeds[$0].position.end < plan.seeds[$1].position.end }) {
      let position = plan.seeds[seed].position
      runForward(position.end, from: done)
      done = position.end
      let activation = tensor(activations[position.value])
      guard activation.isFinite else { throw Self.notFinite(objective.layerTerms[seed].layer) }
      seedActivations[seed] = activation
    }
    runForward(plan.end, from: done)
    if objective.readsScores { try checkScores() }
  }

  /// Plans the passes for an objective.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the network has no layer that the objective names.
  private func plan(for objective: Objective) throws(PixelAscentError) {
    var positions: [LayerPosition] = []
    for term in objective.layerTerms { positions.append(try network.position(of: term.layer)) }
    plan(scores: objective.readsScores, seeds: positions)
  }

  /// Returns an objective's value after `forward(for:)`.
  func value(after objective: Objective) throws(PixelAscentError) -> Double {
    var sum = 0.0
    if objective.readsScores { sum = try objective.value(scores: lastScores, network.activation) }
    for (term, activation) in zip(objective.layerTerms, seedActivations) {
      sum += term.weight * (try term.function.value(activation))
    }
    return sum
  }

  /// Computes the gradient of an objective with respect to the image, after `forward(for:)`. It stays in
  /// `gradientPlanes`. The pass overwrites the activations.
  ///
  /// - Parameter throughClamps: false to leave out the derivative of the last ReLU of the scores, and that of the ReLU of a
  ///   layer that the objective reads where the gradient of its activation is positive. So a layer whose activation is 0
  ///   everywhere gets a gradient that raises it (Lucid's redirected ReLU)
  func backward(for objective: Objective, throughClamps: Bool = true) throws(PixelAscentError) {
    for (index, term) in objective.layerTerms.enumerated() {
      let activation = seedActivations[index], planes = seedPlanes[index]
      let clamp = plan.values[plan.seeds[index].position.value].clamp
      var gradient = try term.function.gradient(activation)
      for place in gradient.values.indices {
        let slope = Float(term.weight) * gradient.values[place]
        let isRaised = !throughClamps && slope > 0
        gradient.values[place] = isRaised || clamp?.passes(activation.values[place]) ?? true ? slope : 0
      }
      kernels.planes(planes, of: ImagePlanes(gradient), rows: 0..<planes.height)
    }
    if objective.readsScores {
      let seed = try objective.gradient(scores: lastScores, network.activation).values(plan.classes)
      writeScoreGradient(.all(seed), throughLastReLU: throughClamps)
    }
    self.throughLastReLU = throughClamps
    hasActivations = false
    runBackward()
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
