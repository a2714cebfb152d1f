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

/// A part of an operation, which one thread computes: some blocks of channels, and some rows of each.
struct Part: Sendable {
  let blocks, rows: Range<Int>
}

/// Runs the parts of operations side by side.
///
/// Parts write disjoint memory, so what they compute does not depend on the number of threads or on their timing. One
/// caller at a time.
package final class Parallel: Sendable {
  /// The most threads that work at once.
  let threads: Int
  private let ticket = Atomic(Ticket.over)
  /// Threads that help. One that comes late, or is left from before, helps with whatever there is.
  private let helpers = Atomic(0)
  /// Parts of the present operation that are done.
  private let done = Atomic(0)
  /// Helpers that sleep, or are about to.
  private let parked = Atomic(0)
  private let alarm = DispatchSemaphore(value: 0)
  private let operation = Operation()

  package init(threads: Int) {
    precondition(threads >= 1)
    self.threads = threads
  }

  /// Calls `body`, with helpers at hand for all its operations; they wait between one operation and the next.
  ///
  /// Progress depends on none of them: the caller can do all parts alone, and waits for no helper that has none.
  package func withThreads<Output, Failure: Error>(_ body: () throws(Failure) -> Output) throws(Failure) -> Output {
    if threads == 1 || operation.hasHelpers { return try body() }
    operation.hasHelpers = true
    ticket.store(Ticket.none, ordering: .sequentiallyConsistent)
    defer {
      publish(Ticket.over)
      operation.hasHelpers = false
    }
    for _ in 1..<threads {
      DispatchQueue.global(qos: .userInitiated).async { [self] in help() }
    }
    return try body()
  }

  /// What works on a part of an operation. A body that is kept by its owner and goes from call to call makes no call
  /// allocate. (A function alone would, where arrays and optionals hold it: they want another form of it.)
  struct Body {
    let run: (Part) -> Void

    init(_ run: @escaping (Part) -> Void) { self.run = run }
  }

  /// Calls `body` with each of 0 ..< count, once.
  package func forEach(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      run(Cut(blocks: 0..<1, multiple: 1, rows: count, bands: count), Body { body($0.rows.lowerBound) })
    }
  }

  /// Cuts 0 ..< rows into bands and calls `body` with each.
  func overRows(_ rows: Int, _ body: Body) {
    run(Cut(blocks: 0..<1, multiple: 1, rows: rows, bands: threads == 1 ? 1 : min(rows, 2 * threads)), body)
  }

  /// Cuts blocks × rows into parts, several a thread so that the last ones to finish wait little; `multiple` blocks are
  /// not cut.
  func overParts(blocks: Range<Int>, multipleOf multiple: Int = 1, rows: Int, _ body: Body) {
    if threads == 1 { return body.run(Part(blocks: blocks, rows: 0..<rows)) }
    // A part is no less than a few blocks where there are very many.
    let multiple = max(1, blocks.count / (1 << 20) / multiple) * multiple
    let stripes = (blocks.count + multiple - 1) / multiple
    let bands = max(1, min(rows, (Self.partsPerThread * threads + stripes - 1) / max(stripes, 1)))
    run(Cut(blocks: blocks, multiple: multiple, rows: rows, bands: bands), body)
  }

  private static let partsPerThread = 4

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
    while runPart(fromEnd: false) {}
    var spins = 0
    while done.load(ordering: .acquiring) < count {
      spins += 1
      if spins > Self.patience { sched_yield() }
    }
    operation.body = nil
  }

  /// How blocks × rows are cut: into bands of rows, and these into stripes of blocks.
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

  /// How often a thread looks again before it gives its core away: some ten microseconds.
  private static let patience = 10_000

  private func publish(_ new: Ticket) {
    ticket.store(new, ordering: .sequentiallyConsistent)
    if parked.load(ordering: .sequentiallyConsistent) == 0 { return }
    for _ in 0..<parked.exchange(0, ordering: .sequentiallyConsistent) { alarm.signal() }
  }

  /// Takes one part and runs it; false if there is none to take.
  private func runPart(fromEnd: Bool) -> Bool {
    var current = ticket.load(ordering: .relaxed)
    while current.hasParts {
      let (isMine, found) = ticket.compareExchange(
        expected: current, desired: current.taking(fromEnd: fromEnd), ordering: .acquiringAndReleasing)
      if isMine {
        // The operation stays what it is until this part is done.
        operation.run(fromEnd ? current.end - 1 : current.begin)
        done.add(1, ordering: .releasing)
        return true
      }
      current = found
    }
    return false
  }

  private func help() {
    defer { helpers.subtract(1, ordering: .relaxed) }
    let number = helpers.add(1, ordering: .relaxed).newValue
    if number >= threads { return }
    var spins = 0
    while ticket.load(ordering: .relaxed) != Ticket.over {
      if runPart(fromEnd: number % 2 == 1) {
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

  /// Sleeps until something is published.
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

  /// The parts of the present operation that nobody has taken, and the operation's number.
  ///
  /// Half of the threads take parts from the beginning and half from the end, so that a core stays near the rows of an
  /// image that it has in its cache.
  private struct Ticket: AtomicRepresentable, Equatable {
    private var bits: UInt64

    static let none = Ticket(bits: 0)
    /// Sends helpers home.
    static let over = Ticket(bits: .max)
    static let mostParts = 1 << 22

    var begin: Int { Int(bits >> 22) & (Self.mostParts - 1) }
    var end: Int { Int(bits & UInt64(Self.mostParts - 1)) }
    var hasParts: Bool { self != .over && begin < end }

    /// Operations are numbered from 0 on again after 2²⁰.
    func next(count: Int) -> Ticket {
      // The last one, with all its parts taken, must not read as `over`.
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

  /// The caller writes it while no part is taken.
  private final class Operation: @unchecked Sendable {  // because who takes a part reads it after that
    var hasHelpers = false
    var body: Body?
    var cut = Cut(blocks: 0..<0, multiple: 1, rows: 0, bands: 0)

    /// A call of its own, so that nothing holds the body when it is over.
    @inline(never) func run(_ part: Int) { body?.run(cut[part]) }
  }
}
