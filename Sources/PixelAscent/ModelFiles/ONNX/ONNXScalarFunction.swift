// SPDX-License-Identifier: MIT

/// A function of one number that one or more operators compute, represented by its values at fixed points.
///
/// Exporters write GELU, SiLU or hard swish in many ways, but the values are always the same.
struct ONNXScalarFunction {
  let values: [Double]

  /// The identity function.
  static let identity = ONNXScalarFunction(values: points)

  private static let points: [Double] = {
    let positive = [1e-3, 0.01, 0.1, 0.3, 0.7, 1, 1.5, 2, 2.4, 2.6, 2.9, 3.1, 4, 5.5, 6.5, 8, 15, 100, 1e4, 1e6]
    return positive.map { -$0 } + positive
  }()

  /// A function that one layer computes, or that needs no layer.
  enum Match {
    case identity
    case affine(weight: Double, bias: Double)
    case function(ElementFunction)
  }

  /// The known function that has these values; nil if none has.
  var match: Match? {
    let points = Self.points
    let weight = (values[1] - values[0]) / (points[1] - points[0])
    let bias = values[0] - weight * points[0]
    if equals({ weight * $0 + bias }, within: 1e-9) {
      return weight == 1 && bias == 0 ? .identity : .affine(weight: weight, bias: bias)
    }
    // Constants in half precision change the values by about 1e-4; the two GELUs differ by up to 5e-4.
    let known = (Self.known + [swish].compactMap { $0 }).first { function in
      equals({ ONNXArithmetic.value(function, $0) }, within: 2e-4)
    }
    return known.map { .function($0) }
  }

  /// The swish x · σ(alpha · x) that has this function's value at 1; nil if none has. Exporters write the quick GELU, whose
  /// alpha is 1.702, with several operators.
  private var swish: ElementFunction? {
    guard let one = Self.points.firstIndex(of: 1) else { return nil }
    let alpha = ONNXArithmetic.value(.log, values[one] / (1 - values[one]))
    return alpha.isFinite && alpha > 0 ? .swish(alpha: Float(alpha)) : nil
  }

  private func equals(_ function: (Double) -> Double, within tolerance: Double) -> Bool {
    zip(Self.points, values).allSatisfy { point, value in
      let expected = function(point)
      return abs(value - expected) <= tolerance * max(1, abs(expected))
    }
  }

  private static let known: [ElementFunction] = [
    .clamp(.relu), .clamp(.relu6), .sigmoid, .tanh, .silu, .hardSwish, .hardSigmoid(alpha: 1 / 6, beta: 0.5),
    .hardSigmoid(alpha: 0.2, beta: 0.5), .gelu(tanh: false), .gelu(tanh: true), .mish, .softplus, .softsign, .absolute,
    .elu(alpha: 1), .selu(alpha: 1.673263192, gamma: 1.050701022),
  ]
}

/// The value that operators on each element make of one view. It becomes layers only when another operator needs it.
struct ONNXPending {
  /// The last of a pending value's operators.
  enum Step {
    case function(ElementFunction)
    case affine(weight: Double, bias: Double)
    case add, subtract, multiply, divide
    /// A number divided by the value.
    case quotient(Double)
    /// An operator that is not a layer, but may be a part of one.
    case none
  }

  let base: ONNXView
  let function: ONNXScalarFunction
  let step: Step
  /// The names of the last operator's inputs, without constants.
  let inputs: [String]
  /// The number of operators since the base.
  let depth: Int
  let node: ONNXNode
}

indirect enum ONNXValue {
  case constant(ONNXConstant)
  case view(ONNXView)
  case pending(ONNXPending)
  /// A vector that has the elements of the view after a channel shuffle. A linear layer permutes its matrix instead.
  case shuffled(ONNXView, groups: Int)
  /// Parts of a value, which SequenceAt takes out again.
  case sequence([ONNXValue])
  /// The output of an unsupported operator.
  case unknown
}
