// SPDX-License-Identifier: MIT

import Dispatch
import Synchronization

// Work on several images or ascents at once, each on a thread of its own.

/// The results of `body` for each of `items`, in their order, computed by at most `threads` threads side by side.
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

/// Calls `body` for each of `items`, on at most `threads` threads side by side, and `report` on the caller's thread with
/// each result as soon as it and all before it are there: in the order of the items.
///
/// A thread that is free takes the next item, however long the others take; only not one that lies so far behind the
/// first without a result that the results in between would pile up.
///
/// - Throws: what `report` throws, once the items that were begun are done; no other is begun.
package func sideBySide<Item: Sendable, Output: Sendable>(
  _ items: [Item], threads: Int, _ body: @escaping @Sendable (Item) -> Output, report: (Output) throws -> Void
) rethrows {
  if threads == 1 || items.count <= 1 {
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

/// A value that is worked out while the caller goes on.
package final class Meanwhile<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, PixelAscentError>?>(nil)
  private let group = DispatchGroup()

  /// Begins `work` on a thread beside the caller's; with one thread, does it at once.
  package init(threads: Int, _ work: @escaping @Sendable () throws(PixelAscentError) -> Value) {
    let work = { @Sendable [self] in
      let done = Result(catching: work)
      result.withLock { $0 = done }
    }
    if threads == 1 {
      work()
    } else {
      DispatchQueue.global(qos: .userInitiated).async(group: group) { work() }
    }
  }

  /// The value, as soon as it is there. Any number of threads may ask for it.
  package func get() throws(PixelAscentError) -> Value {
    group.wait()
    guard let done = result.withLock({ $0 }) else { preconditionFailure("the work is over and left nothing") }
    return try done.get()
  }
}

/// Memory that side-by-side work shares, in bytes. Who would take more than is left waits, first come, first served; one
/// alone takes what it wants.
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

  /// - Parameter limit: half of the machine's memory, but in tests
  package init(_ limit: Int = Files.physicalMemory / 2) { self.limit = limit }

  /// Calls `body` as soon as so much is left, which is given back at its end. It must not ask for more.
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

/// How many items of each thread may be done or under way and not reported.
private let mostAhead = 16

/// Results that wait for their turn.
private final class Results<Output: Sendable>: Sendable {
  private let waiting = Mutex<[Int: Output]>([:])
  /// Signalled once a result.
  let arrivals = DispatchSemaphore(value: 0)

  func add(_ result: Output, _ index: Int) {
    waiting.withLock { $0[index] = result }
    arrivals.signal()
  }

  func take(_ index: Int) -> Output? { waiting.withLock { $0.removeValue(forKey: index) } }
}
