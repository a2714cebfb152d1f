// SPDX-License-Identifier: MIT

import CPeak
import PixelAscent

/// The most floating point operations per second that some threads reach, measured again and again because the clock
/// frequency changes.
final class Peak {
  private let set: String
  private let threads: ThreadsProbe
  private let rounds: Int64
  private let operations: Double
  private var samples: [Double] = []

  /// Parts of a run per thread: enough for the threads to finish at about the same time.
  private static let partsPerThread = 8

  init(_ set: String, _ threads: ThreadsProbe, _ stopwatch: Stopwatch) throws {
    guard peak_round_operations(set) > 0 else { throw Failure("no FMA peak is known for \(set)") }
    self.set = set
    self.threads = threads
    var rounds: Int64 = 1000
    // A part takes at least an eighth of a millisecond.
    while !stopwatch.isShort {
      let begin = now()
      peak_run(set, rounds)
      if now() - begin > 125e-6 { break }
      rounds *= 2
    }
    self.rounds = rounds
    operations = Double(peak_round_operations(set) * rounds) * Double(Self.partsPerThread * threads.count)
  }

  /// Takes a sample: the best of five runs, because a disturbance can only make a run slower.
  func sample() {
    var best = 0.0
    threads.withThreads {
      run()
      for _ in 0..<5 {
        let begin = now()
        run()
        best = max(best, operations / (now() - begin) * 1e-9)
      }
    }
    samples.append(best)
  }

  /// The median of all samples in GFLOP/s.
  var median: Double { samples.median }

  /// The median of the last ten samples, so that one busy moment of the machine does not count.
  private var present: Double { Array(samples.suffix(10)).median }

  private func run() { threads.forEach(Self.partsPerThread * threads.count) { _ in peak_run(set, rounds) } }

  /// Runs `body` and takes a sample before and after it. Returns the timing and the present peak in GFLOP/s.
  func around(_ body: () throws -> Timing?) rethrows -> (timing: Timing?, peak: Double) {
    sample()
    let timing = try body()
    sample()
    return (timing, present)
  }
}
