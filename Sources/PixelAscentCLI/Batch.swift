// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent

/// Several images or ascents, side by side where there are several cores. A bad one is reported and the others go on.
struct Batch {
  private let threads: Int

  init(_ common: CommonOptions) { threads = common.threads }

  /// - Parameters:
  ///   - work: makes the record of one item, given a network that leaves cores to the others
  ///   - report: called with each record, in the order of the items, as soon as those before it are done
  /// - Throws: `ExitCode.failure` if an item failed.
  func run<Item: Sendable, Record: Sendable>(
    _ items: [Item], _ network: Network, _ work: @escaping @Sendable (Item, Network) throws -> Record,
    report: (Record) throws -> Void
  ) throws {
    let lanes = min(items.count, threads)
    var network = network
    network.options.threads = max(1, threads / lanes)
    let shared = network
    var failures = 0
    try sideBySide(items, threads: lanes) { (item: Item) -> Result<Record, any Error> in
      Result { try work(item, shared) }
    } report: { (result: Result<Record, any Error>) in
      switch result {
      case .success(let record): try report(record)
      case .failure(let error):
        failures += 1
        Console.error("\(error)")
      }
    }
    if failures > 0 { throw ExitCode.failure }
  }
}
