// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Option values that are sizes or lists of numbers.
@Suite struct OptionValueTests {
  @Test(arguments: [("224", 224, 224), ("200x300", 200, 300), ("2X3", 2, 3), ("-1", -1, -1)])
  func size(_ text: String, _ height: Int, _ width: Int) {
    #expect(PixelSize(text)?.height == height)
    #expect(PixelSize(text)?.width == width)
  }

  @Test(arguments: ["", "x", "3x", "x3", "3x4x5", "3,4", "3.5", " 3"])
  func notASize(_ text: String) { #expect(PixelSize(text) == nil) }

  @Test(arguments: [("0.5", [0.5]), ("1,2,3", [1, 2, 3]), ("-1,0,1e-2", [-1, 0, 0.01])] as [(String, [Float])])
  func channelValues(_ text: String, _ expected: [Float]) throws { #expect(try ChannelValues(text).values == expected) }

  @Test(arguments: ["", "a", "1,,3", "1,2,nan", "inf"])
  func notNumbers(_ text: String) {
    #expect(
      errorLine { try ChannelValues(text) } == "\"\(text)\" is not a list of numbers such as 0.485,0.456,0.406.")
  }

  @Test(arguments: [("1,2", 2), ("1,2,3,4", 4)])
  func wrongCount(_ text: String, _ count: Int) {
    #expect(
      errorLine { try ChannelValues(text) }
        == "\"\(text)\" has \(count) numbers; give three, or one for a grey network.")
  }
}
