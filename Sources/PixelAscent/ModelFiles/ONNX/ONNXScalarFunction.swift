// SPDX-License-Identifier: MIT

/// A function of one value that several operators make together, known by its values at some points.
///
/// Exporters write GELU, SiLU or hard swish in many ways; whichever they choose, the values are the same.
struct ONNXScalarFunction {
  let values: [Double]

  /// x itself.
  static let identity = ONNXScalarFunction(values: points)

  private static let points: [Double] = {
    let positive = [1e-3, 0.01, 0.1, 0.3, 0.7, 1, 1.5, 2, 2.4, 2.6, 2.9, 3.1, 4, 5.5, 6.5, 8, 15, 100, 1e4, 1e6]
    return positive.map { -$0 } + positive
  }()

  /// What it is, if it is one layer.
  enum Match {
    case identity
    case affine(weight: Double, bias: Double)
    case function(ElementFunction)
  }

  var match: Match? {
    let points = Self.points
    let weight = (values[1] - values[0]) / (points[1] - points[0])
    let bias = values[0] - weight * points[0]
    if equals({ weight * $0 + bias }, within: 1e-9) {
      return weight == 1 && bias == 0 ? .identity : .affine(weight: weight, bias: bias)
    }
    // Constants of half precision move a function by some 1e-4; the two GELUs differ by up to 5e-4.
    let known = Self.known.first { function in equals({ ONNXArithmetic.value(function, $0) }, within: 2e-4) }
    return known.map { .function($0) }
  }

  private func equals(_ function: (Double) -> Double, within tolerance: Double) -> Bool {
    zip(Self.points, values).allSatisfy { point, value in
      let expected = function(point)
      return abs(value - expected) <= tolerance * max(1, abs(expected))
    }
  }

  private static let known: [ElementFunction] = [
    .clamp(.relu), .clamp(.relu6), .sigmoid, .tanh, .silu, .hardSwish, .hardSigmoid(alpha: 1 / 6, beta: 0.5),
    .hardSigmoid(alpha: 0.2, beta: 0.5), .gelu(tanh: false), .gelu(tanh: true),
  ]
}

/// A value that an operator on each element makes of one view; a layer only when something else needs it.
struct ONNXPending {
  /// The operator on the values before it.
  enum Step {
    case function(ElementFunction)
    case affine(weight: Double, bias: Double)
    case add, subtract, multiply
    /// None of PixelAscent's layers; it may be a part of one.
    case none
  }

  let base: ONNXView
  let function: ONNXScalarFunction
  let step: Step
  /// The names of the values before it.
  let inputs: [String]
  /// The operators from the base on.
  let depth: Int
  let node: ONNXNode
}

enum ONNXValue {
  case constant(ONNXConstant)
  case view(ONNXView)
  case pending(ONNXPending)
  /// What an unsupported operator makes.
  case unknown
}
