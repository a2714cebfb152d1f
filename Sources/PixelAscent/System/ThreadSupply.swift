// SPDX-License-Identifier: MIT

import Dispatch
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The threads that Dispatch can be asked for.
///
/// If the system refuses a thread, Dispatch tries again without end, and the program hangs. Limits on processes, on the
/// tasks of a container and on memory lead there. So no work is given to Dispatch before this type has found out, by
/// starting threads, that as many can be had.
package enum ThreadSupply {
  /// Borrows `wanted` threads, or as many as there are, and returns their number, which may be 0. That many pieces of
  /// work may then be given to Dispatch at the same time. Give the threads back when this work is done.
  package static func borrow(_ wanted: Int) -> Int {
    let wanted = min(wanted, mostThreads)
    if wanted <= 0 { return 0 }
    return state.withLock { state in
      if state.idleSince.secondsSince > idleSeconds { state.idle = 0 }
      let kept = min(wanted, state.idle)
      state.idle -= kept
      return kept == wanted ? wanted : kept + max(0, startable(wanted - kept + spare) - spare)
    }
  }

  /// Gives back `count` threads.
  package static func giveBack(_ count: Int) {
    state.withLock { state in
      if state.idle == 0 { state.idleSince = .now }
      state.idle += count
    }
  }

  private struct State {
    /// The number of threads that Dispatch has and that nobody has borrowed.
    var idle = 0
    /// When the first of these threads was given back.
    var idleSince = ContinuousClock.now
  }

  private static let state = Mutex(State())

  /// The seconds for which a thread without work counts as there. Dispatch keeps such threads for five seconds.
  private static let idleSeconds = 4.0

  /// Dispatch starts no more threads than this.
  private static let mostThreads = 255

  /// Dispatch itself needs a thread for its timers, and another process may take one at any moment.
  private static let spare = 2

  /// Returns how many of `wanted` threads can run at the same time beside the threads that run now.
  private static func startable(_ wanted: Int) -> Int {
    #if canImport(Darwin)
      return wanted  // the kernel itself starts Dispatch's threads there
    #else
      let wanted = affordable(wanted)
      guard hasDescriptors else { return 0 }
      let gate = DispatchSemaphore(value: 0)
      var threads: [Handle] = []
      while threads.count < wanted {
        let thread = UnsafeMutablePointer<Handle>.allocate(capacity: 1)
        defer { thread.deallocate() }
        let failure = pthread_create(
          thread, nil,
          { gate in
            if let gate { Unmanaged<DispatchSemaphore>.fromOpaque(gate).takeUnretainedValue().wait() }
            return nil
          }, Unmanaged.passUnretained(gate).toOpaque())
        if failure != 0 { break }
        threads.append(thread.pointee)
      }
      for _ in threads { gate.signal() }
      for thread in threads {
        let thread: pthread_t? = thread
        if let thread { pthread_join(thread, nil) }
      }
      return threads.count
    #endif
  }

  /// Returns how many of `wanted` threads leave memory for the work if the process may have only so much address space
  /// or data: for every thread the C library reserves a stack of 8 MB, and 64 MB for malloc.
  private static func affordable(_ wanted: Int) -> Int {
    var count = wanted
    #if canImport(Glibc)
      let isLimited = [RLIMIT_AS, RLIMIT_DATA].contains { resource in
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 && limit.rlim_cur != ~0
      }
      guard isLimited else { return count }
      while count > 0 && !ZeroedMemory.isAvailable(count * (72 << 20)) { count -= 1 }
    #endif
    return count
  }

  /// Whether the process can open eight more files. Dispatch opens some for its timers, and ends the process if it can't.
  private static var hasDescriptors: Bool {
    var opened: [Int32] = []
    defer { for descriptor in opened { close(descriptor) } }
    while opened.count < 8 {
      var ends: [Int32] = [0, 0]
      if pipe(&ends) != 0 { return false }
      opened += ends
    }
    return true
  }

  #if canImport(Musl)
    private typealias Handle = pthread_t?
  #else
    private typealias Handle = pthread_t
  #endif
}
