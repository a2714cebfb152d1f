// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Returns how many times as much CPU time this thread takes for work of four times the size: about 4 if the time grows
/// in proportion to the size, and 16 if it grows with the square.
///
/// Both times are the least of several runs, because other processes make a run slower, but never faster.
///
/// - Parameter work: does work of a size, on this thread alone
public func growth(from size: Int, _ work: (_ size: Int) throws -> Void) rethrows -> Double {
  func time(_ size: Int) throws -> Double {
    var least = Double.infinity
    for _ in 0..<2 {
      let begin = threadSeconds()
      try work(size)
      least = min(least, threadSeconds() - begin)
    }
    return least
  }
  return try time(4 * size) / time(size)
}

/// The growth that tests allow: in the middle between proportional and quadratic, so that noise does not matter.
public let mostGrowth = 8.0

private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
