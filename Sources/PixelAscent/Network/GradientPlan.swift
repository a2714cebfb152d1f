// SPDX-License-Identifier: MIT
//
// What the backward pass needs to know of a plan. It runs the layers from last to first; of those that read one value the
// first to run starts its gradient, the others add to it, and the last applies the derivative of the clamp that made it.

extension LayerPlan {
  mutating func planGradients() {
    var started = storages.map { [Bool](repeating: false, count: $0.blocks) }
    // Scores that other layers read have a gradient of their own.
    for block in values[output].blocks { started[values[output].storage][block] = true }
    for layer in layers.indices.reversed() {
      for inputIndex in layers[layer].inputs.indices where !layers[layer].gradients[inputIndex].isShared {
        let value = values[layers[layer].inputs[inputIndex]]
        let open = value.blocks.filter { !started[value.storage][$0] }
        layers[layer].gradients[inputIndex].accumulates = open.count < value.blocks.count
        if open.count < value.blocks.count { layers[layer].gradients[inputIndex].clears = Array(open) }
        for block in open { started[value.storage][block] = true }
      }
    }
    var ended = storages.map { [Bool](repeating: false, count: $0.blocks) }
    for layer in layers.indices {
      for inputIndex in layers[layer].inputs.indices.reversed() where !layers[layer].gradients[inputIndex].isShared {
        let value = values[layers[layer].inputs[inputIndex]], share = layers[layer].gradients[inputIndex]
        let isLast = value.blocks.contains { !ended[value.storage][$0] }
        for block in value.blocks { ended[value.storage][block] = true }
        // The gradient that reaches a max pool has already been multiplied by the clamp's derivative.
        let output = values[layers[layer].output]
        let isMasked = output.inheritsClamp && output.clamp != nil && !share.accumulates
        layers[layer].gradients[inputIndex].masks = isLast && value.clamp != nil && !isMasked
      }
    }
    planNonzeroMasks()
  }

  /// A ReLU leaves many zeros, in what it makes and in the gradient. (To find them costs more than it saves where a value is
  /// multiplied once, as in a 1×1 convolution.)
  private mutating func planNonzeroMasks() {
    for index in layers.indices {
      guard let weights = (layers[index].operation as? ConvolutionLayer)?.weights, weights.form == .blocked,
        weights.groups == 1
      else { continue }
      let axes = [weights.window.y, weights.window.x]
      guard axes.allSatisfy({ $0.kernel == 3 && $0.stride == 1 && $0.dilation == 1 && max($0.before, $0.after) <= 2 })
      else { continue }
      layers[index].usesInputMask = values[layers[index].inputs[0]].clamp?.low == 0
      layers[index].usesGradientMask = hasSparseGradient(layers[index].output)
    }
  }

  /// Whether a ReLU's derivative is part of a value's gradient: its own, or that of the only sum that reads it.
  private func hasSparseGradient(_ index: Int) -> Bool {
    let value = values[index]
    if value.clamp?.low == 0 { return true }
    let readers = layers.filter { $0.inputs.contains(index) }
    guard readers.count == 1, let sum = readers[0].operation as? AddLayer else { return false }
    return sum.clamp.low == 0 && layers.filter { $0.output == index }.count == 1
  }

  /// Where one layer alone makes a gradient, and writes each element once, it may write over the activations.
  mutating func planMemory() {
    for storage in storages.indices {
      let held = values.filter { $0.storage == storage }
      let readers = layers.filter { layer in
        zip(layer.inputs, layer.gradients).contains { values[$0].storage == storage && !$1.isShared }
      }
      guard readers.count == 1, readers[0].operation.mayOverwriteInput, !readers[0].usesGradientMask,
        readers[0].inputs.filter({ values[$0].storage == storage }).count == 1,
        let read = readers[0].inputs.first(where: { values[$0].storage == storage }),
        held.allSatisfy({ values[read].blocks.contains($0.blocks) })
      else { continue }
      let halo = max(storages[storage].halo, storages[storage].gradientHalo)
      storages[storage] = Storage(
        channels: storages[storage].channels, halo: halo, gradientHalo: halo, isReplacedByGradient: true)
    }
  }

  /// From the scores back to where all channels meet, layers compute the blocks of the wanted classes only.
  mutating func planTail() {
    var value = output, tail: [Int] = []
    while true {
      let makers = layers.indices.filter { layers[$0].output == value }
      let isShared = values.indices.contains { $0 != value && values[$0].overlaps(values[value]) }
      let readers = layers.filter { $0.inputs.contains(value) }
      guard makers.count == 1, !isShared, readers.count <= (value == output ? 0 : 1) else { return }
      tail.append(makers[0])
      switch layers[makers[0]].operation.partialOutput {
      case .fromWholeInput: break
      case .fromSameBlocks:
        value = layers[makers[0]].inputs[0]
        continue
      case .impossible: return
      }
      for layer in tail { layers[layer].isTail = true }
      layers[makers[0]].isHead = true
      hasHead = true
      return
    }
  }
}
