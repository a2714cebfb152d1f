// SPDX-License-Identifier: MIT

import PixelAscentTool
import Testing

/// Tables of text.
@Suite struct TableTests {
  @Test("Columns are as wide as their widest cell and two spaces apart; the last is not padded")
  func left() {
    #expect(table([["a", "bb", "c"], ["aaa", "b", "ccc"]], right: []) == ["a    bb  c", "aaa  b   ccc"])
  }

  @Test("A column can be aligned right")
  func right() {
    #expect(table([["a", "n"], ["b", "100"]], right: [1]) == ["a    n", "b  100"])
  }

  @Test func empty() { #expect(table([], right: [0]) == []) }
}
