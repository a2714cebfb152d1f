// SPDX-License-Identifier: MIT

/// The type of a tensor's elements in a file. All of them are little-endian.
package enum ElementType: String, Sendable {
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float32 = "F32"
  case float64 = "F64"
  case int8 = "I8"
  case uint8 = "U8"
  case int16 = "I16"
  case int32 = "I32"
  case int64 = "I64"
  case bool = "BOOL"

  /// The size of an element in bytes.
  package var size: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }

  /// Returns the element at `index`, rounded to `Float`.
  func element(_ index: Int, of bytes: [UInt8]) -> Float { bytes.withUnsafeBytes { element(index, of: $0) } }

  /// Returns the element at `index`, rounded to `Float`.
  func element(_ index: Int, of bytes: UnsafeRawBufferPointer) -> Float {
    precondition(index >= 0 && index < bytes.count / size)
    func load<T: FixedWidthInteger>(_: T.Type) -> T {
      T(littleEndian: bytes.loadUnaligned(fromByteOffset: index * size, as: T.self))
    }
    return switch self {
    case .float16: Self.half(load(UInt16.self))
    case .bfloat16: Float(bitPattern: UInt32(load(UInt16.self)) << 16)
    case .float32: Float(bitPattern: load(UInt32.self))
    case .float64: Float(Double(bitPattern: load(UInt64.self)))
    case .int8: Float(load(Int8.self))
    case .uint8, .bool: Float(load(UInt8.self))
    case .int16: Float(load(Int16.self))
    case .int32: Float(load(Int32.self))
    case .int64: Float(load(Int64.self))
    }
  }

  /// Converts a half-precision number (IEEE 754 binary16). Swift's own `Float16` is missing on Intel Macs.
  static func half(_ bits: UInt16) -> Float {
    let sign: FloatingPointSign = bits >> 15 == 0 ? .plus : .minus
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    switch exponent {
    case 0: return Float(sign: sign, exponent: -24, significand: fraction)
    case 31: return fraction > 0 ? .nan : Float(sign: sign, exponent: 0, significand: .infinity)
    default: return Float(sign: sign, exponent: exponent - 25, significand: 1024 + fraction)
    }
  }

  var isFloat: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }
}

/// The type of a NumPy array's elements, which may be unsigned or big-endian.
struct NumPyType {
  enum Kind: Character {
    case float = "f"
    case signed = "i"
    case unsigned = "u"
  }

  let kind: Kind
  /// The size of an element in bytes.
  let size: Int
  var isBigEndian: Bool

  /// Reads NumPy's code of a type, such as "f4" or "<i8". Nil if the type is neither a float of 2, 4 or 8 bytes nor an
  /// integer.
  init?(_ code: String) {
    var rest = code[...]
    isBigEndian = rest.first == ">"
    if let first = rest.first, "<>|=".contains(first) { rest.removeFirst() }
    guard rest.utf8.count == 2, let kind = rest.popFirst().flatMap(Kind.init(rawValue:)),
      let size = Int(rest), [1, 2, 4, 8].contains(size), kind != .float || size > 1
    else { return nil }
    self.kind = kind
    self.size = size
  }

  var code: String { "\(isBigEndian ? ">" : "<")\(kind.rawValue)\(size)" }

  /// Returns the element at `index`, rounded to `Float`.
  func element(_ index: Int, of data: [UInt8]) -> Float {
    let stored = data[index * size..<(index + 1) * size]
    let bytes = isBigEndian ? ArraySlice(stored.reversed()) : stored
    let bits = UInt64(littleEndianBytes: bytes)
    return switch (kind, size) {
    case (.float, 2): ElementType.half(UInt16(truncatingIfNeeded: bits))
    case (.float, 4): Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    case (.float, _): Float(Double(bitPattern: bits))
    case (.unsigned, _): Float(bits)
    case (.signed, _): Float(Int(signedLittleEndianBytes: bytes))
    }
  }
}
