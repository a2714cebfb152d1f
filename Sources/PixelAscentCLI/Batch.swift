// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent

/// Several images or ascents, side by side where there are several cores. A bad one is reported and the others go on.
enum Batch {
  /// - Parameters:
  ///   - bytesEach: the memory of an item's way through the network, if that is known beforehand
  ///   - work: makes the record of one item, given a network that leaves cores to the others
  ///   - report: called with each record, in the order of the items, as soon as those before it are done
  /// - Throws: `ExitCode.failure` if an item failed.
  static func run<Item: Sendable, Record: Sendable>(
    _ items: [Item], _ network: Network, bytesEach: Int = 0,
    _ work: @escaping @Sendable (Item, Network) throws -> Record,
    report: (Record) throws -> Void
  ) throws {
    let lanes = network.options.lanes(items.count, bytesEach: bytesEach)
    var network = network
    network.options.threads = max(1, network.options.threads / lanes)
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
