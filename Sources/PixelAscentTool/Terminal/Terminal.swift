// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A terminal's size in characters.
package struct Terminal: Hashable, Sendable {
  package let columns, rows: Int
  /// A character's height, its width being 1.
  package let cellAspect: Double

  package init(columns: Int, rows: Int, cellAspect: Double = 2) {
    (self.columns, self.rows, self.cellAspect) = (columns, rows, cellAspect)
  }

  /// The terminal that standard error is; nil if it is none, or one that can't go back on its line.
  package static var standardError: Terminal? { terminal(STDERR_FILENO) }

  /// The terminal that standard output is; nil as above.
  package static var standardOutput: Terminal? { terminal(STDOUT_FILENO) }

  private static func terminal(_ file: Int32) -> Terminal? {
    guard isatty(file) == 1, let kind = Files.environment("TERM"), kind != "dumb" else { return nil }
    var size = winsize()
    guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return Terminal(columns: 80, rows: 24)
    }
    let (columns, rows) = (Int(size.ws_col), Int(size.ws_row))
    // Many terminals do not tell their size in pixels.
    let (width, height) = (Double(size.ws_xpixel) / Double(columns), Double(size.ws_ypixel) / Double(rows))
    let isKnown = width >= 1 && height >= 1
    return Terminal(columns: columns, rows: rows, cellAspect: isKnown ? height / width : 2)
  }

  /// Whether text may have colours (no-color.org).
  package static var allowsColor: Bool { Files.environment("NO_COLOR") == nil }
}
