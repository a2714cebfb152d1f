// SPDX-License-Identifier: MIT

extension Convolution: RunnableOperation {
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> ConvolutionWeights {
    let inputs = try parameters.parameter("weight").shape[1] * groups
    let isDepthwise = groups > 1 && groups == outputs && groups == inputs
    return try ConvolutionWeights(
      window, isSame: isSame, inputs: inputs, outputs: outputs, groups: groups, clamp: clamp,
      form: parameters.readsImage ? .stem : isDepthwise ? .depthwise : .blocked,
      weight: try parameters.buffer("weight"), bias: try parameters.tensor("bias"))
  }

  func append(
    _ node: PlanNode, _ weights: ConvolutionWeights, to plan: inout LayerPlan
  ) throws(PixelAscentError) {
    guard window.taps <= Window.mostTaps else {
      throw PlanNode.unsupported("a kernel of \(window.y.kernel)×\(window.x.kernel)")
    }
    // Lanes beyond the channels are zero before the clamp and must stay zero.
    guard clamp.low <= 0, clamp.high >= 0 else {
      throw PlanNode.unsupported("a convolution whose clamp excludes 0")
    }
    let output = plan.addValue(node.name, channels: node.shape.channels, clamp: clamp)
    if weights.form == .stem {
      plan.imageHalo = window.halo
      plan.layers.append(Layer(node.name, StemLayer(weights: weights), [], output))
    } else {
      let input = window.halo > 0 ? plan.allowingHalo(node.input, node.name) : node.input
      plan.requireHalo(isSame ? window.sameGradientHalo : window.gradientHalo, ofGradient: output)
      plan.requireHalo(window.halo, of: input)
      plan.layers.append(Layer(node.name, ConvolutionLayer(weights: weights), [input], output))
    }
  }
}

/// Computes a convolution over blocked planes.
struct ConvolutionLayer: RunnableLayer {
  let weights: ConvolutionWeights

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, nonzeroMask, weights) = (pass.kernels, pass.y, pass.x, pass.nonzeroMask, weights)
    if let scratch = pass.winogradScratch {
      return pass.tiles { part in scratch.borrow { kernels.winogradForward(y, x, weights, $0, part) } }
    }
    return pass.parts(multipleOf: kernels.blocksPerTile(sparse: nonzeroMask != nil)) {
      kernels.convolutionForward(y, x, nonzeroMask, weights, $0)
    }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, nonzeroMask, epilogue) = (pass.kernels, pass.dx, pass.dy, pass.nonzeroMask, pass.epilogue)
    let (weights, packed) = (weights, weights.inputGradient(height: pass.dx.height, width: pass.dx.width))
    let direct = pass.parts(multipleOf: kernels.blocksPerTile(sparse: nonzeroMask != nil)) {
      kernels.convolutionInputGradient(dx, dy, nonzeroMask, weights, packed, epilogue, from: pass.gradientBlocks, $0)
    }
    guard let scratch = pass.winogradScratch else { return direct }
    let winograd = pass.tiles { part in
      scratch.borrow { kernels.winogradInputGradient(dx, dy, weights, epilogue, from: pass.gradientBlocks, $0, part) }
    }
    guard let nonzeroMask else { return winograd }
    return winograd.or(direct) { !kernels.winogradPays(dx, dy, nonzeroMask, from: pass.gradientBlocks) }
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { weights.form == .blocked && weights.groups == 1 ? .fromWholeInput : .impossible }
}
