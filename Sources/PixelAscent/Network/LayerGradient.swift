// SPDX-License-Identifier: MIT
//
// The gradient with respect to a layer's output. A backward pass to the image does not leave it in memory, for two
// reasons:
// - As soon as the gradient of a value is complete, the pass multiplies it by the derivative of the clamp that made the
//   value. A pass to a layer's output leaves out this multiplication for the blocks of that output.
// - A slice lies in the memory of its input, and a concatenation in the memory of its parts. Values in the same memory
//   share one gradient, to which the readers of all these values contribute. In a pass to a layer's output, a reader
//   contributes only if the value it reads depends on that output.

/// The position of a named layer's output in a plan.
struct LayerPosition: Hashable, Sendable {
  /// The index of the value that has the layer's name.
  let value: Int
  /// The number of layers of the plan that must run to compute the value.
  let end: Int
}

/// How a backward pass that ends at a layer's output differs from one that ends at the image.
struct LayerTarget {
  /// The blocks of the layer's output. They are cleared first, and every reader accumulates into them.
  fileprivate let target: BlockSet
  /// The blocks whose gradient is not multiplied by a clamp's derivative.
  fileprivate let unclamped: BlockSet
  /// The values in the target's memory that depend on it, the target among them.
  fileprivate let dependent: Set<Int>
  /// The layer's output.
  fileprivate let value: Value

  fileprivate init(_ position: LayerPosition, _ plan: LayerPlan) {
    value = plan.values[position.value]
    target = BlockSet(of: value)
    // Values are in the order of the graph, so a value comes after those in whose memory it lies.
    var dependent: Set = [position.value]
    for index in plan.values.indices where plan.sources[index, default: []].contains(where: dependent.contains) {
      dependent.insert(index)
    }
    self.dependent = dependent
    var unclamped = value.clamp == nil ? BlockSet() : target
    for layer in plan.layers[position.end...] where layer.operation is MaxPoolLayer {
      // A max pool's output has the clamp of its input.
      let input = plan.values[layer.inputs[0]], output = plan.values[layer.output]
      for block in input.blocks where output.inheritsClamp && unclamped.contains(input.storage, block) {
        unclamped.insert(output.storage, output.firstBlock + block - input.firstBlock)
      }
    }
    self.unclamped = unclamped
  }

  /// Returns whether readers of a value don't contribute: the value lies in the target's memory but does not depend on
  /// the target.
  func skips(_ index: Int, _ read: Value) -> Bool { read.overlaps(value) && !dependent.contains(index) }

  /// Divides a value's blocks, numbered from its first block, into runs of blocks that are treated alike.
  func runs(of value: Value) -> [(blocks: Range<Int>, isTarget: Bool, masks: Bool)] {
    var runs: [(blocks: Range<Int>, isTarget: Bool, masks: Bool)] = []
    for block in value.blocks {
      let index = block - value.firstBlock, isTarget = target.contains(value.storage, block)
      let masks = !unclamped.contains(value.storage, block)
      if let last = runs.last, last.isTarget == isTarget, last.masks == masks {
        runs[runs.count - 1].blocks = last.blocks.lowerBound..<index + 1
      } else {
        runs.append((index..<index + 1, isTarget, masks))
      }
    }
    return runs
  }
}

/// A set of blocks in storages.
private struct BlockSet {
  private var blocks: [Int: Set<Int>] = [:]

  init() {}
  init(of value: Value) { blocks[value.storage] = Set(value.blocks) }

  func contains(_ storage: Int, _ block: Int) -> Bool { blocks[storage]?.contains(block) ?? false }
  mutating func insert(_ storage: Int, _ block: Int) { blocks[storage, default: []].insert(block) }
}

extension Evaluation {
  /// Runs the backward pass from the scores to a layer's output, and no further.
  ///
  /// - Parameters:
  ///   - seed: the gradient of the objective with respect to each score
  ///   - position: the position of the layer's output
  func backward(_ seed: [Float], to position: LayerPosition) {
    plan(scores: true, seeds: [])
    throughLastReLU = true
    hasActivations = false
    requestedBlocks = blocks(for: nil)
    let target = LayerTarget(position, plan), gradient = gradients[position.value],
      storage = plan.values[position.value].storage
    let readers = (position.end..<plan.layers.count).filter { index in
      plan.layers[index].isOnTheWay && plan.layers[index].inputs.contains { target.dependent.contains($0) }
    }
    let isScores = target.dependent.contains(plan.output)
    // If the gradient overwrites the activations, they have one reader. That reader reads the activations first and
    // then writes the whole gradient.
    let isReplaced = plan.storages[storage].isReplacedByGradient
    if !isReplaced || readers.isEmpty { gradient.clear(blocks: 0..<gradient.blocks) }
    if readers.isEmpty && !isScores { return }
    setScoreGradient(seed, target)
    guard let first = readers.first else { return }
    for index in (first..<plan.layers.count).reversed() where plan.layers[index].isOnTheWay {
      for step in backwardSteps(index, towards: target) { run(step) }
    }
  }

  private func setScoreGradient(_ seed: [Float], _ target: LayerTarget) {
    let output = plan.values[plan.output]
    let values = seed.indices.map { (index: Int) -> Float in
      guard let clamp = output.clamp,
        !target.unclamped.contains(output.storage, output.firstBlock + index / 16)
      else { return seed[index] }
      return clamp.passes(score(index)) ? seed[index] : 0
    }
    gradients[plan.output].setVector(values)
  }
}

extension LayerPlan {
  /// Returns whether a later sum in place overwrites a layer's output during the forward pass.
  func isOverwritten(_ position: LayerPosition) -> Bool {
    layers[position.end...].contains { layer in
      zip(layer.inputs, layer.gradients).contains { input, contribution in
        contribution.isShared && values[input].overlaps(values[position.value])
      }
    }
  }
}

extension Network {
  /// The names of the layers whose activations and gradients an ``Evaluation`` can return, in the order in which they
  /// run.
  ///
  /// Layers that were merged into others when the file was read are not among them: a batch norm, or a ReLU that
  /// follows a convolution.
  public var layerNames: [String] { plan.graph.layers.map(\.name).filter { plan.positions[$0] != nil } }

  /// Returns the position of a layer's output.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the network has no such layer.
  func position(of layer: String) throws(PixelAscentError) -> LayerPosition {
    if let position = plan.positions[layer] { return position }
    let names = layerNames.prefix(3).map(\.oneLine).joined(separator: ", ")
    throw PixelAscentError(
      .invalidParameter, "the network has no layer \"\(layer.oneLine)\"; it has \(layerNames.count): \(names), …")
  }
}
