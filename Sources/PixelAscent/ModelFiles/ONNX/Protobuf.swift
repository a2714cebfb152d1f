// SPDX-License-Identifier: MIT

/// A window on a source's bytes. The window moves with the reader.
final class ByteWindow {
  let source: ByteSource
  private var start = 0
  private var bytes: [UInt8] = []

  init(_ source: ByteSource) { self.source = source }

  /// Returns the byte at an offset.
  ///
  /// - Precondition: the offset lies in 0 ..< source.count
  func byte(at offset: Int) throws(PixelAscentError) -> UInt8 {
    if offset < start || offset - start >= bytes.count {
      bytes = try source.bytes(offset..<offset + min(Self.size, source.count - offset))
      start = offset
    }
    return bytes[offset - start]
  }

  private static let size = 1 << 14
}

/// A message in the wire format of Protocol Buffers, read field by field.
///
/// A field begins with a varint that holds its number and its wire type. Its value follows: a varint, 4 or 8 bytes, or
/// a number of bytes as a varint and then these bytes. The bytes of a value are read only when they are asked for. See
/// <https://protobuf.dev/programming-guides/encoding/>.
struct ProtobufMessage {
  private let window: ByteWindow
  private var position: Int
  private let end: Int

  struct Field {
    let number: Int
    fileprivate let type: WireType
    /// The range of the value's bytes, without the length before them.
    let range: Range<Int>
  }

  fileprivate enum WireType: UInt64 {
    case varint = 0, eightBytes, lengthDelimited, groupStart, groupEnd, fourBytes
  }

  /// Creates a reader of the message that fills a source.
  init(_ source: ByteSource) { self.init(ByteWindow(source), 0..<source.count) }

  private init(_ window: ByteWindow, _ range: Range<Int>) {
    self.window = window
    (position, end) = (range.lowerBound, range.upperBound)
  }

  var source: ByteSource { window.source }

  func fail(_ message: String) -> PixelAscentError { source.fail(message) }

  /// Returns the next field; nil at the message's end.
  mutating func next() throws(PixelAscentError) -> Field? {
    if position == end { return nil }
    let start = position
    let tag = try varint()
    guard let type = WireType(rawValue: tag & 7), (1...(1 << 29) - 1).contains(tag >> 3) else {
      throw fail("not an ONNX file, or a damaged one: no field begins at byte \(start)")
    }
    let length: UInt64
    switch type {
    case .varint:
      let first = position
      _ = try varint()
      return Field(number: Int(tag >> 3), type: type, range: first..<position)
    case .eightBytes: length = 8
    case .fourBytes: length = 4
    case .lengthDelimited: length = try varint()
    case .groupStart, .groupEnd:
      throw fail("not an ONNX file, or a damaged one: a group at byte \(start); ONNX has none")
    }
    guard length <= UInt64(end - position) else {
      throw fail("truncated or damaged: \(length) bytes are declared at byte \(position), found \(end - position)")
    }
    defer { position += Int(length) }
    return Field(number: Int(tag >> 3), type: type, range: position..<position + Int(length))
  }

  /// Returns the message that a field holds.
  func message(_ field: Field) throws(PixelAscentError) -> ProtobufMessage {
    try check(field, .lengthDelimited)
    return ProtobufMessage(window, field.range)
  }

  /// Returns the text that a field holds. Bytes that are not UTF-8 are replaced.
  func text(_ field: Field, limit: Int = 4096) throws(PixelAscentError) -> String {
    try check(field, .lengthDelimited)
    guard field.range.count <= limit else {
      throw fail("a text of \(field.range.count) bytes at byte \(field.range.lowerBound); at most \(limit) are read")
    }
    return String(decoding: try bytes(field.range), as: UTF8.self)
  }

  func integer(_ field: Field) throws(PixelAscentError) -> Int {
    try check(field, .varint)
    var value = ProtobufMessage(window, field.range)
    return Int(truncatingIfNeeded: try value.varint())
  }

  func float(_ field: Field) throws(PixelAscentError) -> Float {
    try check(field, .fourBytes)
    return ElementType.float32.element(0, of: try bytes(field.range))
  }

  /// Returns the integers of a repeated field: one, or many if they are packed.
  func integers(_ field: Field) throws(PixelAscentError) -> [Int] {
    if field.type != .varint { try check(field, .lengthDelimited) }
    return try varints(field.range).map { Int(truncatingIfNeeded: $0) }
  }

  /// Returns the floats of a repeated field: one, or many if they are packed.
  func floats(_ field: Field) throws(PixelAscentError) -> [Float] {
    let elements = try packed(field, of: 4)
    let bytes = try bytes(elements)
    return (0..<elements.count / 4).map { ElementType.float32.element($0, of: bytes) }
  }

  /// Returns the range of a repeated field's elements, which take `size` bytes each, or are varints if `size` is 0.
  func packed(_ field: Field, of size: Int) throws(PixelAscentError) -> Range<Int> {
    if field.type != (size == 4 ? .fourBytes : size == 8 ? .eightBytes : .varint) { try check(field, .lengthDelimited) }
    guard size == 0 || field.range.count % size == 0 else {
      throw fail(
        "elements of \(size) bytes don't fill the \(field.range.count) bytes at byte \(field.range.lowerBound)")
    }
    return field.range
  }

  /// Returns the varints that fill a range.
  func varints(_ range: Range<Int>) throws(PixelAscentError) -> [UInt64] {
    var values = ProtobufMessage(window, range)
    var result = [UInt64]()
    while values.position < values.end { result.append(try values.varint()) }
    return result
  }

  private func bytes(_ range: Range<Int>) throws(PixelAscentError) -> [UInt8] { try source.bytes(range) }

  private func check(_ field: Field, _ type: WireType) throws(PixelAscentError) {
    guard field.type == type else {
      throw fail(
        "not an ONNX file, or a damaged one: field \(field.number) at byte \(field.range.lowerBound) has the wire type "
          + "\(field.type.rawValue), expected \(type.rawValue)")
    }
  }

  /// Reads a varint: seven bits per byte, the lowest first. The highest bit says that another byte follows.
  private mutating func varint() throws(PixelAscentError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { throw fail("truncated or damaged: the number at byte \(start) has no end") }
      let byte = try window.byte(at: position)
      position += 1
      if shift == 63 && byte > 1 { break }
      value |= UInt64(byte & 127) << shift
      if byte < 128 { return value }
    }
    throw fail("not an ONNX file, or a damaged one: the number at byte \(start) exceeds 64 bits")
  }
}
