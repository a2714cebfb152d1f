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
  /// σ(x).
  case sigmoid
  /// min(1, max(0, alpha · x + beta)). PyTorch's alpha is 1/6, ONNX's default is 0.2.
  case hardSigmoid(alpha: Float, beta: Float)
  /// x · min(1, max(0, x/6 + 1/2)).
  case hardSwish
  /// x · σ(x).
  case silu
  case tanh
  /// x · Φ(x), or the usual approximation with tanh.
  case gelu(tanh: Bool)

  package static let relu = ElementFunction.clamp(.relu)
  package static let relu6 = ElementFunction.clamp(.relu6)
  /// PyTorch's hard sigmoid.
  static let pyTorchHardSigmoid = ElementFunction.hardSigmoid(alpha: 1 / 6, beta: 0.5)
}

// For each case: the name in model files, the coding, and the summary.
extension ElementFunction {
  private enum Name: String, CaseIterable {
    case clamp, leakyReLU, prelu, elu, sigmoid, hardSigmoid, hardSwish, silu, tanh, gelu
  }

  private var name: Name {
    switch self {
    case .clamp: .clamp
    case .leakyReLU: .leakyReLU
    case .prelu: .prelu
    case .elu: .elu
    case .sigmoid: .sigmoid
    case .hardSigmoid: .hardSigmoid
    case .hardSwish: .hardSwish
    case .silu: .silu
    case .tanh: .tanh
    case .gelu: .gelu
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
      case .sigmoid: .sigmoid
      case .hardSigmoid: .hardSigmoid(alpha: try fields.number("alpha"), beta: try fields.number("beta"))
      case .hardSwish: .hardSwish
      case .silu: .silu
      case .tanh: .tanh
      case .gelu: .gelu(tanh: try fields.flag("tanh"))
      }
  }

  func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(name.rawValue, "function")
    switch self {
    case .clamp(let clamp): try fields.write(clamp)
    case .leakyReLU(let slope): try fields.write(slope, "slope")
    case .elu(let alpha): try fields.write(alpha, "alpha")
    case .hardSigmoid(let alpha, let beta):
      try fields.write(alpha, "alpha")
      try fields.write(beta, "beta")
    case .gelu(let tanh): try fields.write(tanh, "tanh")
    case .prelu, .sigmoid, .hardSwish, .silu, .tanh: break
    }
  }

  /// The function's numbers that must be finite, with their names.
  var numbers: [(name: String, value: Float)] {
    switch self {
    case .leakyReLU(let slope): [("slope", slope)]
    case .elu(let alpha): [("alpha", alpha)]
    case .hardSigmoid(let alpha, let beta): [("alpha", alpha), ("beta", beta)]
    case .clamp, .prelu, .sigmoid, .hardSwish, .silu, .tanh, .gelu: []
    }
  }

  /// The function in a few words.
  var summary: String {
    switch self {
    case .clamp(let clamp): clamp == .none ? "nothing" : String(clamp.summary.dropFirst(2))
    case .leakyReLU: "leaky ReLU"
    case .prelu: "PReLU"
    case .elu: "ELU"
    case .sigmoid: "sigmoid"
    case .hardSigmoid: "hard sigmoid"
    case .hardSwish: "hard swish"
    case .silu: "SiLU"
    case .tanh: "tanh"
    case .gelu: "GELU"
    }
  }

  /// The name of a layer that applies the function, such as "silu": PyTorch's name in lower case; "relu" for a clamp.
  var layerName: String { name == .clamp ? "relu" : name.rawValue.lowercased() }
}
