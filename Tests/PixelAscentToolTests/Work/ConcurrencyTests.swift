// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Testing

/// The number of images or ascents that run at the same time.
@Suite struct ConcurrencyTests {
  private let options = ComputeOptions(threads: 4)

  @Test("No more items run at the same time than there are threads")
  func threads() { #expect(options.concurrency(of: 9, bytesEach: 0, memory: 1 << 30) == 4) }

  @Test("If there are fewer items than threads, all items run at the same time")
  func items() { #expect(options.concurrency(of: 3, bytesEach: 0, memory: 1 << 30) == 3) }

  @Test("No more items run at the same time than fit into half of the memory")
  func memory() { #expect(options.concurrency(of: 9, bytesEach: 200 << 20, memory: 1 << 30) == 2) }

  @Test("At least one item runs, however much memory it needs")
  func atLeastOne() { #expect(options.concurrency(of: 9, bytesEach: 2 << 30, memory: 1 << 30) == 1) }
}
