// SPDX-License-Identifier: MIT

import CPixelReference
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
  }

  /// A forward pass.
  struct Trace {
    /// Outputs by layer name.
    var outputs: [String: Array3] = [:]
    /// Convolutions' outputs before the ReLU.
    var beforeReLU: [String: [Double]] = [:]
    var poolIndices: [String: [UInt8]] = [:]
    /// By how many deviations every ReLU's input differs from 0, and every pool's winner from the others, at
    /// least.
    var margin = Double.infinity

    /// max |value|: integers below 2²⁴ are exact in float.
    var greatest: Double { outputs.values.flatMap { $0.values }.reduce(0) { max($0, abs($1)) } }
  }

  let file: ModelFile

  func forward(_ image: Tensor) -> Trace {
    var trace = Trace()
    trace.outputs[Graph.image] = Array3(
      image.shape[0], image.shape[1], image.shape[2], values: image.values.map(Double.init))
    for layer in file.graph.layers {
      let inputs = layer.inputs.compactMap { trace.outputs[$0] }
      trace.outputs[layer.name] = output(of: layer, inputs, &trace)
    }
    return trace
  }

  func scores(_ trace: Trace) -> [Double] { trace.outputs[file.graph.output]?.values ?? [] }

  private func output(of layer: GraphLayer, _ inputs: [Array3], _ trace: inout Trace) -> Array3 {
    let x = inputs[0]
    switch layer.operation {
    case .convolution(_, _, _, _, let relu):
      let (weights, bias, shape) = convolution(layer, x)
      var y = Array3(Int(shape.out_channels), Int(shape.out_height), Int(shape.out_width))
      var magnitude = y.values
      let nothing = bias.map { _ in 0.0 }
      pxa_ref_conv_forward(&y.values, &magnitude, x.values, weights, bias, shape, false)
      pxa_ref_conv_forward(&y.variance, nil, x.variance, weights.map { $0 * $0 }, nothing, shape, false)
      addRounding(&y, magnitude, terms: weights.count / bias.count + 1)
      trace.beforeReLU[layer.name] = y.values
      if relu {
        for index in y.values.indices {
          trace.margin = min(trace.margin, abs(y.values[index]) / y.variance[index].squareRoot())
          y.values[index] = max(0, y.values[index])
        }
      }
      return y
    case .maxPool:
      var y = Array3(x.channels, (x.height - 2) / 2 + 1, (x.width - 2) / 2 + 1)
      var index = [UInt8](repeating: 0, count: y.values.count)
      let (c, h, w) = (Int32(x.channels), Int32(x.height), Int32(x.width))
      let (outHeight, outWidth) = (Int32(y.height), Int32(y.width))
      pxa_ref_max_pool_forward(&y.values, &index, x.values, c, h, w, outHeight, outWidth)
      var scratch = index
      pxa_ref_max_pool_forward(&y.variance, &scratch, x.variance, c, h, w, outHeight, outWidth)
      trace.poolIndices[layer.name] = index
      trace.margin = min(trace.margin, poolMargin(x, y, index))
      return y
    case .concatenate:
      var y = Array3(inputs.map(\.channels).reduce(0, +), x.height, x.width)
      y.values = inputs.flatMap(\.values)
      y.variance = inputs.flatMap(\.variance)
      return y
    case .globalAverage:
      let (c, h, w) = (Int32(x.channels), Int32(x.height), Int32(x.width)), count = Double(x.height * x.width)
      var y = Array3(x.channels, 1, 1), magnitude = y.values
      pxa_ref_global_average(&y.values, x.values, c, h, w)
      pxa_ref_global_average(&magnitude, x.values.map(abs), c, h, w)
      pxa_ref_global_average(&y.variance, x.variance.map { $0 / count }, c, h, w)
      addRounding(&y, magnitude, terms: Int(count) + 1)
      return y
    }
  }

  /// The gradient of Σ seed · scores with respect to the image.
  func gradient(_ trace: Trace, seed: [Double], throughLastReLU: Bool = true) -> Array3 {
    var gradients: [String: Array3] = [:]
    gradients[file.graph.output] = Array3(seed.count, 1, 1, values: seed)
    // The layers whose ReLU is the last one: what the average reads, or the parts of which that is made.
    let scored = file.graph.layers.suffix(2).first
    let heads = scored?.operation == .concatenate ? scored?.inputs ?? [] : [scored?.name ?? ""]
    for layer in file.graph.layers.reversed() {
      guard var dy = gradients[layer.name] else { continue }
      let inputs = layer.inputs.compactMap { trace.outputs[$0] }
      let x = inputs[0]
      var dx = Array3(x.channels, x.height, x.width)
      let (c, h, w) = (Int32(x.channels), Int32(x.height), Int32(x.width))
      switch layer.operation {
      case .convolution(_, _, _, _, let relu):
        if relu && (throughLastReLU || !heads.contains(layer.name)) {
          for (index, before) in (trace.beforeReLU[layer.name] ?? []).enumerated() where before <= 0 {
            (dy.values[index], dy.variance[index]) = (0, 0)
          }
        }
        let (weights, bias, shape) = convolution(layer, x)
        var magnitude = dx.values
        pxa_ref_conv_input_grad(&dx.values, &magnitude, dy.values, weights, shape)
        pxa_ref_conv_input_grad(&dx.variance, nil, dy.variance, weights.map { $0 * $0 }, shape)
        addRounding(&dx, magnitude, terms: bias.count * Int(shape.kernel * shape.kernel) + 1)
      case .maxPool:
        let index = trace.poolIndices[layer.name] ?? []
        pxa_ref_max_pool_input_grad(&dx.values, dy.values, index, c, h, w, Int32(dy.height), Int32(dy.width))
        pxa_ref_max_pool_input_grad(&dx.variance, dy.variance, index, c, h, w, Int32(dy.height), Int32(dy.width))
        addRounding(&dx, dx.values.map(abs), terms: 4)
      case .concatenate:
        var start = 0
        for (name, part) in zip(layer.inputs, inputs) {
          var slice = Array3(part.channels, part.height, part.width)
          slice.values = Array(dy.values[start..<start + slice.values.count])
          slice.variance = Array(dy.variance[start..<start + slice.values.count])
          add(slice, to: &gradients[name])
          start += slice.values.count
        }
        continue
      case .globalAverage:
        let plane = x.height * x.width
        dx.values = dx.values.indices.map { dy.values[$0 / plane] / Double(plane) }
        addRounding(&dx, dx.values.map(abs), terms: 1)
      }
      add(dx, to: &gradients[layer.inputs[0]])
    }
    return gradients[Graph.image] ?? Array3(0, 0, 0)
  }

  private func add(_ dx: Array3, to sum: inout Array3?) {
    guard var total = sum else { return sum = dx }
    for index in dx.values.indices {
      total.values[index] += dx.values[index]
      total.variance[index] += dx.variance[index]
    }
    addRounding(&total, total.values.map(abs), terms: 1)
    sum = total
  }

  private func addRounding(_ array: inout Array3, _ magnitude: [Double], terms: Int) {
    for index in magnitude.indices {
      array.variance[index] += Double(terms) * 0x1p-48 * magnitude[index] * magnitude[index]
    }
  }

  private func poolMargin(_ x: Array3, _ y: Array3, _ index: [UInt8]) -> Double {
    var margin = Double.infinity
    for at in index.indices {
      let (channel, row, column) = (at / (y.height * y.width), at / y.width % y.height, at % y.width)
      func place(_ k: Int) -> Int? {
        let (r, q) = (2 * row + k / 3, 2 * column + k % 3)
        return r < x.height && q < x.width ? (channel * x.height + r) * x.width + q : nil
      }
      guard let winner = place(Int(index[at])) else { return 0 }
      for k in 0..<9 where k != Int(index[at]) {
        // Where a ReLU let nothing through on either side, neither value passes a gradient on.
        guard let other = place(k), x.values[winner] != 0 else { continue }
        let deviation = (x.variance[winner] + x.variance[other]).squareRoot()
        margin = min(margin, (x.values[winner] - x.values[other]) / deviation)
      }
    }
    return margin
  }

  private func convolution(_ layer: GraphLayer, _ x: Array3) -> ([Double], [Double], pxa_ref_conv) {
    guard case .convolution(let kernel, let stride, let padding, let outputs, _) = layer.operation,
      let weight = file.tensors["\(layer.name).weight"], let bias = file.tensors["\(layer.name).bias"]
    else { fatalError("\(layer.name) is no convolution") }
    func size(_ size: Int) -> Int32 { Int32((size + 2 * padding - kernel) / stride + 1) }
    let shape = pxa_ref_conv(
      kernel: Int32(kernel), stride: Int32(stride), padding: Int32(padding), in_channels: Int32(x.channels),
      in_height: Int32(x.height), in_width: Int32(x.width), out_channels: Int32(outputs), out_height: size(x.height),
      out_width: size(x.width))
    return (weight.values.map(Double.init), bias.values.map(Double.init), shape)
  }
}
