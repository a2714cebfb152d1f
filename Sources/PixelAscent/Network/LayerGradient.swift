// SPDX-License-Identifier: MIT
//
// The gradient with respect to a layer's output, which is never whole in memory on the way to the image:
// - A plan multiplies a gradient by the derivative of the clamp that made a value as soon as the gradient of that value is
//   complete. On the way to a layer, the multiplication is left out for the blocks of its value.
// - A slice lies in the memory of what it is cut from, a concatenation in that of its parts, and all of them have one gradient,
//   the sum of what their readers add. On the way to a layer, only readers add that depend on its value.

/// The position of a named layer's output in a plan.
struct LayerPosition: Sendable {
  /// The value that goes by the layer's name.
  let value: Int
  /// How many layers of the plan have run when the value is there.
  let end: Int
}

/// What is different on the way to a layer's output.
struct LayerTarget {
  /// The blocks of the value, to which every reader adds.
  fileprivate let target: BlockSet
  /// The blocks whose gradient is not multiplied by a clamp's derivative.
  fileprivate let unclamped: BlockSet
  /// The values in the target's memory that depend on it, the target among them.
  fileprivate let dependent: Set<Int>
  fileprivate let value: Value

  fileprivate init(_ position: LayerPosition, _ plan: LayerPlan) {
    value = plan.values[position.value]
    target = BlockSet(of: value)
    // Values come in the order of the graph: what lies in another's memory after it.
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

  /// Whether a layer that reads a value is left out: the value lies in the target's memory and does not depend on it.
  func leavesOut(_ index: Int, _ read: Value) -> Bool { read.overlaps(value) && !dependent.contains(index) }

  /// A value's blocks, counted from its own first, in runs of equal treatment.
  func runs(of value: Value) -> [(blocks: Range<Int>, isTarget: Bool, masks: Bool)] {
    var runs: [(blocks: Range<Int>, isTarget: Bool, masks: Bool)] = []
    for block in value.blocks {
      let own = block - value.firstBlock, isTarget = target.contains(value.storage, block)
      let masks = !unclamped.contains(value.storage, block)
      if let last = runs.last, last.isTarget == isTarget, last.masks == masks {
        runs[runs.count - 1].blocks = last.blocks.lowerBound..<own + 1
      } else {
        runs.append((own..<own + 1, isTarget, masks))
      }
    }
    return runs
  }
}

/// Blocks of some storages.
private struct BlockSet {
  private var blocks: [Int: Set<Int>] = [:]

  init() {}
  init(of value: Value) { blocks[value.storage] = Set(value.blocks) }

  func contains(_ storage: Int, _ block: Int) -> Bool { blocks[storage]?.contains(block) ?? false }
  mutating func insert(_ storage: Int, _ block: Int) { blocks[storage, default: []].insert(block) }
}

extension Evaluation {
  /// Takes a gradient with respect to the scores back to a layer's output, and no further.
  func backward(_ seed: [Float], to position: LayerPosition) {
    throughLastReLU = true
    hasActivations = false
    wanted = blocks(for: nil)
    let target = LayerTarget(position, plan), gradient = gradients[position.value],
      storage = plan.values[position.value].storage
    let readers = (position.end..<plan.layers.count).filter { index in
      plan.layers[index].inputs.contains { target.dependent.contains($0) }
    }
    let isScores = target.dependent.contains(plan.output)
    // Where the gradient takes the activations' memory one reader writes it, who needs the activations first.
    let isReplaced = plan.storages[storage].isReplacedByGradient
    if !isReplaced || readers.isEmpty { gradient.clear(blocks: 0..<gradient.blocks) }
    if readers.isEmpty && !isScores { return }
    setScoreGradient(seed, target)
    guard let first = readers.first else { return }
    for index in (first..<plan.layers.count).reversed() {
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
  /// Whether a sum that lies in the memory of a layer's output replaces it later in the forward pass.
  func isOverwritten(_ position: LayerPosition) -> Bool {
    layers[position.end...].contains { layer in
      zip(layer.inputs, layer.gradients).contains { input, share in
        share.isShared && values[input].overlaps(values[position.value])
      }
    }
  }
}

extension Network {
  /// The names of the layers whose activations and gradients an ``Evaluation`` gives, in the order in which they run. Layers of
  /// a file that were merged into others (a batch norm, a ReLU behind a convolution) are not among them.
  public var layerNames: [String] { plan.graph.layers.map(\.name).filter { plan.positions[$0] != nil } }

  /// Where the output of a layer lies.
  func position(of layer: String) throws(PixelAscentError) -> LayerPosition {
    if let position = plan.positions[layer] { return position }
    let names = layerNames.prefix(3).map(\.oneLine).joined(separator: ", ")
    throw PixelAscentError(
      .invalidParameter, "the network has no layer \"\(layer.oneLine)\"; it has \(layerNames.count): \(names), …")
  }
}
