// SPDX-License-Identifier: MIT

import PixelAscent
import Dispatch
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Handles Ctrl-C and the other signals that end a program.
///
/// The first Ctrl-C during work that can stop early and still write a result only requests that the work stops. Every
/// other signal ends the program at once, and half-written files are removed.
package enum Interruption {
  /// The number of calls of ``stoppable(_:)`` that are running.
  private static let stoppableCount = Atomic(0)
  private static let requested = Atomic(false)

  /// The signals that end programs, including those of time limits. SIGUSR1, SIGUSR2 and SIGPROF are not among them,
  /// because Swift's crash handler uses them.
  private static let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGALRM, SIGVTALRM]

  /// Makes the code that writes see two signals as errors: a pipe that nobody reads any more, and a file that exceeds
  /// the size limit.
  package static func turnWriteSignalsIntoErrors() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }

  /// Begins to handle the signals that end the program, on a thread of their own. If the system has no other thread,
  /// each of these signals ends the program at once, and a half-written file may stay. Call this before another thread
  /// starts: in a thread that exists already, a signal would still end the program at once.
  ///
  /// - Parameter onCtrlC: tidies up after Ctrl-C and calls `end`, or returns if it can't do so now. If it returns,
  ///   it is called again after a moment; after 20 calls the program ends anyway
  package static func watch(onCtrlC: @escaping @Sendable (_ end: () -> Never) -> Void) {
    var watched = sigset_t()
    sigemptyset(&watched)
    // Signals that the parent process has set to be ignored (nohup, a shell's background jobs) stay ignored.
    for number in Self.ending where !isIgnored(number) { sigaddset(&watched, number) }
    guard ThreadSupply.borrow(1) == 1 else {
      // The parent process may have blocked them.
      pthread_sigmask(SIG_UNBLOCK, &watched, nil)
      return
    }
    pthread_sigmask(SIG_BLOCK, &watched, nil)
    let signals = watched
    DispatchQueue(label: "signals").async { wait(for: signals, onCtrlC) }
  }

  /// Calls `body`. While it runs, the first Ctrl-C only sets ``isStopRequested``.
  package static func stoppable<Value>(_ body: () throws -> Value) rethrows -> Value {
    stoppableCount.add(1, ordering: .relaxed)
    defer { stoppableCount.subtract(1, ordering: .relaxed) }
    return try body()
  }

  /// Whether the user has pressed Ctrl-C during work that can stop early, so that this work should stop.
  package static var isStopRequested: Bool { requested.load(ordering: .relaxed) }

  /// The exit code of the program after Ctrl-C.
  package static let exitCode: Int32 = 128 + SIGINT

  private static func wait(for signals: sigset_t, _ onCtrlC: (_ end: () -> Never) -> Void) {
    var signals = signals
    while true {
      var number: Int32 = 0
      guard sigwait(&signals, &number) == 0 else { continue }
      if number == SIGINT && stoppableCount.load(ordering: .relaxed) > 0
        && !requested.exchange(true, ordering: .relaxed)
      {
        continue
      }
      for _ in 0..<(number == SIGINT ? 20 : 0) {
        onCtrlC { Files.end(withCode: exitCode) }
        usleep(5000)
      }
      Files.end(withCode: 128 + number)
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    let former = signal(number, SIG_DFL)
    guard unsafeBitCast(former, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) else { return false }
    signal(number, SIG_IGN)
    return true
  }
}
