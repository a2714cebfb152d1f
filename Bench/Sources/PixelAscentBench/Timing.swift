// SPDX-License-Identifier: MIT

import Dispatch

/// The median and the least duration of a call, in seconds.
struct Timing {
  let median, least: Double
}

/// Returns the seconds of a monotonic clock.
func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

extension [Double] {
  var median: Double {
    let sorted = sorted(), middle = count / 2
    if isEmpty { return .nan }
    return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// Measures the duration of calls.
struct Stopwatch {
  /// The duration of a measurement.
  let seconds: Double
  /// Whether to make just two calls and to measure no times.
  let isShort: Bool

  private static let shortestSample = 20e-6
  private static let leastSamples = 10

  /// Warms up, then calls `body` for the duration of a measurement. Returns nil in a short run.
  ///
  /// A sample has so many calls that they take at least 20 µs.
  func measure(_ body: () throws -> Void) rethrows -> Timing? {
    if isShort {
      for _ in 0..<2 { try body() }
      return nil
    }
    var calls = 1
    let warm = now() + seconds / 5
    while true {
      let sample = try time(calls, body) * Double(calls)
      if sample < Self.shortestSample { calls *= 2 } else if now() >= warm { break }
    }
    var samples: [Double] = []
    let end = now() + seconds
    while now() < end || samples.count < Self.leastSamples { samples.append(try time(calls, body)) }
    return Timing(median: samples.median, least: samples.min() ?? .nan)
  }

  private func time(_ calls: Int, _ body: () throws -> Void) rethrows -> Double {
    let begin = now()
    for _ in 0..<calls { try body() }
    return (now() - begin) / Double(calls)
  }
}
