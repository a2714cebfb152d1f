// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Testing

/// How many images or ascents are worked on at once.
@Suite struct ConcurrencyTests {
  private let options = ComputeOptions(threads: 4)

  @Test("No more than there are threads")
  func threads() { #expect(options.concurrency(of: 9, bytesEach: 0, memory: 1 << 30) == 4) }

  @Test("No more than there are items")
  func items() { #expect(options.concurrency(of: 3, bytesEach: 0, memory: 1 << 30) == 3) }

  @Test("No more than half of the memory holds")
  func memory() { #expect(options.concurrency(of: 9, bytesEach: 200 << 20, memory: 1 << 30) == 2) }

  @Test("Always one, however much memory it takes")
  func atLeastOne() { #expect(options.concurrency(of: 9, bytesEach: 2 << 30, memory: 1 << 30) == 1) }
}
