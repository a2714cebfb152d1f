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

/// A part of an operation: the range of blocks and the range of their rows that one thread computes.
struct Part: Sendable {
  let blocks, rows: Range<Int>
}

/// A pool of threads that splits one operation into parts and computes the parts at the same time.
///
/// Parts write disjoint memory, so the results do not depend on the number of threads or on their timing. Only one
/// thread at a time may call the pool.
package final class Parallel: Sendable {
  /// The largest number of threads that work at the same time, including the caller's thread.
  let threads: Int
  // Threads write these atomics at the same time. With a cache line between them no thread waits for another's write to a
  // neighbour.
  private let gap0 = SIMD64<UInt8>()
  private let ticket = Atomic(Ticket.over)
  private let gap1 = SIMD64<UInt8>()
  /// The number of parts of the current operation that are done.
  private let done = Atomic(0)
  private let gap2 = SIMD64<UInt8>()
  /// The number of the pool's own threads, which are called helpers. A helper that starts late, or is left over from an
  /// earlier `withThreads`, helps with the current operation.
  private let helpers = Atomic(0)
  /// The number of helpers that sleep, or are about to sleep.
  private let parked = Atomic(0)
  private let alarm = DispatchSemaphore(value: 0)
  private let operation = Operation()

  package init(threads: Int) {
    precondition(threads >= 1)
    self.threads = threads
  }

  /// Calls `body` and keeps the pool's threads until `body` returns. The threads help with each operation that `body`
  /// runs, and wait between two operations. Without this call, every operation starts the pool's threads anew.
  ///
  /// The caller never depends on the pool's threads: it can compute all parts alone, and waits only for parts that a
  /// thread has begun.
  package func withThreads<Output, Failure: Error>(_ body: () throws(Failure) -> Output) throws(Failure) -> Output {
    if threads == 1 || operation.hasHelpers { return try body() }
    let found = ThreadSupply.borrow(threads - 1)
    defer { ThreadSupply.giveBack(found) }
    operation.hasHelpers = true
    ticket.store(Ticket.none, ordering: .sequentiallyConsistent)
    defer {
      publish(Ticket.over)
      operation.hasHelpers = false
    }
    for _ in 0..<found {
      DispatchQueue.global(qos: .userInitiated).async { [self] in help() }
    }
    return try body()
  }

  /// The function that computes a part of an operation. Create a body once and pass it to every call: then no call
  /// allocates. (Swift converts a bare closure to another representation when an array or an optional holds it, and
  /// each conversion allocates.)
  struct Body {
    let run: (Part) -> Void

    init(_ run: @escaping (Part) -> Void) { self.run = run }
  }

  /// Calls `body` once with each index in 0 ..< `count`.
  package func forEach(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      run(Cut(blocks: 0..<1, multiple: 1, rows: count, bands: count), Body { body($0.rows.lowerBound) })
    }
  }

  /// Splits 0 ..< `rows` into bands and calls `body` with each.
  func overRows(_ rows: Int, _ body: Body) {
    run(Cut(blocks: 0..<1, multiple: 1, rows: rows, bands: threads == 1 ? 1 : min(rows, 2 * threads)), body)
  }

  /// Splits blocks × rows into parts and calls `body` with each. Each thread gets several parts, so that no thread
  /// waits long for the last one. The number of blocks in a part is a multiple of `multiple`, except in the parts that
  /// hold the last block.
  func overParts(blocks: Range<Int>, multipleOf multiple: Int = 1, rows: Int, _ body: Body) {
    if threads == 1 { return body.run(Part(blocks: blocks, rows: 0..<rows)) }
    // With very many blocks each part takes more of them, so that a ticket can count the parts.
    let multiple = max(1, blocks.count / (1 << 20) / multiple) * multiple
    let stripes = (blocks.count + multiple - 1) / multiple
    let bands = max(1, min(rows, (Self.partsPerThread * threads + stripes - 1) / max(stripes, 1)))
    run(Cut(blocks: blocks, multiple: multiple, rows: rows, bands: bands), body)
  }

  private static let partsPerThread = 4

  /// Returns the time in which `threads` equally fast threads do parts that take `times`.
  static func time(of times: [Double], threads: Int) -> Double {
    var clocks = [Double](repeating: 0, count: threads), left = times[...]
    while !left.isEmpty, let thread = clocks.indices.min(by: { clocks[$0] < clocks[$1] }) {
      clocks[thread] += takesFromEnd(thread) ? left.removeLast() : left.removeFirst()
    }
    return clocks.max() ?? 0
  }

  /// Whether a thread takes parts from the end, by its number.
  private static func takesFromEnd(_ thread: Int) -> Bool { thread % 2 == 1 }

  private func run(_ cut: Cut, _ body: Body) {
    let count = cut.count
    if threads == 1 || count <= 1 {
      for index in 0..<count { body.run(cut[index]) }
      return
    }
    guard operation.hasHelpers else { return withThreads { run(cut, body) } }
    (operation.body, operation.cut) = (body, cut)
    done.store(0, ordering: .relaxed)
    publish(ticket.load(ordering: .relaxed).next(count: count))
    runParts(fromEnd: false)
    var spins = 0
    while done.load(ordering: .acquiring) < count {
      spins += 1
      if spins > Self.patience { sched_yield() }
    }
    operation.body = nil
  }

  /// The way in which blocks × rows are split: into bands of rows, and each band into stripes of blocks.
  private struct Cut {
    let blocks: Range<Int>
    let multiple, rows, bands: Int

    private var stripes: Int { (blocks.count + multiple - 1) / multiple }
    var count: Int { stripes * bands }

    subscript(index: Int) -> Part {
      let (band, stripe) = index.quotientAndRemainder(dividingBy: stripes)
      let first = blocks.lowerBound + stripe * multiple
      return Part(
        blocks: first..<min(first + multiple, blocks.upperBound), rows: rows * band / bands..<rows * (band + 1) / bands)
    }
  }

  /// The number of times that a thread looks for work before it gives up its core. This takes some ten microseconds.
  private static let patience = 10_000

  private func publish(_ new: Ticket) {
    ticket.store(new, ordering: .sequentiallyConsistent)
    if parked.load(ordering: .sequentiallyConsistent) == 0 { return }
    for _ in 0..<parked.exchange(0, ordering: .sequentiallyConsistent) { alarm.signal() }
  }

  /// Takes parts and runs them until no part is left to take. Returns whether it has run any.
  @discardableResult
  private func runParts(fromEnd: Bool) -> Bool {
    var current = ticket.load(ordering: .relaxed), count = 0
    while current.hasParts {
      let next = current.taking(fromEnd: fromEnd)
      let (isMine, found) = ticket.compareExchange(
        expected: current, desired: next, ordering: .acquiringAndReleasing)
      if !isMine {
        current = found
        continue
      }
      // The caller does not change `operation` before these parts are done.
      operation.run(fromEnd ? current.end - 1 : current.begin)
      count += 1
      current = next
    }
    if count > 0 { done.add(count, ordering: .releasing) }
    return count > 0
  }

  private func help() {
    defer { helpers.subtract(1, ordering: .relaxed) }
    let number = helpers.add(1, ordering: .relaxed).newValue
    if number >= threads { return }
    var spins = 0
    while ticket.load(ordering: .relaxed) != Ticket.over {
      if runParts(fromEnd: Self.takesFromEnd(number)) {
        spins = 0
      } else {
        spins += 1
        if spins > Self.patience {
          park()
          spins = 0
        }
      }
    }
  }

  /// Sleeps until a ticket with parts, or `Ticket.over`, is published.
  private func park() {
    parked.add(1, ordering: .sequentiallyConsistent)
    let current = ticket.load(ordering: .sequentiallyConsistent)
    if current == .over || current.hasParts {
      var count = parked.load(ordering: .relaxed)
      while count > 0 {
        let (isMine, found) = parked.compareExchange(
          expected: count, desired: count - 1, ordering: .sequentiallyConsistent)
        if isMine { return }
        count = found
      }
    }
    alarm.wait()
  }

  /// The parts of the current operation that no thread has taken, and the operation's number.
  ///
  /// Half of the threads take parts from the beginning and half from the end, so that in every layer a core tends to
  /// compute the rows that are in its cache.
  private struct Ticket: AtomicRepresentable, Equatable {
    private var bits: UInt64

    /// A ticket without parts.
    static let none = Ticket(bits: 0)
    /// The ticket at which helpers stop.
    static let over = Ticket(bits: .max)
    static let mostParts = 1 << 22

    var begin: Int { Int(bits >> 22) & (Self.mostParts - 1) }
    var end: Int { Int(bits & UInt64(Self.mostParts - 1)) }
    var hasParts: Bool { self != .over && begin < end }

    /// Returns a ticket with the parts 0 ..< `count` of the next operation. The operation's number wraps around at 2²⁰.
    func next(count: Int) -> Ticket {
      // A ticket with the largest number and all its parts taken must not equal `over`.
      precondition(count < Self.mostParts - 1)
      return Ticket(bits: ((bits >> 44) &+ 1) << 44 | UInt64(count))
    }

    func taking(fromEnd: Bool) -> Ticket { Ticket(bits: fromEnd ? bits - 1 : bits + 1 << 22) }

    private init(bits: UInt64) { self.bits = bits }
    static func encodeAtomicRepresentation(_ value: consuming Ticket) -> UInt64.AtomicRepresentation {
      UInt64.encodeAtomicRepresentation(value.bits)
    }
    static func decodeAtomicRepresentation(_ storage: consuming UInt64.AtomicRepresentation) -> Ticket {
      Ticket(bits: UInt64.decodeAtomicRepresentation(storage))
    }
  }

  /// The current operation. The caller changes it only while no thread computes a part.
  private final class Operation: @unchecked Sendable {  // because threads take a part before they read the operation
    var hasHelpers = false
    var body: Body?
    var cut = Cut(blocks: 0..<0, multiple: 1, rows: 0, bands: 0)

    /// Runs one part. It is not inlined, so that a helper does not keep a reference to the body after the part.
    @inline(never) func run(_ part: Int) { body?.run(cut[part]) }
  }
}
