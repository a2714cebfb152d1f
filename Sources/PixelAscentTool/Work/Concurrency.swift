// SPDX-License-Identifier: MIT

import PixelAscent

extension ComputeOptions {
  /// How many of `count` images or ascents are worked on at once: at least one, no more than there are threads, and no more
  /// than fit into half of the machine's memory.
  ///
  /// - Parameters:
  ///   - bytesEach: the memory that one of them takes; 0 if that is not known
  ///   - memory: the machine's memory in bytes
  package func concurrency(of count: Int, bytesEach: Int, memory: Int = Files.physicalMemory) -> Int {
    max(1, min(count, threads, memory / 2 / max(1, bytesEach)))
  }
}
