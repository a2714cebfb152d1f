// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent

/// Several images, side by side where there are several cores. A bad one is reported and the others go on.
struct Batch {
  private let threads: Int

  init(_ common: CommonOptions) { threads = common.threads }

  /// - Parameters:
  ///   - work: makes the record of one image, given its path and a network that leaves cores to the others
  ///   - report: called with each record, in the order of the paths
  /// - Throws: `ExitCode.failure` if an image failed.
  func run<Record: Sendable>(
    _ paths: [String], _ network: Network, _ work: @Sendable (String, Network) throws -> Record,
    report: (Record) throws -> Void
  ) throws {
    let lanes = min(paths.count, threads)
    var network = network
    network.options.threads = max(1, threads / lanes)
    let shared = network
    var failures = 0
    for start in stride(from: 0, to: paths.count, by: 4 * lanes) {
      let chunk = Array(paths[start..<min(start + 4 * lanes, paths.count)])
      let results = sideBySide(chunk, threads: lanes) { path in
        Result { try work(path, shared) }
      }
      for result in results {
        switch result {
        case .success(let record): try report(record)
        case .failure(let error):
          failures += 1
          Console.error("\(error)")
        }
      }
    }
    if failures > 0 { throw ExitCode.failure }
  }
}
