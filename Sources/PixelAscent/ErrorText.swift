// SPDX-License-Identifier: MIT

extension String {
  /// The text as it may stand in an error line: control characters as spaces, and no longer than 80 characters.
  ///
  /// What a file or a user wrote goes through here, so that an error stays one readable line.
  package var oneLine: String {
    let start = prefix(80)
    let clean = String(start.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 32 } ? " " : $0 })
    return start.endIndex == endIndex ? clean : clean + "…"
  }
}

extension PixelAscentError {
  /// The same error, its line preceded by the file or the part it is about.
  package func within(_ name: String) -> PixelAscentError {
    PixelAscentError(kind, "\(name): \(message)")
  }
}
