// SPDX-License-Identifier: MIT

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// JSON as it stands in a model file.
enum JSONText {
  /// The value as JSON with sorted keys: the same value gives the same text.
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// The value that the JSON `text` holds.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel`; its line begins with `name` and says what is wrong where.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from text: some Sequence<UInt8>, name: String
  ) throws(PixelAscentError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(text))
    } catch let error as PixelAscentError {
      throw error.within(name)
    } catch let error as DecodingError {
      throw PixelAscentError(.invalidModel, "\(name): \(explanation(error))")
    } catch {
      throw PixelAscentError(.invalidModel, "\(name): not valid JSON")
    }
  }

  private static func explanation(_ error: DecodingError) -> String {
    switch error {
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      "not valid JSON, or it holds a number that does not fit"
    case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(path(context.codingPath)) holds a value of the wrong kind"
    case .keyNotFound(let key, let context):
      "\(path(context.codingPath)) lacks \"\(key.stringValue.oneLine)\""
    @unknown default: "not valid JSON"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "it" : keys.map(\.stringValue).joined(separator: ".").oneLine
  }
}
