// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Synchronization

/// Several images or ascents, side by side where there are several cores. A bad one is reported and the others go on.
enum Batch {
  /// How a batch came to its end.
  struct Ending {
    let failures, count: Int
    let unit: String
    /// How many items were left out, or left unfinished.
    var left = 0
    /// Whether nothing more is to be done: Ctrl-C came, or a fatal error.
    var isCutShort = false

    /// - Throws: `ExitStatus.interrupted`, or `ExitStatus.failure` if an item failed.
    func check() throws {
      if failures > 0 && count > 1 {
        let rest = left > 0 && !Interruption.isAsked ? ", and \(left) were not tried" : ""
        Console.error("\(failures) of \(count) \(unit) failed\(rest)")
      }
      if Interruption.isAsked { throw ExitStatus.interrupted }
      if failures > 0 { throw ExitStatus.failure }
    }
  }

  /// - Parameters:
  ///   - unit: what the items are called where progress is shown
  ///   - bytesEach: the memory of an item's way through the network, if that is known beforehand
  ///   - problems: failures of what has become no item
  ///   - isDone: whether a record is of an item that was not left unfinished
  ///   - work: makes the record of one item, given a network that leaves cores to the others
  ///   - report: called with each record, in the order of the items, as soon as those before it are done
  /// - Throws: as `Ending.check` does.
  static func run<Item: Sendable, Record: Sendable>(
    _ items: [Item], _ network: Network, unit: String, bytesEach: Int = 0, problems: [any Error] = [],
    _ console: Console, isDone: (Record) -> Bool = { _ in true },
    _ work: @escaping @Sendable (Item, Network) throws -> Record,
    report: (Record) throws -> Void
  ) throws {
    try attempt(
      items, network, unit: unit, bytesEach: bytesEach, problems: problems, console, isDone: isDone, work,
      report: report
    ).check()
  }

  /// The same, if something is to be done before it ends.
  ///
  /// - Parameter isFatal: whether after this error no other item is begun
  static func attempt<Item: Sendable, Record: Sendable>(
    _ items: [Item], _ network: Network, unit: String, bytesEach: Int, problems: [any Error] = [], _ console: Console,
    isDone: (Record) -> Bool, isFatal: @escaping @Sendable (any Error) -> Bool = { _ in false },
    _ work: @escaping @Sendable (Item, Network) throws -> Record,
    report: (Record) throws -> Void
  ) throws -> Ending {
    let concurrency = network.options.concurrency(of: items.count, bytesEach: bytesEach)
    var network = network
    network.options.threads = max(1, network.options.threads / concurrency)
    let shared = network, begin = ContinuousClock.now, isOver = Atomic(false)
    for problem in problems { Console.error("\(problem)") }
    var done = 0, failures = problems.count, progress = ProgressText(unit, total: items.count)
    func showProgress() {
      if items.count > 1 { console.progress { progress.line(width: $0, seconds: begin.secondsSince) } }
    }
    showProgress()
    try Interruption.heeded {
      defer { StatusLine.clear() }
      try sideBySide(items, threads: concurrency) { (item: Item) -> Result<Record, any Error>? in
        if Interruption.isAsked || isOver.load(ordering: .relaxed) { return nil }
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
          Console.error("\(error)")
        case nil: break
        }
      }
    }
    if Interruption.isAsked && items.count > 1 {
      console.note("interrupted: \(done) of \(items.count) \(unit) are done")
    }
    let count = items.count + problems.count
    return Ending(
      failures: failures, count: count, unit: unit, left: count - failures - done,
      isCutShort: Interruption.isAsked || isOver.load(ordering: .relaxed))
  }
}
