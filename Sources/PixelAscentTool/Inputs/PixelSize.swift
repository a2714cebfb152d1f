// SPDX-License-Identifier: MIT

/// The size of a picture, as an option gives it.
package struct PixelSize: Hashable, Sendable {
  package let height, width: Int

  /// Reads a text such as 224, for a square, or 200x300, for height and width; nil if the text is not a size.
  package init?(_ text: String) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let height = parts[0], let width = parts[parts.count - 1] else { return nil }
    (self.height, self.width) = (height, width)
  }
}
