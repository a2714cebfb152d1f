// SPDX-License-Identifier: MIT
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Operators on one or two numbers. An operator on one number ignores the second.
enum ONNXArithmetic {
  /// The operators that take any number of values.
  static let variadic: Set = ["Sum", "Mean", "Min", "Max"]

  /// Returns the name of a node's operator, which here differs from ONNX's type if an attribute chooses between two
  /// operators.
  static func name(_ node: ONNXNode) -> String {
    switch node.type {
    case "Mod": node.integer("fmod") == 1 ? "Remainder" : "Mod"
    case "BitShift": node.text("direction") == "LEFT" ? "ShiftLeft" : "ShiftRight"
    case "IsInf":
      switch (node.integer("detect_negative") != 0, node.integer("detect_positive") != 0) {
      case (true, true): "IsInf"
      case (true, false): "IsNegativeInf"
      case (false, true): "IsPositiveInf"
      case (false, false): "IsNoInf"
      }
    default: node.type
    }
  }

  /// Returns the result of a comparison or a logical operator; nil for other operators.
  static func truth<Number: Comparable & ExpressibleByIntegerLiteral>(
    _ type: String, _ x: Number, _ y: Number
  ) -> Bool? {
    switch type {
    case "Equal": x == y
    case "Less": x < y
    case "LessOrEqual": x <= y
    case "Greater": x > y
    case "GreaterOrEqual": x >= y
    case "Not": x == 0
    case "And": x != 0 && y != 0
    case "Or": x != 0 || y != 0
    case "Xor": (x != 0) != (y != 0)
    default: nil
    }
  }

  /// Returns the result of an operator that asks whether a number is finite; nil for other operators.
  static func truth(ofReal type: String, _ x: Double) -> Bool? {
    switch type {
    case "IsNaN": x.isNaN
    case "IsInf": x.isInfinite
    case "IsPositiveInf": x == .infinity
    case "IsNegativeInf": x == -.infinity
    case "IsNoInf": false
    default: nil
    }
  }

  /// Returns the result on two integers of a type; nil for other operators, and if there is no result. A result that is
  /// out of the type's range has the right lowest bits.
  static func integer(_ type: String, _ x: Int, _ y: Int, _ element: ONNXElementType) -> Int? {
    let result =
      element == .uint64
      ? integer(type, UInt(bitPattern: x), UInt(bitPattern: y)).map { Int(bitPattern: $0) } : integer(type, x, y)
    // Programs differ in a power that is out of range.
    return result.flatMap { type == "Pow" && element.wrapped($0) != $0 ? nil : $0 }
  }

  private static func integer<Number: FixedWidthInteger>(_ type: String, _ x: Number, _ y: Number) -> Number? {
    func checked(_ result: (partialValue: Number, overflow: Bool)) -> Number? {
      result.overflow ? nil : result.partialValue
    }
    switch type {
    case "Add", "Sum": return x &+ y
    case "Sub": return x &- y
    case "Mul": return x &* y
    case "Div": return checked(x.dividedReportingOverflow(by: y))
    case "Mod":
      guard let remainder = checked(x.remainderReportingOverflow(dividingBy: y)) else { return nil }
      return remainder != 0 && (remainder < 0) != (y < 0) ? remainder &+ y : remainder
    case "Remainder": return checked(x.remainderReportingOverflow(dividingBy: y))
    case "Pow": return power(x, y)
    case "ShiftLeft": return y < 0 ? nil : x << y
    case "ShiftRight": return y < 0 ? nil : x >> y
    case "BitwiseAnd": return x & y
    case "BitwiseOr": return x | y
    case "BitwiseXor": return x ^ y
    case "BitwiseNot": return ~x
    case "Min": return min(x, y)
    case "Max": return max(x, y)
    case "Neg": return 0 &- x
    case "Abs": return x < 0 ? 0 &- x : x
    case "Sign": return x.signum()
    case "Relu": return max(x, 0)
    case "Floor", "Ceil", "Round": return x
    default: return truth(type, x, y).map { $0 ? 1 : 0 }
    }
  }

  /// Returns the power without its fraction; nil if it is too large.
  private static func power<Number: FixedWidthInteger>(_ x: Number, _ y: Number) -> Number? {
    if y < 0 {
      // The power is 1 / x to the −y.
      return x == 0 ? nil : x.magnitude > 1 ? 0 : y & 1 == 0 ? 1 : x
    }
    var result: Number = 1, base = x, rest = y
    while true {
      if rest & 1 == 1 {
        let (product, overflow) = result.multipliedReportingOverflow(by: base)
        if overflow { return nil }
        result = product
      }
      rest >>= 1
      if rest == 0 { return result }
      let (square, overflow) = base.multipliedReportingOverflow(by: base)
      if overflow { return nil }
      base = square
    }
  }

  /// Returns the result on real numbers; nil for other operators. Those that are an `ElementFunction` have their result
  /// from ``value(_:_:)``.
  static func real(_ type: String, _ x: Double, _ y: Double) -> Double? {
    switch type {
    case "Add", "Sum": x + y
    case "Sub": x - y
    case "Mul": x * y
    case "Div": x / y
    case "Pow": pow(x, y)
    case "Min": x.isNaN || y.isNaN ? .nan : min(x, y)
    case "Max": x.isNaN || y.isNaN ? .nan : max(x, y)
    case "Neg": -x
    case "Sign": x > 0 ? 1 : x < 0 ? -1 : x
    case "Floor": x.rounded(.down)
    case "Ceil": x.rounded(.up)
    case "Round": x.rounded(.toNearestOrEven)
    case "Remainder": fmod(x, y)
    case "Sin": sin(x)
    case "Cos": cos(x)
    case "Tan": tan(x)
    case "Asin": asin(x)
    case "Acos": acos(x)
    case "Atan": atan(x)
    case "Sinh": sinh(x)
    case "Cosh": cosh(x)
    case "Asinh": asinh(x)
    case "Acosh": acosh(x)
    case "Atanh": atanh(x)
    default: nil
    }
  }

  /// Returns the value of a function at x; NaN for `prelu`, which depends on a parameter.
  static func value(_ function: ElementFunction, _ x: Double) -> Double {
    switch function {
    case .clamp(let clamp): min(max(x, Double(clamp.low)), Double(clamp.high))
    case .leakyReLU(let slope): x < 0 ? Double(slope) * x : x
    case .prelu: .nan
    case .elu(let alpha): x < 0 ? Double(alpha) * (exp(x) - 1) : x
    case .sigmoid: 1 / (1 + exp(-x))
    case .hardSigmoid(let alpha, let beta): min(max(Double(alpha) * x + Double(beta), 0), 1)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .silu: x * (1 / (1 + exp(-x)))
    case .tanh: tanh(x)
    case .gelu(tanh: false): x / 2 * (1 + erf(x * 0.5.squareRoot()))
    case .gelu(tanh: true): x / 2 * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
    case .celu(let alpha): x < 0 ? Double(alpha) * (exp(x / Double(alpha)) - 1) : x
    case .selu(let alpha, let gamma): Double(gamma) * (x < 0 ? Double(alpha) * (exp(x) - 1) : x)
    case .swish(let alpha): x * (1 / (1 + exp(-Double(alpha) * x)))
    case .mish: x * tanh(max(x, 0) + log1p(exp(-abs(x))))
    case .softplus: max(x, 0) + log1p(exp(-abs(x)))
    case .erf: erf(x)
    case .softsign: x / (1 + abs(x))
    case .thresholdedReLU(let threshold): x > Double(threshold) ? x : 0
    case .absolute: abs(x)
    case .squareRoot: x.squareRoot()
    case .reciprocal: 1 / x
    case .exp: exp(x)
    case .log: log(x)
    case .power(let exponent): pow(x, Double(exponent))
    }
  }
}
