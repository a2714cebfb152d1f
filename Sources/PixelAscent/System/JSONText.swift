// SPDX-License-Identifier: MIT

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Encodes and decodes the JSON of model files and of the program's output.
package enum JSONText {
  /// Returns `value` as JSON with sorted keys. Equal values give equal texts.
  package static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return escaped(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Returns JSON in which `\u…` replaces each character that would move a terminal's cursor, end a line or reorder the
  /// text. The encoder itself replaces only those below U+0020.
  private static func escaped(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: \.isInvisible) else { return json }
    return json.unicodeScalars.reduce(into: "") { text, scalar in
      let digits = String(scalar.value, radix: 16)
      if scalar.isInvisible {
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  /// Returns the value that the JSON `text` holds.
  ///
  /// - Throws: the `PixelAscentError` that the initialiser of `Value` throws, or one of kind `invalidModel`, whose
  ///   message says what is wrong and where.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from text: some Sequence<UInt8>
  ) throws(PixelAscentError) -> Value {
    let text = Array(text)
    guard hasValidStrings(text) else { throw PixelAscentError(.invalidModel, Message(invalid)) }
    do {
      return try JSONDecoder().decode(type, from: Data(text))
    } catch let error as PixelAscentError {
      throw error
    } catch let error as DecodingError {
      throw PixelAscentError(.invalidModel, Message(explanation(error)))
    } catch {
      throw PixelAscentError(.invalidModel, "not valid JSON")
    }
  }

  private static let invalid = "not valid JSON, or a number in it is out of range"

  /// Returns whether every string is UTF-8 with valid escapes. Swift 6.0's decoder crashes on a key that is not valid.
  private static func hasValidStrings(_ text: [UInt8]) -> Bool {
    guard String(validating: text, as: UTF8.self) != nil else { return false }
    var rest = text[...]
    while let quote = rest.firstIndex(of: UInt8(ascii: "\"")) {
      rest = rest[(quote + 1)...]
      guard skipString(&rest) else { return false }
    }
    return true
  }

  /// Removes a string's characters and its closing quotation mark from the front of `rest`. Returns false if the string
  /// is not valid.
  private static func skipString(_ rest: inout ArraySlice<UInt8>) -> Bool {
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return true
      case 0..<0x20: return false
      case UInt8(ascii: "\\"):
        guard let escape = rest.popFirst() else { return false }
        if escape == UInt8(ascii: "u") {
          guard let unit = codeUnit(&rest), !UTF16.isTrailSurrogate(unit) else { return false }
          if UTF16.isLeadSurrogate(unit) {
            guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"),
              let trail = codeUnit(&rest), UTF16.isTrailSurrogate(trail)
            else { return false }
          }
        } else if !"\"\\/bfnrt".utf8.contains(escape) {
          return false
        }
      default: break
      }
    }
    return false
  }

  private static func codeUnit(_ rest: inout ArraySlice<UInt8>) -> UInt16? {
    let digits = rest.prefix(4)
    rest = rest.dropFirst(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
    return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  private static func explanation(_ error: DecodingError) -> String {
    switch error {
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      invalid
    case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(path(context.codingPath)) holds a value of the wrong kind"
    case .keyNotFound(let key, let context):
      "\(path(context.codingPath)) lacks \"\(key.stringValue.oneLine)\""
    @unknown default: "not valid JSON"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    let path = keys.reduce("") { path, key in
      if let index = key.intValue { return "\(path)[\(index)]" }
      return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
    }
    return path.isEmpty ? "it" : path.oneLine
  }
}

/// A key of a JSON object that may have any keys.
package struct JSONKey: CodingKey, ExpressibleByStringLiteral {
  package let stringValue: String
  package var intValue: Int? { nil }

  package init(_ name: String) { stringValue = name }
  package init(stringLiteral value: String) { stringValue = value }
  package init?(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}
