// SPDX-License-Identifier: MIT

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
  /// The number of layers whose weights, transformed for the forward pass, did not fit into the memory.
  private(set) var omitted = 0

  /// The limit of ``weightBytes``. The transformed weights take four times as much memory as the others.
  static let mostWeightBytes = 384 << 20

  /// - Parameters:
  ///   - layout: the memory of the evaluation
  ///   - withGradient: whether the evaluation has a backward pass
  ///   - options: limit the memory of the evaluation and the transformed weights together
  init(_ plan: LayerPlan, _ layout: ArenaLayout, withGradient: Bool, _ options: ComputeOptions) {
    forward = Array(repeating: false, count: plan.layers.count)
    gradient = forward
    if !options.allowsWinograd { return }
    let limit = min(options.maxMemory - layout.bytes, Self.mostWeightBytes)
    func size(_ value: Int) -> (height: Int, width: Int) { layout.sizes[plan.values[value].storage] }
    var choices: [(index: Int, weights: ConvolutionWeights, pass: WinogradPass, pixels: Int)] = []
    for (index, layer) in plan.layers.enumerated() {
      guard let weights = (layer.operation as? ConvolutionLayer)?.weights else { continue }
      let input = size(layer.inputs[0]), output = size(layer.output), pixels = output.height * output.width
      for pass in withGradient ? [WinogradPass.forward, .gradient] : [.forward]
      where weights.winogradPays(pass, input: input, output: output) {
        choices.append((index, weights, pass, pixels))
      }
    }
    // Each weight is used for each pixel, so layers with many pixels save the most time for the memory they take. Of two
    // such layers both outputs come before the gradients, which are often mostly zero.
    let order = choices.sorted {
      ($1.pixels, $0.pass == .forward ? 0 : 1, $0.index) < ($0.pixels, $1.pass == .forward ? 0 : 1, $1.index)
    }
    for (index, weights, pass, _) in order {
      let bytes = weights.winogradFloats * MemoryLayout<Float>.stride
      guard weightBytes + bytes <= limit else {
        if pass == .forward { omitted += 1 }
        continue
      }
      weightBytes += bytes
      scratchFloats = max(scratchFloats, weights.winogradScratchFloats(pass))
      switch pass {
      case .forward: forward[index] = true
      case .gradient: gradient[index] = true
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
    func chosen(_ pass: WinogradPass, _ isChosen: [Bool]) -> [(ConvolutionWeights, WinogradPass)] {
      zip(convolutions, isChosen).compactMap { weights, isChosen in
        guard let weights, isChosen, !weights.hasWinogradMemory(pass) else { return nil }
        return (weights, pass)
      }
    }
    let forward = chosen(.forward, winograd.forward), all = forward + chosen(.gradient, winograd.gradient)
    if all.isEmpty { return }
    // One piece of memory for all layers has larger pages than many pieces.
    let memory = try FloatBuffer(
      count: all.map { $0.0.winogradFloats }.reduce(0, +), for: "the weights for Winograd's convolutions take")
    var first = 0
    for (weights, pass) in all {
      weights.setWinogradMemory(pass, FloatBuffer(first..<first + weights.winogradFloats, of: memory))
      first += weights.winogradFloats
    }
    _ = sideBySide(forward.map(\.0), threads: threads) { (weights: ConvolutionWeights) in _ = weights.winogradForward }
  }
}
