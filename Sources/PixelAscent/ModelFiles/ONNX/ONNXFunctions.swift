// SPDX-License-Identifier: MIT

// Activation functions, batch norms, linear layers and softmax.
extension ONNXImporter {
  /// Returns the activation function that an operator computes; nil if it computes no supported one.
  static func function(_ kind: ONNXOperator, _ shapes: ONNXShapes) throws(PixelAscentError) -> ElementFunction? {
    let node = shapes.node
    switch kind {
    case .relu: return .clamp(.relu)
    case .clip: return try clamp(shapes).map { .clamp($0) }
    case .leakyRelu: return .leakyReLU(slope: node.float("alpha") ?? 0.01)
    case .elu: return .elu(alpha: node.float("alpha") ?? 1)
    case .sigmoid: return .sigmoid
    case .hardSigmoid: return .hardSigmoid(alpha: node.float("alpha") ?? 0.2, beta: node.float("beta") ?? 0.5)
    case .hardSwish: return .hardSwish
    case .swish:
      let alpha = node.float("alpha") ?? 1
      return alpha == 1 ? .silu : .swish(alpha: alpha)
    case .tanh: return .tanh
    case .gelu: return .gelu(tanh: node.text("approximate") == "tanh")
    case .celu: return .celu(alpha: node.float("alpha") ?? 1)
    case .selu: return .selu(alpha: node.float("alpha") ?? 1.673263192, gamma: node.float("gamma") ?? 1.050701022)
    case .thresholdedRelu: return .thresholdedReLU(threshold: node.float("alpha") ?? 1)
    case .mish: return .mish
    case .softsign: return .softsign
    case .softplus: return .softplus
    case .erf: return .erf
    case .exp: return .exp
    case .log: return .log
    case .sqrt: return .squareRoot
    case .abs: return .absolute
    case .reciprocal: return .reciprocal
    default: return nil
    }
  }

  /// Returns Clip's limits, which are attributes before opset 11 and inputs since; nil if they are not constant or not
  /// in order.
  private static func clamp(_ shapes: ONNXShapes) throws(PixelAscentError) -> Clamp? {
    let node = shapes.node
    var limits: [Float] = [node.float("min") ?? -.infinity, node.float("max") ?? .infinity]
    for index in 0..<2 where shapes.has(index + 1) {
      guard let constant = try shapes.constants[index + 1]?.real() else { return nil }
      limits[index] = Float(constant)
    }
    return limits[0] <= limits[1] ? Clamp(low: limits[0], high: limits[1]) : nil
  }

  mutating func prelu(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try settledView(node.inputs[0]) else { return nil }
    guard shapes.constants.count == 2, let slope = shapes.constants[1],
      slope.count == 1 || slope.count == input.size.channels, slope.shape.filter({ $0 > 1 }).count <= 1,
      let weight = try slope.reshaped([slope.count])?.parameter()
    else { return fails("expected one constant slope, or one per channel") }
    let roles = input.roles ?? [], axis = slope.shape.firstIndex { $0 > 1 }
    if let axis,
      !roles.indices.contains(axis + roles.count - slope.shape.count)
        || roles[axis + roles.count - slope.shape.count] != .channel
    {
      return fails(
        "slopes of shape \(shapeText(slope.shape)) on \(shapeText(input.shape)); only one per channel is supported")
    }
    var result = input
    result.layer = try add(Elementwise(.prelu), [input], input.size, ["weight": weight]).layer
    return result
  }

  mutating func batchNorm(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try settledView(node.inputs[0]) else { return nil }
    guard node.integer("training_mode") != 1 else {
      return fails("it normalises by the batch's own statistics; export the network in evaluation mode")
    }
    guard input.size.channels == 1 || input.shape.count > 1 && input.roles?[1] == .channel else {
      return fails("expected channels as the second axis, found \(shapeText(input.shape))")
    }
    var tensors = [String: Parameter]()
    for (index, key) in ["weight", "bias", "running_mean", "running_var"].enumerated() {
      guard shapes.constants.count == 5, let parameter = try shapes.constants[index + 1]?.parameter() else {
        return fails("expected four constant parameters")
      }
      guard parameter.shape == [input.size.channels] else {
        throw failNode("expects parameters of shape (\(input.size.channels)), found \(shapeText(parameter.shape))")
      }
      tensors[key] = parameter
    }
    var result = input
    let epsilon = Double(node.float("epsilon") ?? 1e-5)
    result.layer = try add(BatchNorm(epsilon: epsilon), [input], input.size, tensors).layer
    return result
  }

  /// Adds a linear layer for Gemm, or for MatMul with a constant second factor.
  mutating func linear(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    var given: ONNXView, groups = 1
    if case .shuffled(let view, let found) = values[node.inputs[0]] {
      (given, groups) = (view, found)
    } else {
      guard let view = try view(node.inputs[0]) else { return nil }
      given = view
    }
    if !given.isVector && node.type == "MatMul" { return try pointwise(given, shapes) }
    guard given.isVector, given.shape.last == given.size.count, let input = try settled(given) else {
      return fails("expected a vector (1, values), such as Flatten makes, found \(shapeText(given.shape))")
    }
    let isGemm = node.type == "Gemm"
    guard shapes.constants.count > 1, var matrix = shapes.constants[1], matrix.shape.count == 2,
      !isGemm || node.integer("transA") ?? 0 == 0
    else {
      return fails(
        "expected a constant matrix of two dimensions as the second factor\(isGemm ? ", and transA 0" : "")")
    }
    if !isGemm || node.integer("transB") ?? 0 == 0 {
      guard let transposed = try matrix.transposedMatrix() else {
        return fails("expected a matrix of a supported type")
      }
      matrix = transposed
    }
    if case .transposed = matrix.content { try charge(matrix.count) }
    guard matrix.shape[1] == input.size.channels, matrix.shape[0] > 0 else {
      throw failSize("has a matrix of shape \(shapeText(matrix.shape)), found \(input.size.channels) input values")
    }
    if groups > 1 { try charge(matrix.count) }
    guard var weight = groups > 1 ? try matrix.unshuffled(groups: groups) : try matrix.parameter() else {
      return fails("expected a matrix of a supported type")
    }
    let outputs = matrix.shape[0]
    if isGemm, let alpha = node.float("alpha"), alpha != 1 {
      try charge(weight.count)
      var tensor = try weight.tensor()
      for index in tensor.values.indices { tensor.values[index] *= alpha }
      weight = Parameter(tensor)
    }
    var bias = Parameter(Tensor(shape: [outputs], repeating: 0)), isBiased = false
    if isGemm && shapes.has(2) {
      guard let constant = shapes.constants[2], let values = try constant.reals() else {
        return fails("expected a constant bias")
      }
      guard values.count == 1 || values.count == outputs, constant.shape.last ?? 1 == values.count else {
        throw failNode("expects a bias of shape (\(outputs)), found \(shapeText(constant.shape))")
      }
      let beta = Double(node.float("beta") ?? 1)
      bias = Parameter(
        Tensor(shape: [outputs], values: (0..<outputs).map { Float(beta * values[values.count == 1 ? 0 : $0]) }))
      isBiased = true
    }
    let size = ONNXView.Size(channels: outputs, rows: 1, columns: 1)
    let layer = try add(Linear(outputs: outputs), [input], size, ["weight": weight, "bias": bias]).layer
    if !isBiased { unbiased[layer] = node.outputs[0] }
    return ONNXView(layer, size, shape: given.shape.dropLast() + [outputs])
  }

  /// Adds a 1×1 convolution for a MatMul that applies a constant matrix to every pixel. The channels are the last axis.
  private mutating func pointwise(_ given: ONNXView, _ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try settled(given) else { return nil }
    let axis = input.shape.count - 1
    guard input.roles?[axis] == .channel else {
      return fails(
        "expected a vector (1, values), or channels as the last axis, found \(shapeText(given.shape))")
    }
    guard shapes.constants.count > 1, let matrix = shapes.constants[1], matrix.shape.count == 2,
      let transposed = try matrix.transposedMatrix()
    else { return fails("expected a constant matrix of two dimensions as the second factor") }
    if case .transposed = transposed.content { try charge(transposed.count) }
    let (outputs, inputs) = (transposed.shape[0], transposed.shape[1])
    guard inputs == input.size.channels, outputs > 0 else {
      throw failNode(
        "has a matrix of shape \(shapeText(transposed.shape)), found \(input.size.channels) input channels")
    }
    guard let weight = try transposed.parameter()?.tensor() else {
      return fails("expected a matrix of a supported type")
    }
    let size = ONNXView.Size(channels: outputs, rows: input.size.rows, columns: input.size.columns)
    let parameters = [
      "weight": Parameter(Tensor(shape: [outputs, inputs, 1, 1], values: weight.values)),
      "bias": Parameter(Tensor(shape: [outputs], repeating: 0)),
    ]
    let layer = try add(Convolution(Window(kernel: 1), outputs: outputs), [input], size, parameters).layer
    unbiased[layer] = node.outputs[0]
    return input.on(layer, size, channelAxis: axis)
  }

  mutating func softmax() throws(PixelAscentError) -> ONNXView? {
    guard let input = try settledView(node.inputs[0]) else { return nil }
    let rank = input.shape.count
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? (opset < 13 ? 1 : -1), of: rank),
      opset < 13 ? elementCount(Array(input.shape[axis...])) == input.size.count : input.shape[axis] == input.size.count
    else {
      return fails("it does not cover all of \(shapeText(input.shape)); only a softmax of the scores is supported")
    }
    var result = input
    result.layer = try add(Softmax(isLog: node.type == "LogSoftmax"), [input], input.size).layer
    return result
  }
}
