// SPDX-License-Identifier: MIT

/// Computes an operator whose inputs are all constants, such as the arithmetic on shapes that exporters write.
///
/// A result has the type that ONNX says, mostly that of the inputs: integers wrap around, and floats are rounded.
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
        return ONNXConstant(reals: values.map { Double($0) }, [values.count], .float32)
      }
      if let value = node.integer("value_int") { return ONNXConstant([value], [], .int64) }
      return node.float("value_float").map { ONNXConstant(reals: [Double($0)], [], .float32) }
    case "Range": return try range()
    default: break
    }
    guard let input = input(0) else { return nil }
    switch node.type {
    case "Identity", "Dropout": return input
    case "Cast":
      guard let type = ONNXElementType(rawValue: node.castType) else {
        throw fail("casts to ONNX's type \(node.castType), which is not supported")
      }
      return try cast(input, to: type)
    case "CastLike":
      guard let like = self.input(1) else { return nil }
      return try cast(input, to: like.type)
    case "Shape": return ONNXConstant(Self.part(input.shape, node))
    case "Size": return ONNXConstant([input.count], [], .int64)
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

  /// Returns the type in which an operator computes with these inputs. Floats of several types are computed in the
  /// widest, since the types of the network's values are not known.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if there are several types, and not all of them are floats.
  func commonType(_ inputs: [ONNXConstant]) throws(PixelAscentError) -> ONNXElementType {
    let types = Set(inputs.map(\.type))
    if let type = types.first, types.count == 1 { return type }
    guard types.allSatisfy(\.isFloat) else {
      throw fail("has inputs of the types \(inputs.map(\.type.name).joined(separator: ", ")); expected one type")
    }
    return types.contains(.float64) ? .float64 : .float32
  }

  func fail(_ message: String) -> PixelAscentError { node.failure(message, in: budget.source) }

  private func cast(_ input: ONNXConstant, to type: ONNXElementType) throws(PixelAscentError) -> ONNXConstant? {
    if let result = try input.converted(to: type) { return result }
    guard let values = try input.reals(), let value = values.first(where: { type.integer($0) == nil }) else {
      return nil
    }
    throw fail("casts \(Float(value)) to \(type.name), which has no such number")
  }

  private func range() throws(PixelAscentError) -> ONNXConstant? {
    guard let first = input(0), let last = input(1), let step = input(2), inputs.count == 3 else { return nil }
    let type = try commonType([first, last, step])
    guard let start = try first.real(), let end = try last.real(), let difference = try step.real(), difference != 0,
      (end - start).isFinite,
      let count = Int(exactly: max(((end - start) / difference).rounded(.up), 0)), let count = try charged([count])
    else { return nil }
    if let start = first.integer, let step = step.integer {
      return ONNXConstant((0..<count).map { start &+ $0 &* step }, [count], type)
    }
    return ONNXConstant(reals: (0..<count).map { start + Double($0) * difference }, [count], type)
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
      let (all, starts) = try joined([first, second])
    else { return nil }
    let chosen = positions[0].indices.map { index in
      condition[positions[0][index]] != 0 ? positions[1][index] : starts[1] + positions[2][index]
    }
    return try all.picked(chosen, shape)
  }

  private func clipped(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    let given = (1..<3).map { shapes.has($0) ? self.input($0) : nil }
    if (1..<3).contains(where: { shapes.has($0) && given[$0 - 1] == nil }) { return nil }
    let type = try commonType([input] + given.compactMap(\.self))
    if let values = try input.loaded().integers {
      let (low, high) = (given[0]?.integer, given[1]?.integer)
      guard (given[0] == nil) == (low == nil), (given[1] == nil) == (high == nil) else { return nil }
      let results = values.map { value in
        let raised = low.flatMap { ONNXArithmetic.integer("Max", value, $0, type) } ?? value
        return high.flatMap { ONNXArithmetic.integer("Min", raised, $0, type) } ?? raised
      }
      return ONNXConstant(results, input.shape, type)
    }
    // An infinity is not within the limits of ONNX's defaults.
    var limits = [
      node.float("min").map { Double($0) } ?? -type.greatest, node.float("max").map { Double($0) } ?? type.greatest,
    ]
    for (index, limit) in given.enumerated() {
      guard let limit else { continue }
      guard let value = try limit.real() else { return nil }
      limits[index] = value
    }
    let values = try input.reals()
    return values.map { ONNXConstant(reals: $0.map { min(max($0, limits[0]), limits[1]) }, input.shape, type) }
  }

  /// Returns the results of an operator on each element, or on the elements of several inputs that belong together.
  private func arithmetic() throws(PixelAscentError) -> ONNXConstant? {
    let type = ONNXArithmetic.name(node), isMean = type == "Mean", isVariadic = ONNXArithmetic.variadic.contains(type)
    guard inputs.count <= 2 || isVariadic, let (shape, positions) = try aligned(inputs) else { return nil }
    var parts = [ONNXConstant]()
    for input in inputs {
      guard let part = try input?.loaded() else { return nil }
      parts.append(part)
    }
    // A power has the type of its base.
    let computed = type == "Pow" ? parts[0].type : try commonType(parts)
    let isTruth = ONNXArithmetic.truth(type, 0, 0) != nil || ONNXArithmetic.truth(ofReal: type, 0) != nil
    let result = isTruth ? .bool : computed
    let function = parts.count == 1 ? try elementFunction() : nil
    let integers = parts.compactMap(\.integers)
    if integers.count == parts.count {
      // The loop asks for no result of an operator without elements.
      guard ONNXArithmetic.integer(type, 1, 1, computed) != nil else { return nil }
      let results = Self.combined(integers, positions, isVariadic) { x, y in
        ONNXArithmetic.integer(type, x, y, computed)
      }
      return results.map { ONNXConstant($0, shape, result) }
    }
    func real(_ x: Double, _ y: Double) -> Double? {
      if isTruth { return (ONNXArithmetic.truth(type, x, y) ?? ONNXArithmetic.truth(ofReal: type, x)) == true ? 1 : 0 }
      return function.map { ONNXArithmetic.value($0, x) } ?? ONNXArithmetic.real(isMean ? "Add" : type, x, y)
    }
    var reals = [[Double]]()
    for part in parts {
      guard let values = try part.reals() else { return nil }
      reals.append(values)
    }
    guard real(1, 1) != nil, var results = Self.combined(reals, positions, isVariadic, real) else { return nil }
    if isMean { for index in results.indices { results[index] /= Double(parts.count) } }
    if result.isFloat { return ONNXConstant(reals: results, shape, result) }
    let whole = results.compactMap(result.integer)
    return whole.count == results.count ? ONNXConstant(whole, shape, result) : nil
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
  /// nil if they are too many.
  ///
  /// - Throws: as ``commonType(_:)`` does.
  func joined(
    _ parts: [ONNXConstant]
  ) throws(PixelAscentError) -> (all: ONNXConstant, starts: [Int])? {
    let type = try commonType(parts)
    var starts = [Int](), count = 0, integers = [Int](), reals = [Double]()
    for part in parts {
      starts.append(count)
      count += part.count
      if let values = try part.loaded().integers {
        integers += values
      } else if let values = try part.reals() {
        reals += values
      }
    }
    guard integers.count + reals.count == count else { return nil }
    let all = type.isFloat ? ONNXConstant(reals: reals, [count], type) : ONNXConstant(integers, [count], type)
    return (all, starts)
  }
}

/// Counts the elements that are computed or copied while a graph is read.
final class ONNXBudget {
  let source: ByteSource
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
