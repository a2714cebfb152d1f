// SPDX-License-Identifier: MIT

import PixelAscent

extension Advice {
  /// The advice in the program's words: an option or a command.
  package var words: String {
    if self == .inspection { return "pixelascent inspect" }
    // The option of maxMemory is --max-memory.
    return rawValue.reduce("--") { $1.isUppercase ? "\($0)-\($1.lowercased())" : "\($0)\($1)" }
  }
}

extension PixelAscentError {
  /// The error as the program prints it.
  package var line: String { line(\.words) }
}

extension Message {
  /// The message as the program prints it.
  package var text: String { text(\.words) }
}
