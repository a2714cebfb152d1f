// SPDX-License-Identifier: MIT

import Synchronization

/// Which convolutions of an evaluation Winograd's method computes.
///
/// The plan depends on shapes and on the memory limit alone, not on the image or on the number of threads. In a backward
/// pass a planned layer still skips zeros instead, if it has so many that this is faster.
struct WinogradPlan: Sendable {
  /// By the index of a layer, whether the method computes its output, and the gradient of its input.
  private(set) var forward, gradient: [Bool]
  /// The floats of scratch memory that a thread needs.
  private(set) var scratchFloats = 0
  /// The bytes of the transformed weights, which all evaluations of a network share.
  private(set) var weightBytes = 0
  /// The numbers of layers whose weights, transformed for the output and for the gradient, did not fit into the memory.
  private(set) var omitted = (outputs: 0, gradients: 0)

  /// The limit of ``weightBytes``: transformed weights take four times as much memory as those of the direct method.
  private static let mostWeightBytes = 240 << 20

  /// - Parameters:
  ///   - layout: the memory of an evaluation with a gradient, also if the evaluation has none. Both have the same plan for
  ///     the outputs, and so the same scores
  ///   - withGradient: whether the evaluation has a backward pass
  ///   - options: limit the memory of the evaluation and the transformed weights together
  init(_ plan: LayerPlan, _ layout: ArenaLayout, withGradient: Bool, _ options: ComputeOptions) {
    forward = Array(repeating: false, count: plan.layers.count)
    gradient = forward
    if !options.allowsWinograd { return }
    let limit = min(options.maxMemory - layout.bytes, Self.mostWeightBytes)
    func size(_ value: Int) -> (height: Int, width: Int) { layout.sizes[plan.values[value].storage] }
    // Each weight is used for each pixel, so layers with many pixels save the most time for the memory they take.
    let layers = plan.layers.indices.sorted {
      let (a, b) = (size(plan.layers[$0].output), size(plan.layers[$1].output))
      return (b.height * b.width, $0) < (a.height * a.width, $1)
    }
    var planned = 0
    for index in layers {
      let layer = plan.layers[index]
      guard let weights = (layer.operation as? ConvolutionLayer)?.weights else { continue }
      let bytes = weights.winogradFloats * MemoryLayout<Float>.stride
      for pass in [WinogradPass.forward, .gradient] {
        guard weights.winogradPays(pass, input: size(layer.inputs[0]), output: size(layer.output)),
          pass == .gradient || !layer.usesGradientMask || !weights.hasTinyBias
        else { continue }
        let fits = planned + bytes <= limit
        if fits { planned += bytes }
        switch pass {
        case .forward:
          forward[index] = fits
          omitted.outputs += fits ? 0 : 1
        case .gradient where withGradient:
          gradient[index] = fits
          omitted.gradients += fits ? 0 : 1
        case .gradient: continue
        }
        guard fits else { continue }
        weightBytes += bytes
        scratchFloats = max(scratchFloats, weights.winogradScratchFloats(pass))
      }
    }
  }
}

extension LayerPlan {
  /// Provides the memory for the transformed weights of a plan, and transforms those for the forward pass, several layers
  /// at the same time. A backward pass transforms its weights when it first needs them: where it skips zeros, it never
  /// does. Transformed weights are kept, so only the first call with the same layers does any work.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  func transformWeights(_ winograd: WinogradPlan, threads: Int) throws(PixelAscentError) {
    let convolutions = layers.map { ($0.operation as? ConvolutionLayer)?.weights }
    func chosen(_ isChosen: [Bool]) -> [ConvolutionWeights] {
      zip(convolutions, isChosen).compactMap { weights, isChosen in isChosen ? weights : nil }
    }
    let forward = chosen(winograd.forward), gradient = chosen(winograd.gradient)
    // While one evaluation provides memory, no other may: both would provide it for the same weights.
    let result = Self.memoryLock.withLock { _ in
      Result { () throws(PixelAscentError) in
        let missing =
          forward.filter { !$0.hasWinogradMemory(.forward) }.map { ($0, WinogradPass.forward) }
          + gradient.filter { !$0.hasWinogradMemory(.gradient) }.map { ($0, .gradient) }
        if missing.isEmpty { return }
        // One piece of memory for all layers has larger pages than many pieces.
        let memory = try FloatBuffer(
          count: missing.map { $0.0.winogradFloats }.reduce(0, +),
          for: "the weights for Winograd's convolutions, which a lower \(advice: .maxMemory) leaves out, take")
        var first = 0
        for (weights, pass) in missing {
          weights.setWinogradMemory(pass, FloatBuffer(first..<first + weights.winogradFloats, of: memory))
          first += weights.winogradFloats
        }
      }
    }
    try result.get()
    _ = sideBySide(forward, threads: threads) { (weights: ConvolutionWeights) in _ = weights.winogradForward }
  }

  private static let memoryLock = Mutex(())
}
