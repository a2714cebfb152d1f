// SPDX-License-Identifier: MIT

import CAllocationCount
import PixelAscent
import TestSupport
import Testing

private typealias S = SmallNetworks

@Suite struct AllocationTests {
  @Test(
    "After the first iteration an ascent allocates nothing", .enabled(if: pxa_allocations_are_counted()),
    arguments: [1, 2])
  func laterIterationsAllocateNothing(threads: Int) throws {
    let model = try S.random(S.squeezed, integers: false, seed: 1)
    let network = try Network(model, name: "small", options: ComputeOptions(threads: threads))
    var visualization = ClassVisualization()
    (visualization.height, visualization.width) = (64, 64)
    let ascent = try visualization.begin(network, class: 0)
    try ascent.benchmarkedEvaluation.withThreads {
      _ = try ascent.next()
      let before = pxa_allocations_of_thread()
      for _ in 0..<20 { _ = try ascent.next() }  // two of them blur
      #expect(pxa_allocations_of_thread() - before == 0)
    }
  }

  @Test("Allocations are counted", .enabled(if: pxa_allocations_are_counted()))
  func allocationsAreCounted() {
    let before = pxa_allocations_of_thread()
    let values = [Int](repeating: 1, count: 100)
    let after = pxa_allocations_of_thread()
    #expect(values.count == 100)
    #expect(after > before)
  }
}
