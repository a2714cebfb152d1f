// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct JSONTextTests {
  private static let unsafe: [UInt32] =
    Array(0..<0x20) + Array(0x7F..<0xA0) + [0x61C, 0x200E, 0x200F, 0x2028, 0x2029] + Array(0x202A...0x202E)
    + Array(0x2066...0x2069)

  @Test("Characters that would change a terminal or reorder text are escaped")
  func escapes() throws {
    for value in Self.unsafe {
      let text = "é\(try #require(Unicode.Scalar(value)))犬👩‍👩‍👧"
      let json = try JSONText.encode([text: text])
      #expect(!json.unicodeScalars.contains { $0.value == value }, "\(value)")
      #expect(json.hasPrefix("{\"é\\") && json.hasSuffix("犬👩‍👩‍👧\"}"))
      #expect(try JSONText.decode([String: String].self, from: json.utf8) == [text: text])
    }
    #expect(try JSONText.encode("\u{9B}\u{202E}\u{7F}") == "\"\\u009b\\u202e\\u007f\"")
    #expect(try JSONText.encode("a/b \u{200D}\u{AD}") == "\"a/b \u{200D}\u{AD}\"")
  }
}

@Suite struct ErrorTextTests {
  @Test("oneLine shows at most 80 characters, however long one of them is")
  func oneLine() {
    #expect("a\nb\u{202E}c\u{9B}".oneLine == "a b c ")
    #expect(String(repeating: "é", count: 80).oneLine == String(repeating: "é", count: 80))
    #expect(String(repeating: "x", count: 81).oneLine == String(repeating: "x", count: 80) + "…")
    let marks = "a" + String(repeating: "\u{301}", count: 100_000)
    #expect(marks.oneLine.utf8.count < 1000)
  }

  @Test("A path that is too long for any file is shown without its middle")
  func shortened() {
    let path = String(repeating: "/folder", count: 585)
    #expect(path.shortened() == path)
    let long = String(repeating: "a", count: 3000) + String(repeating: "b", count: 3000)
    #expect(long.shortened() == String(repeating: "a", count: 100) + "…" + String(repeating: "b", count: 100))
    #expect(PixelAscentError(.unreadableFile, "no such file", about: long).description.count == 201 + 14)
  }
}
