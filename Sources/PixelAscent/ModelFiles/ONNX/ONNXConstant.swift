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
    /// Elements that can't be read. The text describes them.
    case unreadable(String)
  }

  var shape: [Int]
  var content: Content

  init(shape: [Int], content: Content) {
    self.shape = shape
    self.content = content
  }

  init(_ integers: [Int]) { self.init(shape: [integers.count], content: .integers(integers)) }

  /// The number of elements; `Int.max` if it is larger.
  var count: Int { elementCount(shape) ?? Int.max }

  /// The largest number of elements that one operator on constants may take or make.
  static let maxElements = 1 << 20

  /// The integers; nil if the constant holds something else.
  var integers: [Int]? {
    if case .integers(let values) = content { return values }
    return nil
  }

  /// The integer of a constant that holds exactly one; nil for others.
  var integer: Int? { integers.flatMap { $0.count == 1 ? $0[0] : nil } }

  /// Returns the elements as real numbers; nil if they are too many, must still be transposed, or can't be read.
  func reals() throws(PixelAscentError) -> [Double]? {
    switch content {
    case .integers(let values): return values.map(Double.init)
    case .reals(let values): return values
    case .parameter(let parameter):
      if count > Self.maxElements { return nil }
      return try parameter.tensor().values.map(Double.init)
    case .transposed, .unreadable: return nil
    }
  }

  /// Returns the number of a constant that holds exactly one; nil for others.
  func real() throws(PixelAscentError) -> Double? {
    guard count == 1, let values = try reals() else { return nil }
    return values[0]
  }

  /// Returns the constant. The elements of a small parameter are loaded into memory, so that arithmetic can be done on
  /// them.
  func loaded() throws(PixelAscentError) -> ONNXConstant {
    guard case .parameter = content, let values = try reals() else { return self }
    return ONNXConstant(shape: shape, content: .reals(values))
  }

  /// Returns the constant as a parameter; nil if the elements can't be read. Elements that lie in a file stay there,
  /// unless they must be transposed.
  func parameter() throws(PixelAscentError) -> Parameter? {
    switch content {
    case .parameter(let parameter): return parameter
    case .transposed(let parameter): return try Self.transposed(parameter)
    case .integers, .reals:
      guard let values = try reals() else { return nil }
      return Parameter(Tensor(shape: shape, values: values.map { Float($0) }))
    case .unreadable: return nil
    }
  }

  /// Returns the transpose of a matrix, without moving its elements yet; nil if the constant is not a matrix, or can't
  /// be read.
  func transposedMatrix() throws(PixelAscentError) -> ONNXConstant? {
    guard shape.count == 2 else { return nil }
    let swapped = [shape[1], shape[0]]
    switch content {
    case .parameter(let parameter): return ONNXConstant(shape: swapped, content: .transposed(parameter))
    case .transposed(let parameter): return ONNXConstant(shape: swapped, content: .parameter(parameter))
    default: return try parameter().map { ONNXConstant(shape: swapped, content: .transposed($0)) }
    }
  }

  /// Returns the same elements in another shape; nil if that shape has another number of elements.
  func reshaped(_ shape: [Int]) throws(PixelAscentError) -> ONNXConstant? {
    guard elementCount(shape) == count else { return nil }
    switch content {
    case .parameter, .transposed:
      return try parameter()?.reshaped(shape).map { ONNXConstant(shape: shape, content: .parameter($0)) }
    default: return ONNXConstant(shape: shape, content: content)
    }
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
