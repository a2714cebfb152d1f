// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Synchronization

/// The last line of a terminal, which says how far the work is. Standard error is one, and so is this.
enum StatusLine {
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

  /// Shows what `text` makes of the terminal's width, unless standard error is no terminal; where it was shown just now, not
  /// before something is printed above it.
  static func show(_ text: (_ width: Int) -> String) {
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

  /// Prints something above the line.
  static func above<Value>(_ print: () throws -> Value) rethrows -> Value {
    try state.withLock { state in
      if state.text.isEmpty { return try print() }
      StandardStreams.printError("\r\u{1B}[K", end: "")
      defer { StandardStreams.printError(state.text, end: "") }
      return try print()
    }
  }

  /// Takes the line away.
  static func clear() { state.withLock { $0.clear() } }

  /// Takes the line away and ends the program, with nothing written in between; does neither while something is written.
  static func leave(_ end: () -> Never) {
    state.withLockIfAvailable { (state: inout sending State) -> Void in
      // A terminal that is stopped takes nothing.
      if StandardStreams.takesErrors {
        // It has written "^C".
        if state.text.isEmpty && Terminal.standardError != nil { StandardStreams.printError("") }
        state.clear()
      }
      end()
    }
  }
}
