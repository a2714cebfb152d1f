// SPDX-License-Identifier: MIT

import PixelAscent

/// A model computed naively in double, and beside every number the variance that float rounding may give it.
///
/// Each float sum of n products deviates with at most √n · 2⁻²⁴ · Σ|products| when rounding errors are independent
/// (Higham, Mary: "A new approach to probabilistic rounding error analysis", 2019), and what its terms deviate by adds
/// in squares.
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

    /// Takes account of a sum of so many float terms whose magnitudes have the sum `magnitude`.
    mutating func addRounding(_ magnitude: [Double], terms: Int) {
      for index in magnitude.indices {
        variance[index] += Double(terms) * 0x1p-48 * magnitude[index] * magnitude[index]
      }
    }
  }

  /// A forward pass.
  struct Trace {
    /// Outputs by layer name.
    var outputs: [String: Array3] = [:]
    /// Outputs before the clamp, of the layers that have one.
    var beforeClamp: [String: [Double]] = [:]
    /// Where in its input a max pool has found every maximum.
    var winners: [String: [Int]] = [:]
    /// By how many deviations every value differs from where its derivative jumps, and every pool's winner from the
    /// others, at least.
    var margin = Double.infinity
    /// The greatest sum of magnitudes.
    var greatest = 0.0

    /// Whether all sums are exact in float: they are multiples of a power of two, 2²⁴ times which is greater.
    var isExact: Bool {
      let values = outputs.values.flatMap(\.values)
      let unit = (0...12).map { Double(sign: .plus, exponent: -$0, significand: 1) }.first { unit in
        values.allSatisfy { ($0 / unit).rounded() == $0 / unit }
      }
      return unit.map { greatest < 0x1p23 * $0 } ?? false
    }

    mutating func note(_ distance: Double, _ variance: Double) {
      // Exact numbers have no deviation; then a tie is one in float too.
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

  /// The gradient of Σ seed · scores with respect to the image.
  func gradient(_ trace: Trace, seed: [Double], throughLastReLU: Bool = true) -> Array3 {
    let image = trace.outputs[Graph.image] ?? Array3(0, 0, 0)
    return gradients(trace, seed: seed, throughLastReLU: throughLastReLU)[Graph.image]
      ?? Array3(image.channels, image.height, image.width)
  }

  /// The gradients of Σ seed · scores with respect to the image and to the output of every layer that has a part in the scores.
  func gradients(_ trace: Trace, seed: [Double], throughLastReLU: Bool = true) -> [String: Array3] {
    var gradients: [String: Array3] = [:]
    gradients[file.graph.output] = Array3(seed.count, 1, 1, values: seed)
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
      for place in inputs.indices {
        add(inputGradient(layer, place, inputs, dy, trace), to: &gradients[layer.inputs[place]])
      }
    }
    return gradients
  }

  /// The layers whose clamp is the last one: the scores' own, or that of what they are the average of, or of its parts.
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
  /// What the layer clamps its values to; nil if it doesn't.
  fileprivate var clamp: Clamp? {
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
