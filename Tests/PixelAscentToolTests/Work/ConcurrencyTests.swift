// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Testing

/// The number of images or ascents that run at the same time.
@Suite struct ConcurrencyTests {
  private let options = ComputeOptions(threads: 4)

  @Test("Not more than there are threads")
  func threads() { #expect(options.concurrency(of: 9, bytesEach: 0, memory: 1 << 30) == 4) }

  @Test("Not more than there are items")
  func items() { #expect(options.concurrency(of: 3, bytesEach: 0, memory: 1 << 30) == 3) }

  @Test("Not more than fit into half of the memory")
  func memory() { #expect(options.concurrency(of: 9, bytesEach: 200 << 20, memory: 1 << 30) == 2) }

  @Test("At least one, however much memory it needs")
  func atLeastOne() { #expect(options.concurrency(of: 9, bytesEach: 2 << 30, memory: 1 << 30) == 1) }
}
