// SPDX-License-Identifier: MIT

/// A TensorProto: a tensor's name, shape and type, and the location of its elements.
struct ONNXTensor {
  private(set) var name = ""
  private(set) var shape: [Int] = []
  private let source: ByteSource
  /// ONNX's number of the elements' type.
  private var type = 0
  private var location = Location.none

  private enum Location {
    case none
    /// In one range of the file, little-endian and in C order.
    case raw(Range<Int>)
    /// In the pieces of a repeated field. An element takes `size` bytes, or is a varint if `size` is 0.
    case field([Range<Int>], size: Int)
    /// In another file, which the keys location, offset and length describe.
    case external([String: String])
  }

  /// The largest number of integers that are read as such, and of pieces. A tensor of more integers can't describe a
  /// shape.
  private static let maxIntegers = 1 << 20

  init(_ message: ProtobufMessage) throws(PixelAscentError) {
    source = message.source
    var message = message
    var pieces = [Range<Int>](), size = 0, raw: Range<Int>?, external = [String: String](), isExternal = false
    while let field = try message.next() {
      switch field.number {
      case 1: shape += try message.integers(field)
      case 2: type = try message.integer(field)
      case 3: throw message.fail("tensor \(name.oneLine) is stored in segments; only whole tensors are supported")
      case 4, 5, 7, 10, 11:
        size = field.number == 4 ? 4 : field.number == 10 ? 8 : 0
        pieces.append(try message.packed(field, of: size))
      case 8: name = try message.text(field)
      case 9: raw = try message.packed(field, of: 1)
      case 13:
        let (key, value) = try ONNXFile.pair(try message.message(field))
        external[key] = value
      case 14: isExternal = try message.integer(field) == 1
      default: break
      }
      guard shape.count <= 16 else { throw message.fail("tensor \(name.oneLine) declares more than 16 dimensions") }
      guard pieces.count <= Self.maxIntegers else {
        throw message.fail("tensor \(name.oneLine) is stored in more than \(Self.maxIntegers) pieces")
      }
    }
    location =
      isExternal ? .external(external) : raw.map { .raw($0) } ?? (pieces.isEmpty ? .none : .field(pieces, size: size))
  }

  /// Returns the tensor as a constant. Integers are read; other numbers stay in their file if possible.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the elements don't fill the declared shape, are of a type that
  ///   is not supported, or are more integers than are read.
  func constant(_ files: ONNXExternalFiles) throws(PixelAscentError) -> ONNXConstant {
    guard let count = elementCount(shape) else { throw fail("declares the impossible shape \(shapeText(shape))") }
    guard let type = ONNXElementType(rawValue: type) else {
      throw fail(
        "has elements of ONNX's type \(self.type); supported are floats of 16, 32 and 64 bits, integers and truth values"
      )
    }
    guard type.isFloat, let element = type.element else { return try integers(files, type, count) }
    switch location {
    case .field(let pieces, let size): return try collected(pieces, size, type, element, count)
    case .none:
      guard count == 0 else { throw fail("declares the shape \(shapeText(shape)), found no elements") }
      return try stored(source, at: 0, type, element, count)
    case .raw(let range):
      let (bytes, overflow) = count.multipliedReportingOverflow(by: element.size)
      guard !overflow, bytes == range.count else {
        throw fail("declares the shape \(shapeText(shape)) of \(element.rawValue), found \(range.count) bytes")
      }
      return try stored(source, at: range.lowerBound, type, element, count)
    case .external(let keys):
      let (file, offset, length) = try files.find(keys, tensor: name)
      let constant = try stored(file, at: offset, type, element, count)
      guard length == nil || length == count * element.size else {
        throw fail(
          "declares the shape \(shapeText(shape)) of \(element.rawValue), found a length of \(length ?? 0) bytes")
      }
      return constant
    }
  }

  private func stored(
    _ file: ByteSource, at offset: Int, _ type: ONNXElementType, _ element: ElementType, _ count: Int
  ) throws(PixelAscentError) -> ONNXConstant {
    let parameter = try Parameter(file, at: offset, element, shape: shape, name: name)
    // A few numbers in double precision may be arithmetic on shapes, in which rounding would show.
    guard type == .float64, count <= Self.maxDoubles else {
      return ONNXConstant(shape: shape, content: .parameter(parameter), type)
    }
    let bytes = try file.bytes(offset..<offset + 8 * count)
    let values = (0..<count).map {
      Double(bitPattern: UInt64(littleEndianBytes: bytes[8 * $0..<8 * $0 + 8]))
    }
    return ONNXConstant(reals: values, shape, type)
  }

  /// Returns the elements of a repeated field. Float32 and double are stored as they are, and 16-bit floats as varints
  /// of their bits.
  private func collected(
    _ pieces: [Range<Int>], _ size: Int, _ type: ONNXElementType, _ element: ElementType, _ count: Int
  ) throws(PixelAscentError) -> ONNXConstant {
    let expected = element == .float32 ? 4 : element == .float64 ? 8 : 0
    guard size == expected else { throw fail("declares the type \(element.rawValue), found elements of another type") }
    let byteCount = pieces.reduce(0) { $0 + $1.count }
    guard count <= byteCount / max(size, 1), size == 0 || count == byteCount / size else {
      throw fail("declares the shape \(shapeText(shape)) of \(element.rawValue), found \(byteCount) bytes")
    }
    if size > 0 && pieces.count == 1 { return try stored(source, at: pieces[0].lowerBound, type, element, count) }
    var values = [Float]()
    for piece in pieces {
      if size > 0 {
        let bytes = try source.bytes(piece)
        for index in 0..<piece.count / size { values.append(element.element(index, of: bytes)) }
      } else {
        for varint in try ProtobufMessage(source).varints(piece) {
          values.append(
            element.element(0, of: [UInt8(truncatingIfNeeded: varint), UInt8(truncatingIfNeeded: varint >> 8)]))
        }
      }
    }
    guard values.count == count else {
      throw fail("declares the shape \(shapeText(shape)), found \(values.count) elements")
    }
    return ONNXConstant(shape: shape, content: .parameter(Parameter(Tensor(shape: shape, values: values))), type)
  }

  // MARK: Integers

  /// Returns a tensor of integers. Many integers of 8 or 16 bits stay in their file if possible.
  private func integers(
    _ files: ONNXExternalFiles, _ type: ONNXElementType, _ count: Int
  ) throws(PixelAscentError) -> ONNXConstant {
    let file: ByteSource, range: Range<Int>
    switch location {
    case .field(let pieces, let size): return try collectedIntegers(pieces, size, type, count)
    case .none:
      guard count == 0 else { throw fail("declares the shape \(shapeText(shape)), found no elements") }
      return ONNXConstant(shape: shape, content: .integers([]), type)
    case .raw(let found): (file, range) = (source, found)
    case .external(let keys):
      let (found, offset, length) = try files.find(keys, tensor: name)
      let end = offset.addingReportingOverflow(length ?? type.byteCount(count) ?? 0)
      guard !end.overflow, end.partialValue <= found.count else {
        throw fail("ends at byte \(end.partialValue) of a file of \(found.count): truncated or wrong")
      }
      (file, range) = (found, offset..<end.partialValue)
    }
    guard range.count == type.byteCount(count) else {
      throw fail("declares the shape \(shapeText(shape)) of \(type.name), found \(range.count) bytes")
    }
    if count > Self.maxIntegers {
      if let element = type.element {
        let parameter = try Parameter(file, at: range.lowerBound, element, shape: shape, name: name)
        return ONNXConstant(shape: shape, content: .stored(parameter), type)
      }
      guard type.bits <= 16 else { throw tooMany(count, type) }
    }
    let bytes = try file.bytes(range)
    if count > Self.maxIntegers {
      return stored((0..<count).map { Float(type.value($0, of: bytes)) }, type)
    }
    return ONNXConstant(shape: shape, content: .integers((0..<count).map { type.value($0, of: bytes) }), type)
  }

  /// Returns the integers of a repeated field of varints. Integers of less than a byte are packed into bytes first.
  private func collectedIntegers(
    _ pieces: [Range<Int>], _ size: Int, _ type: ONNXElementType, _ count: Int
  ) throws(PixelAscentError) -> ONNXConstant {
    guard size == 0 else { throw fail("declares the type \(type.name), found elements of another type") }
    let byteCount = pieces.reduce(0) { $0 + $1.count }
    let perVarint = max(8 / type.bits, 1)
    guard count <= byteCount.multipliedReportingOverflow(by: perVarint).partialValue else {
      throw fail("declares the shape \(shapeText(shape)) of \(type.name), found \(byteCount) bytes")
    }
    if count > Self.maxIntegers && type.bits > 16 { throw tooMany(count, type) }
    var values = [Int]()
    let message = ProtobufMessage(source)
    for piece in pieces {
      for varint in try message.varints(piece) {
        if type.bits < 8 {
          let byte = [UInt8(truncatingIfNeeded: varint)]
          for index in 0..<perVarint { values.append(type.value(index, of: byte)) }
        } else {
          values.append(type.wrapped(Int(truncatingIfNeeded: varint)))
        }
      }
    }
    // The last byte may have room for more integers than there are.
    guard values.count >= count, values.count - count < perVarint else {
      throw fail("declares the shape \(shapeText(shape)), found \(values.count) elements")
    }
    values.removeLast(values.count - count)
    if count > Self.maxIntegers { return stored(values.map { Float($0) }, type) }
    return ONNXConstant(shape: shape, content: .integers(values), type)
  }

  private func stored(_ values: [Float], _ type: ONNXElementType) -> ONNXConstant {
    ONNXConstant(shape: shape, content: .stored(Parameter(Tensor(shape: shape, values: values))), type)
  }

  private func tooMany(_ count: Int, _ type: ONNXElementType) -> PixelAscentError {
    fail("has \(count) integers of \(type.bits) bits; supported are \(Self.maxIntegers), or more of at most 16 bits")
  }

  private func fail(_ message: String) -> PixelAscentError {
    source.fail("tensor \(name.isEmpty ? "without a name" : name.oneLine) \(message)")
  }

  /// The largest number of elements in double precision that is read as such.
  private static let maxDoubles = 1 << 12
}
