// SPDX-License-Identifier: MIT

extension String {
  /// The text that C has put into a buffer: what is there before the first zero.
  init(beforeZero buffer: some Sequence<some BinaryInteger>) {
    self.init(decoding: buffer.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
  }

  /// The text as it may stand in an error line: what can't be seen as spaces, and no longer than 80 characters.
  ///
  /// What a file or a user wrote goes through here, so that an error stays one readable line.
  package var oneLine: String {
    let start = prefix(80)
    let clean = start.map { $0.isNewline || $0.unicodeScalars.contains(where: \.isInvisible) ? " " : $0 }
    return start.endIndex == endIndex ? String(clean) : String(clean) + "…"
  }

  /// The text as a terminal may get it: what would move the cursor, change colours or reorder the text as "?".
  package func visible() -> String {
    String(String.UnicodeScalarView(unicodeScalars.map { $0.isInvisible ? "?" : $0 }))
  }
}

extension Unicode.Scalar {
  /// Whether it is a control character, ends a line, or changes the direction of the text around it.
  package var isInvisible: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: properties.isBidiControl
    }
  }
}
