// SPDX-License-Identifier: MIT

import PixelAscent
import Synchronization
import Testing

@Suite struct MemoryBudgetTests {
  @Test("All holders together stay within the budget; a single holder may hold more", arguments: [1, 10, 25])
  func staysWithinTheLimit(_ limit: Int) {
    let budget = MemoryBudget(limit), held = Mutex((now: 0, count: 0, most: 0))
    let sizes = (0..<200).map { 1 + $0 * 7 % 13 }
    let results = sideBySide(sizes, threads: 8) { (size: Int) -> Int in
      budget.holding(size) {
        held.withLock { held in
          held.now += size
          held.count += 1
          #expect(held.now <= limit || held.count == 1)
          held.most = max(held.most, held.now)
        }
        for _ in 0..<1000 { _ = held.withLock { $0.now } }
        held.withLock { held in
          held.now -= size
          held.count -= 1
        }
        return size
      }
    }
    #expect(results == sizes)
    let end = held.withLock { $0 }
    #expect(end.now == 0)
    #expect(end.most >= min(limit, 13))
  }

  @Test("A body that throws gives back its memory")
  func failureReleasesItsBytes() throws {
    struct Failure: Error {}
    let budget = MemoryBudget(5)
    for _ in 0..<3 { #expect(throws: Failure.self) { try budget.holding(5) { throw Failure() } } }
    #expect(budget.holding(9) { 1 } == 1)
  }
}
