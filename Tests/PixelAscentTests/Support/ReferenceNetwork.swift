// SPDX-License-Identifier: MIT

import PixelAscent

/// A model computed naively in double. Every number has the variance that rounding to float may give it.
///
/// If rounding errors are independent, they give a float sum of n products a standard deviation of at most √n · 2⁻²⁴ ·
/// Σ|products| (Higham, Mary: "A new approach to probabilistic rounding error analysis", 2019). The variances of the
/// terms are added to the square of this deviation.
struct ReferenceNetwork {
  struct Array3 {
    let channels, height, width: Int
    var values: [Double]
    var variance: [Double]

    init(_ channels: Int, _ height: Int, _ width: Int, values: [Double]? = nil) {
      (self.channels, self.height, self.width) = (channels, height, width)
      variance = Array(repeating: 0, count: channels * height * width)
      self.values = values ?? variance
    }

    init(_ shape: ValueShape) { self.init(shape.channels, shape.height, shape.width) }

    func at(_ channel: Int, _ row: Int, _ column: Int) -> Int { (channel * height + row) * width + column }

    /// Adds the variance that rounding gives to sums of `terms` floats, whose magnitudes add up to `magnitude`.
    mutating func addRounding(_ magnitude: [Double], terms: Int) {
      for index in magnitude.indices {
        variance[index] += Double(terms) * 0x1p-48 * magnitude[index] * magnitude[index]
      }
    }
  }

  /// What a forward pass computed.
  struct Trace {
    /// Outputs by layer name.
    var outputs: [String: Array3] = [:]
    /// Outputs before the clamp by layer name, for the layers that clamp.
    var beforeClamp: [String: [Double]] = [:]
    /// The indices of the maxima in a max pool's input, by layer name.
    var winners: [String: [Int]] = [:]
    /// The smallest distance, in standard deviations, of a value from a point where its function's derivative jumps, or
    /// of a max pool's maximum from another value in the window.
    var margin = Double.infinity
    /// The greatest sum of the magnitudes of an output's terms.
    var greatest = 0.0

    /// Whether all sums are exact in float: all outputs are multiples of a power of two, and no sum of magnitudes
    /// reaches 2²³ times this power.
    var isExact: Bool {
      let values = outputs.values.flatMap(\.values)
      let unit = (0...12).map { Double(sign: .plus, exponent: -$0, significand: 1) }.first { unit in
        values.allSatisfy { ($0 / unit).rounded() == $0 / unit }
      }
      return unit.map { greatest < 0x1p23 * $0 } ?? false
    }

    /// Reduces the margin to a value's distance from a tie if that distance is smaller.
    mutating func note(_ distance: Double, _ variance: Double) {
      // A number without variance is exact. If it is at a tie, the network's number is at the same tie.
      if variance > 0 { margin = min(margin, distance / variance.squareRoot()) }
    }
  }

  let file: Model
  private let tensors: [String: [Double]]

  init(file: Model) throws {
    self.file = file
    tensors = try file.tensors.mapValues { $0.values.map(Double.init) }
  }

  func parameter(_ layer: GraphLayer, _ suffix: String) -> [Double] { tensors["\(layer.name).\(suffix)"] ?? [] }

  func forward(_ image: Tensor) throws -> Trace {
    let graph = file.graph
    var trace = Trace()
    trace.outputs[Graph.image] = Array3(
      image.shape[0], image.shape[1], image.shape[2], values: image.values.map(Double.init))
    let shapes = try graph.shapes(height: image.shape[1], width: image.shape[2])
    for layer in graph.layers {
      var y = Array3(shapes[layer.name, default: ValueShape(channels: 0)])
      compute(layer, layer.inputs.compactMap { trace.outputs[$0] }, &y, &trace)
      if let clamp = layer.clamp { apply(clamp, &y, layer.name, &trace) }
      trace.outputs[layer.name] = y
    }
    return trace
  }

  func scores(_ trace: Trace) -> [Double] { trace.outputs[file.graph.output]?.values ?? [] }

  /// Returns the gradient of Σ seed · scores with respect to the image.
  func gradient(_ trace: Trace, seed: [Double], throughLastReLU: Bool = true) -> Array3 {
    let image = trace.outputs[Graph.image] ?? Array3(0, 0, 0)
    return gradients(trace, seed: seed, throughLastReLU: throughLastReLU)[Graph.image]
      ?? Array3(image.channels, image.height, image.width)
  }

  /// Returns the gradients of Σ seed · scores with respect to the image, and to the output of every layer on which the
  /// scores depend.
  func gradients(_ trace: Trace, seed: [Double], throughLastReLU: Bool = true) -> [String: Array3] {
    let scores = Array3(seed.count, 1, 1, values: seed)
    return gradients(trace, seeds: [file.graph.output: scores], throughLastReLU: throughLastReLU)
  }

  /// Returns the gradients of Σ seed · output, summed over some layers, with respect to the image and to the output of
  /// every layer on which these layers depend.
  func gradients(_ trace: Trace, seeds: [String: Array3], throughLastReLU: Bool = true) -> [String: Array3] {
    var gradients = seeds
    let skipped = throughLastReLU ? [] : lastClamps
    for layer in file.graph.layers.reversed() {
      guard var dy = gradients[layer.name] else { continue }
      if let clamp = layer.clamp, !skipped.contains(layer.name) {
        for (index, before) in (trace.beforeClamp[layer.name] ?? []).enumerated()
        where before <= Double(clamp.low) || before >= Double(clamp.high) {
          (dy.values[index], dy.variance[index]) = (0, 0)
        }
      }
      let inputs = layer.inputs.compactMap { trace.outputs[$0] }
      for position in inputs.indices {
        add(inputGradient(layer, position, inputs, dy, trace), to: &gradients[layer.inputs[position]])
      }
    }
    return gradients
  }

  /// The layers that have the last clamp: the layer that makes the scores if it clamps, else the layer that the scores
  /// average, or that layer's parts if it is a concatenation.
  private var lastClamps: [String] {
    let layers = Dictionary(uniqueKeysWithValues: file.graph.layers.map { ($0.name, $0) })
    guard let scores = layers[file.graph.output] else { return [] }
    if scores.clamp != nil { return [scores.name] }
    guard scores.operation is GlobalAverage, let scored = layers[scores.inputs[0]] else { return [] }
    return scored.operation is Concatenate ? scored.inputs : [scored.name]
  }

  private func apply(_ clamp: Clamp, _ y: inout Array3, _ name: String, _ trace: inout Trace) {
    let (low, high) = (Double(clamp.low), Double(clamp.high))
    trace.beforeClamp[name] = y.values
    for index in y.values.indices {
      let value = y.values[index]
      for end in [low, high] where end.isFinite { trace.note(abs(value - end), y.variance[index]) }
      y.values[index] = min(high, max(low, value))
      if y.values[index] != value { y.variance[index] = 0 }
    }
  }

  private func add(_ dx: Array3, to sum: inout Array3?) {
    guard var total = sum else { return sum = dx }
    for index in dx.values.indices {
      total.values[index] += dx.values[index]
      total.variance[index] += dx.variance[index]
    }
    total.addRounding(total.values.map(abs), terms: 1)
    sum = total
  }
}

extension GraphLayer {
  /// The interval to which the layer clamps its output; nil if it doesn't clamp.
  var clamp: Clamp? {
    let clamp: Clamp? =
      switch operation {
      case let clamped as any ClampedOperation: clamped.clamp
      case let elementwise as Elementwise: elementwise.function.interval
      default: nil
      }
    return clamp == Clamp.none ? nil : clamp
  }
}

extension ElementFunction {
  fileprivate var interval: Clamp? { if case .clamp(let clamp) = self { clamp } else { nil } }
}
