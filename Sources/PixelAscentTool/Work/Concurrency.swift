// SPDX-License-Identifier: MIT

import PixelAscent

extension ComputeOptions {
  /// Returns how many of `count` images or ascents run at the same time: at least one, at most one per thread, and no
  /// more than fit into half of the machine's memory.
  ///
  /// - Parameters:
  ///   - bytesEach: the bytes of memory that one of them takes; 0 if that is not known
  ///   - memory: the machine's memory in bytes
  package func concurrency(of count: Int, bytesEach: Int, memory: Int = Files.physicalMemory) -> Int {
    max(1, min(count, threads, memory / 2 / max(1, bytesEach)))
  }
}
