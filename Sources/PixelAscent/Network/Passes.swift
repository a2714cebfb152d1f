// SPDX-License-Identifier: MIT
//
// What a layer is given to make its steps from, on the way forward and on the way back.

/// One operation of a pass, cut into parts for the threads.
struct Step {
  /// The blocks it writes; those of the wanted classes if `isTail`.
  var blocks = 0..<1
  var isTail = false
  /// A part should hold a multiple of so many blocks.
  var blockMultiple = 1
  /// The rows it writes, 1 where a part writes all rows of its blocks.
  var rows = 1
  let body: Parallel.Body
}

/// A layer's place in the forward pass.
struct ForwardPass {
  /// The memory that the layer works in. Steps belong to the evaluation, so they must not keep it alive.
  unowned let evaluation: Evaluation
  /// The layer's index in the plan.
  let index: Int

  var kernels: Kernels { evaluation.kernels }
  /// The activations of the inputs.
  var inputs: [Planes] { layer.inputs.map { evaluation.activations[$0] } }
  /// The activation of the first input, or the only one.
  var x: Planes { evaluation.activations[layer.inputs[0]] }
  /// The output.
  var y: Planes { evaluation.activations[layer.output] }
  /// The nonzero mask of the input; nil if there is none.
  var nonzeroMask: NonzeroMask? { layer.usesInputMask ? evaluation.nonzeroMask : nil }

  private var layer: Layer { evaluation.plan.layers[index] }

  /// A step whose parts are some blocks and some rows of the output.
  func parts(multipleOf multiple: Int = 1, _ body: @escaping (Part) -> Void) -> Step {
    let y = y
    return Step(
      blocks: 0..<y.blocks, isTail: layer.isTail, blockMultiple: multiple, rows: y.height, body: Parallel.Body(body))
  }

  /// A step whose parts are some blocks of the output, all of their rows.
  func wholeBlocks(multipleOf multiple: Int = 1, _ body: @escaping (Range<Int>) -> Void) -> Step {
    Step(
      blocks: 0..<y.blocks, isTail: layer.isTail, blockMultiple: multiple, body: Parallel.Body { body($0.blocks) })
  }

  /// A step of one part: all blocks and rows of the output.
  func undivided(_ body: @escaping (Part) -> Void) -> Step {
    let y = y
    return wholeBlocks(multipleOf: y.blocks) { body(Part(blocks: $0, rows: 0..<y.height)) }
  }
}

/// A layer's place in the backward pass, for one of its inputs.
struct BackwardPass {
  /// The memory that the layer works in. Steps belong to the evaluation, so they must not keep it alive.
  unowned let evaluation: Evaluation
  /// The layer's index in the plan.
  let index: Int
  /// The index of the input among the layer's inputs.
  let inputIndex: Int
  /// Whether the gradient may be multiplied by the derivative of the clamp that made the input.
  let masks: Bool
  /// Whether the gradient is added to what is there even if no other layer has contributed to it.
  let accumulates: Bool

  var kernels: Kernels { evaluation.kernels }
  /// The activations of the inputs.
  var inputs: [Planes] { layer.inputs.map { evaluation.activations[$0] } }
  /// The activation of the input that the gradient is for.
  var x: Planes { evaluation.activations[layer.inputs[inputIndex]] }
  /// The gradient of the output.
  var dy: Planes { evaluation.gradients[layer.output] }
  /// The gradient of the input.
  var dx: Planes { evaluation.gradients[layer.inputs[inputIndex]] }
  /// How the gradient of the input is written.
  var epilogue: Epilogue {
    let share = layer.gradients[inputIndex]
    var epilogue = Epilogue(accumulates: share.accumulates || accumulates)
    if masks, share.masks, let clamp = evaluation.plan.values[layer.inputs[inputIndex]].clamp {
      epilogue.mask = (x, clamp)
    }
    return epilogue
  }
  /// The nonzero mask of the gradient of the output; nil if there is none.
  var nonzeroMask: NonzeroMask? { layer.usesGradientMask ? evaluation.nonzeroMask : nil }
  /// Whether the layer's output is the scores.
  var makesScores: Bool { layer.output == evaluation.plan.output }
  /// The blocks of the output whose gradient there is; that depends on the wanted class.
  var givenBlocks: Range<Int> { evaluation.givenBlocks(index) }

  private var layer: Layer { evaluation.plan.layers[index] }
  private var isTail: Bool { layer.isTail && !layer.isHead }

  /// A step whose parts are some blocks and some rows of the input's gradient.
  func parts(multipleOf multiple: Int = 1, _ body: @escaping (Part) -> Void) -> Step {
    let dx = dx
    return Step(
      blocks: 0..<dx.blocks, isTail: isTail, blockMultiple: multiple, rows: dx.height, body: Parallel.Body(body))
  }

  /// A step whose parts are some blocks of the input's gradient, all of their rows.
  func wholeBlocks(multipleOf multiple: Int = 1, _ body: @escaping (Range<Int>) -> Void) -> Step {
    Step(blocks: 0..<dx.blocks, isTail: isTail, blockMultiple: multiple, body: Parallel.Body { body($0.blocks) })
  }

  /// A step of one part: all blocks and rows of the input's gradient.
  func undivided(_ body: @escaping (Part) -> Void) -> Step {
    let dx = dx
    return wholeBlocks(multipleOf: dx.blocks) { body(Part(blocks: $0, rows: 0..<dx.height)) }
  }
}
