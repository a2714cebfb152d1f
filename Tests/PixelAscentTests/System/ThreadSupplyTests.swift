// SPDX-License-Identifier: MIT

import PixelAscent
import Testing

@Suite struct ThreadSupplyTests {
  /// Other tests borrow threads too, so only what no number of other borrowers changes is checked.
  @Test func lendsNoMoreThanIsAskedFor() {
    for wanted in [Int.min, -1, 0] { #expect(ThreadSupply.borrow(wanted) == 0) }
    for wanted in [1, 3, 1000] {
      let found = ThreadSupply.borrow(wanted)
      defer { ThreadSupply.giveBack(found) }
      #expect((0...min(wanted, 255)).contains(found))
    }
  }

  @Test func lendsAThreadAgain() throws {
    for _ in 0..<3 {
      let found = ThreadSupply.borrow(1)
      defer { ThreadSupply.giveBack(found) }
      #expect(found == 1, "this process can start no thread")
    }
  }
}
