// SPDX-License-Identifier: MIT

import CPeak
@_spi(Benchmark) import PixelAscent

/// What multiplications and additions alone reach on some threads: measured again and again, since clocks drift.
final class Peak {
  private let set: String
  private let threads: ThreadsProbe
  private let rounds: Int64
  private let operations: Double
  private var samples: [Double] = []

  /// Enough parts that threads finish together.
  private static let partsPerThread = 8

  init(_ set: String, _ threads: ThreadsProbe, _ stopwatch: Stopwatch) throws {
    guard peak_round_operations(set) > 0 else { throw Failure("no FMA peak is known for \(set)") }
    self.set = set
    self.threads = threads
    var rounds: Int64 = 1000
    // A part of a quarter of a millisecond.
    while !stopwatch.isShort {
      let begin = now()
      peak_run(set, rounds)
      if now() - begin > 250e-6 { break }
      rounds *= 2
    }
    self.rounds = rounds
    operations = Double(peak_round_operations(set) * rounds) * Double(Self.partsPerThread * threads.count)
  }

  /// The median of three samples in GFLOP/s.
  @discardableResult
  func sample() -> Double {
    var found: [Double] = []
    threads.together {
      run()
      for _ in 0..<3 {
        let begin = now()
        run()
        found.append(operations / (now() - begin) * 1e-9)
      }
    }
    samples += found
    return found.median
  }

  /// The median of all samples.
  var median: Double { samples.median }

  private func run() { threads.forEach(Self.partsPerThread * threads.count) { _ in peak_run(set, rounds) } }

  /// Measures `body`, with the peak just before and after it.
  func around(_ body: () throws -> Timing?) rethrows -> (timing: Timing?, peak: Double) {
    let before = sample()
    let timing = try body()
    return (timing, (before + sample()) / 2)
  }
}
