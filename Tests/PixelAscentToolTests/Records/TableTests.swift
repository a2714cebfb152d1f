// SPDX-License-Identifier: MIT

import PixelAscentTool
import Testing

/// Rows of cells as lines.
@Suite struct TableTests {
  @Test("Columns are as wide as their widest cell, two spaces apart; the last is not filled up")
  func left() {
    #expect(table([["a", "bb", "c"], ["aaa", "b", "ccc"]], right: []) == ["a    bb  c", "aaa  b   ccc"])
  }

  @Test("Columns that are flush right")
  func right() {
    #expect(table([["a", "n"], ["b", "100"]], right: [1]) == ["a    n", "b  100"])
  }

  @Test func empty() { #expect(table([], right: [0]) == []) }
}
