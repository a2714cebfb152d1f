// SPDX-License-Identifier: MIT
//
// Plans the backward pass, which runs the layers from the last to the first. Where several layers read one value, the
// first of them to run overwrites the value's gradient and the others accumulate into it. The last one also multiplies
// the gradient by the derivative of the clamp that made the value.

extension LayerPlan {
  /// Decides for each gradient which layer overwrites it, which layers accumulate into it, and which layer masks it, if
  /// the objective reads the scores, the activations of some layers, or both.
  ///
  /// The gradient that the objective has of its own with respect to a layer's output, the layer's seed, is added as soon
  /// as all layers that run after that layer have contributed.
  mutating func planGradients(scores: Bool = true, seeds positions: [LayerPosition] = []) {
    seeds = positions.map { Seed(position: $0) }
    end = scores ? layers.count : positions.map(\.end).max() ?? 0
    var written = storages.map { [Bool](repeating: false, count: $0.blocks) }
    /// Marks a value's blocks as written, and returns those that nobody had written.
    func write(_ value: Value) -> [Int] {
      let unwritten = value.blocks.filter { !written[value.storage][$0] }
      for block in unwritten { written[value.storage][block] = true }
      return unwritten
    }
    // The objective writes the gradient of the scores, so layers that read the scores accumulate into it.
    if scores { _ = write(values[output]) }
    for layer in (0..<end).reversed() {
      for seed in seeds.indices where seeds[seed].position.end == layer + 1 {
        let value = values[seeds[seed].position.value]
        seeds[seed].blocksToClear = write(value).map { $0 - value.firstBlock }
      }
      let output = values[layers[layer].output]
      layers[layer].isOnTheWay = output.blocks.contains { written[output.storage][$0] }
      if !layers[layer].isOnTheWay { continue }
      layers[layer].outputBlocksToClear = write(output).map { $0 - output.firstBlock }
      for inputIndex in layers[layer].inputs.indices where !layers[layer].gradients[inputIndex].isShared {
        let value = values[layers[layer].inputs[inputIndex]], unwritten = write(value)
        let accumulates = unwritten.count < value.blocks.count
        layers[layer].gradients[inputIndex].accumulates = accumulates
        layers[layer].gradients[inputIndex].blocksToClear = accumulates ? unwritten : []
      }
    }
    var completed = storages.map { [Bool](repeating: false, count: $0.blocks) }
    for layer in 0..<end where layers[layer].isOnTheWay {
      for inputIndex in layers[layer].inputs.indices.reversed() where !layers[layer].gradients[inputIndex].isShared {
        let value = values[layers[layer].inputs[inputIndex]], contribution = layers[layer].gradients[inputIndex]
        // This loop runs forward, so the first layer it finds is the last to run in the backward pass.
        let isLast = value.blocks.contains { !completed[value.storage][$0] }
        for block in value.blocks { completed[value.storage][block] = true }
        // The gradient that reaches a max pool has already been multiplied by the clamp's derivative.
        let output = values[layers[layer].output]
        let isMasked = output.inheritsClamp && output.clamp != nil && !contribution.accumulates
        // A seed has been multiplied by the derivative already; a second multiplication by 0 or 1 changes nothing.
        layers[layer].gradients[inputIndex].masks = isLast && value.clamp != nil && !isMasked
      }
    }
  }

  /// Returns the layers that write each value, and the layers that read it, by the value's index.
  private func uses() -> (writers: [[Int]], readers: [[Int]]) {
    var writers = values.map { _ in [Int]() }, readers = writers
    for index in layers.indices {
      writers[layers[index].output].append(index)
      for input in Set(layers[index].inputs) { readers[input].append(index) }
    }
    return (writers, readers)
  }

  /// Decides which convolutions skip zeros with a nonzero mask. A ReLU leaves many zeros in its output and in the
  /// gradient, and a 3×3 convolution gains by skipping them. In a 1×1 convolution, which reads each pixel only once,
  /// finding the zeros costs more than skipping them saves.
  mutating func planNonzeroMasks() {
    let uses = uses()
    for index in layers.indices {
      guard let weights = (layers[index].operation as? ConvolutionLayer)?.weights, weights.form == .blocked,
        weights.groups == 1
      else { continue }
      let axes = [weights.window.y, weights.window.x]
      guard axes.allSatisfy({ $0.kernel == 3 && $0.stride == 1 && $0.dilation == 1 && max($0.before, $0.after) <= 2 })
      else { continue }
      layers[index].usesInputMask = values[layers[index].inputs[0]].clamp?.low == 0
      let output = layers[index].output
      layers[index].usesGradientMask = hasSparseGradient(output, uses.writers[output], uses.readers[output])
    }
  }

  /// Returns whether a ReLU has masked the gradient of a value: the ReLU that made the value, or the ReLU after a sum
  /// that is the value's only reader. `writers` and `readers` are the layers that write and read the value.
  private func hasSparseGradient(_ index: Int, _ writers: [Int], _ readers: [Int]) -> Bool {
    if values[index].clamp?.low == 0 { return true }
    guard readers.count == 1, let sum = layers[readers[0]].operation as? AddLayer else { return false }
    return sum.clamp.low == 0 && writers.count == 1
  }

  /// Decides which gradients overwrite their activations: those to which one layer alone contributes, if that layer may
  /// overwrite its input and writes the whole gradient.
  mutating func planMemory() {
    // The layers that contribute to the gradients in each storage.
    var contributors = storages.map { _ in [Int]() }
    for index in layers.indices {
      let inputs = zip(layers[index].inputs, layers[index].gradients).filter { !$1.isShared }
      for storage in Set(inputs.map { values[$0.0].storage }) { contributors[storage].append(index) }
    }
    for storage in storages.indices where contributors[storage].count == 1 {
      let layer = layers[contributors[storage][0]], read = layer.inputs.filter { values[$0].storage == storage }
      guard layer.operation.mayOverwriteInput, !layer.usesGradientMask, read.count == 1,
        held[storage].allSatisfy({ values[read[0]].blocks.contains(values[$0].blocks) })
      else { continue }
      let halo = max(storages[storage].halo, storages[storage].gradientHalo)
      storages[storage] = Storage(
        channels: storages[storage].channels, halo: halo, gradientHalo: halo, isReplacedByGradient: true)
    }
  }

  /// Finds the layers that can compute the requested classes' blocks alone: from the scores back to the nearest layer
  /// that reads all channels of its input.
  mutating func planPartialLayers() {
    let (writers, readers) = uses()
    var value = output, partialLayers: [Int] = []
    while true {
      let isShared = held[values[value].storage].contains { $0 != value && values[$0].overlaps(values[value]) }
      guard writers[value].count == 1, !isShared, readers[value].count <= (value == output ? 0 : 1) else { return }
      let writer = writers[value][0]
      partialLayers.append(writer)
      switch layers[writer].operation.partialOutput {
      case .fromWholeInput: break
      case .fromSameBlocks:
        value = layers[writer].inputs[0]
        continue
      case .impossible: return
      }
      for layer in partialLayers { layers[layer].isPartial = true }
      layers[writer].isFirstPartial = true
      hasPartialLayers = true
      return
    }
  }
}
