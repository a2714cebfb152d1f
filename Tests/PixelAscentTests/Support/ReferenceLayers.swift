// SPDX-License-Identifier: MIT
//
// What each layer of the reference computes. Every layer except a convolution has a list of terms: output, input,
// coefficient, and the coefficient's variance. The input gradient is computed from the terms, and so is the output of
// a layer that is neither a function nor a norm.

import CPixelReference
import PixelAscent
import Testing

extension ReferenceNetwork {
  typealias Term = (_ output: Int, _ input: Int, _ coefficient: Double, _ variance: Double) -> Void

  /// Writes a layer's output, before its clamp, to `y`, which already has the output's shape.
  func compute(_ layer: GraphLayer, _ inputs: [Array3], _ y: inout Array3, _ trace: inout Trace) {
    let x = inputs[0]
    var magnitude = y.values, terms = 1
    switch layer.operation {
    case let operation as Convolution:
      let weights = parameter(layer, "weight"), bias = parameter(layer, "bias")
      let shape = convolution(operation, x, y)
      let infinity = Double.infinity
      pxa_ref_conv_forward(&y.values, &magnitude, x.values, weights, bias, shape, -infinity, infinity)
      let nothing = bias.map { _ in 0.0 }, squares = weights.map { $0 * $0 }
      pxa_ref_conv_forward(&y.variance, nil, x.variance, squares, nothing, shape, -infinity, infinity)
      terms = weights.count / bias.count + 1
      if operation.isPlain3x3, layer.clamp?.low != 0 || !bias.contains(0) { magnitude = y.greatestOfTiles(magnitude) }
    case let operation as Elementwise where !operation.function.isClamp:
      let slopes = parameter(layer, "weight"), plane = x.height * x.width
      for index in x.values.indices {
        let curve = operation.function.curve(slope: slopes.isEmpty ? 0 : slopes[index / plane % slopes.count])
        let value = x.values[index], slope = curve.derivative(value)
        y.values[index] = curve.value(value)
        y.variance[index] = slope * slope * x.variance[index]
        magnitude[index] = max(abs(y.values[index]), abs(value * slope))
        for corner in curve.corners { trace.note(abs(value - corner), x.variance[index]) }
      }
      terms = 16
    case let norm as LocalResponseNorm:
      let scale = normScale(norm, x)
      for index in x.values.indices {
        y.values[index] = x.values[index] * power(scale[index], -Double(norm.beta))
        magnitude[index] = abs(y.values[index])
      }
      forEachTerm(layer, 0, inputs, y, trace) { output, input, coefficient, _ in
        y.variance[output] += coefficient * coefficient * x.variance[input]
      }
      terms = 64
    case is LayerNorm, is GroupNorm:
      let (groups, epsilon) = layer.normalisation, weights = parameter(layer, "weight")
      let statistics = normStatistics(groups: groups, epsilon: epsilon, x)
      let bias = parameter(layer, "bias"), plane = x.height * x.width
      for index in x.values.indices {
        let (mean, deviation) = statistics[index]
        let normalized = (x.values[index] - mean) / deviation * weights[index / plane]
        y.values[index] = normalized + bias[index / plane]
        magnitude[index] = abs(normalized) + abs(bias[index / plane]) + abs(mean / deviation * weights[index / plane])
      }
      forEachTerm(layer, 0, inputs, y, trace) { output, input, coefficient, _ in
        y.variance[output] += coefficient * coefficient * x.variance[input]
      }
      terms = 64
    case let reduction as Reduction where reduction.kind != .sum:
      reduce(reduction, x, &y, &trace)
      magnitude = y.values.map(abs)
      forEachTerm(layer, 0, inputs, y, trace) { output, input, coefficient, _ in
        y.variance[output] += coefficient * coefficient * x.variance[input]
      }
      terms = reduction.kind == .norm ? 64 : 0
    case is MaxPool, is AdaptiveMax:
      trace.winners[layer.name] = winners((layer.operation as? MaxPool)?.window, x, y, &trace)
      terms = 0
      addTerms(layer, 0, inputs, &y, &magnitude, trace)
    case is Multiply:
      addTerms(layer, 0, inputs, &y, &magnitude, trace)
    default:
      start(layer, &y, &magnitude)
      for position in inputs.indices { addTerms(layer, position, inputs, &y, &magnitude, trace) }
      terms = mostTerms(layer, inputs)
    }
    y.addRounding(magnitude, terms: terms)
    trace.greatest = max(trace.greatest, magnitude.max() ?? 0)
  }

  /// Returns what a layer adds to the gradient of one of its inputs.
  ///
  /// - Parameters:
  ///   - position: the position of the input among `inputs`
  ///   - dy: the gradient of the layer's output before the clamp
  func inputGradient(
    _ layer: GraphLayer, _ position: Int, _ inputs: [Array3], _ dy: Array3, _ trace: Trace
  ) -> Array3 {
    let x = inputs[position]
    var dx = Array3(x.channels, x.height, x.width), magnitude = dx.values
    if let operation = layer.operation as? Convolution {
      let weights = parameter(layer, "weight"), shape = convolution(operation, x, dy), window = operation.window
      pxa_ref_conv_input_grad(&dx.values, &magnitude, dy.values, weights, shape)
      pxa_ref_conv_input_grad(&dx.variance, nil, dy.variance, weights.map { $0 * $0 }, shape)
      if operation.isPlain3x3 { magnitude = dx.greatestOfTiles(magnitude) }
      dx.addRounding(magnitude, terms: operation.outputs / operation.groups * window.y.kernel * window.x.kernel + 1)
      return dx
    }
    var terms = [Int](repeating: 0, count: dx.values.count)
    forEachTerm(layer, position, inputs, dy, trace) { output, input, coefficient, variance in
      let gradient = dy.values[output]
      dx.values[input] += coefficient * gradient
      dx.variance[input] += coefficient * coefficient * dy.variance[output] + variance * gradient * gradient
      magnitude[input] += abs(coefficient * gradient)
      terms[input] += 1
    }
    dx.addRounding(magnitude, terms: (terms.max() ?? 0) + 1)
    return dx
  }

  /// Sets the output to what it is before the terms are added: biases, a border's values, or zeros.
  private func start(_ layer: GraphLayer, _ y: inout Array3, _ magnitude: inout [Double]) {
    let plane = y.height * y.width
    switch layer.operation {
    case is Linear, is Affine:
      let bias = parameter(layer, "bias")
      y.values = y.values.indices.map { bias[$0 / plane] }
    case let pad as Pad where pad.mode == .constant:
      let rows = pad.top..<y.height - pad.bottom, columns = pad.left..<y.width - pad.right
      for index in y.values.indices
      where !rows.contains(index / y.width % y.height) || !columns.contains(index % y.width) {
        y.values[index] = Double(pad.value)
      }
    default: break
    }
    magnitude = y.values.map(abs)
  }

  private func addTerms(
    _ layer: GraphLayer, _ position: Int, _ inputs: [Array3], _ y: inout Array3, _ magnitude: inout [Double],
    _ trace: Trace
  ) {
    let x = inputs[position], shape = Array3(y.channels, y.height, y.width)
    forEachTerm(layer, position, inputs, shape, trace) { output, input, coefficient, variance in
      let value = x.values[input]
      y.values[output] += coefficient * value
      y.variance[output] += coefficient * coefficient * x.variance[input] + variance * value * value
      magnitude[output] += abs(coefficient * value)
    }
  }

  /// Calls `body` with the terms of a layer's output that come from one of its inputs. Of `y` only the shape matters.
  private func forEachTerm(
    _ layer: GraphLayer, _ position: Int, _ inputs: [Array3], _ y: Array3, _ trace: Trace, _ body: Term
  ) {
    let x = inputs[position], count = x.values.count, plane = x.height * x.width
    switch layer.operation {
    case let linear as Linear:
      let weights = parameter(layer, "weight")
      for output in 0..<linear.outputs {
        for input in 0..<count { body(output, input, weights[output * count + input], 0) }
      }
    case is Affine:
      let weights = parameter(layer, "weight")
      for index in 0..<count { body(index, index, weights[index / plane], 0) }
    case let elementwise as Elementwise:
      let slopes = parameter(layer, "weight")
      for index in 0..<count {
        let curve = elementwise.function.curve(slope: slopes.isEmpty ? 0 : slopes[index / plane % slopes.count])
        let value = x.values[index], slope = curve.derivative(value), bend = curve.bend(value)
        let rounding = 4 * 0x1p-24 * max(abs(slope), abs(value * bend))
        body(index, index, slope, bend * bend * x.variance[index] + rounding * rounding)
      }
    case is MaxPool, is AdaptiveMax:
      for (output, input) in (trace.winners[layer.name] ?? []).enumerated() { body(output, input, 1, 0) }
    case let pool as AveragePool:
      forEachWindow(pool.window, x, y) { output, inside, padded in
        for input in inside { body(output, input, 1 / Double(pool.countPadding ? padded : inside.count), 0) }
      }
    case is AdaptiveAverage, is GlobalAverage:
      for output in y.values.indices {
        let channel = output / (y.height * y.width)
        let part = adaptivePart(output / y.width % y.height, output % y.width, channel, x, y)
        for input in part { body(output, input, 1 / Double(part.count), 0) }
      }
    case is Add, is Flatten, is Identity:
      for index in 0..<count { body(index, index, 1, 0) }
    case is Multiply:
      let other = inputs[1 - position]
      for output in y.values.indices {
        let channel = output / (y.height * y.width)
        let input = count == x.channels ? channel : output
        let factor = other.values.count == other.channels ? channel : output
        body(output, input, other.values[factor], other.variance[factor])
      }
    case is Concatenate:
      let first = inputs[..<position].map(\.values.count).reduce(0, +)
      for index in 0..<count { body(first + index, index, 1, 0) }
    case let slice as ChannelSlice:
      for index in 0..<slice.count * plane { body(index, slice.first * plane + index, 1, 0) }
    case let shuffle as ChannelShuffle:
      let size = x.channels / shuffle.groups
      for channel in 0..<x.channels {
        let target = channel % size * shuffle.groups + channel / size
        for index in 0..<plane { body(target * plane + index, channel * plane + index, 1, 0) }
      }
    case let pad as Pad where pad.mode != .constant:
      resamplingTerms(
        x, y, rows: { borderElement(pad.mode, $0 - pad.top, x.height) },
        columns: { borderElement(pad.mode, $0 - pad.left, x.width) }, body)
    case let operation as Interpolate:
      // A position of up to about 16 pixels is rounded to float, which moves the weights by up to 2⁻²⁰.
      let variance = operation.sampling == .linear ? 0x1p-40 : 0
      resamplingTerms(
        x, y, variance: variance, rows: { interpolated(operation, operation.y, $0, input: x.height, output: y.height) },
        columns: { interpolated(operation, operation.x, $0, input: x.width, output: y.width) }, body)
    case let reduction as Reduction: reductionTerms(reduction, x, y.values.count, body)
    case let pad as Pad:
      for index in 0..<count {
        body(y.at(index / plane, index / x.width % x.height + pad.top, index % x.width + pad.left), index, 1, 0)
      }
    case let norm as LocalResponseNorm: normTerms(norm, x, body)
    case is LayerNorm, is GroupNorm:
      let (groups, epsilon) = layer.normalisation
      normTerms(groups: groups, epsilon: epsilon, parameter(layer, "weight"), x, body)
    default: Issue.record("\(layer.name) has no terms")
    }
  }

  private func convolution(_ operation: Convolution, _ x: Array3, _ y: Array3) -> pxa_ref_conv {
    func axis(_ axis: WindowAxis, _ input: Int, _ output: Int) -> pxa_ref_axis {
      pxa_ref_axis(
        kernel: Int32(axis.kernel), stride: Int32(axis.stride), before: Int32(axis.before),
        dilation: Int32(axis.dilation), input: Int32(input), output: Int32(output))
    }
    let window = operation.window(for: ValueShape(channels: x.channels, height: x.height, width: x.width))
    return pxa_ref_conv(
      groups: Int32(operation.groups), in_channels: Int32(x.channels), out_channels: Int32(y.channels),
      y: axis(window.y, x.height, y.height), x: axis(window.x, x.width, y.width))
  }

  /// Returns an upper bound on the number of terms in an output's sum; 0 if the layer only moves values.
  private func mostTerms(_ layer: GraphLayer, _ inputs: [Array3]) -> Int {
    switch layer.operation {
    case is Linear: inputs[0].values.count + 1
    case let pool as AveragePool: pool.window.y.kernel * pool.window.x.kernel + 1
    case is AdaptiveAverage, is GlobalAverage: inputs[0].height * inputs[0].width + 1
    case is Add, is Affine: 2
    case let reduction as Reduction: reduction.ofChannels ? inputs[0].channels : inputs[0].height * inputs[0].width
    case let operation as Interpolate: operation.sampling == .linear ? 4 : 0
    default: 0
    }
  }
}

extension GraphLayer {
  /// The groups and the epsilon of a layer or group norm; a layer norm has no groups.
  fileprivate var normalisation: (groups: Int?, epsilon: Float) {
    if let norm = operation as? GroupNorm { return (norm.groups, norm.epsilon) }
    return (nil, (operation as? LayerNorm)?.epsilon ?? .nan)
  }
}

extension ElementFunction {
  fileprivate var isClamp: Bool { if case .clamp = self { true } else { false } }
}

extension Convolution {
  /// Whether Winograd's method can compute the convolution.
  fileprivate var isPlain3x3: Bool {
    groups == 1 && [window.y, window.x].allSatisfy { $0.kernel == 3 && $0.stride == 1 && $0.dilation == 1 }
  }
}

extension ReferenceNetwork.Array3 {
  /// Returns for each value the greatest of `magnitude` in its tile of 4×4 values. With Winograd's method the rounding
  /// errors of a value depend on all inputs of its tile.
  fileprivate func greatestOfTiles(_ magnitude: [Double]) -> [Double] {
    var greatest = magnitude
    for index in magnitude.indices {
      let column = index % width, row = index / width % height, channel = index / width / height
      for other in row / 4 * 4..<min(row / 4 * 4 + 4, height) {
        for across in column / 4 * 4..<min(column / 4 * 4 + 4, width) {
          greatest[index] = max(greatest[index], magnitude[at(channel, other, across)])
        }
      }
    }
    return greatest
  }
}
