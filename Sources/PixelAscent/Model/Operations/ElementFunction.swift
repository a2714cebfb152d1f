// SPDX-License-Identifier: MIT

/// A function of one value, such as an activation function. σ is the logistic function, Φ the cumulative standard
/// normal distribution.
package enum ElementFunction: Hashable, Sendable {
  case clamp(Clamp)
  /// x if x > 0, else slope · x.
  case leakyReLU(slope: Float)
  /// Leaky ReLU with a slope per channel, or one slope for all: the parameter `.weight` of shape (channels) or (1).
  case prelu
  /// x if x > 0, else alpha · (exp(x) − 1).
  case elu(alpha: Float)
  /// x if x > 0, else alpha · (exp(x / alpha) − 1) (Barron 2017).
  case celu(alpha: Float)
  /// gamma · x if x > 0, else gamma · alpha · (exp(x) − 1) (Klambauer et al. 2017).
  case selu(alpha: Float, gamma: Float)
  /// σ(x).
  case sigmoid
  /// min(1, max(0, alpha · x + beta)). PyTorch's alpha is 1/6, ONNX's default is 0.2.
  case hardSigmoid(alpha: Float, beta: Float)
  /// x · min(1, max(0, x/6 + 1/2)).
  case hardSwish
  /// x · σ(x).
  case silu
  /// x · σ(alpha · x). The quick GELU has the alpha 1.702.
  case swish(alpha: Float)
  case tanh
  /// x · Φ(x), or the usual approximation with tanh.
  case gelu(tanh: Bool)
  /// x · tanh(log(1 + exp(x))) (Misra 2019).
  case mish
  /// log(1 + exp(x)).
  case softplus
  case erf
  /// x / (1 + |x|).
  case softsign
  /// x if x > threshold, else 0.
  case thresholdedReLU(threshold: Float)
  /// |x|; the derivative at 0 is 0.
  case absolute
  case squareRoot
  /// 1 / x.
  case reciprocal
  case exp
  /// The natural logarithm.
  case log
  /// x to the power `exponent`. If the exponent is not whole, the power of a negative x is NaN.
  case power(exponent: Float)

  package static let relu = ElementFunction.clamp(.relu)
  package static let relu6 = ElementFunction.clamp(.relu6)
  /// PyTorch's hard sigmoid.
  static let pyTorchHardSigmoid = ElementFunction.hardSigmoid(alpha: 1 / 6, beta: 0.5)
}

// For each case: the name in model files, the coding, and the summary.
extension ElementFunction {
  private enum Name: String, CaseIterable {
    case clamp, leakyReLU, prelu, elu, celu, selu, sigmoid, hardSigmoid, hardSwish, silu, swish, tanh, gelu, mish
    case softplus, erf, softsign, thresholdedReLU, absolute, squareRoot, reciprocal, exp, log, power
  }

  /// The function's name, the text that summaries have for it, and its numbers, which must be finite, with their names.
  private var parts: (name: Name, summary: String, numbers: [(name: String, value: Float)]) {
    switch self {
    case .clamp(let clamp): (.clamp, clamp == .none ? "nothing" : String(clamp.summary.dropFirst(2)), [])
    case .leakyReLU(let slope): (.leakyReLU, "leaky ReLU", [("slope", slope)])
    case .prelu: (.prelu, "PReLU", [])
    case .elu(let alpha): (.elu, "ELU", [("alpha", alpha)])
    case .celu(let alpha): (.celu, "CELU", [("alpha", alpha)])
    case .selu(let alpha, let gamma): (.selu, "SELU", [("alpha", alpha), ("gamma", gamma)])
    case .sigmoid: (.sigmoid, "sigmoid", [])
    case .hardSigmoid(let alpha, let beta): (.hardSigmoid, "hard sigmoid", [("alpha", alpha), ("beta", beta)])
    case .hardSwish: (.hardSwish, "hard swish", [])
    case .silu: (.silu, "SiLU", [])
    case .swish(let alpha): (.swish, "swish", [("alpha", alpha)])
    case .tanh: (.tanh, "tanh", [])
    case .gelu: (.gelu, "GELU", [])
    case .mish: (.mish, "Mish", [])
    case .softplus: (.softplus, "softplus", [])
    case .erf: (.erf, "erf", [])
    case .softsign: (.softsign, "softsign", [])
    case .thresholdedReLU(let threshold): (.thresholdedReLU, "thresholded ReLU", [("threshold", threshold)])
    case .absolute: (.absolute, "absolute value", [])
    case .squareRoot: (.squareRoot, "square root", [])
    case .reciprocal: (.reciprocal, "reciprocal", [])
    case .exp: (.exp, "exp", [])
    case .log: (.log, "log", [])
    case .power(let exponent): (.power, "power", [("exponent", exponent)])
    }
  }

  init(from fields: LayerFields) throws {
    let name = try fields.text("function")
    guard let known = Name(rawValue: name) else {
      throw fields.unknown("function", name, known: Name.allCases.map(\.rawValue))
    }
    self =
      switch known {
      case .clamp: .clamp(try fields.clamp())
      case .leakyReLU: .leakyReLU(slope: try fields.number("slope"))
      case .prelu: .prelu
      case .elu: .elu(alpha: try fields.number("alpha"))
      case .celu: .celu(alpha: try fields.number("alpha"))
      case .selu: .selu(alpha: try fields.number("alpha"), gamma: try fields.number("gamma"))
      case .sigmoid: .sigmoid
      case .hardSigmoid: .hardSigmoid(alpha: try fields.number("alpha"), beta: try fields.number("beta"))
      case .hardSwish: .hardSwish
      case .silu: .silu
      case .swish: .swish(alpha: try fields.number("alpha"))
      case .tanh: .tanh
      case .gelu: .gelu(tanh: try fields.flag("tanh"))
      case .mish: .mish
      case .softplus: .softplus
      case .erf: .erf
      case .softsign: .softsign
      case .thresholdedReLU: .thresholdedReLU(threshold: try fields.number("threshold"))
      case .absolute: .absolute
      case .squareRoot: .squareRoot
      case .reciprocal: .reciprocal
      case .exp: .exp
      case .log: .log
      case .power: .power(exponent: try fields.number("exponent"))
      }
  }

  func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(parts.name.rawValue, "function")
    for (name, value) in numbers { try fields.write(value, JSONKey(name)) }
    switch self {
    case .clamp(let clamp): try fields.write(clamp)
    case .gelu(let tanh): try fields.write(tanh, "tanh")
    default: break
    }
  }

  /// The function's numbers that must be finite, with their names.
  var numbers: [(name: String, value: Float)] { parts.numbers }

  /// The function in a few words.
  var summary: String { parts.summary }

  /// The name of a layer that applies the function, such as "silu": PyTorch's name in lower case; "relu" for a clamp.
  var layerName: String { parts.name == .clamp ? "relu" : parts.name.rawValue.lowercased() }
}
