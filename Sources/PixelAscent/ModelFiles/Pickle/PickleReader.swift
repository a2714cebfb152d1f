// SPDX-License-Identifier: MIT

/// Reads a pickle's bytes, in the forms in which the arguments of opcodes are written.
struct PickleReader {
  /// The bytes loaded so far, from the pickle's beginning on.
  private(set) var bytes: [UInt8] = []
  private(set) var position = 0
  private let source: ByteSource
  private let start: Int
  private let count: Int

  /// Creates a reader of a range of a file. Bytes are loaded as they are needed, since only opcodes say where a pickle
  /// ends.
  ///
  /// - Precondition: the range lies in the file.
  init(_ source: ByteSource, in range: Range<Int>) {
    self.source = source
    (start, count) = (range.lowerBound, range.count)
  }

  var remaining: Int { count - position }

  func fail(_ message: String) -> PixelAscentError { source.fail(message) }

  /// Throws if bytes follow the pickle.
  func checkEnd() throws(PixelAscentError) {
    guard remaining == 0 else { throw fail("expected no bytes after the pickle's end, found \(remaining)") }
  }

  mutating func byte() throws(PixelAscentError) -> UInt8 {
    guard position < count else {
      throw fail("truncated: expected more of the pickle at byte \(position), found the end")
    }
    if position == bytes.count { try load(position + 1) }
    position += 1
    return bytes[position - 1]
  }

  /// Reads a little-endian integer of the type's width.
  mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(PixelAscentError) -> T {
    let start = try advance(T.bitWidth / 8)
    return T(truncatingIfNeeded: UInt64(littleEndianBytes: bytes[start..<position]))
  }

  /// Reads a big-endian double.
  mutating func double() throws(PixelAscentError) -> Double {
    Double(bitPattern: try integer(UInt64.self).byteSwapped)
  }

  /// Reads an integer of the given width, then as many bytes as it says.
  mutating func bytes<T: FixedWidthInteger>(counted type: T.Type) throws(PixelAscentError) -> [UInt8] {
    let start = try advance(try integer(type))
    return Array(bytes[start..<position])
  }

  /// Reads an integer of the given width, then UTF-8 text of as many bytes as it says.
  mutating func text<T: FixedWidthInteger>(counted type: T.Type) throws(PixelAscentError) -> String {
    try text(try bytes(counted: type))
  }

  /// Reads the bytes up to the next line feed, and skips the line feed.
  mutating func line() throws(PixelAscentError) -> [UInt8] {
    var searched = position
    while true {
      if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { position = end + 1 }
        return Array(bytes[position..<end])
      }
      searched = bytes.count
      guard searched < count else { throw fail("truncated: the line that begins at byte \(position) has no end") }
      try load(searched + 1)
    }
  }

  mutating func textLine() throws(PixelAscentError) -> String { try text(try line()) }

  /// Reads a line that holds an integer of 64 bits.
  mutating func integerLine() throws(PixelAscentError) -> Int {
    guard let value = try longLine() else {
      throw fail("expected an integer of 64 bits, found a longer one, before byte \(position)")
    }
    return value
  }

  /// Reads a line that holds an integer; returns nil if it has more than 64 bits. Python 2 writes an L after a long
  /// integer.
  mutating func longLine() throws(PixelAscentError) -> Int? {
    let text = try textLine()
    let digits = text.hasSuffix("L") ? text.dropLast() : text[...]
    if let value = Int(digits) { return value }
    let unsigned = digits.hasPrefix("-") ? digits.dropFirst() : digits
    guard unsigned.count > 18, unsigned.utf8.allSatisfy({ (48...57).contains($0) }) else {
      throw fail("expected an integer, found \"\(text.oneLine)\"")
    }
    return nil
  }

  /// Reads an integer of the given width, then a little-endian integer in two's complement of as many bytes as it says.
  /// Returns nil if that integer has more than 64 bits.
  mutating func long<T: FixedWidthInteger>(counted type: T.Type) throws(PixelAscentError) -> Int? {
    let digits = try bytes(counted: type)
    return digits.count <= 8 ? Int(signedLittleEndianBytes: digits) : nil
  }

  /// Reads a line that holds a Python 2 string literal.
  mutating func stringLiteralLine() throws(PixelAscentError) -> [UInt8] {
    let line = try line()
    guard line.count >= 2, let quote = line.first, line.last == quote, quote == 0x22 || quote == 0x27 else {
      throw fail("a string that ends at byte \(position) is not quoted")
    }
    return try unescaped(line[1..<line.count - 1], hexDigits: [UInt8(ascii: "x"): 2])
      .map { UInt8(truncatingIfNeeded: $0) }
  }

  /// Reads a line in Python's raw-unicode-escape: Latin-1 with \uXXXX and \UXXXXXXXX.
  mutating func rawUnicodeLine() throws(PixelAscentError) -> String {
    var text = String.UnicodeScalarView()
    for value in try unescaped(try line()[...], hexDigits: [UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8]) {
      guard let scalar = Unicode.Scalar(value) else { throw fail("a string holds \(value), which is not a character") }
      text.append(scalar)
    }
    return String(text)
  }

  private mutating func advance(_ count: some FixedWidthInteger) throws(PixelAscentError) -> Int {
    guard count >= 0, count <= remaining else {
      throw fail("truncated: \(count) bytes are declared at byte \(position), found \(remaining)")
    }
    try load(position + Int(count))
    defer { position += Int(count) }
    return position
  }

  /// Loads the bytes at least up to `end`: first 64 KiB, then as many again as are loaded, so that loading takes
  /// linear time.
  private mutating func load(_ end: Int) throws(PixelAscentError) {
    guard end > bytes.count else { return }
    let loaded = min(count, max(end, 2 * bytes.count, 1 << 16))
    // The bytes are copied when their array grows, and once more into the texts and arrays that they make.
    if loaded >= 1 << 20 { try Files.checkMemory(4 * loaded, "\(loaded) bytes of a pickle may take") }
    bytes += try source.bytes(start + bytes.count..<start + loaded)
  }

  private func text(_ bytes: [UInt8]) throws(PixelAscentError) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.utf8.elementsEqual(bytes) else { throw fail("a string that ends at byte \(position) is not UTF-8") }
    return text
  }

  /// Returns a text with its escapes resolved. `hexDigits` maps the letter of an escape to its number of hexadecimal
  /// digits.
  ///
  /// If `hexDigits` has x, the one-letter escapes of a string literal are resolved too. Other backslashes stand for
  /// themselves.
  private func unescaped(_ text: ArraySlice<UInt8>, hexDigits: [UInt8: Int]) throws(PixelAscentError) -> [UInt32] {
    let backslash = UInt8(ascii: "\\")
    let isLiteral = hexDigits[UInt8(ascii: "x")] != nil
    var result = [UInt32]()
    result.reserveCapacity(text.count)
    var rest = text
    while let first = rest.popFirst() {
      guard first == backslash, let letter = rest.first else {
        result.append(UInt32(first))
        continue
      }
      if let count = hexDigits[letter] {
        let digits = rest.dropFirst().prefix(count)
        guard digits.count == count, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
          throw fail("a string that ends at byte \(position) holds a broken escape")
        }
        result.append(value)
        rest = rest.dropFirst(1 + count)
      } else if isLiteral, let value = PickleReader.letterEscapes[letter] {
        result.append(UInt32(value))
        rest = rest.dropFirst()
      } else {
        result.append(UInt32(first))
      }
    }
    return result
  }

  private static let letterEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
    UInt8(ascii: "'"): UInt8(ascii: "'"), UInt8(ascii: "\""): UInt8(ascii: "\""),
  ]
}
