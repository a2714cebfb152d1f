// SPDX-License-Identifier: MIT

extension StringProtocol {
  /// The text without blanks, tabs and line breaks at its beginning and its end.
  var trimmed: SubSequence {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return self[startIndex..<startIndex]
    }
    return self[first...last]
  }
}
