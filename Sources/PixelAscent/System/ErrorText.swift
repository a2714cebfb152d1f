// SPDX-License-Identifier: MIT

extension String {
  /// Reads the text that C code wrote into `buffer`, up to the first zero.
  init(beforeZero buffer: some Sequence<some BinaryInteger>) {
    self.init(decoding: buffer.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
  }

  /// The text for an error line: its first 80 characters, with a space for each character that can't be seen.
  ///
  /// Error lines show text from files and users through this property, so that they stay one readable line.
  package var oneLine: String {
    // A character may have any number of combining marks.
    let start = String(unicodeScalars.prefix(320)).prefix(80)
    let clean = start.map { $0.isNewline || $0.unicodeScalars.contains(where: \.isInvisible) ? " " : $0 }
    return start.utf8.count == utf8.count ? String(clean) : String(clean) + "…"
  }

  /// Returns the text for a terminal: "?" replaces each character that would move the cursor, change colours or reorder
  /// the text.
  package func visible() -> String {
    String(String.UnicodeScalarView(unicodeScalars.map { $0.isInvisible ? "?" : $0 }))
  }
}

extension Unicode.Scalar {
  /// Whether the character is a control character, ends a line, or changes the direction of the text around it.
  package var isInvisible: Bool {
    if value < 0x7F { return value < 0x20 }
    return switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: properties.isBidiControl
    }
  }
}
