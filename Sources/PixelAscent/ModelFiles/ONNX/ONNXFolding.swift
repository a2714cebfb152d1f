// SPDX-License-Identifier: MIT

/// Computes an operator whose inputs are all constants, such as the arithmetic on shapes that exporters write.
struct ONNXFolding {
  let node: ONNXNode
  let shapes: ONNXShapes
  private let inputs: [ONNXConstant?]

  init(_ node: ONNXNode, _ inputs: [ONNXConstant?]) {
    self.node = node
    self.inputs = inputs
    shapes = ONNXShapes(node: node, constants: inputs)
  }

  /// Returns the result; nil if the operator is not known here, or can't be computed from these inputs.
  func result() throws(PixelAscentError) -> ONNXConstant? {
    switch node.type {
    case "Constant":
      if let values = node.integers("value_ints") { return ONNXConstant(values) }
      if let values = node.attributes["value_floats"]?.floats {
        return ONNXConstant(shape: [values.count], content: .reals(values.map { Double($0) }))
      }
      if let value = node.integer("value_int") { return ONNXConstant(shape: [], content: .integers([value])) }
      return node.float("value_float").map { ONNXConstant(shape: [], content: .reals([Double($0)])) }
    case "Range": return range()
    default: break
    }
    guard let input = inputs.first.flatMap(\.self) else { return nil }
    switch node.type {
    case "Identity", "Dropout", "CastLike": return input
    case "Cast": return try cast(input)
    case "Shape": return ONNXConstant(Self.part(input.shape, node))
    case "Size": return ONNXConstant(shape: [], content: .integers([input.count]))
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
      guard let shape = shapes.reshaped(input.shape) else { return nil }
      return try input.reshaped(shape)
    case "Transpose":
      guard let order = shapes.permutation(input.shape.count) else { return nil }
      if order == [1, 0] { return try input.transposedMatrix() }
      return try rearranged(input) { offsets in order.map { offsets[$0] } }
    case "Slice":
      guard let lists = shapes.slices(input.shape) else { return nil }
      return try rearranged(input) { offsets in
        zip(offsets, lists).map { axis, list in list.map { axis[$0] } }
      }
    case "Gather": return try gathered(input)
    case "Expand":
      guard let target = inputs.count > 1 ? inputs[1]?.integers : nil else { return nil }
      return try expanded(input, target)
    case "Concat": return try concatenated()
    case "Where":
      guard inputs.count == 3, let (shape, parts) = try aligned(), let condition = parts[0].integers else { return nil }
      let positions = condition.indices.map { condition[$0] != 0 ? $0 : $0 + condition.count }
      return Self.joined([parts[1], parts[2]], [2 * condition.count])?.picked(positions, shape)
    case "ReduceProd":
      guard let values = input.integers, input.shape.count == 1 else { return nil }
      let shape = node.integer("keepdims") == 0 ? [] : [1]
      return elementCount(values).map { ONNXConstant(shape: shape, content: .integers([$0])) }
    default: return try arithmetic()
    }
  }

  /// Returns the result of Shape: all extents, or those from the attribute `start` up to `end`.
  static func part(_ shape: [Int], _ node: ONNXNode) -> [Int] {
    func clamped(_ index: Int) -> Int {
      min(max(index < 0 ? max(index, -shape.count) + shape.count : index, 0), shape.count)
    }
    let start = clamped(node.integer("start") ?? 0), end = clamped(node.integer("end") ?? shape.count)
    return start < end ? Array(shape[start..<end]) : []
  }

  private func cast(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    let type = node.integer("to") ?? 1
    if ONNXTensor.isFloat(type) {
      guard case .integers(let values) = input.content else { return input }
      return ONNXConstant(shape: input.shape, content: .reals(values.map(Double.init)))
    }
    guard let values = try input.reals() else { return nil }
    if type == 9 { return ONNXConstant(shape: input.shape, content: .integers(values.map { $0 != 0 ? 1 : 0 })) }
    if input.integers != nil { return input }
    let integers = values.compactMap { Int(exactly: $0.rounded(.towardZero)) }
    return integers.count == values.count ? ONNXConstant(shape: input.shape, content: .integers(integers)) : nil
  }

  private func range() -> ONNXConstant? {
    guard inputs.count == 3, let start = inputs[0]?.integer, let end = inputs[1]?.integer,
      let step = inputs[2]?.integer,
      step != 0, step.magnitude < 1 << 40, start.magnitude < 1 << 40, end.magnitude < 1 << 40,
      (end - start) / step <= ONNXConstant.maxElements
    else { return nil }
    return ONNXConstant(Array(stride(from: start, to: end, by: step)))
  }

  /// Returns the elements that `choose` selects.
  ///
  /// For each axis of the input, `choose` receives a list of the offsets along it. It returns such a list for each axis
  /// of the result.
  private func rearranged(
    _ input: ONNXConstant, shape: [Int]? = nil, _ choose: ([[Int]]) -> [[Int]]
  ) throws(PixelAscentError) -> ONNXConstant? {
    let limit = ONNXConstant.maxElements
    guard input.count <= limit, input.shape.allSatisfy({ $0 <= limit }) else { return nil }
    let input = try input.loaded()
    let offsets = zip(input.shape, contiguousStrides(input.shape)).map { extent, step in
      (0..<extent).map { $0 &* step }
    }
    let lists = choose(offsets)
    let found = lists.map(\.count)
    guard let count = elementCount(found), count <= limit else { return nil }
    var positions = count == 0 ? [] : [0]
    for list in lists { positions = positions.flatMap { position in list.map { position + $0 } } }
    return input.picked(positions, shape ?? found)
  }

  private func gathered(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard inputs.count == 2, let indices = inputs[1], let values = indices.integers,
      let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: input.shape.count)
    else { return nil }
    let positions = values.compactMap { ONNXShapes.axis($0, of: input.shape[axis]) }
    guard positions.count == values.count else { return nil }
    let shape = Array(input.shape[..<axis]) + indices.shape + Array(input.shape[(axis + 1)...])
    return try rearranged(input, shape: shape) { offsets in
      var offsets = offsets
      offsets[axis] = positions.map { offsets[axis][$0] }
      return offsets
    }
  }

  private func expanded(_ input: ONNXConstant, _ target: [Int]) throws(PixelAscentError) -> ONNXConstant? {
    guard let shape = Self.broadcast(input.shape, target), let count = elementCount(shape),
      count <= ONNXConstant.maxElements
    else { return nil }
    if shape == input.shape { return try input.loaded() }
    return try rearranged(input, shape: shape) { offsets in
      let missing: [[Int]] = shape.dropLast(offsets.count).map { Array(repeating: 0, count: $0) }
      let present: [[Int]] = zip(offsets, shape.suffix(offsets.count)).map { list, extent in
        list.count == extent ? list : Array(repeating: 0, count: extent)
      }
      return missing + present
    }
  }

  /// Returns the inputs broadcast to one shape, and that shape.
  private func aligned() throws(PixelAscentError) -> (shape: [Int], parts: [ONNXConstant])? {
    var shape: [Int]? = [], parts = [ONNXConstant]()
    for input in inputs {
      guard let input else { return nil }
      shape = shape.flatMap { Self.broadcast($0, input.shape) }
    }
    guard let shape else { return nil }
    for input in inputs {
      guard let input, let part = try expanded(input, shape) else { return nil }
      parts.append(part)
    }
    return (shape, parts)
  }

  /// Returns the shape to which two shapes are broadcast; nil if they don't fit.
  private static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
    let (long, short) = a.count < b.count ? (b, a) : (a, b)
    var shape = long
    for (index, extent) in zip(shape.indices.suffix(short.count), short) where extent != 1 {
      guard shape[index] == 1 || shape[index] == extent else { return nil }
      shape[index] = extent
    }
    return shape
  }

  /// Returns the results of an operator on each element, or on each pair of elements.
  private func arithmetic() throws(PixelAscentError) -> ONNXConstant? {
    guard (1...2).contains(inputs.count), let (shape, parts) = try aligned() else { return nil }
    if inputs.count == 1 && node.type == "Sum" { return inputs[0] }
    let integers = parts.compactMap(\.integers)
    if integers.count == parts.count, ONNXArithmetic.truth(node.type, 0, 0) == nil {
      var results = [Int]()
      for (x, y) in zip(integers[0], integers[integers.count - 1]) {
        guard let result = ONNXArithmetic.integer(node.type, x, y) else { return nil }
        results.append(result)
      }
      return ONNXConstant(shape: shape, content: .integers(results))
    }
    guard let first = try parts[0].reals(), let second = try parts[parts.count - 1].reals() else { return nil }
    let pairs = zip(first, second)
    if ONNXArithmetic.truth(node.type, 0, 0) != nil {
      let results = pairs.compactMap { x, y in ONNXArithmetic.truth(node.type, x, y).map { $0 ? 1 : 0 } }
      return ONNXConstant(shape: shape, content: .integers(results))
    }
    let results = pairs.compactMap { x, y in ONNXArithmetic.real(node.type, x, y) }
    return results.count == first.count ? ONNXConstant(shape: shape, content: .reals(results)) : nil
  }

  private func concatenated() throws(PixelAscentError) -> ONNXConstant? {
    var parts = [ONNXConstant]()
    for input in inputs {
      guard let input else { return nil }
      parts.append(try input.loaded())
    }
    let rank = parts[0].shape.count
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: rank) else { return nil }
    for part in parts {
      guard part.shape.count == rank, part.shape[..<axis].allSatisfy({ $0 == 1 }),
        part.shape[(axis + 1)...] == parts[0].shape[(axis + 1)...]
      else { return nil }
    }
    let extent = parts.reduce(0) { $0 &+ $1.shape[axis] }
    var shape = parts[0].shape
    shape[axis] = extent
    guard let count = elementCount(shape), count <= ONNXConstant.maxElements else { return nil }
    return Self.joined(parts, shape)
  }

  /// Returns the elements of several constants, one after another, in the given shape.
  private static func joined(_ parts: [ONNXConstant], _ shape: [Int]) -> ONNXConstant? {
    let integers = parts.compactMap(\.integers)
    if integers.count == parts.count { return ONNXConstant(shape: shape, content: .integers(integers.flatMap(\.self))) }
    var reals = [Double]()
    for part in parts {
      guard case .reals(let values) = part.content else { return nil }
      reals += values
    }
    return ONNXConstant(shape: shape, content: .reals(reals))
  }
}

extension ONNXConstant {
  /// Returns the elements at `positions`, in the given shape; nil if the elements are not in memory.
  fileprivate func picked(_ positions: [Int], _ shape: [Int]) -> ONNXConstant? {
    switch content {
    case .integers(let values): ONNXConstant(shape: shape, content: .integers(positions.map { values[$0] }))
    case .reals(let values): ONNXConstant(shape: shape, content: .reals(positions.map { values[$0] }))
    default: nil
    }
  }
}
