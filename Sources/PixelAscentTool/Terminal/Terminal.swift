// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The size of a terminal in characters.
package struct Terminal: Hashable, Sendable {
  package let columns, rows: Int
  /// The height of a character divided by its width.
  package let cellAspect: Double

  package init(columns: Int, rows: Int, cellAspect: Double = 2) {
    (self.columns, self.rows, self.cellAspect) = (columns, rows, cellAspect)
  }

  /// The terminal to which standard error goes; nil if standard error is not a terminal, or a dumb one, which can't
  /// overwrite a line.
  package static var standardError: Terminal? { terminal(STDERR_FILENO) }

  /// The terminal to which standard output goes; nil if standard output is not a terminal, or a dumb one, which can't
  /// overwrite a line.
  package static var standardOutput: Terminal? { terminal(STDOUT_FILENO) }

  private static func terminal(_ file: Int32) -> Terminal? {
    guard isatty(file) == 1, let kind = Files.environment("TERM"), kind != "dumb" else { return nil }
    var size = winsize()
    guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return Terminal(columns: 80, rows: 24)
    }
    let (columns, rows) = (Int(size.ws_col), Int(size.ws_row))
    // Many terminals do not report their size in pixels.
    let (width, height) = (Double(size.ws_xpixel) / Double(columns), Double(size.ws_ypixel) / Double(rows))
    let isKnown = width >= 1 && height >= 1
    return Terminal(columns: columns, rows: rows, cellAspect: isKnown ? height / width : 2)
  }

  /// Whether the user allows coloured text (see no-color.org).
  package static var allowsColor: Bool { Files.environment("NO_COLOR") == nil }
}
