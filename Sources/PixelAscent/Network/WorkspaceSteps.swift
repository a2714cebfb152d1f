// SPDX-License-Identifier: MIT

// The steps of a workspace's layers, in the order in which they run.
extension Workspace {
  func forwardSteps(_ index: Int) -> [Step] {
    let layer = plan.layers[index], step = layer.operation.forward(ForwardPass(workspace: self, index: index))
    if !layer.marksInput { return [step] }
    let x = activations[layer.inputs[0]]
    return [markStep(rows: x.height) { x }, step]
  }

  /// The steps that give the gradient to a layer's inputs, one after another.
  func backwardSteps(_ index: Int) -> [Step] {
    let layer = plan.layers[index], dy = gradients[layer.output]
    func step(_ place: Int) -> Step {
      layer.operation.backward(BackwardPass(workspace: self, index: index, place: place))
    }
    if layer.inputs.isEmpty { return [step(0)] }
    var steps: [Step] = []
    for (place, input) in layer.inputs.enumerated() where !layer.gradients[place].isShared {
      let dx = gradients[input]
      for block in layer.gradients[place].clears {
        let own = block - plan.values[input].firstBlock
        steps.append(Step(body: Parallel.Body { _ in dx.clear(blocks: own..<own + 1) }))
      }
      if layer.marksGradient {
        steps.append(markStep(rows: dy.height) { [unowned self] in dy.slice(blocks: givenBlocks(index)) })
      }
      steps.append(step(place))
    }
    return steps
  }

  private func markStep(rows: Int, _ planes: @escaping () -> Planes) -> Step {
    let (kernels, marks) = (kernels, marks)
    return Step(rows: rows, body: Parallel.Body { kernels.markNonzero(marks, planes(), rows: $0.rows) })
  }

  /// The blocks of a layer's output whose gradient there is.
  func givenBlocks(_ index: Int) -> Range<Int> {
    let layer = plan.layers[index]
    return layer.isTail ? wanted : 0..<gradients[layer.output].blocks
  }

  /// The number of blocks that a part holds so that each thread has four parts.
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
