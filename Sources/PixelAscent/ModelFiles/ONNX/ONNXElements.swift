// SPDX-License-Identifier: MIT

// Operators on each element, and on pairs of elements.
extension ONNXImporter {
  /// How many operators may wait to become one layer; the longest way to write GELU takes nine.
  private static let deepest = 12

  mutating func elementwise(_ kind: ONNXOperator, _ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXValue? {
    if let function = try function(kind, shapes) {
      guard let input = try pending(node.inputs[0]) else { return nil }
      // GELU by tanh that is written as such is a layer of its own: nothing matches these values.
      let isOwnLayer = function == .gelu(tanh: true)
      let values = input.function.values.map { isOwnLayer ? .nan : ONNXArithmetic.value(function, $0) }
      return waiting(input, values, .function(function))
    }
    switch kind {
    case .clip: return fails("expected constant limits, the lower one first")
    case .erf, .softplus, .exp, .reciprocal, .neg:
      guard let input = try pending(node.inputs[0]) else { return nil }
      let step = kind == .neg ? ONNXPending.Step.affine(weight: -1, bias: 0) : .none
      return waiting(input, input.function.values.map { arithmetic($0, 0) }, step)
    case .sum where node.inputs.count != 2: return try sum()
    case .min, .max, .add, .sub, .mul, .div, .pow, .sum:
      guard node.inputs.count == 2 else { return fails("two inputs are supported, found \(node.inputs.count)") }
      for (index, constant) in shapes.constants.enumerated() {
        if let constant { return try withConstant(constant, first: index == 0) }
      }
      return try pair()
    default: return fails(Self.advice(node.type))
    }
  }

  // MARK: Values that wait to become layers

  /// A value with what is to be done to it. One that is used twice is where another function begins: x in x · σ(x).
  private mutating func pending(_ name: String) throws(PixelAscentError) -> ONNXPending? {
    if case .pending(let pending) = values[name], uses[name] == 1, pending.depth < Self.deepest { return pending }
    guard let view = try view(name) else { return nil }
    return ONNXPending(base: view, function: .identity, step: .none, inputs: [name], depth: 0, node: node)
  }

  private func waiting(_ before: ONNXPending, _ values: [Double], _ step: ONNXPending.Step) -> ONNXValue {
    let inputs = node.inputs.filter { name in
      if case .constant = self.values[name] { return false }
      return self.values[name] != nil
    }
    return .pending(
      ONNXPending(
        base: before.base, function: ONNXScalarFunction(values: values), step: step, inputs: inputs,
        depth: before.depth + 1, node: node))
  }

  private func arithmetic(_ x: Double, _ y: Double) -> Double { ONNXArithmetic.real(node.type, x, y) ?? .nan }

  /// The layers that make a waiting value: one if it is a known function of its base, else one an operator.
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
    case .none:
      let advice = "only as a part of GELU, SiLU or another known function; the nearest are Gelu, Swish and Sigmoid"
      record(advice, pending.node.type, at: pending.node.label)
      return nil
    }
  }

  /// A layer that changes each element, seen as its input is.
  private mutating func apply(
    _ operation: any Operation, to view: ONNXView, _ other: ONNXView? = nil, for node: ONNXNode? = nil,
    _ tensors: [String: Parameter] = [:]
  ) throws(PixelAscentError) -> ONNXView {
    var result = view
    result.layer = try add(operation, [view] + (other.map { [$0] } ?? []), view.size, for: node, tensors).layer
    return result
  }

  private mutating func affine(
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

  // MARK: With a constant

  private mutating func withConstant(
    _ constant: ONNXConstant, first: Bool
  ) throws(PixelAscentError) -> ONNXValue? {
    let name = node.inputs[first ? 1 : 0]
    if constant.count == 1, let scalar = try constant.real() {
      guard let input = try pending(name) else { return nil }
      // A scalar of several dimensions adds dimensions; what has no place for it is not seen in image networks.
      guard constant.shape.count <= max(input.base.shape.count, 1) else {
        return fails("a constant of shape \(shapeText(constant.shape)) on \(shapeText(input.base.shape))")
      }
      let values = input.function.values.map { first ? arithmetic(scalar, $0) : arithmetic($0, scalar) }
      let step: ONNXPending.Step
      switch (node.type, first) {
      case ("Add", _), ("Sum", _): step = .affine(weight: 1, bias: scalar)
      case ("Sub", false): step = .affine(weight: 1, bias: -scalar)
      case ("Sub", true): step = .affine(weight: -1, bias: scalar)
      case ("Mul", _): step = .affine(weight: scalar, bias: 0)
      case ("Div", false): step = .affine(weight: 1 / scalar, bias: 0)
      case ("Max", _): step = .function(.clamp(Clamp(low: Float(scalar))))
      case ("Min", _): step = .function(.clamp(Clamp(high: Float(scalar))))
      default: step = .none
      }
      return waiting(input, values, step)
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
    default: return fails("with a constant of many elements; the nearest is one with a single constant")
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

  /// The numbers of a constant that has one for every channel of a view.
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
          + "and one a channel")
    }
    return values
  }

  /// The sum with what a linear layer without bias makes, if nothing else takes that.
  private mutating func addedToLinear(
    _ name: String, _ view: ONNXView, _ values: [Double]
  ) throws(PixelAscentError) -> ONNXView? {
    // Behind a reshape the layer has a second name, under which something else may read it.
    guard node.type == "Add", uses[name] == 1, unbiased[view.layer] == name else { return nil }
    unbiased[view.layer] = nil
    parameters["\(view.layer).bias"] = Parameter(Tensor(shape: [values.count], values: values.map { Float($0) }))
    return view
  }

  // MARK: With each other

  private mutating func pair() throws(PixelAscentError) -> ONNXValue? {
    if let a = try pending(node.inputs[0]), let b = try pending(node.inputs[1]), a.base == b.base {
      let steps: [String: ONNXPending.Step] = ["Mul": .multiply, "Add": .add, "Sum": .add, "Sub": .subtract]
      let values = zip(a.function.values, b.function.values).map { arithmetic($0, $1) }
      return waiting(a.depth > b.depth ? a : b, values, steps[node.type] ?? .none)
    }
    guard let first = try view(node.inputs[0]), let second = try view(node.inputs[1]), let a = try settled(first),
      var b = try settled(second)
    else { return nil }
    let areAlike = a.matches(b)
    switch node.type {
    case "Add", "Sum", "Sub":
      guard areAlike else { break }
      if node.type == "Sub" { b = try affine(b, -1, 0, for: node) }
      return .view(try apply(Add(), to: a, b))
    case "Mul":
      if areAlike { return .view(try apply(Multiply(), to: a, b)) }
      // The factor with one pixel a channel comes second.
      for (large, small) in [(a, b), (b, a)] where small.size.plane == 1 && small.size.channels == large.size.channels {
        let axis = large.roles?.firstIndex(of: .channel)
        guard large.shape.count == small.shape.count, axis == small.roles?.firstIndex(of: .channel) else { continue }
        return .view(try apply(Multiply(), to: large, small))
      }
    default: return fails("of two values of the network; the nearest are Add and Mul")
    }
    return fails(
      "of \(shapeText(a.shape)) and \(shapeText(b.shape)): supported are equal shapes, and for Mul a factor a channel")
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
        return fails("of \(shapeText(before.shape)) and \(shapeText(next.shape)): supported are equal shapes")
      }
      total = try apply(Add(), to: before, next)
    }
    return total.map { .view($0) }
  }
}
