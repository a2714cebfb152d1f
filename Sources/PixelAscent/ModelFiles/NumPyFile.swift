// SPDX-License-Identifier: MIT

extension Tensor {
  /// The first bytes of every .npy file.
  package static let npyMagic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Reads a NumPy `.npy` file of little-endian float32 in C order; error lines call it `name`.
  ///
  /// Values may be infinite or NaN.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidModel` if the bytes are not such a file, or are more or fewer than
  ///   the shape declares.
  public init(npy bytes: [UInt8], name: String) throws(PixelAscentError) {
    func fail(_ message: String) -> PixelAscentError { PixelAscentError(.invalidModel, Message(message), about: name) }

    guard bytes.starts(with: Tensor.npyMagic), bytes.count >= 12 else {
      throw fail("not a NumPy .npy file: its first bytes are wrong or missing")
    }
    let version = bytes[6]
    guard (1...3).contains(version), bytes[7] == 0 else {
      throw fail("expected .npy version 1.0 to 3.0, found \(version).\(bytes[7])")
    }
    let lengthBytes = version == 1 ? 2 : 4
    let start = 8 + lengthBytes
    let length = Int(UInt64(littleEndianBytes: bytes[8..<start]))
    guard length <= bytes.count - start else {
      throw fail("the header declares \(length) bytes, found \(bytes.count - start): truncated")
    }
    var parser = NumPyHeader.Parser(rest: bytes[start..<start + length])
    guard let header = parser.header() else {
      throw fail("the header is not a dictionary of descr, fortran_order and shape")
    }
    guard header.type == "<f4" else {
      throw fail("expected the type <f4 (float32), found \(header.type.oneLine)")
    }
    guard !header.isFortranOrder else { throw fail("expected an array in C order, found Fortran order") }
    let found = bytes.count - start - length
    guard let count = elementCount(header.shape), count <= Int.max / 4, 4 * count == found else {
      throw fail("the header declares the shape \(shapeText(header.shape)) of float32, found \(found) bytes")
    }
    self.init(shape: header.shape, floats: bytes, at: start + length, count: count)
  }

  /// Returns the tensor as a NumPy `.npy` file: version 1.0, little-endian float32, C order.
  public func npyData() -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
    // The data begins at a multiple of 64 bytes; a line feed ends the header.
    let start = (10 + header.count + 1 + 63) / 64 * 64
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: start - 10 - header.count - 1))
    header.append(UInt8(ascii: "\n"))
    precondition(header.count <= UInt16.max, "a shape of \(shape.count) dimensions does not fit an .npy header")

    var bytes = Tensor.npyMagic
    bytes.reserveCapacity(start + 4 * values.count)
    bytes += [1, 0, UInt8(header.count & 255), UInt8(header.count >> 8)]
    bytes += header
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }
}

/// The header of an `.npy` file: a Python dictionary literal of exactly three entries.
private struct NumPyHeader {
  let type: String
  let isFortranOrder: Bool
  let shape: [Int]

  /// A parser of the literal. Its methods return nil if the text is not what they expect.
  struct Parser {
    var rest: ArraySlice<UInt8>

    mutating func header() -> NumPyHeader? {
      var type: String?
      var isFortranOrder: Bool?
      var shape: [Int]?
      guard take("{") else { return nil }
      while !take("}") {
        guard let key = string(), take(":") else { return nil }
        switch key {
        case "descr" where type == nil: type = string()
        case "fortran_order" where isFortranOrder == nil: isFortranOrder = bool()
        case "shape" where shape == nil: shape = tuple()
        default: return nil
        }
        // A structured type is refused anyway, so the rest of the header need not be parsed.
        if key == "descr" && peek("[") {
          return NumPyHeader(type: "a structured type", isFortranOrder: false, shape: [])
        }
        if !take(",") && !peek("}") { return nil }
      }
      skipSpace()
      guard let type, let isFortranOrder, let shape, rest.isEmpty else { return nil }
      return NumPyHeader(type: type, isFortranOrder: isFortranOrder, shape: shape)
    }

    private mutating func skipSpace() {
      rest = rest.drop { $0 == 32 || (9...13).contains($0) }
    }

    private mutating func peek(_ text: String) -> Bool {
      skipSpace()
      return rest.starts(with: text.utf8)
    }

    private mutating func take(_ text: String) -> Bool {
      guard peek(text) else { return false }
      rest = rest.dropFirst(text.utf8.count)
      return true
    }

    private mutating func string() -> String? {
      guard let quote = ["'", "\""].first(where: { peek($0) }), take(quote) else { return nil }
      let text = rest.prefix { $0 != quote.utf8.first }
      rest = rest[text.endIndex...]
      return take(quote) ? String(decoding: text, as: UTF8.self) : nil
    }

    private mutating func bool() -> Bool? {
      if take("True") { return true }
      return take("False") ? false : nil
    }

    private mutating func tuple() -> [Int]? {
      guard take("(") else { return nil }
      var extents = [Int]()
      while !take(")") {
        skipSpace()
        let digits = rest.prefix { (48...57).contains($0) }
        guard let extent = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        extents.append(extent)
        rest = rest[digits.endIndex...]
        // (3) is a number in Python, (3,) a tuple.
        if !take(",") && (extents.count == 1 || !peek(")")) { return nil }
      }
      return extents
    }
  }
}

extension Tensor {
  /// Writes the tensor to a NumPy file (.npy), whole or not at all.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  public func write(to path: String) throws(PixelAscentError) {
    try Files.write(npyData(), to: path)
  }
}
