// SPDX-License-Identifier: MIT

/// A type of numbers, by its number in ONNX. Integers of less than 8 bits are packed into bytes, the first into the
/// lowest bits.
enum ONNXElementType: Int {
  case float32 = 1
  case uint8, int8, uint16, int16, int32, int64
  case bool = 9
  case float16, float64, uint32, uint64
  case bfloat16 = 16
  case uint4 = 21
  case int4
  case uint2 = 25
  case int2

  var isFloat: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  /// Whether the type has whole numbers that include those from 0 to 255.
  var holdsPixels: Bool {
    switch self {
    case .uint8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    default: false
    }
  }

  /// The number of bits of an element in a file.
  var bits: Int {
    switch self {
    case .uint2, .int2: 2
    case .uint4, .int4: 4
    case .bool, .uint8, .int8: 8
    case .float16, .bfloat16, .uint16, .int16: 16
    case .float32, .uint32, .int32: 32
    case .float64, .uint64, .int64: 64
    }
  }

  private var isSigned: Bool {
    switch self {
    case .bool, .uint2, .uint4, .uint8, .uint16, .uint32, .uint64: false
    default: true
    }
  }

  /// The type as a parameter's; nil if no parameter has this type. A parameter of truth values could hold other bytes
  /// than 0 and 1.
  var element: ElementType? {
    switch self {
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32: .float32
    case .float64: .float64
    case .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    default: nil
    }
  }

  var name: String {
    if isFloat, let element { return element.rawValue }
    return self == .bool ? "BOOL" : "\(isSigned ? "I" : "U")\(bits)"
  }

  /// Returns how many bytes `count` elements take; nil if too many.
  func byteCount(_ count: Int) -> Int? {
    let (total, overflow) = count.multipliedReportingOverflow(by: bits)
    return overflow ? nil : total / 8 + (total % 8 > 0 ? 1 : 0)
  }

  // MARK: Results in this type

  /// Returns the integer of this type that has the lowest bits of `value`; of truth values, 1 for each number but 0.
  /// Integers of 64 bits without a sign are kept as the `Int` with the same bits.
  func wrapped(_ value: Int) -> Int {
    if self == .bool { return value == 0 ? 0 : 1 }
    if bits == 64 { return value }
    let shift = 64 - bits
    return isSigned ? (value << shift) >> shift : value & (1 << bits - 1)
  }

  /// Returns the number of this type of floats that is nearest to `value`.
  func rounded(_ value: Double) -> Double {
    switch self {
    case .float16: rounded(value, fractionBits: 10, leastExponent: -14)
    case .bfloat16: rounded(value, fractionBits: 7, leastExponent: -126)
    case .float64: value
    default: Double(Float(value))
    }
  }

  /// The greatest finite number of this type of floats.
  var greatest: Double {
    switch self {
    case .float16: 65504
    case .bfloat16: 0x1.fep127
    case .float64: .greatestFiniteMagnitude
    default: Double(Float.greatestFiniteMagnitude)
    }
  }

  private func rounded(_ value: Double, fractionBits: Int, leastExponent: Int) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let exponent = max(Int(value.exponent), leastExponent) - fractionBits
    let unit = Double(sign: .plus, exponent: exponent, significand: 1)
    let result = (value / unit).rounded(.toNearestOrEven) * unit
    return abs(result) <= greatest ? result : value < 0 ? -.infinity : .infinity
  }

  /// Returns a real number as an integer of this type, without its fraction; nil if the type has no such integer.
  func integer(_ value: Double) -> Int? {
    if self == .bool { return value == 0 ? 0 : 1 }
    let whole = value.rounded(.towardZero)
    if self == .uint64 { return UInt(exactly: whole).map { Int(bitPattern: $0) } }
    return Int(exactly: whole).flatMap { wrapped($0) == $0 ? $0 : nil }
  }

  /// Returns an integer of this type as a real number.
  func real(_ value: Int) -> Double { self == .uint64 ? Double(UInt(bitPattern: value)) : Double(value) }

  /// Returns a number that is greater for a greater integer of this type.
  func order(_ value: Int) -> Int { self == .uint64 ? value ^ .min : value }

  /// Returns the integer at `index` in the bytes of a file.
  func value(_ index: Int, of bytes: [UInt8]) -> Int {
    if bits < 8 { return wrapped(Int(bytes[index * bits / 8]) >> (index * bits % 8)) }
    return wrapped(Int(signedLittleEndianBytes: bytes[index * bits / 8..<(index + 1) * bits / 8]))
  }
}
