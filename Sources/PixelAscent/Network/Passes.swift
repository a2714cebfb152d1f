// SPDX-License-Identifier: MIT
//
// What a layer makes its steps from: its memory in the forward pass and in the backward pass.

/// One operation of a pass, which threads compute in parts.
struct Step {
  /// The blocks that the step writes, unless `isPartial`.
  var blocks = 0..<1
  /// Whether the step writes only the requested blocks of the evaluation.
  var isPartial = false
  /// The number of blocks in a part is a multiple of this number, except in the last part.
  var blockMultiple = 1
  /// The number of rows to divide among parts; 1 if each part writes all rows of its blocks.
  var rows = 1
  let body: Parallel.Body
}

extension Step {
  /// Returns a step whose parts are some blocks of planes of this size and some rows of Winograd's tiles.
  ///
  /// Each part transforms its own inputs, so parts of the same tiles do this again: a part has no fewer than two blocks.
  /// And each part reads the weights of its blocks once for its tiles, so a part has no fewer than half of the tiles that
  /// the kernels compute at a time.
  static func tiles(
    blocks: Int, height: Int, width: Int, isPartial: Bool, threads: Int, _ body: @escaping (Part) -> Void
  ) -> Step {
    let rows = Kernels.tiles(height), tiles = rows * Kernels.tiles(width)
    let bands = max(1, min(rows, tiles / (Kernels.winogradTiles / 2)))
    let stripes = (2 * threads + bands - 1) / bands
    let share = 2 * stripes
    return Step(
      blocks: 0..<blocks, isPartial: isPartial, blockMultiple: (blocks + share - 1) / share * 2, rows: bands,
      body: Parallel.Body { part in
        let (first, end) = (part.rows.lowerBound * rows / bands, part.rows.upperBound * rows / bands)
        body(Part(blocks: part.blocks, rows: first..<end))
      })
  }
}

/// A layer's view of the forward pass.
struct ForwardPass {
  /// The evaluation whose memory the layer uses. The layer's steps must not retain the evaluation, which owns them.
  unowned let evaluation: Evaluation
  /// The layer's index in the plan.
  let index: Int

  var kernels: Kernels { evaluation.kernels }
  /// The activations of the inputs.
  var inputs: [Planes] { layer.inputs.map { evaluation.activations[$0] } }
  /// The activation of the first or only input.
  var x: Planes { evaluation.activations[layer.inputs[0]] }
  /// The activation of the output.
  var y: Planes { evaluation.activations[layer.output] }
  /// The nonzero mask of the input; nil if there is none.
  var nonzeroMask: NonzeroMask? { layer.usesInputMask ? evaluation.nonzeroMask : nil }

  /// The scratch memory of Winograd's convolution; nil if another method computes the layer.
  var winogradScratch: Scratch? { evaluation.winograd.forward[index] ? evaluation.scratch : nil }

  private var layer: Layer { evaluation.plan.layers[index] }

  /// Returns a step whose parts are some blocks and some rows of tiles of the output.
  func tiles(_ body: @escaping (Part) -> Void) -> Step {
    Step.tiles(
      blocks: y.blocks, height: y.height, width: y.width, isPartial: layer.isPartial,
      threads: evaluation.parallel.threads, body)
  }

  /// Returns a step whose parts are some blocks and some rows of the output.
  func parts(multipleOf multiple: Int = 1, _ body: @escaping (Part) -> Void) -> Step {
    let y = y
    return Step(
      blocks: 0..<y.blocks, isPartial: layer.isPartial, blockMultiple: multiple, rows: y.height,
      body: Parallel.Body(body))
  }

  /// Returns a step whose parts are some blocks of the output with all their rows.
  func wholeBlocks(multipleOf multiple: Int = 1, _ body: @escaping (Range<Int>) -> Void) -> Step {
    Step(
      blocks: 0..<y.blocks, isPartial: layer.isPartial, blockMultiple: multiple,
      body: Parallel.Body { body($0.blocks) })
  }

  /// Returns a step with one part: all blocks and rows of the output.
  func undivided(_ body: @escaping (Part) -> Void) -> Step {
    let y = y
    return wholeBlocks(multipleOf: y.blocks) { body(Part(blocks: $0, rows: 0..<y.height)) }
  }
}

/// A layer's view of the backward pass, for one of its inputs.
struct BackwardPass {
  /// The evaluation whose memory the layer uses. The layer's steps must not retain the evaluation, which owns them.
  unowned let evaluation: Evaluation
  /// The layer's index in the plan.
  let index: Int
  /// The index of the input among the layer's inputs.
  let inputIndex: Int
  /// Whether the layer masks the gradient if the plan says so; false leaves out the mask.
  let masks: Bool
  /// Whether the layer accumulates even if no other layer has contributed to the gradient.
  let accumulates: Bool

  var kernels: Kernels { evaluation.kernels }
  /// The activations of the inputs.
  var inputs: [Planes] { layer.inputs.map { evaluation.activations[$0] } }
  /// The activation of the input whose gradient the layer computes.
  var x: Planes { evaluation.activations[layer.inputs[inputIndex]] }
  /// The gradient of the output.
  var dy: Planes { evaluation.gradients[layer.output] }
  /// The gradient of the input.
  var dx: Planes { evaluation.gradients[layer.inputs[inputIndex]] }
  /// How the gradient of the input is written.
  var epilogue: Epilogue {
    let contribution = layer.gradients[inputIndex]
    var epilogue = Epilogue(accumulates: contribution.accumulates || accumulates)
    if masks, contribution.masks, let clamp = evaluation.plan.values[layer.inputs[inputIndex]].clamp {
      epilogue.mask = (x, clamp)
    }
    return epilogue
  }
  /// The nonzero mask of the gradient of the output; nil if there is none.
  var nonzeroMask: NonzeroMask? { layer.usesGradientMask ? evaluation.nonzeroMask : nil }
  /// Whether the layer's output is the scores, or the one output from which they are made.
  var makesScores: Bool { [evaluation.plan.output, evaluation.plan.oneOutput].contains(layer.output) }
  /// The blocks of the output that have a gradient; the requested class decides which blocks these are.
  var gradientBlocks: Range<Int> { evaluation.gradientBlocks(index) }

  /// The scratch memory of Winograd's convolution; nil if another method computes the gradient.
  var winogradScratch: Scratch? { evaluation.winograd.gradient[index] ? evaluation.scratch : nil }

  /// Returns a step whose parts are some blocks and some rows of tiles of the input's gradient.
  func tiles(_ body: @escaping (Part) -> Void) -> Step {
    Step.tiles(
      blocks: dx.blocks, height: dx.height, width: dx.width, isPartial: isPartial,
      threads: evaluation.parallel.threads, body)
  }

  private var layer: Layer { evaluation.plan.layers[index] }
  private var isPartial: Bool { layer.isPartial && !layer.isFirstPartial }

  /// Returns a step whose parts are some blocks and some rows of the input's gradient.
  func parts(multipleOf multiple: Int = 1, _ body: @escaping (Part) -> Void) -> Step {
    let dx = dx
    return Step(
      blocks: 0..<dx.blocks, isPartial: isPartial, blockMultiple: multiple, rows: dx.height, body: Parallel.Body(body))
  }

  /// Returns a step whose parts are some blocks of the input's gradient with all their rows.
  func wholeBlocks(multipleOf multiple: Int = 1, _ body: @escaping (Range<Int>) -> Void) -> Step {
    Step(blocks: 0..<dx.blocks, isPartial: isPartial, blockMultiple: multiple, body: Parallel.Body { body($0.blocks) })
  }

  /// Returns a step with one part: all blocks and rows of the input's gradient.
  func undivided(_ body: @escaping (Part) -> Void) -> Step {
    let dx = dx
    return wholeBlocks(multipleOf: dx.blocks) { body(Part(blocks: $0, rows: 0..<dx.height)) }
  }
}
