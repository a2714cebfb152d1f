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

/// What Ctrl-C and the other signals that end a program do.
///
/// Where work can stop with something to show for it, the first Ctrl-C only asks it to; every other signal ends the
/// program at once, and no half-written file stays behind.
package enum Interruption {
  private static let heeds = Atomic(0)
  private static let asked = Atomic(false)

  /// What ends programs, limits of time among it; not what Swift's handler of crashes has for itself (USR1, USR2, PROF).
  private static let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGALRM, SIGVTALRM]

  /// Begins to watch. Call it first of all: threads made before would still be ended by a signal.
  ///
  /// - Parameter onCtrlC: calls what ends the program after Ctrl-C, if it can do so now; it is asked a few times
  package static func watch(onCtrlC: @escaping @Sendable (_ end: () -> Never) -> Void) {
    var watched = sigset_t()
    sigemptyset(&watched)
    // What the parent has the program ignore (nohup, a shell's background jobs) stays ignored.
    for number in Self.ending where !isIgnored(number) { sigaddset(&watched, number) }
    pthread_sigmask(SIG_BLOCK, &watched, nil)
    // A pipe that nobody reads any more and the limit of a file's size are seen where they are written.
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    let signals = watched
    DispatchQueue(label: "signals").async { wait(for: signals, onCtrlC) }
  }

  /// Calls `body`, in which the first Ctrl-C is but a wish that ``isAsked`` tells of.
  package static func heeded<Value>(_ body: () throws -> Value) rethrows -> Value {
    heeds.add(1, ordering: .relaxed)
    defer { heeds.subtract(1, ordering: .relaxed) }
    return try body()
  }

  /// Whether the work under way should come to its end.
  package static var isAsked: Bool { asked.load(ordering: .relaxed) }

  /// The exit code of a program that Ctrl-C has ended.
  package static let exitCode: Int32 = 128 + SIGINT

  private static func wait(for signals: sigset_t, _ onCtrlC: (_ end: () -> Never) -> Void) {
    var signals = signals
    while true {
      var number: Int32 = 0
      guard sigwait(&signals, &number) == 0 else { continue }
      if number == SIGINT && heeds.load(ordering: .relaxed) > 0
        && !asked.exchange(true, ordering: .relaxed)
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
