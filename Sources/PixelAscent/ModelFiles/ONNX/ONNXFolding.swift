// SPDX-License-Identifier: MIT

/// Computes an operator whose inputs are all constants, such as the arithmetic on shapes that exporters write.
///
/// Real results are rounded to float32, as ONNX Runtime rounds them, unless the file computes in double precision.
struct ONNXFolding {
  let node: ONNXNode
  let shapes: ONNXShapes
  let opset: Int
  let budget: ONNXBudget
  let inputs: [ONNXConstant?]

  init(_ node: ONNXNode, _ inputs: [ONNXConstant?], opset: Int, budget: ONNXBudget) {
    self.node = node
    self.inputs = inputs
    self.opset = opset
    self.budget = budget
    shapes = ONNXShapes(node: node, constants: inputs)
  }

  /// Returns the operator's outputs; nil if the operator is not known here, or can't be computed from these inputs.
  func results() throws(PixelAscentError) -> [ONNXConstant]? {
    for input in inputs { if let input { try budget.charge(Self.volume(input.shape) ?? .max) } }
    switch node.type {
    case "Split": return try split()
    case "TopK": return try top()
    default: return try result().map { [$0] }
    }
  }

  private func result() throws(PixelAscentError) -> ONNXConstant? {
    switch node.type {
    case "Constant":
      if let values = node.integers("value_ints") { return ONNXConstant(values) }
      if let values = node.attributes["value_floats"]?.floats {
        return ONNXConstant(shape: [values.count], content: .reals(values.map { Double($0) }))
      }
      if let value = node.integer("value_int") { return ONNXConstant(shape: [], content: .integers([value])) }
      return node.float("value_float").map { ONNXConstant(shape: [], content: .reals([Double($0)])) }
    case "Range": return try range()
    default: break
    }
    guard let input = input(0) else { return nil }
    switch node.type {
    case "Identity", "Dropout": return input
    case "Cast": return try cast(input, to: node.integer("to") ?? 1)
    case "CastLike":
      guard let like = self.input(1) else { return nil }
      return try cast(input, to: like.isInteger ? 7 : like.isDouble ? 11 : 1)
    case "Shape": return ONNXConstant(Self.part(input.shape, node))
    case "Size": return ONNXConstant(shape: [], content: .integers([input.count]))
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
      guard let shape = shapes.reshaped(input.shape) else { return nil }
      return try input.reshaped(shape)
    case "Transpose", "Slice", "Gather", "Expand", "Tile", "Pad", "Trilu", "GatherElements", "GatherND", "Compress":
      return try moved(input)
    case "Concat": return try concatenated()
    case "ScatterElements", "Scatter", "ScatterND": return try scattered(input)
    case "NonZero": return try nonZero(input)
    case "OneHot": return try oneHot(input)
    case "EyeLike": return try eye(input)
    case "Where": return try chosen(input)
    case "Clip": return try clipped(input)
    case "ArgMax", "ArgMin": return try best(input)
    case "CumSum": return try cumulated(input)
    case "MatMul", "Gemm": return try product(input)
    case "Softmax", "LogSoftmax": return try softmax(input)
    case "BatchNormalization": return try normalized(input)
    case "DequantizeLinear": return try dequantized(input)
    default: return node.type.hasPrefix("Reduce") ? try reduced(input) : try arithmetic()
    }
  }

  func input(_ index: Int) -> ONNXConstant? { inputs.indices.contains(index) ? inputs[index] : nil }

  /// Returns the result of Shape: all extents, or those from the attribute `start` up to `end`.
  static func part(_ shape: [Int], _ node: ONNXNode) -> [Int] {
    func clamped(_ index: Int) -> Int {
      min(max(index < 0 ? max(index, -shape.count) + shape.count : index, 0), shape.count)
    }
    let start = clamped(node.integer("start") ?? 0), end = clamped(node.integer("end") ?? shape.count)
    return start < end ? Array(shape[start..<end]) : []
  }

  /// Returns the number of elements of a shape, and counts them as computed; nil if the shape is impossible.
  func charged(_ shape: [Int]) throws(PixelAscentError) -> Int? {
    guard shape.count <= 16, let count = elementCount(shape), let volume = Self.volume(shape),
      volume <= ONNXConstant.maxElements
    else { return nil }
    try budget.charge(volume)
    return count
  }

  /// Returns the product of the extents that are not 0; nil if it is too large. An array without elements may declare
  /// any other extents, and the work along these axes must be bounded too.
  private static func volume(_ shape: [Int]) -> Int? { elementCount(shape.map { max($0, 1) }) }

  /// Returns whether the operator computes in double precision.
  var isDouble: Bool { inputs.contains { $0?.isDouble == true } }

  private func cast(_ input: ONNXConstant, to type: Int) throws(PixelAscentError) -> ONNXConstant? {
    if ONNXTensor.isFloat(type) {
      if !input.isInteger && (type == 11 || !input.isDouble || input.isParameter) {
        var result = input
        result.isDouble = type == 11
        return result
      }
      return try input.reals().map { ONNXConstant(reals: $0, input.shape, isDouble: type == 11) }
    }
    guard let bits = ONNXTensor.integerTypes[type], let values = try input.reals() else { return nil }
    if type == 9 { return ONNXConstant(shape: input.shape, content: .integers(values.map { $0 != 0 ? 1 : 0 })) }
    if let integers = try input.loaded().integers {
      return ONNXConstant(shape: input.shape, content: .integers(integers.map(bits.wrapped)))
    }
    let integers = values.compactMap { Int(exactly: $0.rounded(.towardZero)) }
    return integers.count == values.count ? ONNXConstant(shape: input.shape, content: .integers(integers)) : nil
  }

  private func range() throws(PixelAscentError) -> ONNXConstant? {
    guard inputs.count == 3, let start = try input(0)?.real(), let end = try input(1)?.real(),
      let step = try input(2)?.real(), step != 0, (end - start).isFinite,
      let count = Int(exactly: max(((end - start) / step).rounded(.up), 0)), let count = try charged([count])
    else { return nil }
    if let first = input(0)?.integer, let step = input(2)?.integer {
      return ONNXConstant((0..<count).map { first &+ $0 &* step })
    }
    return ONNXConstant(reals: (0..<count).map { start + Double($0) * step }, [count], isDouble: isDouble)
  }

  // MARK: Operators on each element

  /// Returns the shape to which inputs are broadcast, and for each of them the positions of its elements in that shape;
  /// nil if the shapes don't fit. The positions for every input count as computed.
  func aligned(
    _ inputs: [ONNXConstant?]
  ) throws(PixelAscentError) -> (shape: [Int], positions: [[Int]])? {
    var shape: [Int]? = []
    for input in inputs {
      guard let input else { return nil }
      shape = shape.flatMap { Self.broadcast($0, input.shape) }
    }
    guard let shape else { return nil }
    for _ in inputs {
      guard try charged(shape) != nil else { return nil }
    }
    return (shape, inputs.map { Self.positions(of: $0?.shape ?? [], in: shape) })
  }

  private func chosen(_ condition: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard inputs.count == 3, let (shape, positions) = try aligned(inputs), let first = input(1), let second = input(2),
      let condition = try condition.loaded().integers,
      let (all, starts) = try Self.joined([first, second])
    else { return nil }
    let chosen = positions[0].indices.map { index in
      condition[positions[0][index]] != 0 ? positions[1][index] : starts[1] + positions[2][index]
    }
    return try all.picked(chosen, shape)
  }

  private func clipped(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    if let values = try input.loaded().integers {
      var (low, high) = (Int.min, Int.max)
      for index in 1..<3 where shapes.has(index) {
        guard let limit = self.input(index)?.integer else { return nil }
        if index == 1 { low = limit } else { high = limit }
      }
      return ONNXConstant(shape: input.shape, content: .integers(values.map { min(max($0, low), high) }))
    }
    var low = Double(node.float("min") ?? -.infinity), high = Double(node.float("max") ?? .infinity)
    for index in 1..<3 where shapes.has(index) {
      guard let limit = try self.input(index)?.real() else { return nil }
      if index == 1 { low = limit } else { high = limit }
    }
    let values = try input.reals()
    return values.map { ONNXConstant(reals: $0.map { min(max($0, low), high) }, input.shape, isDouble: isDouble) }
  }

  /// Returns the results of an operator on each element, or on the elements of several inputs that belong together.
  private func arithmetic() throws(PixelAscentError) -> ONNXConstant? {
    let type = ONNXArithmetic.name(node), isMean = type == "Mean", isVariadic = ONNXArithmetic.variadic.contains(type)
    guard inputs.count <= 2 || isVariadic, let (shape, positions) = try aligned(inputs) else { return nil }
    var parts = [ONNXConstant](), reals = [[Double]]()
    for input in inputs {
      guard let part = try input?.loaded(), let values = try part.reals() else { return nil }
      parts.append(part)
      reals.append(values)
    }
    if ONNXArithmetic.truth(type, 0, 0) != nil {
      let second = reals.count - 1
      let results = zip(positions[0], positions[second]).map { first, last in
        ONNXArithmetic.truth(type, reals[0][first], reals[second][last]) == true ? 1 : 0
      }
      return ONNXConstant(shape: shape, content: .integers(results))
    }
    let function = parts.count == 1 ? try elementFunction() : nil
    // The loops below ask for no result of an operator without elements.
    guard
      isMean || function != nil || ONNXArithmetic.integer(type, 1, 1) != nil || ONNXArithmetic.real(type, 1, 1) != nil
    else { return nil }
    let integers = parts.compactMap(\.integers)
    if integers.count == parts.count {
      let results = Self.combined(integers, positions, isVariadic) { x, y in ONNXArithmetic.integer(type, x, y) }
      return results.map { ONNXConstant(shape: shape, content: .integers($0)) }
    }
    guard
      var results = Self.combined(
        reals, positions, isVariadic,
        { x, y in function.map { ONNXArithmetic.value($0, x) } ?? ONNXArithmetic.real(isMean ? "Add" : type, x, y) })
    else { return nil }
    if isMean { for index in results.indices { results[index] /= Double(parts.count) } }
    // A power has the type of its base.
    if type == "Pow", parts[0].integers != nil {
      let powers = results.compactMap { Int(exactly: $0.rounded(.towardZero)) }
      return powers.count == results.count ? ONNXConstant(shape: shape, content: .integers(powers)) : nil
    }
    return ONNXConstant(reals: results, shape, isDouble: isDouble)
  }

  /// Returns the results of `operation` on each element of one part, or on the elements of all parts from the first to
  /// the last; nil if an operation returns nil. An operator on any number of values returns one value as it is.
  private static func combined<Number>(
    _ parts: [[Number]], _ positions: [[Int]], _ isVariadic: Bool, _ operation: (Number, Number) -> Number?
  ) -> [Number]? {
    var results = [Number]()
    results.reserveCapacity(positions[0].count)
    for index in positions[0].indices {
      var result = parts[0][positions[0][index]]
      if parts.count == 1 && !isVariadic {
        guard let next = operation(result, result) else { return nil }
        result = next
      }
      for part in parts.indices.dropFirst() {
        guard let next = operation(result, parts[part][positions[part][index]]) else { return nil }
        result = next
      }
      results.append(result)
    }
    return results
  }

  /// The activation function that the operator computes; nil for other operators.
  private func elementFunction() throws(PixelAscentError) -> ElementFunction? {
    guard let kind = ONNXOperator(rawValue: node.type), kind != .clip else { return nil }
    return try ONNXImporter.function(kind, shapes)
  }

  // MARK: Arrays

  /// Returns the shape to which two shapes are broadcast; nil if they don't fit.
  static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
    let (long, short) = a.count < b.count ? (b, a) : (a, b)
    var shape = long
    for (index, extent) in zip(shape.indices.suffix(short.count), short) where extent != 1 {
      guard shape[index] == 1 || shape[index] == extent else { return nil }
      shape[index] = extent
    }
    return shape
  }

  /// Returns for each element of an array of `shape` the position of the element of an array of the shape `part` that
  /// is broadcast to it.
  static func positions(of part: [Int], in shape: [Int]) -> [Int] {
    let count = shape.reduce(1, *)
    if part == shape { return Array(0..<count) }
    let missing = shape.count - part.count
    let strides = contiguousStrides(part)
    return positions(
      shape,
      strides: shape.indices.map { index in
        index < missing || part[index - missing] == 1 ? 0 : strides[index - missing]
      })
  }

  /// Returns the positions of an array's elements in C order, for any strides.
  static func positions(_ shape: [Int], strides: [Int], from start: Int = 0) -> [Int] {
    let count = shape.reduce(1, *)
    var offsets = StridedOffsets(shape: shape, strides: strides)
    var positions = [Int]()
    positions.reserveCapacity(count)
    for _ in 0..<count {
      positions.append(start + offsets.offset)
      offsets.advance()
    }
    return positions
  }

  /// Returns the elements of several constants, one after another, and the position of each constant's first element;
  /// nil if they can't be read, or are of different types.
  static func joined(
    _ parts: [ONNXConstant]
  ) throws(PixelAscentError) -> (all: ONNXConstant, starts: [Int])? {
    var starts = [Int](), count = 0, integers = [Int](), reals = [Double]()
    for part in parts {
      starts.append(count)
      count += part.count
      if let values = try part.loaded().integers {
        integers += values
      } else if let values = try part.reals() {
        reals += values
      } else {
        return nil
      }
    }
    if integers.count == count { return (ONNXConstant(integers), starts) }
    guard reals.count == count else { return nil }
    return (ONNXConstant(reals: reals, [count], isDouble: parts.contains(where: \.isDouble)), starts)
  }
}

/// Counts the elements that are computed or copied while a graph is read.
final class ONNXBudget {
  private let source: ByteSource
  private let files: ONNXExternalFiles
  private var charged = 0

  init(_ source: ByteSource, _ files: ONNXExternalFiles) {
    self.source = source
    self.files = files
  }

  /// - Throws: `PixelAscentError` of kind `invalidModel` if the elements so far are many more than the files have bytes.
  ///   A weight of half a byte may be read, dequantised and copied. Of kind `sizeLimit` if the process can't get the
  ///   memory.
  func charge(_ count: Int) throws(PixelAscentError) {
    let (sum, overflow) = charged.addingReportingOverflow(count)
    charged = sum
    guard !overflow, charged <= 1 << 24 + 8 * (source.count + files.byteCount) else {
      throw source.fail("the graph asks for far more numbers than the file holds")
    }
    // A constant and the positions from which its elements are taken.
    let bytes = 16 * count
    if bytes >= 1 << 20 {
      do {
        try Files.checkMemory(bytes, "constants of \(count) elements take")
      } catch {
        throw error.about(source.name)
      }
    }
  }
}
