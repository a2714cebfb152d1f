// SPDX-License-Identifier: MIT

/// A TensorProto: a tensor's name, shape and type, and the location of its elements.
struct ONNXTensor {
  private(set) var name = ""
  private(set) var shape: [Int] = []
  private let source: ByteSource
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

  /// The largest number of integers, or of pieces, that is read. A tensor of more integers can't describe a shape.
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
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the elements don't fill the declared shape.
  func constant(_ files: ONNXExternalFiles) throws(PixelAscentError) -> ONNXConstant {
    guard let element = Self.elementTypes[type] else {
      return ONNXConstant(shape: shape, content: .unreadable("of ONNX's type \(type)"))
    }
    guard let count = elementCount(shape) else { throw fail("declares the impossible shape \(shapeText(shape))") }
    switch location {
    case .field(let pieces, let size): return try collected(pieces, size, element, count)
    case .none:
      guard count == 0 else { throw fail("declares the shape \(shapeText(shape)), found no elements") }
      return try stored(source, at: 0, element, count)
    case .raw(let range):
      let (bytes, overflow) = count.multipliedReportingOverflow(by: element.size)
      guard !overflow, bytes == range.count else {
        throw fail("declares the shape \(shapeText(shape)) of \(element.rawValue), found \(range.count) bytes")
      }
      return try stored(source, at: range.lowerBound, element, count)
    case .external(let keys):
      let (file, offset, length) = try files.find(keys, tensor: name)
      let constant = try stored(file, at: offset, element, count)
      guard length == nil || length == count * element.size else {
        throw fail(
          "declares the shape \(shapeText(shape)) of \(element.rawValue), found a length of \(length ?? 0) bytes")
      }
      return constant
    }
  }

  private func stored(
    _ file: ByteSource, at offset: Int, _ element: ElementType, _ count: Int
  ) throws(PixelAscentError) -> ONNXConstant {
    let parameter = try Parameter(file, at: offset, element, shape: shape, name: name)
    if element.isFloat { return ONNXConstant(shape: shape, content: .parameter(parameter)) }
    guard count <= Self.maxIntegers else { return manyIntegers(count) }
    let bytes = try file.bytes(offset..<offset + count * element.size)
    return ONNXConstant(shape: shape, content: .integers((0..<count).map { Self.integer($0, of: bytes, element) }))
  }

  /// Returns the elements of a repeated field. Float32 and double are stored as they are, others as varints, and 16-bit
  /// floats as varints of their bits.
  private func collected(
    _ pieces: [Range<Int>], _ size: Int, _ element: ElementType, _ count: Int
  ) throws(PixelAscentError) -> ONNXConstant {
    let expected = element == .float32 ? 4 : element == .float64 ? 8 : 0
    guard size == expected else { throw fail("declares the type \(element.rawValue), found elements of another type") }
    let byteCount = pieces.reduce(0) { $0 + $1.count }
    guard count <= byteCount / max(size, 1), size == 0 || count == byteCount / size else {
      throw fail("declares the shape \(shapeText(shape)) of \(element.rawValue), found \(byteCount) bytes")
    }
    if size > 0 {
      if pieces.count == 1 { return try stored(source, at: pieces[0].lowerBound, element, count) }
      var values = [Float]()
      for piece in pieces {
        let bytes = try source.bytes(piece)
        for index in 0..<piece.count / size { values.append(element.element(index, of: bytes)) }
      }
      return parameter(values)
    }
    if !element.isFloat && count > Self.maxIntegers { return manyIntegers(count) }
    var integers = [Int](), floats = [Float]()
    let message = ProtobufMessage(source)
    for piece in pieces {
      for varint in try message.varints(piece) {
        if element.isFloat {
          floats.append(
            element.element(0, of: [UInt8(truncatingIfNeeded: varint), UInt8(truncatingIfNeeded: varint >> 8)]))
        } else {
          integers.append(Int(truncatingIfNeeded: varint))
        }
      }
    }
    let found = max(integers.count, floats.count)
    guard found == count else { throw fail("declares the shape \(shapeText(shape)), found \(found) elements") }
    return element.isFloat ? parameter(floats) : ONNXConstant(shape: shape, content: .integers(integers))
  }

  private func parameter(_ values: [Float]) -> ONNXConstant {
    ONNXConstant(shape: shape, content: .parameter(Parameter(Tensor(shape: shape, values: values))))
  }

  private func manyIntegers(_ count: Int) -> ONNXConstant {
    ONNXConstant(shape: shape, content: .unreadable("of \(count) integers"))
  }

  private func fail(_ message: String) -> PixelAscentError {
    source.fail("tensor \(name.isEmpty ? "without a name" : name.oneLine) \(message)")
  }

  private static let elementTypes: [Int: ElementType] = [
    1: .float32, 2: .uint8, 3: .int8, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16, 11: .float64,
    16: .bfloat16,
  ]

  /// Returns whether the number of a type, in a tensor or in Cast, stands for floats.
  static func isFloat(_ type: Int) -> Bool { elementTypes[type]?.isFloat ?? false }

  /// Returns whether the number of a type stands for whole numbers that include those from 0 to 255.
  static func holdsPixels(_ type: Int) -> Bool { [2, 4, 5, 6, 7, 12, 13].contains(type) }

  private static func integer(_ index: Int, of bytes: [UInt8], _ element: ElementType) -> Int {
    if element == .uint8 || element == .bool { return Int(bytes[index]) }
    return Int(signedLittleEndianBytes: bytes[index * element.size..<(index + 1) * element.size])
  }
}
