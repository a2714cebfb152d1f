// SPDX-License-Identifier: MIT

/// An array that is known while a graph is read: numbers of which shapes are made, or weights that stay in their file.
struct ONNXConstant {
  enum Content {
    /// Truth values too: 1 and 0.
    case integers([Int])
    case reals([Double])
    case parameter(Parameter)
    /// A matrix's parameter with rows for columns; `shape` is that of the result.
    case transposed(Parameter)
    /// What it is that can't be read.
    case unreadable(String)
  }

  var shape: [Int]
  var content: Content

  init(shape: [Int], content: Content) {
    self.shape = shape
    self.content = content
  }

  init(_ integers: [Int]) { self.init(shape: [integers.count], content: .integers(integers)) }

  /// The number of elements; no more than `Int` holds.
  var count: Int { elementCount(shape) ?? Int.max }

  /// The most elements that arithmetic on constants takes or makes at once.
  static let mostElements = 1 << 20

  /// The integers, if it holds such.
  var integers: [Int]? {
    if case .integers(let values) = content { return values }
    return nil
  }

  /// The single integer, if it holds one.
  var integer: Int? { integers.flatMap { $0.count == 1 ? $0[0] : nil } }

  /// The numbers, if they are few enough.
  func reals() throws(PixelAscentError) -> [Double]? {
    switch content {
    case .integers(let values): return values.map(Double.init)
    case .reals(let values): return values
    case .parameter(let parameter):
      if count > Self.mostElements { return nil }
      return try parameter.tensor().values.map(Double.init)
    case .transposed, .unreadable: return nil
    }
  }

  /// The single number, if there is one.
  func real() throws(PixelAscentError) -> Double? {
    guard count == 1, let values = try reals() else { return nil }
    return values[0]
  }

  /// Small floats as numbers, so that arithmetic can be done on them.
  func loaded() throws(PixelAscentError) -> ONNXConstant {
    guard case .parameter = content, let values = try reals() else { return self }
    return ONNXConstant(shape: shape, content: .reals(values))
  }

  /// As a parameter, stored where it is if possible.
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

  /// A matrix with rows for columns; its elements are not moved yet where they are many.
  func transposedMatrix() throws(PixelAscentError) -> ONNXConstant? {
    guard shape.count == 2 else { return nil }
    let swapped = [shape[1], shape[0]]
    switch content {
    case .parameter(let parameter): return ONNXConstant(shape: swapped, content: .transposed(parameter))
    case .transposed(let parameter): return ONNXConstant(shape: swapped, content: .parameter(parameter))
    default: return try parameter().map { ONNXConstant(shape: swapped, content: .transposed($0)) }
    }
  }

  /// The same elements in another shape of as many.
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
      // In squares, so that neither side is walked across the whole memory.
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
