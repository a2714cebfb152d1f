// SPDX-License-Identifier: MIT

import PixelAscent
import Synchronization

/// The last line of the terminal, which shows the progress of the work. A process has only one standard error, and
/// therefore only one status line.
package enum StatusLine {
  private struct State {
    var text = ""
    var shownAt: ContinuousClock.Instant?

    mutating func clear() {
      if !text.isEmpty { StandardStreams.printError("\r\u{1B}[K", end: "") }
      self = State()
    }
  }

  private static let state = Mutex(State())
  private static let pause = Duration.milliseconds(100)

  /// Shows the text that `text` makes for the terminal's width; does nothing if standard error is not a terminal.
  ///
  /// If the line was written less than a tenth of a second ago, the text is not shown yet. It appears when something is
  /// printed above the line, unless a later call replaces it first.
  package static func show(_ text: (_ width: Int) -> String) {
    guard let terminal = Terminal.standardError else { return }
    let now = ContinuousClock.now
    state.withLock { state in
      // A character in the last column would make some terminals move to the next line.
      state.text = text(terminal.columns - 1)
      if let shownAt = state.shownAt, now - shownAt < pause { return }
      state.shownAt = now
      StandardStreams.printError("\r\(state.text)\u{1B}[K", end: "")
    }
  }

  /// Clears the line, calls `print`, and shows the line again below the printed text.
  package static func above<Value>(_ print: () throws -> Value) rethrows -> Value {
    try state.withLock { state in
      if state.text.isEmpty { return try print() }
      StandardStreams.printError("\r\u{1B}[K", end: "")
      defer { StandardStreams.printError(state.text, end: "") }
      return try print()
    }
  }

  /// Clears the line.
  package static func clear() { state.withLock { $0.clear() } }

  /// Clears the line and calls `end`; no other thread can print in between. If another thread is just printing, this
  /// does nothing.
  package static func leave(_ end: () -> Never) {
    state.withLockIfAvailable { (state: inout sending State) -> Void in
      // If the user has stopped the terminal's output (Ctrl-S), a write would block.
      if StandardStreams.canPrintErrorNow {
        // The terminal has written "^C" on the line.
        if state.text.isEmpty && Terminal.standardError != nil { StandardStreams.printError("") }
        state.clear()
      }
      end()
    }
  }
}
