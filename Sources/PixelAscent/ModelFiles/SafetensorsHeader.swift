// SPDX-License-Identifier: MIT

/// The JSON object of a safetensors header.
struct SafetensorsHeader: Decodable {
  struct Info: Decodable {
    let dtype: String
    let shape: [Int]
    let begin: Int
    let end: Int

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    init(dtype: String, shape: [Int], begin: Int, end: Int) {
      (self.dtype, self.shape, self.begin, self.end) = (dtype, shape, begin, end)
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dtype = try container.decode(String.self, forKey: .dtype)
      shape = try container.decode([Int].self, forKey: .shape)
      let offsets = try container.decode([Int].self, forKey: .offsets)
      guard offsets.count == 2 else {
        throw DecodingError.dataCorruptedError(forKey: .offsets, in: container, debugDescription: "not a pair")
      }
      (begin, end) = (offsets[0], offsets[1])
    }
  }

  fileprivate(set) var metadata = [String: String]()
  fileprivate(set) var tensors = [(name: String, info: Info)]()

  /// Reads a header.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the header does not follow the format, of kind `sizeLimit` if
  ///   the process can't get the memory for a long header.
  init(json: [UInt8]) throws(PixelAscentError) {
    // A tensor takes at least 50 bytes of the header, and a few hundred bytes of memory.
    let what = "a header of \(json.count) bytes may take"
    if json.count >= 1 << 18 { try Files.checkMemory(8 * json.count, Message(what)) }
    var reader = UsualHeader(json)
    if let header = reader.header() {
      self = header
      return
    }
    // The general decoder reads every form of JSON, and says what is wrong. It takes ten times as long.
    if json.count >= 1 << 18 { try Files.checkMemory(32 * json.count, Message(what)) }
    self = try JSONText.decode(Self.self, from: json)
  }

  fileprivate init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: JSONKey.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        tensors.append((key.stringValue, try container.decode(Info.self, forKey: key)))
      }
    }
  }
}

/// A reader of headers in the form in which programs write them: without escapes in the names of tensors, and with
/// nothing about a tensor but its type, shape and range.
private struct UsualHeader {
  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) { self.text = text }

  /// Returns the header; nil if it has another form, or is not valid.
  mutating func header() -> SafetensorsHeader? {
    var header = SafetensorsHeader()
    let isComplete = object { reader, name in
      if name == "__metadata__" {
        guard header.metadata.isEmpty, let metadata = reader.metadata() else { return false }
        header.metadata = metadata
      } else {
        guard let info = reader.info() else { return false }
        header.tensors.append((name, info))
      }
      return true
    }
    guard isComplete else { return nil }
    skipSpace()
    return position == text.count ? header : nil
  }

  private mutating func info() -> SafetensorsHeader.Info? {
    var dtype: String?, shape: [Int]?, offsets: [Int]?
    let isComplete = object { reader, name in
      switch name {
      case "dtype" where dtype == nil:
        dtype = reader.string()
        return dtype != nil
      case "shape" where shape == nil:
        shape = reader.integers()
        return shape != nil
      case "data_offsets" where offsets == nil:
        offsets = reader.integers()
        return offsets?.count == 2
      default: return false
      }
    }
    guard isComplete, let dtype, let shape, let offsets else { return nil }
    return SafetensorsHeader.Info(dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private mutating func metadata() -> [String: String]? {
    skipSpace()
    let start = position
    var isInString = false
    while position < text.count {
      let byte = text[position]
      position += 1
      if byte == UInt8(ascii: "\"") {
        isInString.toggle()
      } else if isInString && byte == UInt8(ascii: "\\") {
        position += 1
      } else if !isInString && byte == UInt8(ascii: "}") {
        return try? JSONText.decode([String: String].self, from: text[start..<position])
      }
    }
    return nil
  }

  /// Reads an object and calls `value` at each value with its key. Returns false as soon as `value` does.
  private mutating func object(_ value: (inout UsualHeader, String) -> Bool) -> Bool {
    guard take("{") else { return false }
    if take("}") { return true }
    repeat {
      guard let name = string(), take(":"), value(&self, name) else { return false }
    } while take(",")
    return take("}")
  }

  private mutating func string() -> String? {
    guard take("\"") else { return nil }
    let start = position
    while position < text.count, text[position] != UInt8(ascii: "\"") {
      guard text[position] >= 0x20, text[position] != UInt8(ascii: "\\") else { return nil }
      position += 1
    }
    guard position < text.count else { return nil }
    defer { position += 1 }
    return String(validating: text[start..<position], as: UTF8.self)
  }

  private mutating func integers() -> [Int]? {
    guard take("[") else { return nil }
    if take("]") { return [] }
    var integers = [Int]()
    repeat {
      guard let integer = integer() else { return nil }
      integers.append(integer)
    } while take(",")
    return take("]") ? integers : nil
  }

  /// Reads a number of at most 18 digits without a sign.
  private mutating func integer() -> Int? {
    skipSpace()
    let start = position
    var number = 0
    while position < text.count, (48...57).contains(text[position]), position - start < 19 {
      number = number &* 10 &+ Int(text[position] - 48)
      position += 1
    }
    let digits = position - start, hasLeadingZero = digits > 1 && text[start] == UInt8(ascii: "0")
    return (1...18).contains(digits) && !hasLeadingZero ? number : nil
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[position]) { position += 1 }
  }
}
