// SPDX-License-Identifier: MIT

import Dispatch
import Synchronization

// Work on several images or ascents at the same time, each on its own thread.

/// Returns the results of `body` for each of `items`, in the order of the items. At most `threads` threads work at the
/// same time.
package func sideBySide<Item: Sendable, Output: Sendable>(
  _ items: [Item], threads: Int, _ body: @Sendable (Item) -> Output
) -> [Output] {
  let outputs = Mutex([Output?](repeating: nil, count: items.count))
  Parallel(threads: threads).forEach(items.count) { index in
    let output = body(items[index])
    outputs.withLock { $0[index] = output }
  }
  return outputs.withLock { $0.compactMap(\.self) }
}

/// Calls `body` for each of `items` on at most `threads` threads at the same time, and calls `report` on the caller's
/// thread with each result, in the order of the items, as soon as this result and all before it are ready.
///
/// A free thread takes the next item, however long the other threads take. But while `mostAhead` items per thread are
/// begun and not yet reported, a free thread waits, so that results do not pile up.
///
/// - Throws: the error of `report`, after all items that were begun are done. No further items are begun.
package func sideBySide<Item: Sendable, Output: Sendable>(
  _ items: [Item], threads: Int, _ body: @escaping @Sendable (Item) -> Output, report: (Output) throws -> Void
) rethrows {
  let threads = threads == 1 ? 0 : ThreadSupply.borrow(min(threads, items.count))
  defer { ThreadSupply.giveBack(threads) }
  if threads <= 1 {
    for item in items { try report(body(item)) }
    return
  }
  let results = Results<Output>()
  var begun = 0, done = 0, reported = 0
  func awaitOne() {
    results.arrivals.wait()
    done += 1
  }
  defer { while done < begun { awaitOne() } }
  while reported < items.count {
    while begun - done < threads, begun < min(items.count, reported + mostAhead * threads) {
      let index = begun, item = items[index]
      begun += 1
      DispatchQueue.global(qos: .userInitiated).async { results.add(body(item), index) }
    }
    awaitOne()
    while let result = results.take(reported) {
      reported += 1
      try report(result)
    }
  }
}

/// A value that another thread computes while the caller goes on.
package final class BackgroundResult<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, PixelAscentError>?>(nil)
  private let group = DispatchGroup()

  /// Begins `work` on another thread. If `threads` is 1, or the system has no other thread, the initialiser itself does
  /// the work, on the caller's thread.
  package init(threads: Int, _ work: @escaping @Sendable () throws(PixelAscentError) -> Value) {
    let work = { @Sendable [self] in
      let done = Result(catching: work)
      result.withLock { $0 = done }
    }
    if threads == 1 || ThreadSupply.borrow(1) == 0 {
      work()
    } else {
      DispatchQueue.global(qos: .userInitiated).async(group: group) {
        work()
        ThreadSupply.giveBack(1)
      }
    }
  }

  /// Waits for the value and returns it. Any number of threads may call this.
  ///
  /// - Throws: the error of the work.
  package func get() throws(PixelAscentError) -> Value {
    group.wait()
    guard let done = result.withLock({ $0 }) else { preconditionFailure("the work ended without a result") }
    return try done.get()
  }
}

/// A number of bytes of memory, shared by work on several threads.
///
/// Work that needs more than is free waits, first come, first served. While nothing else holds memory, work may hold
/// any number of bytes.
package final class MemoryBudget: Sendable {
  private struct State {
    var used = 0
    var waiting: [(bytes: Int, turn: DispatchSemaphore)] = []

    mutating func take(_ bytes: Int, of limit: Int) -> Bool {
      guard used == 0 || bytes <= limit - used else { return false }
      used += bytes
      return true
    }
  }

  private let limit: Int
  private let state = Mutex(State())

  /// Creates a budget of `limit` bytes: half of the machine's memory, except in tests.
  package init(_ limit: Int = Files.physicalMemory / 2) { self.limit = limit }

  /// Waits until `bytes` of the budget are free, holds them while `body` runs, then releases them. `body` must not ask
  /// this budget for more.
  package func holding<Value>(_ bytes: Int, _ body: () throws -> Value) rethrows -> Value {
    let turn = state.withLock { state -> DispatchSemaphore? in
      if state.waiting.isEmpty && state.take(bytes, of: limit) { return nil }
      let turn = DispatchSemaphore(value: 0)
      state.waiting.append((bytes, turn))
      return turn
    }
    turn?.wait()
    defer {
      state.withLock { state in
        state.used -= bytes
        while let first = state.waiting.first, state.take(first.bytes, of: limit) {
          state.waiting.removeFirst()
          first.turn.signal()
        }
      }
    }
    return try body()
  }
}

/// The number of items per thread that may be begun and not yet reported.
private let mostAhead = 16

/// Results that are ready and wait to be reported.
private final class Results<Output: Sendable>: Sendable {
  private let waiting = Mutex<[Int: Output]>([:])
  /// Signalled once per result.
  let arrivals = DispatchSemaphore(value: 0)

  func add(_ result: Output, _ index: Int) {
    waiting.withLock { $0[index] = result }
    arrivals.signal()
  }

  func take(_ index: Int) -> Output? { waiting.withLock { $0.removeValue(forKey: index) } }
}
