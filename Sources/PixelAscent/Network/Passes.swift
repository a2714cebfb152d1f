// SPDX-License-Identifier: MIT
//
// What a layer makes its steps from: its memory in the forward pass and in the backward pass.

/// One operation of a pass, which threads compute in parts.
struct Step {
  /// The blocks that the step writes, unless `isPartial`.
  private(set) var blocks = 0..<1
  /// Whether the step writes only the requested blocks of the evaluation.
  private(set) var isPartial = false
  /// The number of blocks in a part is a multiple of this number, except in the last part.
  private(set) var blockMultiple = 1
  /// The number of rows to divide among parts; 1 if each part writes all rows of its blocks.
  private(set) var rows = 1
  let body: Parallel.Body
  /// Other steps with the same result, and whether one takes less time.
  private var others: [Other] = []

  private struct Other {
    let isFaster: () -> Bool
    var step: Step
  }

  init(
    blocks: Range<Int> = 0..<1, isPartial: Bool = false, blockMultiple: Int = 1, rows: Int = 1, body: Parallel.Body
  ) {
    (self.blocks, self.isPartial, self.blockMultiple) = (blocks, isPartial, blockMultiple)
    (self.rows, self.body) = (rows, body)
  }

  /// Returns a step that runs `other` instead if that is faster, which is asked each time before the step runs.
  func or(_ other: Step, ifFaster isFaster: @escaping () -> Bool) -> Step {
    var step = self
    step.others.append(Other(isFaster: isFaster, step: other))
    return step
  }

  /// The step to run now.
  var fastest: Step { others.first { $0.isFaster() }?.step ?? self }

  /// Returns the step for some blocks only.
  func limited(to blocks: Range<Int>) -> Step {
    var step = self
    (step.blocks, step.isPartial) = (blocks, false)
    step.others = others.map { Other(isFaster: $0.isFaster, step: $0.step.limited(to: blocks)) }
    return step
  }

  /// Returns a step for Winograd's method, whose parts are some blocks and some rows of tiles of planes of this size.
  ///
  /// Each part transforms its own inputs and reads the weights of its blocks: fewer and larger parts do less work in all,
  /// but then the threads wait longer for the last part. The step has the parts with the shortest estimated time.
  ///
  /// - Parameter inputs: the number of blocks that are summed
  static func tiles(
    inputs: Int, blocks: Int, height: Int, width: Int, isPartial: Bool, threads: Int,
    _ body: @escaping (Part) -> Void
  ) -> Step {
    let rows = Kernels.tiles(height), across = Kernels.tiles(width)
    func work(_ rows: Int, _ blocks: Int) -> Double {
      Kernels.winogradWork(tiles: rows * across, inputs: inputs, outputs: blocks)
    }
    var best = (bands: 1, share: blocks, time: Double.infinity)
    for bands in 1...(threads == 1 ? 1 : min(rows, 4 * threads)) {
      for share in stride(from: threads == 1 ? blocks : min(2, blocks), through: blocks, by: 2) {
        let parts = (0..<bands).flatMap { band in
          stride(from: 0, to: blocks, by: share).map { first in
            work(rows * (band + 1) / bands - rows * band / bands, min(share, blocks - first))
          }
        }
        // A thread may begin late or be slow, so the longest part counts once more in part.
        let time = Parallel.time(of: parts, threads: threads) + 0.2 * (parts.max() ?? 0)
        if time < best.time { best = (bands, share, time) }
      }
    }
    let bands = best.bands
    return Step(
      blocks: 0..<blocks, isPartial: isPartial, blockMultiple: best.share, rows: bands,
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
      inputs: x.blocks, blocks: y.blocks, height: y.height, width: y.width, isPartial: layer.isPartial,
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
      inputs: dy.blocks, blocks: dx.blocks, height: dx.height, width: dx.width, isPartial: isPartial,
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
