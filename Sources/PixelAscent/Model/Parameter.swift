// SPDX-License-Identifier: MIT

/// A parameter of a network: its elements, or the position in a file from which they are read when they are needed.
package struct Parameter: Sendable {
  /// The extent of every dimension, outermost first.
  package let shape: [Int]
  private let content: Content

  private enum Content: Sendable {
    case values([Float])
    /// Element (i, j, …) lies at `offset` bytes + (i·strides[0] + j·strides[1] + …) elements.
    case stored(ByteSource, offset: Int, ElementType, strides: [Int])
    /// The function computes the elements in C order from other parameters when they are needed.
    case computed(@Sendable (UnsafeMutableBufferPointer<Float>) throws(PixelAscentError) -> Void)
  }

  /// Creates a parameter with the shape and elements of `tensor`.
  package init(_ tensor: Tensor) {
    shape = tensor.shape
    content = .values(tensor.values)
  }

  /// Creates a parameter whose elements lie in a file. The `strides` are counted in elements. Without strides, the
  /// elements lie in C order.
  ///
  /// Nothing is read yet. Error lines give the parameter's `name` after the file's name.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if not all elements lie between `offset` and `end` (by default
  ///   the end of the file), if the file can't hold as many elements, or if a stride or an extent is negative.
  package init(
    _ source: ByteSource, at offset: Int, end: Int? = nil, _ type: ElementType, shape: [Int], strides: [Int]? = nil,
    name: String
  ) throws(PixelAscentError) {
    func fail(_ message: String) -> PixelAscentError {
      source.fail("tensor \(name.oneLine) \(message)")
    }
    guard let count = elementCount(shape) else {
      throw fail("declares the shape \(shapeText(shape)), which is not valid")
    }
    let contiguous = contiguousStrides(shape)
    var strides = strides ?? contiguous
    guard strides.count == shape.count, strides.allSatisfy({ $0 >= 0 }) else {
      throw fail("declares strides \(shapeText(strides)) for the shape \(shapeText(shape))")
    }
    // The stride of a dimension with fewer than two elements does not matter, and frameworks write any number.
    for dimension in shape.indices where shape[dimension] < 2 { strides[dimension] = contiguous[dimension] }
    // The number of places in the file from the first element to the last. Several elements may share a place.
    var span = count == 0 ? 0 : 1
    for (extent, stride) in zip(shape, strides) where count > 0 {
      let (step, tooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflow) = span.addingReportingOverflow(step)
      guard !tooFar, !overflow else { throw fail("declares strides \(shapeText(strides)), which are too large") }
      span = sum
    }
    let end = min(end ?? source.count, source.count)
    let capacity = offset >= 0 && offset <= end ? (end - offset) / type.size : -1
    guard span <= capacity, count <= source.count / type.size else {
      throw fail(
        "declares the shape \(shapeText(shape)), \(max(span, count)) elements of \(type.size) bytes at byte \(offset) of "
          + "\(end): truncated or wrong")
    }
    self.shape = shape
    content = .stored(source, offset: offset, type, strides: strides)
  }

  /// Creates a parameter whose elements `fill` computes when they are needed, in C order.
  init(
    shape: [Int],
    computed fill: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) throws(PixelAscentError) -> Void
  ) {
    self.init(shape: shape, content: .computed(fill))
  }

  /// Returns whether the two parameters are one: the same elements in the same place, or equal values in memory.
  func isSame(as other: Parameter) -> Bool {
    switch (content, other.content) {
    case (.values(let values), .values(let others)): shape == other.shape && values == others
    case (
      .stored(let file, let offset, let type, let strides), .stored(let file2, let offset2, let type2, let strides2)
    ):
      file === file2 && offset == offset2 && type == type2 && strides == strides2 && shape == other.shape
    default: false
    }
  }

  /// The number of elements.
  package var count: Int { shape.reduce(1, *) }

  /// Returns the parameter as a tensor, with its elements rounded to `Float`.
  ///
  /// - Throws: `PixelAscentError` of kind `unreadableFile`, or of kind `sizeLimit` if the process can't get the memory
  ///   for a large tensor and a copy of it.
  package func tensor() throws(PixelAscentError) -> Tensor {
    if case .values(let values) = content { return Tensor(shape: shape, values: values) }
    let bytes = 2 * MemoryLayout<Float>.stride * count
    if bytes >= 1 << 20 { try Files.checkMemory(bytes, "a parameter of shape \(shapeText(shape)) takes") }
    return Tensor(shape: shape, values: try [Float].read(count: count, read))
  }

  /// Fills a buffer of ``count`` floats with the elements in C order.
  ///
  /// - Throws: `PixelAscentError` of kind `unreadableFile`.
  package func read(into buffer: UnsafeMutableBufferPointer<Float>) throws(PixelAscentError) {
    precondition(buffer.count == count)
    switch content {
    case .values(let values): _ = buffer.update(from: values)
    case .stored(let source, let offset, let type, let strides):
      try read(source, offset, type, strides, into: buffer)
    case .computed(let fill): try fill(buffer)
    }
  }

  private func read(
    _ source: ByteSource, _ offset: Int, _ type: ElementType, _ strides: [Int],
    into buffer: UnsafeMutableBufferPointer<Float>
  ) throws(PixelAscentError) {
    let count = buffer.count
    if count == 0 { return }
    // The last dimensions whose elements lie side by side make a row.
    let contiguous = contiguousStrides(shape)
    var outer = shape.count
    while outer > 0 && strides[outer - 1] == contiguous[outer - 1] { outer -= 1 }
    let row = shape[outer...].reduce(1, *)
    let span = zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    // If short rows lie close together, as in a transposed matrix, read everything from the first element to the last
    // at once.
    let all = row < Self.piece && row < count && span <= 2 * count
    let memory = try ZeroedMemory(
      bytes: all ? span * type.size : 0, for: "a parameter of shape \(shapeText(shape)) takes")
    defer { withExtendedLifetime(memory) {} }
    let bytes = UnsafeMutableRawBufferPointer(start: memory.base, count: all ? span * type.size : 0)
    try source.read(into: bytes, at: offset)

    var first = StridedOffsets(shape: Array(shape[..<outer]), strides: Array(strides[..<outer]))
    for start in stride(from: 0, to: count, by: row) {
      let part = UnsafeMutableBufferPointer(rebasing: buffer[start..<start + row])
      if all {
        for index in 0..<row { part[index] = type.element(first.offset + index, of: UnsafeRawBufferPointer(bytes)) }
      } else {
        try Self.read(source, offset + first.offset * type.size, type, into: part)
      }
      first.advance()
    }
  }

  /// Reads elements that lie side by side, in pieces if they must be converted.
  private static func read(
    _ source: ByteSource, _ offset: Int, _ type: ElementType, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws(PixelAscentError) {
    if type == .float32 { return try source.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset) }
    for start in stride(from: 0, to: buffer.count, by: piece) {
      let length = min(piece, buffer.count - start)
      let bytes = try source.bytes(offset + start * type.size..<offset + (start + length) * type.size)
      for index in 0..<length { buffer[start + index] = type.element(index, of: bytes) }
    }
  }

  /// Returns a parameter with the same elements and another shape. Nil if the number of elements differs, or the
  /// elements of the file do not lie in C order.
  package func reshaped(_ shape: [Int]) -> Parameter? {
    guard elementCount(shape) == count else { return nil }
    switch content {
    case .values(let values): return Parameter(Tensor(shape: shape, values: values))
    case .stored(let source, let offset, let type, let strides):
      guard strides == contiguousStrides(self.shape) else { return nil }
      return Parameter(shape: shape, content: .stored(source, offset: offset, type, strides: contiguousStrides(shape)))
    case .computed: return Parameter(shape: shape, content: content)
    }
  }

  private static let piece = 1 << 16

  private init(shape: [Int], content: Content) {
    self.shape = shape
    self.content = content
  }
}

extension PixelAscentError {
  /// Returns the error of a model whose parameter `name` holds a value that is not finite at `index`.
  static func notFinite(_ name: String, _ index: Int) -> PixelAscentError {
    PixelAscentError(.invalidModel, "tensor \(name.oneLine) holds a value that is not finite at index \(index)")
  }
}
