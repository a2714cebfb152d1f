// SPDX-License-Identifier: MIT

/// An opaque colour of 8-bit red, green and blue values.
public struct RGBColor: Hashable, Sendable {
  /// The values, from 0 to 255.
  public let red, green, blue: UInt8

  /// White: 255, 255, 255.
  public static let white = RGBColor(red: 255, green: 255, blue: 255)

  /// The names of colours that ``init(_:)`` knows.
  private static let names: [String: RGBColor] = [
    "white": white, "black": RGBColor(red: 0, green: 0, blue: 0),
    "grey": RGBColor(red: 128, green: 128, blue: 128), "gray": RGBColor(red: 128, green: 128, blue: 128),
  ]

  /// Creates a colour.
  public init(red: UInt8, green: UInt8, blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }

  /// Creates the colour that a text names: white, black or grey (128, 128, 128), #rrggbb in hexadecimal, or three
  /// numbers from 0 to 255 such as 124,116,104. Returns nil for any other text.
  public init?(_ text: String) {
    if let color = Self.names[text.lowercased()] {
      self = color
      return
    }
    var values: [UInt8?]
    if text.hasPrefix("#") {
      let digits = Array(text.dropFirst())
      guard digits.count == 6, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
      values = stride(from: 0, to: 6, by: 2).map { UInt8(String(digits[$0..<$0 + 2]), radix: 16) }
    } else {
      values = text.split(separator: ",", omittingEmptySubsequences: false).map { UInt8($0) }
    }
    guard values.count == 3, let red = values[0], let green = values[1], let blue = values[2] else { return nil }
    self.init(red: red, green: green, blue: blue)
  }
}

extension RGBColor: CustomStringConvertible {
  /// The colour as #rrggbb.
  public var description: String {
    "#"
      + [red, green, blue].map { (value: UInt8) -> String in (value < 16 ? "0" : "") + String(value, radix: 16) }
      .joined()
  }
}

extension RGBColor: Codable {
  /// Decodes a text that ``init(_:)`` reads.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let color = RGBColor(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a colour")
    }
    self = color
  }

  /// Encodes the colour as ``description``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
