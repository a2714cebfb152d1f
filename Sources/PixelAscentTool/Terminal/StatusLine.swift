// SPDX-License-Identifier: MIT

import PixelAscent
import Synchronization

/// The last line of the terminal that standard error is, which says how far the work is. A process has one standard error, and
/// so it has one status line.
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

  /// Shows on the line the text that `text` makes for the terminal's width; does nothing if standard error is no terminal. If
  /// the line was written less than a tenth of a second ago, the text waits for the next call, or until something is printed
  /// above it.
  package static func show(_ text: (_ width: Int) -> String) {
    guard let terminal = Terminal.standardError else { return }
    let now = ContinuousClock.now
    state.withLock { state in
      // In the last column some terminals go on to the next line.
      state.text = text(terminal.columns - 1)
      if let shownAt = state.shownAt, now - shownAt < pause { return }
      state.shownAt = now
      StandardStreams.printError("\r\(state.text)\u{1B}[K", end: "")
    }
  }

  /// Calls `print`, and then shows the line again below what that has printed.
  package static func above<Value>(_ print: () throws -> Value) rethrows -> Value {
    try state.withLock { state in
      if state.text.isEmpty { return try print() }
      StandardStreams.printError("\r\u{1B}[K", end: "")
      defer { StandardStreams.printError(state.text, end: "") }
      return try print()
    }
  }

  /// Takes the line away.
  package static func clear() { state.withLock { $0.clear() } }

  /// Takes the line away and ends the program, with nothing written in between; does neither while another thread is writing.
  package static func leave(_ end: () -> Never) {
    state.withLockIfAvailable { (state: inout sending State) -> Void in
      // A terminal that is stopped takes nothing.
      if StandardStreams.takesErrors {
        // The terminal has written "^C" into the line.
        if state.text.isEmpty && Terminal.standardError != nil { StandardStreams.printError("") }
        state.clear()
      }
      end()
    }
  }
}
