// SPDX-License-Identifier: MIT

/// Finds out how a graph's last layers make probabilities.
///
/// Files write a softmax or a sigmoid in many ways: with exp, sum and division, as the exponential of a log-softmax, or
/// as 1 − σ(x). Others end in numbers from 0 to 1 that are neither.
struct ONNXEnding {
  /// The scores from which a sigmoid makes the probabilities.
  indirect enum Scores {
    case layer(String)
    /// 1 − σ(x) is σ(−x).
    case negative(Scores)
    case joined([Scores])
  }

  enum Activation {
    case softmax(of: String, isLog: Bool)
    case sigmoid(of: Scores)
  }

  private let layers: [String: GraphLayer]
  private let parameters: [String: Parameter]
  /// The sizes of the layers' outputs.
  private let sizes: [String: ONNXView.Size]
  /// The number of layers that may still be looked at.
  private var rest = 1 << 12

  /// The largest number of layers that are looked at one behind another.
  private static let maxDepth = 32

  init(_ layers: [GraphLayer], _ parameters: [String: Parameter], _ sizes: [String: ONNXView.Size]) {
    self.layers = Dictionary(layers.map { ($0.name, $0) }) { first, _ in first }
    (self.parameters, self.sizes) = (parameters, sizes)
  }

  /// Returns the softmax or the sigmoid that a layer's output is, in whatever layers it is written; nil if it is neither.
  mutating func activation(_ name: String, depth: Int = 0) throws(PixelAscentError) -> Activation? {
    guard let layer = next(name, depth) else { return nil }
    let input = layer.inputs[0]
    switch layer.operation {
    case let softmax as Softmax: return .softmax(of: input, isLog: softmax.isLog)
    case let elementwise as Elementwise:
      if elementwise.function == .sigmoid { return .sigmoid(of: .layer(input)) }
      let isLog = elementwise.function == .log
      guard isLog || elementwise.function == .exp else { return nil }
      switch try activation(input, depth: depth + 1) {
      case .softmax(let scores, let wasLog)? where wasLog != isLog: return .softmax(of: scores, isLog: isLog)
      case .sigmoid(let scores)? where isLog: return .sigmoid(of: scores)
      default: return nil
      }
    case is Affine:
      guard try holds(-1, "\(name).weight"), try holds(1, "\(name).bias"),
        case .sigmoid(let scores)? = try activation(input, depth: depth + 1)
      else { return nil }
      return .sigmoid(of: .negative(scores))
    case is Concatenate:
      var parts = [Scores]()
      for input in layer.inputs {
        guard case .sigmoid(let scores)? = try activation(input, depth: depth + 1) else { return nil }
        parts.append(scores)
      }
      return .sigmoid(of: .joined(parts))
    case is Multiply:
      guard let dividend = try dividedByItsSum(layer), let scores = exponent(dividend) else { return nil }
      return .softmax(of: try unshifted(scores), isLog: false)
    default: return isIdentity(layer) ? try activation(input, depth: depth + 1) : nil
    }
  }

  /// Returns an interval that has all elements of a layer's output; nil if none is known.
  mutating func interval(_ name: String, depth: Int = 0) throws(PixelAscentError) -> (low: Double, high: Double)? {
    guard let layer = next(name, depth) else { return nil }
    switch layer.operation {
    case let softmax as Softmax: return softmax.isLog ? (-.infinity, 0) : (0, 1)
    case let elementwise as Elementwise: return Self.interval(elementwise.function)
    case is Multiply:
      if let dividend = try dividedByItsSum(layer), let (low, _) = try interval(dividend, depth: depth + 1), low >= 0 {
        return (0, 1)
      }
    default: break
    }
    var all = [(low: Double, high: Double)]()
    for input in layer.inputs {
      guard let one = try interval(input, depth: depth + 1) else { return nil }
      all.append(one)
    }
    func around(_ ends: [Double]) -> (low: Double, high: Double)? {
      // The product of 0 and infinity is not known.
      guard ends.allSatisfy({ !$0.isNaN }), let low = ends.min(), let high = ends.max() else { return nil }
      return (low, high)
    }
    switch layer.operation {
    case is Affine:
      guard let weight = try parameters["\(name).weight"]?.tensor().values,
        let bias = try parameters["\(name).bias"]?.tensor().values, weight.count == bias.count
      else { return nil }
      return around(
        zip(weight, bias).flatMap { scale, shift in
          [all[0].low, all[0].high].map { Double(scale) * $0 + Double(shift) }
        })
    case is Add: return around([all.reduce(0) { $0 + $1.low }, all.reduce(0) { $0 + $1.high }])
    case is Multiply:
      guard all.count == 2 else { return nil }
      return around([all[0].low, all[0].high].flatMap { x in [all[1].low, all[1].high].map { x * $0 } })
    case is Concatenate, is ChannelSlice, is ChannelShuffle, is Flatten, is MaxPool, is GlobalAverage,
      is AdaptiveAverage,
      is AdaptiveMax:
      return around(all.flatMap { [$0.low, $0.high] })
    default: return isIdentity(layer) ? all[0] : nil
    }
  }

  private static func interval(_ function: ElementFunction) -> (low: Double, high: Double)? {
    switch function {
    case .sigmoid, .hardSigmoid: (0, 1)
    case .clamp(let clamp): (Double(clamp.low), Double(clamp.high))
    case .tanh, .erf, .softsign: (-1, 1)
    case .exp, .softplus, .absolute, .squareRoot: (0, .infinity)
    default: nil
    }
  }

  private mutating func next(_ name: String, _ depth: Int) -> GraphLayer? {
    rest -= 1
    guard rest >= 0, depth < Self.maxDepth, let layer = layers[name], !layer.inputs.isEmpty else { return nil }
    return layer
  }

  private func isIdentity(_ layer: GraphLayer) -> Bool {
    layer.inputs.count == 1 && layer.operation.isIdentity(onVector: sizes[layer.inputs[0]]?.plane == 1)
  }

  private func holds(_ value: Float, _ key: String) throws(PixelAscentError) -> Bool {
    try parameters[key]?.tensor().values.allSatisfy { $0 == value } ?? false
  }

  /// Returns the value that a product divides by the sum of its channels; nil if it is another product.
  private func dividedByItsSum(_ product: GraphLayer) throws(PixelAscentError) -> String? {
    guard product.inputs.count == 2 else { return nil }
    for (dividend, factor) in [(0, 1), (1, 0)].map({ (product.inputs[$0], product.inputs[$1]) }) {
      guard sizes[dividend]?.plane == 1, let inverse = layers[try unrepeated(factor)],
        inverse.operation.isEqual(to: Elementwise(.reciprocal)), let sum = layers[inverse.inputs[0]],
        sum.operation.isEqual(to: Reduction(.sum, ofChannels: true)), sum.inputs == [dividend]
      else { continue }
      return dividend
    }
    return nil
  }

  private func exponent(_ name: String) -> String? {
    guard let layer = layers[name], layer.operation.isEqual(to: Elementwise(.exp)) else { return nil }
    return layer.inputs[0]
  }

  /// Returns x if a layer subtracts the greatest element of x from x, which changes no softmax; else its name.
  private func unshifted(_ name: String) throws(PixelAscentError) -> String {
    guard let sum = layers[name], sum.operation is Add, sum.inputs.count == 2 else { return name }
    for (x, shift) in [(0, 1), (1, 0)].map({ (sum.inputs[$0], sum.inputs[$1]) }) {
      guard let negative = layers[try unrepeated(shift)], negative.operation is Affine,
        try holds(-1, "\(negative.name).weight"), try holds(0, "\(negative.name).bias"),
        let greatest = layers[negative.inputs[0]],
        greatest.operation.isEqual(to: Reduction(.maximum, ofChannels: true)), greatest.inputs == [x]
      else { continue }
      return x
    }
    return name
  }

  /// Returns the value that a layer repeats for each channel, as a convolution with ones does; else the layer's name.
  private func unrepeated(_ name: String) throws(PixelAscentError) -> String {
    guard let layer = layers[name], let convolution = layer.operation as? Convolution,
      convolution.isEqual(to: Convolution(Window(kernel: 1), outputs: convolution.outputs)),
      sizes[layer.inputs[0]]?.count == 1, try holds(1, "\(name).weight"), try holds(0, "\(name).bias")
    else { return name }
    return layer.inputs[0]
  }
}

extension ONNXImporter {
  /// Makes a softmax or a sigmoid the last layer if the graph ends in one, in whatever layers. Returns the view of the
  /// new output.
  mutating func endingInActivation(_ output: ONNXView) throws(PixelAscentError) -> ONNXView {
    var ending = ONNXEnding(layers, parameters, sizes)
    guard let last = layers.last(where: { $0.name == output.layer }) else { return output }
    var result = output
    switch try ending.activation(output.layer) {
    case .softmax(let scores, let isLog):
      guard !(last.operation is Softmax), let size = sizes[scores] else { return output }
      result.layer = try add(Softmax(isLog: isLog), [ONNXView(scores, size)], size).layer
    case .sigmoid(let scores):
      guard !last.operation.isEqual(to: Elementwise(.sigmoid)), let view = try view(of: scores) else { return output }
      result.layer = try add(Elementwise(.sigmoid), [view], view.size).layer
    case nil:
      guard let (low, high) = try ending.interval(output.layer), low >= -1e-6, high <= 1 + 1e-6 else { return output }
      probabilities = "\(last.name.oneLine) (\(last.operation.summary))"
      return output
    }
    removeLayers(exceptFor: result.layer)
    return result
  }

  /// Adds the layers that make the scores of a sigmoid. Returns nil if a size is not known.
  private mutating func view(of scores: ONNXEnding.Scores) throws(PixelAscentError) -> ONNXView? {
    switch scores {
    case .layer(let name): return sizes[name].map { ONNXView(name, $0) }
    case .negative(let scores):
      return try view(of: scores).map { view throws(PixelAscentError) in
        try affine(view, -1, 0, for: node)
      }
    case .joined(let parts):
      var views = [ONNXView]()
      for part in parts {
        guard let view = try view(of: part) else { return nil }
        views.append(view)
      }
      let channels = views.reduce(0) { $0 + $1.size.channels }
      return try add(Concatenate(), views, .init(channels: channels, rows: 1, columns: 1))
    }
  }
}
