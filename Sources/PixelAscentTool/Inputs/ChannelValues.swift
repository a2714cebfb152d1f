// SPDX-License-Identifier: MIT

/// A number for each channel of an image.
package struct ChannelValues: Sendable {
  package let values: [Float]

  /// Reads a text such as 0.485,0.456,0.406: three numbers, or one for a grey network.
  ///
  /// - Throws: `UsageError` if the text is not such a list.
  package init(_ text: String) throws {
    values = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let value = Float(part), value.isFinite else {
        throw UsageError("\"\(text)\" is not a list of numbers such as 0.485,0.456,0.406.")
      }
      return value
    }
    guard values.count == 3 || values.count == 1 else {
      throw UsageError("\"\(text)\" has \(values.count) numbers; give three, or one for a grey network.")
    }
  }
}
