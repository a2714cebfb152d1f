// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Testing

@Suite struct HTMLTests {
  private static let hostile: [(String, String)] = [
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("\" onerror='alert(1)'", "&quot; onerror=&#39;alert(1)&#39;"),
    ("salt & pepper &amp; &lt;", "salt &amp; pepper &amp;amp; &amp;lt;"),
    ("<!--", "&lt;!--"), ("]]>", "]]&gt;"), ("", ""),
    // NUL, escape, delete, next line and carriage return are replaced; line feed and tab stay.
    ("a\u{0}b\u{1B}[31m\u{7F}\u{85}\r\nc\td", "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}\u{FFFD}\u{FFFD}\nc\td"),
    // Unicode's bidirectional overrides, isolates and marks are replaced.
    ("\u{202E}gnp.exe\u{202C}", "\u{FFFD}gnp.exe\u{FFFD}"),
    (
      "\u{2066}\u{2067}\u{2068}\u{2069}\u{200E}\u{200F}\u{061C}",
      "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
    ),
    ("\u{FFFE}\u{10FFFF}", "\u{FFFD}\u{FFFD}"),
    ("Épagneul 犬 كلب 👩‍🔬 e\u{301}", "Épagneul 犬 كلب 👩‍🔬 e\u{301}"),
    // A quotation mark with a combining accent is one character in Swift, but two in a browser.
    ("\"\u{301}<\u{338}", "&quot;\u{301}&lt;\u{338}"),
  ]

  @Test(arguments: hostile) func escapes(_ text: String, _ expected: String) {
    #expect(HTML.escaped(text).unicodeScalars.elementsEqual(expected.unicodeScalars))
    let inText: HTML = "<p>\(text)</p>"
    let inAttribute: HTML = "<p title=\"\(text)\">"
    #expect(inText.text.unicodeScalars.elementsEqual("<p>\(expected)</p>".unicodeScalars))
    #expect(inAttribute.text.unicodeScalars.elementsEqual("<p title=\"\(expected)\">".unicodeScalars))
  }

  @Test func insertsPiecesUnchanged() {
    let inner: HTML = "<b>\("<")</b>"
    let count = 3
    let outer: HTML = "<p>\(inner)\([inner, inner])\(count)\(UInt64.max)</p>"
    #expect(outer.text == "<p><b>&lt;</b><b>&lt;</b><b>&lt;</b>318446744073709551615</p>")
  }

  private static let words: [(String, String)] = [
    ("pixelascent", "pixelascent"), ("--size=3x4", "'--size=3x4'"), ("/tmp/a-b_c.png,@%+:", "/tmp/a-b_c.png,@%+:"),
    ("", "''"),
    ("Border terrier", "'Border terrier'"), ("it's", #"'it'\''s'"#), ("$HOME `ls` \\ \" * ~", "'$HOME `ls` \\ \" * ~'"),
    ("a'\u{301}; b", "'a'\\''\u{301}; b'"),
    ("犬", "'犬'"), ("a\nb'\\", #"$'a\012b\'\\'"#), ("\u{202E}1", #"$'\342\200\2561'"#), ("\u{1B}[0m", #"$'\033[0m'"#),
  ]

  @Test(arguments: words) func quotesWordsOfCommands(_ word: String, _ expected: String) {
    #expect(shellQuoted(word) == expected)
  }
}
