// SPDX-License-Identifier: MIT

import Foundation

/// A JSON value other than null.
indirect enum JSONValue: Decodable, Equatable {
  case bool(Bool)
  case int(Int)
  case number(Double)
  case string(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(_ line: String) throws { self = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8)) }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  subscript(key: String) -> JSONValue? {
    if case .object(let fields) = self { fields[key] } else { nil }
  }

  subscript(index: Int) -> JSONValue? {
    if case .list(let values) = self, values.indices.contains(index) { values[index] } else { nil }
  }

  var list: [JSONValue]? { if case .list(let values) = self { values } else { nil } }
  var count: Int? { list?.count }
  var string: String? { if case .string(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var int: Int? { if case .int(let value) = self { value } else { nil } }

  var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The type that a value must have; for an object, the names and types of its fields.
  indirect enum Form: Sendable {
    case bool, int, number, string
    case list(Form)
    case object([String: Form])
  }

  /// Returns whether the value has the form. A list must not be empty, and an object must have exactly the fields of
  /// the form.
  func has(_ form: Form) -> Bool {
    switch (self, form) {
    case (.bool, .bool), (.int, .int), (.int, .number), (.number, .number), (.string, .string): true
    case (.list(let values), .list(let form)): !values.isEmpty && values.allSatisfy { $0.has(form) }
    case (.object(let fields), .object(let forms)):
      Set(fields.keys) == Set(forms.keys) && fields.allSatisfy { key, value in forms[key].map(value.has) ?? false }
    default: false
    }
  }
}
