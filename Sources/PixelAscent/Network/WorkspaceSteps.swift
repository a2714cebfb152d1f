// SPDX-License-Identifier: MIT
//
// What each kind of layer does, forward and, beside it, backward.

extension Workspace {
  func forwardSteps(_ index: Int) -> [Step] {
    let layer = plan.layers[index]
    if !layer.marksInput { return [forwardStep(index)] }
    let x = activations[layer.inputs[0]]
    return [markStep(rows: x.height) { x }, forwardStep(index)]
  }

  private func forwardStep(_ index: Int) -> Step {
    let layer = plan.layers[index], kernels = kernels, y = activations[layer.output]
    let x = layer.inputs.map { activations[$0] }
    func step(together: Int = 1, _ body: @escaping (Part) -> Void) -> Step {
      Step(blocks: 0..<y.blocks, isTail: layer.isTail, together: together, rows: y.height, body: Parallel.Body(body))
    }
    switch layer.operation {
    case .imageToPlanes:
      return Step(rows: height, body: Parallel.Body { [image] in kernels.planes(y, of: image, rows: $0.rows) })
    case .convolution(let convolution) where convolution.form == .stem:
      return step(together: kernels.blocksTogether(marked: false)) { [image] in
        kernels.stemForward(y, image, convolution, $0)
      }
    case .convolution(let convolution):
      let marks = layer.marksInput ? marks : nil
      return step(together: kernels.blocksTogether(marked: layer.marksInput)) {
        kernels.convolutionForward(y, x[0], marks, convolution, $0)
      }
    case .linear(let weights):
      return Step(
        blocks: 0..<y.blocks, isTail: layer.isTail, together: together(y.blocks),
        body: Parallel.Body { kernels.linearForward(y, x[0], weights, blocks: $0.blocks) })
    case .affine(let scale, let shift, let clamp):
      return step { kernels.affineForward(y, x[0], scale: scale, shift: shift, clamp, $0) }
    case .function(let function, let slopes):
      return step { kernels.functionForward(y, x[0], function, slopes: slopes, $0) }
    case .maxPool(let window):
      guard let indices = poolIndices[index] else { preconditionFailure("a pool without indices") }
      return step { kernels.maxPoolForward(y, indices, x[0], window, $0) }
    case .averagePool(let window, let countPadding):
      return step { kernels.averagePoolForward(y, x[0], window, countPadding: countPadding, $0) }
    case .adaptiveAverage:
      return step { kernels.adaptiveAverageForward(y, x[0], $0) }
    case .add(let clamp):
      return step { kernels.addForward(y, x[0], x[1], clamp, $0) }
    case .multiply:
      // The one that may be 1×1 goes second.
      let (a, b) = x[0].area < x[1].area ? (x[1], x[0]) : (x[0], x[1])
      return step { kernels.multiplyForward(y, a, b, $0) }
    case .select(let map, _):
      return step { kernels.selectChannels(y, x[0], map, $0) }
    case .flatten:
      return Step(
        blocks: 0..<x[0].blocks, body: Parallel.Body { kernels.flattenForward(y, x[0], blocks: $0.blocks) })
    case .pad(let top, let left, let value):
      return step { kernels.padForward(y, x[0], top: top, left: left, value: value, $0) }
    case .localResponseNorm(let norm, let scale):
      let scale = activations[scale]
      return step { kernels.localResponseNormForward(y, scale: scale, x[0], norm, $0) }
    }
  }

  /// The steps that give the gradient to a layer's inputs, one after another.
  func backwardSteps(_ index: Int) -> [Step] {
    let layer = plan.layers[index], dy = gradients[layer.output]
    if layer.inputs.isEmpty { return [imageStep(index, dy)] }
    var steps: [Step] = []
    for (place, input) in layer.inputs.enumerated() where !layer.gradients[place].isShared {
      let share = layer.gradients[place], dx = gradients[input]
      for block in share.clears {
        let own = block - plan.values[input].firstBlock
        steps.append(Step(body: Parallel.Body { _ in dx.clear(blocks: own..<own + 1) }))
      }
      if layer.marksGradient {
        steps.append(markStep(rows: dy.height) { [unowned self] in dy.slice(blocks: givenBlocks(layer, dy)) })
      }
      steps.append(backwardStep(index, place, dx, dy))
    }
    return steps
  }

  private func markStep(rows: Int, _ planes: @escaping () -> Planes) -> Step {
    let (kernels, marks) = (kernels, marks)
    return Step(rows: rows, body: Parallel.Body { kernels.markNonzero(marks, planes(), rows: $0.rows) })
  }

  /// The blocks of a layer's output whose gradient there is.
  private func givenBlocks(_ layer: Layer, _ dy: Planes) -> Range<Int> { layer.isTail ? wanted : 0..<dy.blocks }

  /// Few parts, where a part goes through all of a matrix's rows or columns.
  private func together(_ blocks: Int) -> Int { max(1, (blocks + 4 * parallel.threads - 1) / (4 * parallel.threads)) }

  private func imageStep(_ index: Int, _ dy: Planes) -> Step {
    let kernels = kernels
    guard case .convolution(let convolution) = plan.layers[index].operation else {
      return Step(
        rows: height, body: Parallel.Body { [gradientPlanes] in kernels.image(gradientPlanes, of: dy, rows: $0.rows) })
    }
    guard let weights = gradientWeights[index] else { preconditionFailure("a convolution without weights") }
    return Step(
      rows: height,
      body: Parallel.Body { [gradientPlanes] in
        kernels.stemInputGradient(gradientPlanes, dy, convolution, weights, rows: $0.rows)
      })
  }

  private func backwardStep(_ index: Int, _ place: Int, _ dx: Planes, _ dy: Planes) -> Step {
    let layer = plan.layers[index], kernels = kernels, share = layer.gradients[place]
    let x = layer.inputs.map { activations[$0] }
    var into = Into(accumulates: share.accumulates)
    if share.masks, let clamp = plan.values[layer.inputs[place]].clamp { into.mask = (x[place], clamp) }
    let isTail = layer.isTail && !layer.isHead
    func step(together: Int = 1, _ body: @escaping (Part) -> Void) -> Step {
      Step(blocks: 0..<dx.blocks, isTail: isTail, together: together, rows: dx.height, body: Parallel.Body(body))
    }
    func wholeBlocks(together: Int = 1, _ body: @escaping (Range<Int>) -> Void) -> Step {
      Step(
        blocks: 0..<dx.blocks, isTail: isTail, together: together, body: Parallel.Body { body($0.blocks) })
    }
    switch layer.operation {
    case .convolution(let convolution):
      guard let weights = gradientWeights[index] else { preconditionFailure("a convolution without weights") }
      let marks = layer.marksGradient ? marks : nil
      return step(together: kernels.blocksTogether(marked: layer.marksGradient)) { [unowned self] in
        kernels.convolutionInputGradient(
          dx, dy, marks, convolution, weights, into, from: givenBlocks(layer, dy), $0)
      }
    case .linear(let weights):
      return wholeBlocks(together: together(dx.blocks)) { [unowned self] in
        kernels.linearInputGradient(dx, dy, weights, into, from: givenBlocks(layer, dy), blocks: $0)
      }
    case .affine(let scale, _, _):
      return step { kernels.affineInputGradient(dx, dy, scale: scale, into, $0) }
    case .function(.clamp, _), .add:
      // A clamp's derivative has been applied by who made dy.
      return step { kernels.passGradient(dx, dy, into, $0) }
    case .function(let function, let slopes):
      return step { kernels.functionInputGradient(dx, dy, of: x[0], function, slopes: slopes, into, $0) }
    case .maxPool(let window):
      guard let indices = poolIndices[index] else { preconditionFailure("a pool without indices") }
      return step { kernels.maxPoolInputGradient(dx, dy, indices, into, window, $0) }
    case .averagePool(let window, let countPadding):
      return step { kernels.averagePoolInputGradient(dx, dy, into, window, countPadding: countPadding, $0) }
    case .adaptiveAverage:
      let unmasked = Into(accumulates: into.accumulates), isLast = layer.output == plan.output
      return step { [unowned self] in
        kernels.adaptiveAverageInputGradient(dx, dy, isLast && !throughLastReLU ? unmasked : into, $0)
      }
    case .multiply where dx.area < dy.area:
      return wholeBlocks { kernels.multiplyFactorGradient(dx, dy, x[1 - place], into, blocks: $0) }
    case .multiply:
      return step { kernels.multiplyInputGradient(dx, dy, x[1 - place], into, $0) }
    case .select(_, let inverse):
      return step { kernels.selectChannelsGradient(dx, dy, inverse: inverse, into, $0) }
    case .flatten:
      return wholeBlocks { kernels.flattenInputGradient(dx, dy, into, blocks: $0) }
    case .pad(let top, let left, _):
      return step { kernels.padInputGradient(dx, dy, top: top, left: left, into, $0) }
    case .localResponseNorm(let norm, let scale):
      let scale = activations[scale]
      return step {
        kernels.localResponseNormInputGradient(dx, dy, of: x[0], scale: scale, norm, into, $0)
      }
    case .imageToPlanes: preconditionFailure("the image's gradient has a step of its own")
    }
  }
}
