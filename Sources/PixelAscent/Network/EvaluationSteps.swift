// SPDX-License-Identifier: MIT

// The steps of an evaluation's layers, in the order in which they run.
extension Evaluation {
  func forwardSteps(_ index: Int) -> [Step] {
    let layer = plan.layers[index], step = layer.operation.forward(ForwardPass(evaluation: self, index: index))
    if !layer.usesInputMask { return [step] }
    let x = activations[layer.inputs[0]]
    return [nonzeroMaskStep(rows: x.height) { x }, step]
  }

  /// The steps that give the gradient to a layer's inputs, one after another.
  ///
  /// - Parameter target: the layer to whose output the gradient is taken, if it is not the image
  func backwardSteps(_ index: Int, towards target: LayerTarget? = nil) -> [Step] {
    let layer = plan.layers[index], dy = gradients[layer.output]
    func step(_ inputIndex: Int, masks: Bool = true, accumulates: Bool = false) -> Step {
      layer.operation.backward(
        BackwardPass(evaluation: self, index: index, inputIndex: inputIndex, masks: masks, accumulates: accumulates))
    }
    if layer.inputs.isEmpty { return target == nil ? [step(0)] : [] }
    var steps: [Step] = []
    for (inputIndex, input) in layer.inputs.enumerated() where !layer.gradients[inputIndex].isShared {
      let dx = gradients[input], value = plan.values[input]
      if let target, target.leavesOut(input, value) { continue }
      for block in layer.gradients[inputIndex].clears {
        let own = block - value.firstBlock
        steps.append(Step(body: Parallel.Body { _ in dx.clear(blocks: own..<own + 1) }))
      }
      if layer.usesGradientMask {
        steps.append(nonzeroMaskStep(rows: dy.height) { [unowned self] in dy.slice(blocks: givenBlocks(index)) })
      }
      guard let target else {
        steps.append(step(inputIndex))
        continue
      }
      let isReplaced = plan.storages[value.storage].isReplacedByGradient
      for run in target.runs(of: value) {
        var part = step(inputIndex, masks: run.masks, accumulates: run.isTarget && !isReplaced)
        (part.blocks, part.isTail) = (run.blocks, false)
        steps.append(part)
      }
    }
    return steps
  }

  private func nonzeroMaskStep(rows: Int, _ planes: @escaping () -> Planes) -> Step {
    let (kernels, nonzeroMask) = (kernels, nonzeroMask)
    return Step(rows: rows, body: Parallel.Body { kernels.makeNonzeroMask(nonzeroMask, planes(), rows: $0.rows) })
  }

  /// The blocks of a layer's output whose gradient there is.
  func givenBlocks(_ index: Int) -> Range<Int> {
    let layer = plan.layers[index]
    return layer.isTail ? wanted : 0..<gradients[layer.output].blocks
  }

  /// The number of blocks that a part holds so that each thread has four parts: for a layer where each part reads a matrix's
  /// rows or columns all over.
  func fewParts(_ blocks: Int) -> Int { max(1, (blocks + 4 * parallel.threads - 1) / (4 * parallel.threads)) }

  /// Where a max pool keeps the places of its maxima.
  func poolIndex(_ layer: Int) -> PoolIndex {
    guard let index = poolIndices[layer] else { preconditionFailure("a layer without a pool's indices") }
    return index
  }
}

extension LayerPlan {
  /// Packs the weights that convolutions need for the way back, several layers' at once, unless they are packed already.
  func packForGradients(threads: Int) {
    _ = sideBySide(layers, threads: threads) { (layer: Layer) -> FloatBuffer? in
      switch layer.operation {
      case let convolution as ConvolutionLayer: convolution.weights.inputGradient
      case let stem as StemLayer: stem.weights.inputGradient
      default: nil
      }
    }
  }
}
