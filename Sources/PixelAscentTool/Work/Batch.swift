// SPDX-License-Identifier: MIT

import PixelAscent
import Synchronization

/// A batch of images or ascents. As many of them run at the same time as threads and memory allow. When one fails, the
/// batch prints the error and goes on with the others.
package struct Batch {
  /// The name of the items in progress lines and messages, such as "images".
  private let unit: String
  private let network: Network
  private let console: Console
  /// The bytes of memory that one item takes; 0 if that is not known in advance.
  package var bytesEach = 0
  /// Errors from looking for the items. `run` prints them and counts them as failures.
  package var problems: [any Error] = []
  /// Whether an error is fatal: the batch begins no other item after it.
  package var isFatal: @Sendable (any Error) -> Bool = { _ in false }

  package init(of unit: String, _ network: Network, _ console: Console) {
    (self.unit, self.network, self.console) = (unit, network, console)
  }

  /// How a batch ended.
  package struct Outcome: Sendable {
    package let failures, count: Int
    package let unit: String
    /// The number of items that were not begun or not finished.
    package var left = 0
    /// Whether Ctrl-C or a fatal error has ended the batch early.
    package var endedEarly = false

    /// - Parameter count: the number of items, including those that failed
    package init(failures: Int, of count: Int, unit: String, left: Int = 0, endedEarly: Bool = false) {
      (self.failures, self.count, self.unit) = (failures, count, unit)
      (self.left, self.endedEarly) = (left, endedEarly)
    }

    /// Prints how many items failed, if the batch had several.
    ///
    /// - Throws: `ExitStatus` if an item failed, or after Ctrl-C.
    package func check() throws {
      if failures > 0 && count > 1 {
        let untried = ", and \(left) \(left == 1 ? "was" : "were") not tried"
        let rest = left > 0 && !Interruption.isStopRequested ? untried : ""
        Console.error("\(failures) of \(count) \(unit) failed\(rest)")
      }
      if Interruption.isStopRequested { throw ExitStatus.interrupted }
      if failures > 0 { throw ExitStatus.failure }
    }
  }

  /// Works on all items, and shows the progress.
  ///
  /// - Parameters:
  ///   - isDone: whether the item of a record was finished, not stopped by Ctrl-C
  ///   - work: makes the record of an item; the network it gets uses only that item's share of the threads
  ///   - report: called with each record, in the order of the items, as soon as all items before it are done
  /// - Throws: what `report` throws.
  package func run<Item: Sendable, Record: Sendable>(
    _ items: [Item], isDone: (Record) -> Bool = { _ in true },
    _ work: @escaping @Sendable (Item, Network) throws -> Record, report: (Record) throws -> Void
  ) throws -> Outcome {
    let concurrency = network.options.concurrency(of: items.count, bytesEach: bytesEach)
    var network = network
    network.options.threads = max(1, network.options.threads / concurrency)
    let shared = network, begin = ContinuousClock.now, isFatal = isFatal, isOver = Atomic(false)
    for problem in problems { Console.error(problem) }
    var done = 0, failures = problems.count, progress = ProgressText(unit, total: items.count)
    func showProgress() {
      if items.count > 1 { console.progress { progress.line(width: $0, seconds: begin.secondsSince) } }
    }
    showProgress()
    try Interruption.stoppable {
      defer { StatusLine.clear() }
      try sideBySide(items, threads: concurrency) { (item: Item) -> Result<Record, any Error>? in
        if Interruption.isStopRequested || isOver.load(ordering: .relaxed) { return nil }
        do {
          return .success(try work(item, shared))
        } catch {
          if isFatal(error) { isOver.store(true, ordering: .relaxed) }
          return .failure(error)
        }
      } report: { (result: Result<Record, any Error>?) in
        progress.done += 1
        showProgress()
        switch result {
        case .success(let record):
          try report(record)
          if isDone(record) { done += 1 }
        case .failure(let error):
          failures += 1
          Console.error(error)
        case nil: break
        }
      }
    }
    if Interruption.isStopRequested && items.count > 1 {
      console.note("interrupted: \(done) of \(items.count) \(unit) are done")
    }
    let count = items.count + problems.count
    return Outcome(
      failures: failures, of: count, unit: unit, left: count - failures - done,
      endedEarly: Interruption.isStopRequested || isOver.load(ordering: .relaxed))
  }
}
