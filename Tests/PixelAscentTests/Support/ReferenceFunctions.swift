// SPDX-License-Identifier: MIT
//
// The reference's windows, functions of one value, layer norms and local response norms.

import Foundation
import PixelAscent

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// A function of one value, its derivative, and the corners at which the derivative jumps.
struct Curve {
  let value, derivative: (Double) -> Double
  var corners: [Double] = []

  /// Returns the second derivative, which turns an error of `x` into one of the derivative.
  func bend(_ x: Double) -> Double { (derivative(x + 1e-5) - derivative(x - 1e-5)) / 2e-5 }
}

extension ElementFunction {
  /// Returns the function's curve.
  ///
  /// - Parameter slope: the slope of a PReLU where x ≤ 0
  func curve(slope: Double) -> Curve {
    func leaky(_ slope: Double) -> Curve {
      Curve(value: { $0 > 0 ? $0 : slope * $0 }, derivative: { $0 > 0 ? 1 : slope }, corners: [0])
    }
    func logistic(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }
    func elu(_ alpha: Double, _ rate: Double, _ gamma: Double) -> Curve {
      Curve(
        value: { $0 > 0 ? gamma * $0 : alpha * expm1(rate * $0) },
        derivative: { $0 > 0 ? gamma : alpha * rate * Foundation.exp(rate * $0) }, corners: [0])
    }
    func softplus(_ x: Double) -> Double { max(x, 0) + log1p(Foundation.exp(-abs(x))) }
    switch self {
    case .clamp: return Curve(value: { $0 }, derivative: { _ in 1 })
    case .leakyReLU(let slope): return leaky(Double(slope))
    case .prelu: return leaky(slope)
    case .elu(let alpha):
      return elu(Double(alpha), 1, 1)
    case .celu(let alpha): return elu(Double(alpha), 1 / Double(alpha), 1)
    case .selu(let alpha, let gamma): return elu(Double(alpha) * Double(gamma), 1, Double(gamma))
    case .swish(let alpha):
      let alpha = Double(alpha)
      return Curve(
        value: { $0 * logistic(alpha * $0) },
        derivative: { logistic(alpha * $0) * (1 + alpha * $0 * logistic(-alpha * $0)) })
    case .mish:
      return Curve(
        value: { $0 * Foundation.tanh(softplus($0)) },
        derivative: { x in
          let share = Foundation.tanh(softplus(x))
          return share + x * (1 - share * share) * logistic(x)
        })
    case .softplus: return Curve(value: softplus, derivative: logistic)
    case .erf:
      return Curve(value: { Foundation.erf($0) }, derivative: { 2 / Double.pi.squareRoot() * Foundation.exp(-$0 * $0) })
    case .softsign: return Curve(value: { $0 / (1 + abs($0)) }, derivative: { 1 / (1 + abs($0)) / (1 + abs($0)) })
    case .thresholdedReLU(let threshold):
      let threshold = Double(threshold)
      return Curve(
        value: { $0 > threshold ? $0 : 0 }, derivative: { $0 > threshold ? 1 : 0 }, corners: [threshold])
    case .absolute:
      return Curve(value: { abs($0) }, derivative: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, corners: [0])
    case .squareRoot: return Curve(value: { $0.squareRoot() }, derivative: { 0.5 / $0.squareRoot() })
    case .reciprocal: return Curve(value: { 1 / $0 }, derivative: { -1 / ($0 * $0) })
    case .exp: return Curve(value: { Foundation.exp($0) }, derivative: { Foundation.exp($0) })
    case .log: return Curve(value: { Foundation.log($0) }, derivative: { 1 / $0 })
    case .power(let exponent):
      return Curve(
        value: { Foundation.pow($0, Double(exponent)) },
        derivative: { Double(exponent) * Foundation.pow($0, Double(exponent) - 1) })
    case .sigmoid:
      return Curve(value: logistic, derivative: { logistic($0) * logistic(-$0) })
    case .hardSigmoid(let alpha, let beta):
      let (alpha, beta) = (Double(alpha), Double(beta))
      return Curve(
        value: { min(1, max(0, alpha * $0 + beta)) },
        derivative: { 0 < alpha * $0 + beta && alpha * $0 + beta < 1 ? alpha : 0 },
        corners: [-beta / alpha, (1 - beta) / alpha])
    case .hardSwish:
      return Curve(
        value: { $0 * min(1, max(0, $0 / 6 + 0.5)) },
        derivative: { $0 <= -3 ? 0 : $0 >= 3 ? 1 : $0 / 3 + 0.5 }, corners: [-3, 3])
    case .silu:
      return Curve(
        value: { $0 * logistic($0) }, derivative: { logistic($0) * (1 + $0 * logistic(-$0)) })
    case .tanh:
      return Curve(value: { Foundation.tanh($0) }, derivative: { 1 - Foundation.tanh($0) * Foundation.tanh($0) })
    case .gelu(tanh: false):
      func normal(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
      let density = 1 / (2 * Double.pi).squareRoot()
      return Curve(
        value: { $0 * normal($0) }, derivative: { normal($0) + $0 * density * Foundation.exp(-$0 * $0 / 2) })
    case .gelu(tanh: true):
      let factor = (2 / Double.pi).squareRoot()
      func inner(_ x: Double) -> Double { Foundation.tanh(factor * (x + 0.044715 * x * x * x)) }
      return Curve(
        value: { $0 / 2 * (1 + inner($0)) },
        derivative: { x in
          let bend = factor * (1 + 3 * 0.044715 * x * x)
          return (1 + inner(x)) / 2 + x / 2 * (1 - inner(x) * inner(x)) * bend
        })
    }
  }
}

extension ReferenceNetwork {
  /// Calls `body` for every output of a pool, with the indices of the inputs in its window in row-major order, and with
  /// the number of the window's elements including the padding.
  func forEachWindow(
    _ window: Window, _ x: Array3, _ y: Array3, _ body: (_ output: Int, _ inside: [Int], _ padded: Int) -> Void
  ) {
    func positions(_ axis: WindowAxis, _ output: Int, _ size: Int) -> (inside: [Int], padded: Int) {
      let first = axis.stride * output - axis.before
      let all = (0..<axis.kernel).map { first + $0 * axis.dilation }
      return (all.filter { (0..<size).contains($0) }, all.filter { $0 < size + axis.after }.count)
    }
    for output in y.values.indices {
      let rows = positions(window.y, output / y.width % y.height, x.height)
      let columns = positions(window.x, output % y.width, x.width)
      let channel = output / (y.height * y.width)
      let inside = rows.inside.flatMap { row in columns.inside.map { x.at(channel, row, $0) } }
      body(output, inside, rows.padded * columns.padded)
    }
  }

  /// Returns the index of the first maximum of every window or, without a window, of every region of an adaptive pool.
  func winners(_ window: Window?, _ x: Array3, _ y: Array3, _ trace: inout Trace) -> [Int] {
    var regions: [[Int]] = [], winners: [Int] = []
    if let window {
      forEachWindow(window, x, y) { _, inside, _ in regions.append(inside) }
    } else {
      regions = y.values.indices.map {
        adaptivePart($0 / y.width % y.height, $0 % y.width, $0 / (y.height * y.width), x, y)
      }
    }
    for inside in regions {
      var winner = inside[0]
      for input in inside where x.values[input] > x.values[winner] { winner = input }
      for input in inside where input != winner {
        trace.note(x.values[winner] - x.values[input], x.variance[winner] + x.variance[input])
      }
      winners.append(winner)
    }
    return winners
  }

  /// Returns the indices of the inputs that an adaptive average pool averages for one output.
  func adaptivePart(_ row: Int, _ column: Int, _ channel: Int, _ x: Array3, _ y: Array3) -> [Int] {
    func part(_ index: Int, _ size: Int, _ parts: Int) -> Range<Int> {
      index * size / parts..<((index + 1) * size + parts - 1) / parts
    }
    return part(row, x.height, y.height).flatMap { r in
      part(column, x.width, y.width).map { x.at(channel, r, $0) }
    }
  }

  /// Returns the mean and the standard deviation that normalise each value. Without groups the values of a pixel are
  /// normalised together.
  func normStatistics(groups: Int?, epsilon: Float, _ x: Array3) -> [(mean: Double, deviation: Double)] {
    var statistics = x.values.map { _ in (mean: 0.0, deviation: 0.0) }
    for peers in normPeers(groups, x) {
      let count = Double(peers.count), mean = peers.reduce(0) { $0 + x.values[$1] } / count
      let variance = peers.reduce(0) { $0 + (x.values[$1] - mean) * (x.values[$1] - mean) } / count
      for index in peers { statistics[index] = (mean, (variance + Double(epsilon)).squareRoot()) }
    }
    return statistics
  }

  /// Returns lists of the indices of values that are normalised together.
  private func normPeers(_ groups: Int?, _ x: Array3) -> [[Int]] {
    let plane = x.height * x.width
    guard let groups else {
      return (0..<plane).map { pixel in (0..<x.channels).map { $0 * plane + pixel } }
    }
    let size = x.channels / groups * plane
    return (0..<groups).map { Array($0 * size..<($0 + 1) * size) }
  }

  /// Calls `body` with the derivatives of a layer or group norm's outputs.
  func normTerms(groups: Int?, epsilon: Float, _ weights: [Double], _ x: Array3, _ body: Term) {
    let statistics = normStatistics(groups: groups, epsilon: epsilon, x), plane = x.height * x.width
    for peers in normPeers(groups, x) {
      let (mean, deviation) = statistics[peers[0]], count = Double(peers.count)
      let spread = peers.map { x.variance[$0] }.max() ?? 0
      for output in peers {
        let weight = weights[output / plane], own = (x.values[output] - mean) / deviation
        for input in peers {
          let other = (x.values[input] - mean) / deviation
          let coefficient = weight / deviation * ((input == output ? 1 : 0) - 1 / count - own * other / count)
          let bend = 4 * weight / (deviation * deviation) * (1 + abs(own) + abs(other)) / count.squareRoot()
          let rounding =
            16 * 0x1p-24 * abs(weight / deviation) * ((input == output ? 1 : 0) + (1 + abs(own * other)) / count)
          body(output, input, coefficient, bend * bend * spread + rounding * rounding)
        }
      }
    }
  }

  /// Returns k + alpha/size · Σ x² over the neighbouring channels, for each value.
  func normScale(_ norm: LocalResponseNorm, _ x: Array3) -> [Double] {
    x.values.indices.map { index in
      let sum = neighbours(index, norm.size, x).reduce(0) { $0 + x.values[$1] * x.values[$1] }
      return Double(norm.k) + Double(norm.alpha) / Double(norm.size) * sum
    }
  }

  private func neighbours(_ index: Int, _ size: Int, _ x: Array3) -> [Int] {
    let plane = x.height * x.width, channel = index / plane
    return (max(0, channel - size / 2)...min(x.channels - 1, channel + (size - 1) / 2)).map {
      index + ($0 - channel) * plane
    }
  }

  /// Calls `body` with the derivatives of a local response norm's outputs.
  func normTerms(_ norm: LocalResponseNorm, _ x: Array3, _ body: Term) {
    let size = norm.size, scale = normScale(norm, x), exponent = Double(norm.beta)
    let strength = 2 * Double(norm.alpha) * exponent / Double(size)
    for output in x.values.indices {
      let inputs = neighbours(output, size, x), own = power(scale[output], -exponent)
      let shared = strength * power(scale[output], -exponent - 1)
      let deviation = inputs.map { x.variance[$0] }.max() ?? 0
      for input in inputs {
        let product = shared * x.values[output] * x.values[input]
        let bend = 3 * shared * (abs(x.values[output]) + abs(x.values[input]))
        let rounding = 8 * 0x1p-24 * (abs(product) + (input == output ? own : 0))
        body(
          output, input, (input == output ? own : 0) - product,
          bend * bend * deviation * Double(size) + rounding * rounding)
      }
    }
  }
}
