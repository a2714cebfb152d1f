// SPDX-License-Identifier: MIT

// Operators on each element, and on pairs of elements.
extension ONNXImporter {
  /// The largest number of operators that may become one layer. The longest way to write GELU takes nine.
  private static let maxDepth = 12

  mutating func elementwise(_ kind: ONNXOperator, _ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXValue? {
    if let function = try Self.function(kind, shapes) {
      guard let input = try pending(node.inputs[0]) else { return nil }
      // A GELU by tanh that is one operator in the file becomes a layer of its own. NaN at every point sees to
      // that, since no known function has this value.
      let isOwnLayer = function == .gelu(tanh: true)
      let values = input.function.values.map { isOwnLayer ? .nan : ONNXArithmetic.value(function, $0) }
      return extended(input, values, .function(function))
    }
    switch kind {
    case .clip: return fails("expected constant limits, the lower one first")
    case .neg:
      guard let input = try pending(node.inputs[0]) else { return nil }
      return extended(input, input.function.values.map { -$0 }, .affine(weight: -1, bias: 0))
    case .sum where node.inputs.count != 2: return try sum()
    case .where: return try choice()
    case .min, .max, .add, .sub, .mul, .div, .pow, .sum, .greater, .greaterOrEqual, .less, .lessOrEqual:
      guard node.inputs.count == 2 else { return fails("expected two inputs, found \(node.inputs.count)") }
      for (index, constant) in shapes.constants.enumerated() {
        if let constant { return try withConstant(constant, first: index == 0) }
      }
      return try pair()
    default: return fails(Self.advice(node.type))
    }
  }

  // MARK: Pending values

  /// Returns a value as a pending one. A value that is used twice begins a new function, such as the x in x · σ(x).
  private mutating func pending(_ name: String) throws(PixelAscentError) -> ONNXPending? {
    if case .pending(let pending) = values[name], uses[name] == 1, pending.depth < Self.maxDepth { return pending }
    guard let view = try view(name) else { return nil }
    return ONNXPending(base: view, function: .identity, step: .none, inputs: [name], depth: 0, node: node)
  }

  private func extended(_ before: ONNXPending, _ values: [Double], _ step: ONNXPending.Step) -> ONNXValue {
    let inputs = node.inputs.filter { name in
      if case .constant = self.values[name] { return false }
      return self.values[name] != nil
    }
    return .pending(
      ONNXPending(
        base: before.base, function: ONNXScalarFunction(values: values), step: step, inputs: inputs,
        depth: before.depth + 1, node: node))
  }

  private func arithmetic(_ x: Double, _ y: Double) -> Double {
    if let truth = ONNXArithmetic.truth(node.type, x, y) { return truth ? 1 : 0 }
    return ONNXArithmetic.real(node.type, x, y) ?? .nan
  }

  /// Returns the value of a Where whose inputs are functions of one view. PyTorch's newer exporter writes softplus so.
  private mutating func choice() throws(PixelAscentError) -> ONNXValue? {
    var functions = [ONNXPending?]()
    for name in node.inputs {
      if case .constant = values[name] { functions.append(nil) } else { functions.append(try pending(name)) }
    }
    guard functions.count == 3, let condition = functions[0], let yes = functions[1], let no = functions[2],
      yes.base == condition.base, no.base == condition.base
    else { return fails("it is supported only where all three inputs are functions of one value") }
    let chosen = condition.function.values.indices.map {
      condition.function.values[$0] != 0 ? yes.function.values[$0] : no.function.values[$0]
    }
    let deepest = [condition, yes, no].max { $0.depth < $1.depth } ?? condition
    return extended(deepest, chosen, .none)
  }

  /// Adds the layers of a pending value: at most one if the value is a known function of its base, else at least one
  /// per operator.
  mutating func layers(of pending: ONNXPending) throws(PixelAscentError) -> ONNXView? {
    if pending.depth > 1, let match = pending.function.match {
      switch match {
      case .identity: return pending.base
      case .affine(let weight, let bias): return try affine(pending.base, weight, bias, for: pending.node)
      case .function(let function): return try apply(Elementwise(function), to: pending.base, for: pending.node)
      }
    }
    var inputs = [ONNXView]()
    for name in pending.inputs {
      guard let view = try view(name) else { return nil }
      inputs.append(view)
    }
    switch pending.step {
    case .function(let function): return try apply(Elementwise(function), to: inputs[0], for: pending.node)
    case .affine(let weight, let bias): return try affine(inputs[0], weight, bias, for: pending.node)
    case .add: return try apply(Add(), to: inputs[0], inputs[1], for: pending.node)
    case .subtract:
      let negative = try affine(inputs[1], -1, 0, for: pending.node)
      return try apply(Add(), to: inputs[0], negative, for: pending.node)
    case .multiply: return try apply(Multiply(), to: inputs[0], inputs[1], for: pending.node)
    case .divide:
      let inverse = try apply(Elementwise(.reciprocal), to: inputs[1], for: pending.node)
      return try apply(Multiply(), to: inputs[0], inverse, for: pending.node)
    case .quotient(let dividend):
      let inverse = try apply(Elementwise(.reciprocal), to: inputs[0], for: pending.node)
      return dividend == 1 ? inverse : try affine(inverse, dividend, 0, for: pending.node)
    case .none:
      let advice =
        "it is supported only as a part of GELU, SiLU or another known function, or of one value and a number"
      record(advice, pending.node.type, at: pending.node.label)
      return nil
    }
  }

  /// Adds a layer that changes each element. Returns a view of its output with the axes of the input's view.
  private mutating func apply(
    _ operation: any Operation, to view: ONNXView, _ other: ONNXView? = nil, for node: ONNXNode? = nil,
    _ tensors: [String: Parameter] = [:]
  ) throws(PixelAscentError) -> ONNXView {
    var result = view
    result.layer = try add(operation, [view] + (other.map { [$0] } ?? []), view.size, for: node, tensors).layer
    return result
  }

  mutating func affine(
    _ view: ONNXView, _ weight: Double, _ bias: Double, for node: ONNXNode
  ) throws(PixelAscentError) -> ONNXView {
    let shape = [view.size.channels]
    return try apply(
      Affine(), to: view, for: node,
      [
        "weight": Parameter(Tensor(shape: shape, repeating: Float(weight))),
        "bias": Parameter(Tensor(shape: shape, repeating: Float(bias))),
      ])
  }

  // MARK: Operators on a value and a constant

  private mutating func withConstant(
    _ constant: ONNXConstant, first: Bool
  ) throws(PixelAscentError) -> ONNXValue? {
    let name = node.inputs[first ? 1 : 0]
    if constant.count == 1, let scalar = try constant.real() {
      guard let input = try pending(name) else { return nil }
      // A scalar with more dimensions than the value would add dimensions to the value. Image networks don't do that.
      guard constant.shape.count <= max(input.base.shape.count, 1) else {
        return fails(
          "a constant of shape \(shapeText(constant.shape)) would add dimensions to \(shapeText(input.base.shape))")
      }
      let values = input.function.values.map { first ? arithmetic(scalar, $0) : arithmetic($0, scalar) }
      let step: ONNXPending.Step
      switch (node.type, first) {
      case ("Add", _), ("Sum", _): step = .affine(weight: 1, bias: scalar)
      case ("Sub", false): step = .affine(weight: 1, bias: -scalar)
      case ("Sub", true): step = .affine(weight: -1, bias: scalar)
      case ("Mul", _): step = .affine(weight: scalar, bias: 0)
      case ("Div", false): step = .affine(weight: 1 / scalar, bias: 0)
      case ("Div", true): step = .quotient(scalar)
      case ("Pow", false):
        step = .function(scalar == 0.5 ? .squareRoot : scalar == -1 ? .reciprocal : .power(exponent: Float(scalar)))
      case ("Max", _): step = .function(.clamp(Clamp(low: Float(scalar))))
      case ("Min", _): step = .function(.clamp(Clamp(high: Float(scalar))))
      default: step = .none
      }
      return extended(input, values, step)
    }
    guard let input = try settledView(name) else { return nil }
    guard let values = try perChannel(constant, input) else { return nil }
    if let biased = try addedToLinear(name, input, values) { return .view(biased) }
    let ones = [Double](repeating: 1, count: values.count), zeros = [Double](repeating: 0, count: values.count)
    let weight: [Double], bias: [Double]
    switch (node.type, first) {
    case ("Add", _), ("Sum", _): (weight, bias) = (ones, values)
    case ("Sub", false): (weight, bias) = (ones, values.map { -$0 })
    case ("Sub", true): (weight, bias) = (ones.map { -$0 }, values)
    case ("Mul", _): (weight, bias) = (values, zeros)
    case ("Div", false): (weight, bias) = (values.map { 1 / $0 }, zeros)
    default: return fails("a constant of many elements is not supported; the nearest is a single number")
    }
    let shape = [values.count]
    return .view(
      try apply(
        Affine(), to: input, for: nil,
        [
          "weight": Parameter(Tensor(shape: shape, values: weight.map { Float($0) })),
          "bias": Parameter(Tensor(shape: shape, values: bias.map { Float($0) })),
        ]))
  }

  /// Returns the numbers of a constant that has one per channel of a view. Records any other constant as not supported,
  /// and returns nil.
  private mutating func perChannel(
    _ constant: ONNXConstant, _ view: ONNXView
  ) throws(PixelAscentError) -> [Double]? {
    let missing = view.shape.count - constant.shape.count
    let axis = constant.shape.firstIndex { $0 != 1 }.map { $0 + missing }
    guard missing >= 0, let axis, constant.count == constant.shape[axis - missing],
      constant.count == view.size.channels,
      view.roles?[axis] == .channel, let values = try constant.reals()
    else {
      return fails(
        "a constant of shape \(shapeText(constant.shape)) on \(shapeText(view.shape)); supported are single numbers "
          + "and one per channel")
    }
    return values
  }

  /// Makes an added constant the bias of the linear layer before it. Returns nil if that layer already has a bias, or
  /// if another node takes the layer's output.
  private mutating func addedToLinear(
    _ name: String, _ view: ONNXView, _ values: [Double]
  ) throws(PixelAscentError) -> ONNXView? {
    // After a reshape the output has a second name, under which another node may take it.
    guard node.type == "Add", uses[name] == 1, unbiased[view.layer] == name else { return nil }
    unbiased[view.layer] = nil
    parameters["\(view.layer).bias"] = Parameter(Tensor(shape: [values.count], values: values.map { Float($0) }))
    return view
  }

  // MARK: Operators on two values

  private mutating func pair() throws(PixelAscentError) -> ONNXValue? {
    if let a = try pending(node.inputs[0]), let b = try pending(node.inputs[1]), a.base == b.base {
      let steps: [String: ONNXPending.Step] = [
        "Mul": .multiply, "Add": .add, "Sum": .add, "Sub": .subtract, "Div": .divide,
      ]
      let values = zip(a.function.values, b.function.values).map { arithmetic($0, $1) }
      return extended(a.depth > b.depth ? a : b, values, steps[node.type] ?? .none)
    }
    guard let first = try view(node.inputs[0]), let second = try view(node.inputs[1]),
      let a = try settled(first.unexpanded), var b = try settled(second.unexpanded)
    else { return nil }
    let rank = max(first.shape.count, second.shape.count)
    func padded(_ shape: [Int]) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
    let shape = zip(padded(first.shape), padded(second.shape)).map { max($0, $1) }
    let isProduct = node.type == "Mul" || node.type == "Div"
    guard isProduct || ["Add", "Sum", "Sub"].contains(node.type) else {
      return fails("on two values of the network only Add, Sub, Sum, Mul and Div are supported")
    }
    if node.type == "Div" { b = try apply(Elementwise(.reciprocal), to: b, for: node) }
    if node.type == "Sub" { b = try affine(b, -1, 0, for: node) }
    let operation: any Operation = isProduct ? Multiply() : Add()
    if a.matches(b), a.shape == shape { return .view(try apply(operation, to: a, b)) }
    for (large, small) in [(a, b), (b, a)] where small.size.count <= large.size.count && large.shape == shape {
      // A product's factor may have one pixel per channel.
      guard let factor = try broadcast(small, to: large, keepsVectors: isProduct) else { continue }
      return .view(try apply(operation, to: large, factor))
    }
    return fails(
      "expected shapes that are equal or can be repeated to the same shape, found \(shapeText(first.shape)) and "
        + "\(shapeText(second.shape))")
  }

  private mutating func sum() throws(PixelAscentError) -> ONNXValue? {
    var total: ONNXView?
    for name in node.inputs {
      guard let next = try settledView(name) else { return nil }
      guard let before = total else {
        total = next
        continue
      }
      guard before.matches(next) else {
        return fails("expected equal shapes, found \(shapeText(before.shape)) and \(shapeText(next.shape))")
      }
      total = try apply(Add(), to: before, next)
    }
    return total.map { .view($0) }
  }
}
