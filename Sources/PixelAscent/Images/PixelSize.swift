// SPDX-License-Identifier: MIT

/// The height and the width of an image in pixels.
///
/// In JSON a square is one number, such as 224; any other size is a list of the height and the width, such as [48, 32].
public struct PixelSize: Hashable, Sendable {
  /// The number of rows.
  public let height: Int
  /// The number of pixels in a row.
  public let width: Int

  /// The smaller of the two numbers.
  public var shortSide: Int { min(height, width) }

  /// Creates a size. The numbers are not checked.
  public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

  /// Creates the size of a square.
  public init(square side: Int) { self.init(height: side, width: side) }

  /// Reads a text such as 224, for a square, or 48x32, for height and width; nil if the text is not a size.
  public init?(_ text: String) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let height = parts[0], let width = parts[parts.count - 1] else { return nil }
    self.init(height: height, width: width)
  }
}

extension PixelSize: CustomStringConvertible, ExpressibleByIntegerLiteral {
  /// The height and the width, such as 48×32.
  public var description: String { "\(height)×\(width)" }

  /// Creates the size of a square.
  public init(integerLiteral side: Int) { self.init(square: side) }
}

extension PixelSize: Codable {
  /// Decodes a number, or a list of the height and the width.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let side = try? container.decode(Int.self) {
      self.init(square: side)
      return
    }
    let sides = try container.decode([Int].self)
    guard sides.count == 2 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected a size such as 224 or [48, 32], found \(sides.count) numbers")
    }
    self.init(height: sides[0], width: sides[1])
  }

  /// Encodes a square as a number, and any other size as a list of the height and the width.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if height == width { try container.encode(height) } else { try container.encode([height, width]) }
  }
}
