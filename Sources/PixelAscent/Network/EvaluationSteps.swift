// SPDX-License-Identifier: MIT

// Makes the steps of each layer, in the order in which they run.
extension Evaluation {
  /// Returns the steps that compute a layer's output.
  func forwardSteps(_ index: Int) -> [Step] {
    let layer = plan.layers[index], step = layer.operation.forward(ForwardPass(evaluation: self, index: index))
    if !layer.usesInputMask || winograd.forward[index] { return [step] }
    let x = activations[layer.inputs[0]]
    return [nonzeroMaskStep(rows: x.height) { x }, step]
  }

  /// Returns the steps that compute the gradients of a layer's inputs, one input after another.
  ///
  /// - Parameter target: the layer output at which the backward pass ends; nil if it ends at the image
  func backwardSteps(_ index: Int, towards target: LayerTarget? = nil) -> [Step] {
    let layer = plan.layers[index], dy = gradients[layer.output]
    func step(_ inputIndex: Int, masks: Bool = true, accumulates: Bool = false) -> Step {
      layer.operation.backward(
        BackwardPass(evaluation: self, index: index, inputIndex: inputIndex, masks: masks, accumulates: accumulates))
    }
    if layer.inputs.isEmpty { return target == nil ? [step(0)] : [] }
    var steps: [Step] = layer.outputBlocksToClear.map { block in
      Step(body: Parallel.Body { _ in dy.clear(blocks: block..<block + 1) })
    }
    for (inputIndex, input) in layer.inputs.enumerated() where !layer.gradients[inputIndex].isShared {
      let dx = gradients[input], value = plan.values[input]
      if let target, target.skips(input, value) { continue }
      for block in layer.gradients[inputIndex].blocksToClear {
        let index = block - value.firstBlock
        steps.append(Step(body: Parallel.Body { _ in dx.clear(blocks: index..<index + 1) }))
      }
      if layer.usesGradientMask {
        steps.append(nonzeroMaskStep(rows: dy.height) { [unowned self] in dy.slice(blocks: gradientBlocks(index)) })
      }
      guard let target else {
        steps.append(step(inputIndex))
        continue
      }
      let isReplaced = plan.storages[value.storage].isReplacedByGradient
      for run in target.runs(of: value) {
        let part = step(inputIndex, masks: run.masks, accumulates: run.isTarget && !isReplaced)
        steps.append(part.limited(to: run.blocks))
      }
    }
    return steps
  }

  private func nonzeroMaskStep(rows: Int, _ planes: @escaping () -> Planes) -> Step {
    let (kernels, nonzeroMask) = (kernels, nonzeroMask)
    return Step(rows: rows, body: Parallel.Body { kernels.makeNonzeroMask(nonzeroMask, planes(), rows: $0.rows) })
  }

  /// Returns the blocks of a layer's output whose gradient the backward pass has computed.
  func gradientBlocks(_ index: Int) -> Range<Int> {
    let layer = plan.layers[index]
    return layer.isPartial ? requestedBlocks : 0..<gradients[layer.output].blocks
  }

  /// Returns how many of `blocks` blocks a part must hold for each thread to get about four parts. Linear layers are
  /// divided this way: each part reads the whole input, so with smaller parts the input would be read more often.
  func blocksPerPart(_ blocks: Int) -> Int { max(1, (blocks + 4 * parallel.threads - 1) / (4 * parallel.threads)) }

  /// Returns the memory in which a max pool stores the position of each window's maximum.
  func poolIndex(_ layer: Int) -> PoolIndex {
    guard let index = poolIndices[layer] else { preconditionFailure("the layer is not a max pool") }
    return index
  }
}

extension LayerPlan {
  /// Packs the weights that convolutions need for the backward pass, several layers at the same time. Packed weights
  /// are kept, so only the first call with the same sizes does any work.
  ///
  /// - Parameters:
  ///   - sizes: the size of each value
  ///   - imageSize: the size of the image
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  func packForGradients(
    sizes: [(height: Int, width: Int)], imageSize: (height: Int, width: Int), threads: Int
  ) throws(PixelAscentError) {
    let results = sideBySide(layers, threads: threads) { (layer: Layer) in
      Result { () throws(PixelAscentError) in
        let size = layer.inputs.first.map { sizes[$0] } ?? imageSize
        switch layer.operation {
        case let convolution as ConvolutionLayer:
          try convolution.weights.packForGradient(height: size.height, width: size.width)
        case let stem as StemLayer: try stem.weights.packForGradient(height: size.height, width: size.width)
        default: break
        }
      }
    }
    for result in results { try result.get() }
  }
}
