// SPDX-License-Identifier: MIT

import PixelAscentTool
import TestSupport
import Testing

/// Lists of seeds.
@Suite struct SeedsTests {
  @Test(
    "Seeds come in the order of the text",
    arguments: [
      ("5", [5]), ("0-3", [0, 1, 2, 3]), ("7,1-3,0", [7, 1, 2, 3, 0]), ("4-4", [4]), ("007", [7]),
      ("18446744073709551614-18446744073709551615", [.max - 1, .max]),
    ] as [(String, [UInt64])])
  func values(_ text: String, _ expected: [UInt64]) throws { #expect(try Seeds(text).values == expected) }

  @Test func one() { #expect(Seeds(one: .max).values == [.max]) }

  @Test(
    "Counting stops as soon as there are too many seeds, without making a list",
    arguments: [
      ("0-3", 100, 4), ("0-3,9", 100, 5), ("0-99", 100, 100), ("0-100", 100, 101), ("0-18446744073709551615", 100, 101),
      ("0-9,100-18446744073709551615,20", 100, 101),
    ])
  func count(_ text: String, _ most: Int, _ expected: Int) throws {
    #expect(try Seeds(text).count(most: most) == expected)
  }

  @Test(
    "A text that is not a list of seeds is an error",
    arguments: ["", ",", "1,", "a", "1-2-3", "-1", "1-", "+1", " 1", "1.0", "18446744073709551616", "٣"])
  func notAList(_ text: String) {
    #expect(
      errorLine { try Seeds(text) }
        == "seeds are whole numbers from 0 to 18446744073709551615, written as 0-3 or 0,2,5-7")
  }

  @Test func backwards() { #expect(errorLine { try Seeds("9-7") } == "write 7-9, not 9-7") }

  @Test("Naming a seed twice is an error", arguments: [("1,1", 1), ("0-3,2", 2), ("5,0-9", 5), ("3-4,0-3", 3)])
  func twice(_ text: String, _ seed: Int) { #expect(errorLine { try Seeds(text) } == "it names \(seed) twice") }

  @Test("A wrong list is a usage error")
  func usage() { #expect(throws: UsageError.self) { try Seeds("x") } }
}
