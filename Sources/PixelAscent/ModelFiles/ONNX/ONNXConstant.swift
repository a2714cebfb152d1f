// SPDX-License-Identifier: MIT

/// An array that is known while a graph is read: numbers that make up shapes, or weights that stay in their file.
struct ONNXConstant {
  enum Content {
    /// Integers, or truth values as 1 and 0.
    case integers([Int])
    case reals([Double])
    case parameter(Parameter)
    /// The transpose of the parameter, a matrix. `shape` is the shape of the transpose.
    case transposed(Parameter)
    /// Many integers, such as quantised weights, as a parameter that holds each of them exactly.
    case stored(Parameter)
  }

  var shape: [Int]
  var content: Content
  /// The type of the elements. The content has only numbers of this type; many in double precision are read as float32.
  var type: ONNXElementType

  init(shape: [Int], content: Content, _ type: ONNXElementType) {
    self.shape = shape
    self.content = content
    self.type = type
  }

  /// Creates a constant of computed integers, of which each keeps the bits that the type has.
  init(_ integers: [Int], _ shape: [Int], _ type: ONNXElementType) {
    self.init(shape: shape, content: .integers(integers.map(type.wrapped)), type)
  }

  /// Creates a list of integers of 64 bits.
  init(_ integers: [Int]) { self.init(integers, [integers.count], .int64) }

  /// Creates a constant of computed numbers, each rounded to a type of floats.
  init(reals: [Double], _ shape: [Int], _ type: ONNXElementType) {
    if reals.count > Self.small && type != .float64 {
      let tensor = Tensor(shape: shape, values: reals.map { Float(type.rounded($0)) })
      self.init(shape: shape, content: .parameter(Parameter(tensor)), type)
    } else {
      self.init(shape: shape, content: .reals(reals.map(type.rounded)), type)
    }
  }

  /// The number of elements; `Int.max` if it is larger.
  var count: Int { elementCount(shape) ?? Int.max }

  /// The largest number of elements that one operator on constants may take or make.
  static let maxElements = 1 << 26

  /// The number of elements from which on computed numbers are kept in single precision.
  private static let small = 1 << 12

  /// The integers; nil if the constant holds something else, or integers that stay in a file.
  var integers: [Int]? {
    if case .integers(let values) = content { return values }
    return nil
  }

  var isInteger: Bool { !type.isFloat }

  /// Whether the elements are floats of single precision, or are rounded to them when they are read.
  var isParameter: Bool {
    switch content {
    case .parameter, .transposed: true
    default: false
    }
  }

  /// The integer of a constant that holds exactly one; nil for others.
  var integer: Int? { integers.flatMap { $0.count == 1 ? $0[0] : nil } }

  /// Returns the elements as real numbers; nil if they are too many.
  func reals() throws(PixelAscentError) -> [Double]? {
    if count > Self.maxElements { return nil }
    switch content {
    case .integers(let values): return values.map(type.real)
    case .reals(let values): return values
    case .parameter(let parameter), .stored(let parameter): return try parameter.tensor().values.map(Double.init)
    case .transposed: return try parameter()?.tensor().values.map(Double.init)
    }
  }

  /// Returns the number of a constant that holds exactly one; nil for others.
  func real() throws(PixelAscentError) -> Double? {
    guard count == 1, let values = try reals() else { return nil }
    return values[0]
  }

  /// Returns the constant in another type; nil if its elements are too many, or one of them is out of the type's range.
  func converted(to target: ONNXElementType) throws(PixelAscentError) -> ONNXConstant? {
    // Floats stay where they are if the other type has all of them. A parameter is read as float32 in any case.
    let isWider = target == .float64 || target == .float32 && (type != .float64 || isParameter)
    if target == type || type.isFloat && isWider {
      var result = self
      result.type = target
      return result
    }
    if let integers = try loaded().integers, !target.isFloat { return ONNXConstant(integers, shape, target) }
    guard let values = try reals() else { return nil }
    if target.isFloat { return ONNXConstant(reals: values, shape, target) }
    let integers = values.compactMap(target.integer)
    return integers.count == values.count ? ONNXConstant(integers, shape, target) : nil
  }

  /// Returns the constant with its elements in memory unless they are too many, so that arithmetic can be done on them.
  func loaded() throws(PixelAscentError) -> ONNXConstant {
    var result = self
    switch content {
    case .integers, .reals: return self
    case .stored:
      guard let values = try reals() else { return self }
      result.content = .integers(values.map { Int($0) })
    case .parameter, .transposed:
      guard let values = try reals() else { return self }
      result.content = .reals(values)
    }
    return result
  }

  /// Returns the constant as a parameter; nil if it is a matrix of quantised weights, or too large. Elements that lie in a
  /// file stay there, unless they must be transposed.
  func parameter() throws(PixelAscentError) -> Parameter? {
    switch content {
    case .parameter(let parameter): return parameter
    case .transposed(let parameter): return try Self.transposed(parameter)
    case .integers, .reals:
      guard let values = try reals() else { return nil }
      return Parameter(Tensor(shape: shape, values: values.map { Float($0) }))
    case .stored: return nil
    }
  }

  /// Returns the transpose of a matrix, without moving its elements yet; nil if the constant is not a matrix of real
  /// numbers.
  func transposedMatrix() throws(PixelAscentError) -> ONNXConstant? {
    guard shape.count == 2 else { return nil }
    let swapped = [shape[1], shape[0]]
    switch content {
    case .parameter(let parameter): return ONNXConstant(shape: swapped, content: .transposed(parameter), type)
    case .transposed(let parameter): return ONNXConstant(shape: swapped, content: .parameter(parameter), type)
    default: return try parameter().map { ONNXConstant(shape: swapped, content: .transposed($0), type) }
    }
  }

  /// Returns the matrix that has the same product with a vector as this matrix has with the vector after a channel
  /// shuffle; nil if the constant is no parameter.
  func unshuffled(groups: Int) throws(PixelAscentError) -> Parameter? {
    guard var matrix = try tensor(), shape.count == 2 else { return nil }
    let columns = shape[1], part = columns / groups
    var row = [Float](repeating: 0, count: columns)
    for start in stride(from: 0, to: matrix.values.count, by: columns) {
      for group in 0..<groups {
        for index in 0..<part { row[group * part + index] = matrix.values[start + index * groups + group] }
      }
      for index in 0..<columns { matrix.values[start + index] = row[index] }
    }
    return Parameter(matrix)
  }

  /// Returns the elements in memory. The caller may change them without copying them.
  private func tensor() throws(PixelAscentError) -> Tensor? { try parameter()?.tensor() }

  /// Returns the same elements in another shape; nil if that shape has another number of elements.
  func reshaped(_ shape: [Int]) throws(PixelAscentError) -> ONNXConstant? {
    guard elementCount(shape) == count else { return nil }
    var result = self
    result.shape = shape
    switch content {
    case .parameter, .transposed:
      guard let parameter = try parameter()?.reshaped(shape) else { return nil }
      result.content = .parameter(parameter)
    case .stored(let parameter):
      guard let parameter = parameter.reshaped(shape) else { return nil }
      result.content = .stored(parameter)
    default: break
    }
    return result
  }

  /// Returns the elements at `positions`, in the given shape. At the position −1 lies a zero. Nil for a transposed matrix
  /// that is no parameter.
  func picked(_ positions: [Int], _ shape: [Int]) throws(PixelAscentError) -> ONNXConstant? {
    var result = self
    result.shape = shape
    switch content {
    case .integers(let values): result.content = .integers(positions.map { $0 < 0 ? 0 : values[$0] })
    case .reals(let values): result.content = .reals(positions.map { $0 < 0 ? 0 : values[$0] })
    case .parameter(let parameter), .stored(let parameter):
      let values = try parameter.tensor().values
      let picked = Parameter(Tensor(shape: shape, values: positions.map { $0 < 0 ? 0 : values[$0] }))
      if case .stored = content { result.content = .stored(picked) } else { result.content = .parameter(picked) }
    case .transposed:
      guard let parameter = try parameter() else { return nil }
      return try ONNXConstant(shape: self.shape, content: .parameter(parameter), type).picked(positions, shape)
    }
    return result
  }

  private static func transposed(_ parameter: Parameter) throws(PixelAscentError) -> Parameter {
    let matrix = try parameter.tensor()
    let rows = matrix.shape[0], columns = matrix.shape[1]
    let values = [Float](unsafeUninitializedCapacity: matrix.values.count) { buffer, count in
      // Squares of 32 × 32 keep the accesses to both matrices in a small part of memory at a time.
      for top in stride(from: 0, to: rows, by: 32) {
        for left in stride(from: 0, to: columns, by: 32) {
          for row in top..<min(top + 32, rows) {
            for column in left..<min(left + 32, columns) {
              buffer[column * rows + row] = matrix.values[row * columns + column]
            }
          }
        }
      }
      count = matrix.values.count
    }
    return Parameter(Tensor(shape: [columns, rows], values: values))
  }
}
