// SPDX-License-Identifier: MIT
//
// The reference's reductions and resamplings.

import PixelAscent

extension ReferenceNetwork {
  /// Returns the indices of the inputs that a reduction makes one output of.
  func elements(_ reduction: Reduction, _ output: Int, _ x: Array3) -> [Int] {
    let plane = x.height * x.width
    return reduction.ofChannels
      ? (0..<x.channels).map { $0 * plane + output } : Array(output * plane..<(output + 1) * plane)
  }

  /// Writes a norm's or a maximum's outputs. Notes how near a maximum is to another value.
  func reduce(_ reduction: Reduction, _ x: Array3, _ y: inout Array3, _ trace: inout Trace) {
    for output in y.values.indices {
      let inputs = elements(reduction, output, x), values = inputs.map { x.values[$0] }
      if reduction.kind == .norm {
        y.values[output] = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      } else {
        y.values[output] = values.max() ?? 0
        for input in inputs where x.values[input] < y.values[output] || x.variance[input] > 0 {
          let winners = inputs.filter { x.values[$0] == y.values[output] && $0 != input }
          guard let winner = winners.first else { continue }
          trace.note(y.values[output] - x.values[input], x.variance[winner] + x.variance[input])
        }
      }
    }
  }

  /// Calls `body` with the derivatives of a reduction's outputs.
  func reductionTerms(_ reduction: Reduction, _ x: Array3, _ count: Int, _ body: Term) {
    for output in 0..<count {
      let inputs = elements(reduction, output, x), values = inputs.map { x.values[$0] }
      let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot(), greatest = values.max() ?? 0
      let ties = Double(values.count { $0 == greatest }), spread = inputs.map { x.variance[$0] }.max() ?? 0
      for (input, value) in zip(inputs, values) {
        switch reduction.kind {
        case .sum: body(output, input, 1, 0)
        case .norm:
          let share = norm > 0 ? value / norm : 0, rounding = 16 * 0x1p-24 * share
          body(output, input, share, norm > 0 ? 4 * spread / (norm * norm) + rounding * rounding : 0)
        case .maximum: if value == greatest { body(output, input, 1 / ties, ties > 1 ? 0x1p-48 : 0) }
        }
      }
    }
  }

  /// Calls `body` with the weights with which a border or an interpolation reads its input. Of `y` only the shape
  /// matters.
  ///
  /// - Parameter variance: the variance of each weight
  func resamplingTerms(
    _ x: Array3, _ y: Array3, variance: Double = 0, rows: (Int) -> [(Int, Double)], columns: (Int) -> [(Int, Double)],
    _ body: Term
  ) {
    for output in y.values.indices {
      let channel = output / (y.height * y.width)
      for (row, rowWeight) in rows(output / y.width % y.height) {
        for (column, columnWeight) in columns(output % y.width) {
          let weight = rowWeight * columnWeight
          body(output, x.at(channel, row, column), weight, variance)
        }
      }
    }
  }

  /// Returns the element that a border's position takes from an axis of `size` elements.
  func borderElement(_ mode: Pad.Mode, _ position: Int, _ size: Int) -> [(Int, Double)] {
    var index = position
    while !(0..<size).contains(index) {
      switch mode {
      case .wrap: index += index < 0 ? size : -size
      case .reflect where size > 1: index = index < 0 ? -index : 2 * (size - 1) - index
      default: index = index < 0 ? 0 : size - 1
      }
    }
    return [(index, 1)]
  }

  /// Returns the elements that an output position of an interpolation takes from an axis, with their weights.
  func interpolated(
    _ operation: Interpolate, _ axis: Interpolate.Axis, _ position: Int, input: Int, output: Int
  ) -> [(Int, Double)] {
    // The nearest element is that of ONNX Runtime, which computes in single precision.
    if operation.sampling != .linear, operation.coordinates != .alignCorners {
      let scale = axis.scale ?? Float(output) / Float(input)
      let isCentred = operation.coordinates == .halfPixel || operation.coordinates == .pytorchHalfPixel && output > 1
      let at = isCentred ? (Float(position) + 0.5) / scale - 0.5 : Float(position) / scale
      let index =
        switch operation.sampling {
        case .ceil: at.rounded(.up)
        case .roundDown: (at - 0.5).rounded(.up)
        case .roundUp: (at + 0.5).rounded(.down)
        default: at.rounded(.down)
        }
      return [(min(max(Int(index), 0), input - 1), 1)]
    }
    let scale = axis.scale.map(Double.init) ?? Double(output) / Double(input), position = Double(position)
    let at =
      switch operation.coordinates {
      case .halfPixel: (position + 0.5) / scale - 0.5
      case .pytorchHalfPixel: output == 1 ? 0 : (position + 0.5) / scale - 0.5
      case .asymmetric: position / scale
      case .alignCorners: output == 1 ? 0 : position * Double(input - 1) / Double(output - 1)
      }
    let last = Double(input - 1)
    func nearest(_ index: Double) -> [(Int, Double)] { [(Int(min(max(index, 0), last)), 1)] }
    switch operation.sampling {
    case .floor: return nearest(at.rounded(.down))
    case .ceil: return nearest(at.rounded(.up))
    case .roundDown: return nearest((at - 0.5).rounded(.up))
    case .roundUp: return nearest((at + 0.5).rounded(.down))
    case .linear:
      // Rounding may move a position to either side of an element, so that its neighbours get small weights.
      let inside = min(max(at, 0), last), first = Int(inside)
      return (max(first - 1, 0)...min(first + 1, input - 1)).map { ($0, max(0, 1 - abs(inside - Double($0)))) }
    }
  }
}
